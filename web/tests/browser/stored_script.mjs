// Opens every page on which a person's own texts stand, of somebody whose name and traits are scripts, and sees that none runs.
//
// BASE_URL, EMAIL, PASSWORD: a server and an administrator of it. PROFILE: the profile with the scripts.
import assert from "node:assert/strict";
import { openBrowser, settled } from "./browser.mjs";

const { BASE_URL: base, EMAIL: email, PASSWORD: password, PROFILE: profile } = process.env;
const PAGES = [
  "/",
  "/live",
  "/live?tab=refused",
  "/profiles",
  "/profiles?q=eve@example.com",
  `/profiles/${profile}`,
  "/funnel",
  "/retention",
  "/experiments",
  "/flow",
  "/paths",
  "/attribution",
  "/sources",
  "/settings",
  "/settings/people",
  "/settings/audit",
  "/settings/privacy",
];

const browser = await openBrowser();
try {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(30_000);
  const dialogs = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(`${base}/sign-in`);
  await page.getByLabel("E-mail").fill(email);
  await page.locator('input[name="password"]').fill(password);
  await page.keyboard.press("Enter");
  await page.locator("#main").waitFor();
  let shown = 0;
  for (const path of PAGES) {
    await page.goto(base + path);
    await settled(page);
    const seen = await page.evaluate(() => ({
      ran: "pwned" in window,
      scripts: document.querySelectorAll("script:not([src])").length,
      planted: document.querySelectorAll("#main img[src=x], #main svg[onload], #main a[href^='javascript:']").length,
      text: document.body.innerText.includes("window.pwned=1"),
    }));
    assert.deepEqual(
      [seen.ran, seen.scripts, seen.planted],
      [false, 0, 0],
      `${path}: a script of a sender's is part of the page`,
    );
    shown += Number(seen.text);
  }
  assert.ok(2 <= shown, `the scripts stand as text on ${shown} pages only: this looked at the wrong ones`);
  // Had one got in, the browser would not have run it: the policy lets no inline script through.
  const blocked = await page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.pwned = 1";
        document.body.append(script);
        const image = document.createElement("img");
        image.setAttribute("onerror", "window.pwned = 1");
        image.src = "data:,";
        document.body.append(image);
        setTimeout(() => resolve("nothing"), 5_000);
      }),
  );
  assert.match(blocked, /^script-src/, "the content security policy does not stop an inline script");
  assert.equal(await page.evaluate(() => "pwned" in window), false, "an inline script ran");
  assert.deepEqual(dialogs, []);
  console.log(`ok ${PAGES.length} pages, the scripts shown as text on ${shown} of them`);
} finally {
  await browser.close();
}
