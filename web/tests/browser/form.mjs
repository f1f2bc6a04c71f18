// A visitor's way through a call-back form: put into a page of another site by its tag (PAGE_URL), and on its own page without
// scripts (HOSTED_URL). The site's page has a style and a strict content policy of its own.
import assert from "node:assert/strict";
import { openBrowser } from "./browser.mjs";

const WITHIN = { timeout: 20_000 };
const browser = await openBrowser();

const page = await browser.newPage();
const troubles = [];
page.on(
  "console",
  (message) => message.type() === "error" && !/40[0-9]|42[0-9]/.test(message.text()) && troubles.push(message.text()),
);
page.on("pageerror", (error) => troubles.push(String(error)));
await page.goto(process.env.PAGE_URL);
const form = page.locator("#place form.forecourt-form");
await form.waitFor(WITHIN);
assert.equal(await page.locator("iframe").count(), 0);
const look = await form.evaluate((form) => ({
  font: getComputedStyle(form.querySelector("input")).fontFamily,
  color: getComputedStyle(form.querySelector("button")).backgroundColor,
}));
// The page's own words on inputs and buttons win.
assert.deepEqual(look, { font: "Georgia, serif", color: "rgb(1, 2, 3)" });

await form.locator('input[name="phone"]').fill("12");
await form.locator("button").click();
const wrong = form.locator('input[name="phone"][aria-invalid="true"]');
await wrong.waitFor(WITHIN);
assert.ok((await form.locator("#" + (await wrong.getAttribute("aria-describedby"))).textContent()).length > 10);
await form.locator('input[name="phone"]').fill("8 (912) 000-00-77");
await form.locator('input[name="consent"]').check();
// By keyboard, as many do.
await form.locator('input[name="phone"]').press("Enter");
await page.locator("#place .forecourt-thanks").waitFor(WITHIN);
assert.deepEqual(troubles, []);
console.log("ok embedded");

const plain = await browser.newContext({ javaScriptEnabled: false });
const hosted = await plain.newPage();
await hosted.goto(process.env.HOSTED_URL);
await hosted.locator('input[name="phone"]').fill("8 (912) 000-00-78");
await hosted.locator('button[type="submit"]').click();
await hosted.locator(".trouble").waitFor(WITHIN);
assert.equal(await hosted.locator('input[name="phone"]').inputValue(), "8 (912) 000-00-78");
await hosted.locator('input[name="consent"]').check();
await hosted.locator('button[type="submit"]').click();
await hosted.locator(".thanks").waitFor(WITHIN);
console.log("ok hosted");
await browser.close();
