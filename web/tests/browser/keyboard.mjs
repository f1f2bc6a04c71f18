// The pages without a mouse: what Tab reaches and how it shows, and windows that open, keep the focus and give it back.
import assert from "node:assert/strict";
import { settled } from "./browser.mjs";

const TABS = 30;
const MAIN_PAGES = [
  "/",
  "/live",
  "/profiles",
  "/segments",
  "/segments/new?example=keen",
  "/funnel",
  "/retention",
  "/experiments",
  "/flow",
  "/paths",
  "/attribution",
  "/deliveries",
  "/pivot",
  "/forms",
  "/sources",
  "/imports",
  "/catalogue",
  "/identity",
  "/identity/ledger",
  "/identity/review",
  "/settings/people",
  "/settings/identity",
];

/** From each page's beginning by Tab alone: past the navigation at once, then from place to place, each of them to be seen. */
export async function tabs(page, base) {
  for (const path of MAIN_PAGES) {
    await page.goto(base + path);
    await settled(page);
    await page.keyboard.press("Tab");
    assert.ok(
      await page.evaluate(() => document.activeElement?.matches(".skip-link")),
      `${path}: Tab begins by a way past`,
    );
    await page.keyboard.press("Enter");
    assert.equal(
      await page.evaluate(() => document.activeElement?.id),
      "main",
      `${path}: the way past leads to the page`,
    );
    const places = [];
    for (let step = 0; step < TABS; step += 1) {
      await page.keyboard.press("Tab");
      const place = await page.evaluate(noteFocus);
      if (!place) break;
      places.push(place);
    }
    const unseen = places.filter(({ isInSight, tabIndex }) => !isInSight || 0 < tabIndex);
    assert.deepEqual(unseen, [], `${path}: the focus is where one can see it, in the order of the page`);
    // What each place looks like without the focus is known once it has moved on.
    const alike = await page.evaluate(unmarked);
    assert.deepEqual(alike, [], `${path}: one sees where the focus is`);
    assert.ok(0 < places.length, `${path} has places to go to`);
    const ids = places.map(({ number }) => number);
    assert.equal(new Set(ids).size, ids.length, `${path}: Tab goes on, and turns in no circle`);
  }
}

/** Notes how the focused element looks, in the page; tells where it is, or nothing past the page's end. */
function noteFocus() {
  const element = document.activeElement;
  // Past the end a page begins anew.
  if (!element || element === document.body || element.matches(".skip-link")) return null;
  const finish = () => {
    for (const each of document.getAnimations()) if (each.effect?.getTiming().iterations !== Infinity) each.finish();
  };
  finish();
  const looks = (each) => {
    const { outlineStyle, outlineColor, boxShadow, borderColor, backgroundColor } = getComputedStyle(each);
    return [outlineStyle, outlineStyle !== "none" && outlineColor, boxShadow, borderColor, backgroundColor].join();
  };
  window.focusNotes ??= [];
  // A switch and a segment show the focus beside the hidden field that has it, a field with pills around it.
  const shown = [element, element.nextElementSibling].filter(Boolean);
  for (let around = element.parentElement; around && shown.length < 6; around = around.parentElement)
    shown.push(around);
  let number = window.focusNotes.findIndex((note) => note.element === element);
  if (number === -1) number = window.focusNotes.push({ element, shown, looks, with: shown.map(looks).join(" ") }) - 1;
  const box = (
    element.getBoundingClientRect().width < 2 ? (element.closest("label") ?? element.parentElement) : element
  ).getBoundingClientRect();
  const isInSight = 0 < box.width && box.top < innerHeight && 0 < box.bottom && box.left < innerWidth && 0 < box.right;
  return { number, isInSight, tabIndex: element.tabIndex, html: element.outerHTML.slice(0, 160) };
}

/** Which of the noted elements look the same without the focus as with it. */
function unmarked() {
  const notes = window.focusNotes ?? [];
  window.focusNotes = [];
  document.activeElement?.blur();
  for (const each of document.getAnimations()) if (each.effect?.getTiming().iterations !== Infinity) each.finish();
  return notes
    .filter(({ shown, looks, ...note }) => note.with === shown.map(looks).join(" "))
    .map(({ element }) => element.outerHTML.slice(0, 160));
}

/** What opens on each page, and by what: by a name or a selector. */
const WINDOWS = [
  ["/live", "button[data-verdict]"],
  ["/live?tab=refused", "section button:has(.mantine-Badge-root)"],
  ["/funnel", "tbody button"],
  ["/retention", "tbody button"],
  ["/experiments", "tbody button"],
  ["/flow", "tbody button"],
  ["/paths", "tbody button"],
  ["/attribution", "tbody button"],
  ["/deliveries", "tbody button"],
  ["/pivot", "tbody td button"],
  ["/forms", "tbody button"],
  ["/sources", "tbody button"],
  ["/catalogue", "tbody button"],
  ["/settings/people", { name: "Add a person" }],
  ["/settings/tokens", { name: "New token" }],
  ["/settings/audit", "tbody button"],
  ["/identity/ledger?act=merged", { name: /^Undo/ }],
  ["/settings/identity", { name: "Add a kind" }],
  ["/settings/channels", { name: "Add a rule" }],
  ["/settings/conversions", { name: "New conversion" }],
  ["/settings/currencies", { name: "Enter a rate" }],
  ["/settings/brands", { name: "Add a brand" }],
  ["/settings/alerts", { name: "Change: The disk fills up" }],
  ["/", { name: /^What is wrong now/ }],
  ["/", { name: "Custom" }],
];

/** Windows open by Enter, keep the focus while they stand, and give it back to what opened them. */
export async function windows(page, base, writeKey) {
  const troubles = [];
  await page.request.post(`${base}/v1/track`, {
    headers: { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString("base64")}` },
    data: { type: "track", event: "said_by_nobody" },
  });
  for (const [path, opener] of WINDOWS)
    await windowAt(page, base, path, opener).catch(({ message }) => troubles.push(message));
  assert.deepEqual(troubles, []);
}

async function windowAt(page, base, path, opener) {
  const said = `${path} ${typeof opener === "string" ? opener : opener.name}`;
  await page.goto(base + path);
  await settled(page);
  const button = (
    typeof opener === "string" ? page.locator(`#main ${opener}`) : page.getByRole("button", opener)
  ).filter({ visible: true });
  await button.first().focus();
  const handle = await button.first().elementHandle();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog").filter({ visible: true });
  await dialog.first().waitFor();
  await page
    .waitForFunction(isInDialog, undefined, { timeout: 5_000 })
    .catch(() => assert.fail(`${said}: the window takes the focus`));
  for (const key of ["Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"]) {
    await page.keyboard.press(key);
    assert.ok(await page.evaluate(isInDialog), `${said}: ${key} stays in the window`);
  }
  await page.keyboard.press("Escape");
  await dialog.first().waitFor({ state: "hidden" });
  await page
    .waitForFunction((opener) => document.activeElement === opener, handle, { timeout: 5_000 })
    .catch(async () => {
      const where = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 160));
      assert.fail(`${said}: the focus is back where it came from, not at ${where}`);
    });
}

function isInDialog() {
  return document.activeElement?.closest('[role="dialog"]') != null;
}
