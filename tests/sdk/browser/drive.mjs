// Opens a page of another origin in Chromium, lets the SDK in it tell its story, and waits until all of it was taken.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { call, people } from "../story.mjs";

const [sdk, way] = process.argv.slice(2);
const { HOST: host, KEY: writeKey, CHROMIUM: executablePath = "/usr/bin/chromium" } = process.env;
const DELIVERED_WITHIN_MS = 30_000;
const PACKAGES = { segment: "@segment/analytics-next", rudderstack: "@rudderstack/analytics-js" };

const entry = new URL(`./${sdk}.js`, import.meta.url).pathname;
const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: "iife", logLevel: "error" });
const page_html = "<!doctype html><meta charset=utf-8><title>Aster</title><script src=/sdk.js></script>";
const site = createServer((request, response) => {
  const script = request.url === "/sdk.js";
  response.setHeader("content-type", script ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8");
  response.end(script ? outputFiles[0].text : page_html);
});
site.listen(0, "127.0.0.1");
await once(site, "listening");

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  const complaints = [];
  const foreign = [];
  const taken = { items: 0, waiting: null };
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const own = request.url().startsWith(host) || request.url().startsWith("http://127.0.0.1:") || request.url().startsWith("data:");
    if (!own) foreign.push(request.url());
  });
  const count = (items) => {
    taken.items += items;
    taken.waiting?.();
  };
  // How many items a beacon holds only the page knows, whether it was taken only the network: they come in one order.
  const beacons = [];
  await page.exposeFunction("beaconQueued", (items) => beacons.push(items));
  await page.addInitScript(() => {
    const send = navigator.sendBeacon.bind(navigator);
    navigator.sendBeacon = (url, blob) => {
      new Response(blob).json().then((body) => window.beaconQueued(body.batch.length)).then(() => send(url, blob));
      return true;
    };
  });
  page.on("requestfinished", async (request) => {
    if (request.method() !== "POST" || !request.url().startsWith(host)) return;
    const response = await request.response();
    if (request.resourceType() === "ping") return count(response?.ok() ? beacons.shift() : 0);
    const answer = await response?.json().catch(() => null);
    count(answer?.accepted ?? 0);
  });
  await page.goto(`http://127.0.0.1:${site.address().port}/models/aster?utm_source=search&utm_medium=cpc&utm_campaign=spring`);
  const who = people(`${sdk}-${way}`);
  const told = await page.evaluate((story) => window.tell(story), { host, writeKey, way, who });
  const deadline = Date.now() + DELIVERED_WITHIN_MS;
  while (taken.items < told.sent.length) {
    const left = deadline - Date.now();
    if (left <= 0) throw new Error(`${taken.items} of ${told.sent.length} were taken; the page says: ${complaints.join("; ") || "nothing"}`);
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(left, 1_000));
      taken.waiting = () => (clearTimeout(timer), resolve());
    });
  }
  if (complaints.length > 0) throw new Error(`the page complains: ${complaints.join("; ")}`);
  if (foreign.length > 0) throw new Error(`the SDK called somebody else: ${foreign.join(", ")}`);
  const { version } = JSON.parse(readFileSync(new URL(`../node_modules/${PACKAGES[sdk]}/package.json`, import.meta.url)));
  console.log(JSON.stringify({ version, sent: told.sent.map(call) }));
} finally {
  await browser.close();
  site.close();
}
