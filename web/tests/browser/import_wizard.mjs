// Takes a file through the import wizard: by mouse on a desk and on a phone, and once by keys alone.
//
// BASE_URL, EMAIL, PASSWORD: a server and an administrator of it. FILE: leads in cp1251 with `;`, some rows damaged.
// SHOTS_DIR: pictures on the way.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { lookAt, openBrowser, settled, signIn, SIZES } from "./browser.mjs";

const base = process.env.BASE_URL ?? "http://127.0.0.1:8080";
const DEADLINE_MS = 30_000;

const browser = await openBrowser();
try {
  await walk({ name: "desktop-light", size: "desktop", theme: "light", press: click });
  await walk({ name: "phone-dark", size: "phone", theme: "dark", press: click });
  await walk({ name: "keyboard", size: "desktop", theme: "dark", press: byKeys });
} finally {
  await browser.close();
}

async function walk({ name, size, theme, press }) {
  const began = Date.now();
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: theme,
    locale: "en-GB",
    timezoneId: "UTC",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // Who is not signed in yet is told so; a browser reports that as an error.
    const expected = /\b401\b/.test(message.text()) && message.location().url.endsWith("/api/me");
    if (message.type() === "error" && !expected) complaints.push(`${message.text()} (${message.location().url})`);
  });
  const visit = { page, name, barriers: [], checked: 0 };
  await signIn(page, base, process.env.EMAIL, process.env.PASSWORD);
  await page.goto(`${base}/imports`);
  await look(visit, "imports");

  const choosing = page.waitForEvent("filechooser");
  await press(page, "Choose a file");
  await (await choosing).setFiles(process.env.FILE);
  await page.getByRole("heading", { name: "What each column says" }).waitFor();
  await page.getByText("windows-1251").waitFor();
  await page.getByText("delimiter ;").waitFor();
  await look(visit, "map");
  // Words of the file that are no stages of ours: the wizard says so, and a person translates them.
  await page.getByText("translate it by a `map`").first().waitFor();
  for (const [word, stage] of [
    ["Новый", "New"],
    ["Пробная поездка", "Test drive"],
    ["Договор", "Contract"],
  ]) {
    await choose(page, press, word, stage);
  }
  await page.getByText(/^6 of the first 240 rows would be refused/).waitFor();
  await page.getByText("does not read as a time").first().waitFor();
  await press(page, "As records", { role: "radio" });
  await page.getByText('"lead_id":"Л-0"').first().waitFor();
  await look(visit, "preview");

  await press(page, "Continue to the dry run");
  await page.waitForURL(/step=check/);
  await press(page, "Start the dry run");
  await page.getByText("It starts nothing").waitFor();
  await page.getByText("Why rows are refused").waitFor();
  await look(visit, "check");
  await press(page, "Import now");
  await page.getByText("234 rows are in, 6 were refused.").waitFor();
  await look(visit, "done");

  const downloading = page.waitForEvent("download");
  await press(page, "Download the refused rows", { role: "link" });
  const rejected = readFileSync(await (await downloading).path(), "utf8");
  assert.equal(rejected.trim().split("\n").length, 7, "the head and six rows");
  assert.match(rejected, /invalid_timestamp/);
  assert.match(rejected, /,'=1\+1/, "no cell is a formula");

  await press(page, "To all imports", { role: "link" });
  await page.getByRole("table").getByText("Done").first().waitFor();
  await look(visit, "history");
  await context.close();
  assert.deepEqual(visit.barriers, [], `axe finds nothing serious in ${name}`);
  assert.deepEqual(complaints, [], `the console of ${name} stays silent`);
  console.log(`ok ${name}: ${visit.checked} looks, ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

function target(page, name, role) {
  return page.getByRole(role, { name, exact: true }).first();
}

async function click(page, name, { role = "button" } = {}) {
  const found = target(page, name, role);
  // A segmented control shows its labels and hides its inputs.
  if (role === "radio") await page.getByText(name, { exact: true }).first().click();
  else await found.click();
}

/** Goes to what is named by Tab alone, and presses it. */
async function byKeys(page, name, { role = "button" } = {}) {
  await reach(page, target(page, name, role));
  await page.keyboard.press(role === "radio" ? "ArrowRight" : "Enter");
}

async function reach(page, wanted) {
  await wanted.waitFor({ state: "attached" });
  for (let step = 0; step < 200; step += 1) {
    // Of radio buttons the checked one has the focus: its neighbours are reached by arrows.
    const here = await wanted.evaluate((element) => {
      const active = document.activeElement;
      return (
        active === element || (element.type === "radio" && active?.type === "radio" && active.name === element.name)
      );
    });
    if (here && (await wanted.isEnabled())) return;
    await page.keyboard.press("Tab");
  }
  assert.fail("Tab does not reach it");
}

/** Says what a word of the file means. */
async function choose(page, press, word, stage) {
  const field = page
    .getByRole("textbox", { name: word, exact: true })
    .or(page.getByRole("combobox", { name: word, exact: true }))
    .first();
  if (press === click) {
    await field.click();
    await page.getByRole("option", { name: stage, exact: true }).click();
    return;
  }
  await reach(page, field);
  await page.keyboard.press("ArrowDown");
  const option = page.getByRole("option", { name: stage, exact: true });
  await option.waitFor();
  for (let step = 0; step < 20; step += 1) {
    const isThere = await option.evaluate((element) => element.hasAttribute("data-combobox-selected"));
    if (isThere) break;
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
}

async function look(visit, title) {
  await settled(visit.page);
  visit.barriers.push(...(await lookAt(visit.page, title, visit.name)));
  visit.checked += 1;
}
