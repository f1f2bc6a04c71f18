// A marketer draws the welcome journey on an empty canvas, once by mouse and once by keys alone, and publishes it.
//
// BASE_URL, EMAIL, PASSWORD: a server and an administrator of it, with a template called `Offer` and an event `lead_created`.
// SHOTS_DIR: pictures on the way.
import assert from "node:assert/strict";
import { lookAt, openBrowser, settled, signIn, SIZES } from "./browser.mjs";

const base = process.env.BASE_URL ?? "http://127.0.0.1:8080";
const DEADLINE_MS = 30_000;

const browser = await openBrowser();
try {
  await walk({ name: "mouse", title: "Welcome by mouse", press: click });
  await walk({ name: "keyboard", title: "Welcome by keys", press: byKeys });
} finally {
  await browser.close();
}

async function walk({ name, title, press }) {
  const began = Date.now();
  const context = await browser.newContext({
    viewport: SIZES.desktop,
    colorScheme: "light",
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  await signIn(page, base, process.env.EMAIL, process.env.PASSWORD);
  await page.goto(`${base}/journeys/new`);
  await settled(page);

  const field = (label) =>
    page
      .getByRole("textbox", { name: label, exact: true })
      .or(page.getByRole("combobox", { name: label, exact: true }))
      .first();
  await write(page, press, field("Name"), title);
  await pick(page, press, field("Event"), "Lead created");

  // A message, a wait of three days, another message.
  await add(page, press, "@entry", "Send a message");
  await pick(page, press, field("Template of message 1"), "Offer");
  await pick(page, press, field("For the purpose of"), "News");
  await add(page, press, null, "Wait");
  await add(page, press, null, "Send a message");
  await pick(page, press, field("Template of message 1"), "Offer");
  await pick(page, press, field("For the purpose of"), "News");
  await page.getByText("Ready to publish").waitFor();
  const barriers = await lookAt(page, `journey ${name}`, name);

  await press(page, page.getByRole("button", { name: "Publish", exact: true }));
  await press(page, page.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }));
  await page.getByText("Published: from now on people enter this version").waitFor();
  await context.close();
  assert.deepEqual(barriers, [], `axe finds nothing serious in ${name}`);
  assert.deepEqual(complaints, [], `the console of ${name} stays silent`);
  console.log(`ok ${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

async function click(_page, target) {
  await target.click();
}

/** Goes to it by Tab alone, and presses it. */
async function byKeys(page, target) {
  await reach(page, target);
  await page.keyboard.press("Enter");
}

async function reach(page, wanted) {
  await wanted.waitFor({ state: "attached" });
  for (let step = 0; step < 250; step += 1) {
    if (await wanted.evaluate((element) => document.activeElement === element)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${wanted}`);
}

async function write(page, press, target, text) {
  if (press === click) {
    await target.fill(text);
    return;
  }
  await reach(page, target);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
}

/** Adds a step at the end of the drawing, or after the entry. */
async function add(page, press, from, kind) {
  const all = page.locator("button[data-place]");
  const open = from ? page.locator(`button[data-place^="${from} "]`) : all.last();
  await press(page, open);
  const item = page.getByRole("menuitem", { name: kind, exact: true });
  await item.waitFor();
  if (press === click) await item.click();
  else {
    for (let step = 0; step < 20; step += 1) {
      if (await item.evaluate((element) => document.activeElement === element)) break;
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("Enter");
  }
  await settled(page);
}

async function pick(page, press, target, option) {
  const wanted = page.getByRole("option", { name: option, exact: true });
  if (press === click) {
    await target.click();
    await wanted.click();
    return;
  }
  await reach(page, target);
  await page.keyboard.press("ArrowDown");
  await wanted.waitFor();
  for (let step = 0; step < 20; step += 1) {
    if (await wanted.evaluate((element) => element.hasAttribute("data-combobox-selected"))) break;
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
}
