// Who is who, as a person goes through it: the report, the ledger, one profile parted and merged again, the pairs to answer, the rules.
//
// A part of the walk; by itself it goes through the made-up server (`npm run mock`), where there are pairs to answer and rules that
// nobody else counts on: BASE_URL, SHOTS_DIR, COMBINATIONS.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { lookAt, openBrowser, settled, signIn, SIZES, THEMES } from "./browser.mjs";

// All of history is decided anew, one trial after the other.
const PREVIEW_MS = 180_000;

/** * `turn`: which of several walks at once it is, so that no two part the same profile. */
export async function identity({ page, base, look, turn }) {
  const go = async (path) => {
    await page.goto(base + path);
    await settled(page);
  };
  await go("/identity");
  await page.getByRole("heading", { name: "Joined, by what proved it" }).waitFor();
  await look("identity");
  await page.getByText("90 days", { exact: true }).click();
  await page.waitForURL(/days=90/);

  await page.getByRole("navigation", { name: "Identity" }).getByRole("link", { name: "Ledger" }).click();
  await page.waitForURL(/\/identity\/ledger/);
  await page.getByText("Merged", { exact: true }).click();
  await page.waitForURL(/act=merged/);
  await settled(page);
  await page.getByText("became one person").first().waitFor();
  await look("ledger");
  const undo = page.getByRole("button", { name: /^Undo/ }).first();
  await undo.click();
  await page.getByRole("dialog").getByText("they are kept apart from then on").waitFor();
  await look("ledger-undo");
  await page.keyboard.press("Escape");

  await go("/identity/ledger?act=merged");
  const people = page.locator("ol > li").filter({ hasText: /E-mail|Phone|CRM/ });
  await people
    .nth(turn * 3)
    .getByRole("link")
    .first()
    .click();
  await page.waitForURL(/\/profiles\/\d+.*tab=identity/);
  await settled(page);
  await page.getByRole("group", { name: "Identifiers and what ties them together" }).waitFor();
  await look("why-one-person");
  await partAndMerge({ page, look });

  await go("/identity/review");
  await page.getByRole("heading", { name: "When to ask" }).waitFor();
  await look("review");
  await page.getByRole("tab", { name: "Answered" }).click();
  await page.waitForURL(/state=same/);
  await settled(page);

  await go("/settings/identity");
  await page.getByRole("button", { name: /^E-mail/ }).click();
  await page.getByRole("dialog").getByLabel("Blocked values").waitFor();
  await look("identity-kind");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Add a kind" }).click();
  await page.getByRole("dialog").getByLabel(/^Name/).fill("loyalty_id");
  await page.getByRole("dialog").getByRole("button", { name: "Done" }).click();
  await page.getByText("There are changes that are not saved yet.").waitFor();
  await page.getByRole("button", { name: "Loyalty id" }).waitFor();
  await page.getByRole("button", { name: "Try on history" }).click();
  await page.getByText("Profiles then").waitFor({ timeout: PREVIEW_MS });
  await look("identity-rules");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("button", { name: "Loyalty id" }).waitFor({ state: "hidden" });
}

/** A profile is parted at one piece of evidence, and the two are merged again. */
async function partAndMerge({ page, look }) {
  const part = page.getByRole("button", { name: /^Not the same person: / }).first();
  // A device's person may be known by one name only.
  if (!(await part.isVisible())) return;
  const [one, other] = (await part.getAttribute("aria-label")).replace("Not the same person: ", "").split(" and ");
  await part.click();
  await page.getByRole("dialog").getByText("The profile will be parted in two").waitFor();
  await look("part");
  await page.getByRole("button", { name: "Part them" }).click();
  await page.getByText("Parted: they are two profiles now.").waitFor();
  await page.getByRole("heading", { name: "Kept apart" }).waitFor();
  await settled(page);
  await look("parted");

  await page.getByRole("button", { name: "Merge with" }).click();
  const found = page.getByRole("dialog").locator("li button");
  const none = page.getByRole("dialog").getByText("Nobody found for");
  for (const text of [other, one, "x Ana"]) {
    await page
      .getByRole("dialog")
      .getByRole("searchbox")
      .fill(text.split(" ").at(-1) ?? "");
    await page.waitForTimeout(400);
    await found.or(none).first().waitFor();
    if (await found.first().isVisible()) break;
  }
  await look("merge-search");
  await found.first().click();
  await page.getByRole("dialog").getByText("They become one profile").waitFor();
  await look("merge");
  await page.getByRole("button", { name: "They are one person: merge" }).click();
  await page.getByText("Merged: they are one profile now.").waitFor();
}

/** By the keyboard: from pair to pair, put off, kept apart, merged; and one that cannot be. */
async function answering({ page, base, look }) {
  await page.goto(`${base}/identity/review`);
  await settled(page);
  const place = (text) => page.getByText(text, { exact: true }).waitFor();
  const total = Number(/of (\d+)/.exec(await page.getByText(/^1 of \d+$/).innerText())[1]);
  await page.keyboard.press("ArrowRight");
  await place(`2 of ${total}`);
  await page.waitForURL(/pair=.*3\.4/);
  await page.keyboard.press("s");
  await page.getByText("part one of them first").waitFor();
  await page.locator("#main [data-loading]").waitFor({ state: "detached" });
  await page.keyboard.press("l");
  await page.getByText("Put off").waitFor();
  await place(`2 of ${total - 1}`);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("s");
  await page.getByText("Merged: they are one profile now.").first().waitFor();
  await place(`1 of ${total - 2}`);
  await page.keyboard.press("n");
  await page.getByText("They are kept apart.").waitFor();
  await place(`1 of ${total - 3}`);
  await look("review-pair");
  // `g l` leads to the live feed; it is no answer.
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.waitForURL(/\/live/);
  await page.goto(`${base}/identity/review?state=later`);
  await place("1 of 1");
  await page.getByRole("tab", { name: "Answered" }).click();
  await page.getByText(/^Answered by/).waitFor();
  await look("review-answered");

  await page.getByRole("button", { name: "Look for duplicates now" }).click();
  await page.getByRole("progressbar", { name: "Looking for duplicates" }).waitFor();
  await page.getByText(/^Last looked/).waitFor();
  await page.getByLabel("Ask from").fill("90");
  await page.getByLabel("Merge the surest without asking").press("Space");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("it counts from the next search on").waitFor();
}

async function saving({ page, base, look }) {
  await page.goto(`${base}/settings/identity`);
  await settled(page);
  await page.getByLabel("People per contact").fill("12");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("it decides what comes from now on").waitFor();
  await page.getByRole("button", { name: "Apply to history" }).click();
  await page.getByRole("progressbar", { name: "The rules are being applied to history" }).waitFor();
  await page.getByText(/^Last applied/).waitFor();
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("dialog").getByText("before the last change").waitFor();
  await look("roll-back");
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("button", { name: "Roll back" }).waitFor({ state: "hidden" });
}

async function madeUp() {
  const base = process.env.BASE_URL ?? "http://127.0.0.1:8080";
  const only = process.env.COMBINATIONS?.split(",");
  const combinations = THEMES.flatMap((theme) => Object.keys(SIZES).map((size) => ({ theme, size })));
  const browser = await openBrowser();
  try {
    for (const [turn, { theme, size }] of combinations.entries()) {
      const name = `${size}-${theme}`;
      if (only && !only.includes(name)) continue;
      const context = await browser.newContext({
        viewport: SIZES[size],
        colorScheme: theme,
        reducedMotion: "reduce",
        locale: "en-GB",
      });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      const barriers = [];
      const look = async (title) => {
        await settled(page);
        barriers.push(...(await lookAt(page, title, name)));
      };
      await signIn(page, base, "ana@example.com", "forecourt-demo");
      const visit = { page, base, look, turn };
      await identity(visit);
      // The answers are given once: the next walk finds other pairs.
      if (turn === 0 || only) await answering(visit);
      await saving(visit);
      assert.deepEqual(barriers, [], `axe finds nothing serious in ${name}`);
      console.log(`ok ${name}`);
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await madeUp();
