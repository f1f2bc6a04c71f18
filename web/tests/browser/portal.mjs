// A dealer's salesperson on a telephone: the first load is small and usable on a slow line, a lead is accepted with one tap, and what is
// tapped without a line is sent when it is back.
//
// BASE_URL, EMAIL, PASSWORD: a server and a dealer's account with two leads that nobody has accepted. SHOTS_DIR: pictures on the way.
import assert from "node:assert/strict";
import { join } from "node:path";
import { openBrowser, SIZES } from "./browser.mjs";

const base = process.env.BASE_URL ?? "http://127.0.0.1:8080";
const DEADLINE_MS = 60_000;
/** What a first visit may bring over the line, compressed. */
const FIRST_LOAD_BYTES_MAX = 200 * 1024;
/** As browsers' tools call it. */
const SLOW_3G = { offline: false, latency: 2_000, downloadThroughput: 50_000, uploadThroughput: 50_000 };

const browser = await openBrowser();
try {
  const context = await browser.newContext({
    viewport: SIZES.phone,
    hasTouch: true,
    isMobile: true,
    locale: "en-GB",
    timezoneId: "UTC",
    // The worker that keeps the page would answer in the line's place.
    serviceWorkers: "block",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  const answer = await context.request.post(`${base}/api/auth/login`, {
    data: { email: process.env.EMAIL, password: process.env.PASSWORD },
  });
  assert.ok(answer.ok(), `signed in: ${answer.status()}`);

  const line = await context.newCDPSession(page);
  await line.send("Network.enable");
  let bytes = 0;
  line.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await line.send("Network.emulateNetworkConditions", SLOW_3G);
  const began = Date.now();
  await page.goto(`${base}/portal`, { waitUntil: "commit" });
  const accept = page.getByRole("button", { name: "Accept", exact: true });
  await accept.nth(1).waitFor();
  console.log(
    `ok first load: ${(bytes / 1024).toFixed(0)} KB, usable after ${((Date.now() - began) / 1000).toFixed(1)} s on a slow line`,
  );
  assert.ok(bytes <= FIRST_LOAD_BYTES_MAX, `the first load has ${bytes} bytes`);
  await line.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: -1,
  });
  await shot(page, "inbox");

  // One tap.
  await accept.first().tap();
  await page.waitForFunction(
    () => [...document.querySelectorAll("main li button")].filter((one) => one.textContent === "Accept").length === 1,
  );
  console.log("ok accepted with one tap");

  await context.setOffline(true);
  await accept.first().tap();
  await page.getByText("waits to be sent").first().waitFor();
  await shot(page, "offline");
  await context.setOffline(false);
  await page.getByText("waits to be sent").first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "In work" }).tap();
  await page.waitForFunction(() => document.querySelectorAll("main li").length === 2);
  await shot(page, "work");
  console.log("ok what was tapped without a line was sent");
  assert.deepEqual(complaints, [], "the console stays silent");
  await context.close();
} finally {
  await browser.close();
}

async function shot(page, name) {
  if (process.env.SHOTS_DIR) await page.screenshot({ path: join(process.env.SHOTS_DIR, `portal-${name}.png`) });
}
