// Walks through signing in: led to enrol a second factor, signing in by code, resetting a forgotten password.
// BASE_URL, SIZE (desktop, phone), EMAIL, PASSWORD, RESET_LINK; SHOTS_DIR for pictures.
import { strict as assert } from "node:assert";
import { createHmac } from "node:crypto";
import { lookAt, openBrowser, SIZES } from "./browser.mjs";

const { BASE_URL: base, SIZE: size, EMAIL: email, PASSWORD: password, RESET_LINK: resetLink } = process.env;
const NEW_PASSWORD = "umber kettle 42 lanes";

/** What the authenticator app shows, `steps` half minutes from now. */
function codeOf(secret, steps = 0) {
  const bits = [...secret.replaceAll(" ", "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

const browser = await openBrowser();
const context = await browser.newContext({ viewport: SIZES[size], hasTouch: size === "phone", locale: "en" });
const page = await context.newPage();
page.setDefaultTimeout(20_000);
const refusals = [];
page.on("console", (message) => {
  if (message.type() === "error" && /Content Security Policy/.test(message.text())) refusals.push(message.text());
});

async function look(title) {
  assert.deepEqual(await lookAt(page, title, size), []);
}

async function enterPassword(secret) {
  await page.locator('input[name="email"]').fill(email);
  await page.locator('input[name="password"]').fill(secret);
  await page.keyboard.press("Enter");
}

// The role needs a second factor: the sign-in leads to it, and to nothing else.
await page.goto(`${base}/profiles`);
await enterPassword(password);
await page.waitForURL("**/enrol");
await page.goto(`${base}/sources`);
await page.waitForURL("**/enrol");
await page.getByRole("button", { name: "Continue" }).click();
await page.getByRole("img", { name: /QR code/ }).waitFor();
const secret = (await page.locator("code").first().textContent()).replaceAll(" ", "");
assert.match(secret, /^[A-Z2-7]{32}$/);
await look("enrol");
await page.locator('input[name="code"]').fill("000000");
await page.keyboard.press("Enter");
await page.getByRole("alert").getByText("code is wrong").waitFor();
await page.locator('input[name="code"]').fill(codeOf(secret, -1));
await page.keyboard.press("Enter");
await page.getByRole("button", { name: "I have kept them" }).waitFor();
const recovery = await page.locator("code").allTextContents();
assert.equal(recovery.length, 10);
await look("recovery-codes");
await page.getByRole("button", { name: "I have kept them" }).click();
await page.locator("#main").waitFor();

// One's own page tells of it.
await page.goto(`${base}/settings/account`);
await page.getByText("10 recovery codes left").waitFor();
await page.getByText("this one").waitFor();
await look("account");
await page.goto(`${base}/settings/security`);
await page.getByText("Single sign-on", { exact: true }).waitFor();
await look("security");

// A forgotten password: the page answers alike for everybody, the link sets a new one and ends the session.
await page.goto(`${base}/forgotten`);
await page.locator('input[name="email"]').fill("nobody@example.com");
await page.keyboard.press("Enter");
await page.getByRole("status").getByText("If there is an account").waitFor();
await look("forgotten");
await page.goto(resetLink);
await page.locator('input[name="password"]').fill("password1234");
await page.keyboard.press("Enter");
await page.getByRole("alert").getByText("first that anybody would guess").waitFor();
await look("reset");
await page.locator('input[name="password"]').fill(NEW_PASSWORD);
await page.keyboard.press("Enter");
await page.waitForURL("**/sign-in*");
await page.getByRole("status").getByText("new password is set").waitFor();
await page.goto(resetLink);
await page.getByText("no longer valid").waitFor();

// The new password, and the code as well: a recovery code where the app is not at hand.
await page.goto(`${base}/sign-in`);
await enterPassword(NEW_PASSWORD);
await page.locator('input[name="code"]').waitFor();
await look("code");
await page.locator('input[name="code"]').fill("123456");
await page.keyboard.press("Enter");
await page.getByRole("alert").getByText("code is wrong").waitFor();
await page.locator('input[name="code"]').fill(recovery[0]);
await page.keyboard.press("Enter");
await page.locator("#main").waitFor();
assert.deepEqual(refusals, []);
await browser.close();
console.log(`ok ${size}`);
