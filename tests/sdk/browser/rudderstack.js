// The edition that brings its plugins along: the other one loads them from its maker's CDN.
import { RudderAnalytics } from "@rudderstack/analytics-js/bundled";

window.tell = async ({ host, writeKey, way, who }) => {
  const analytics = new RudderAnalytics();
  const ready = new Promise((resolve) => analytics.ready(resolve));
  analytics.load(writeKey, host, {
    configUrl: host,
    useBeacon: way === "beacon",
    beaconQueueOptions: { flushQueueInterval: 300 },
    queueOptions: { batch: { enabled: way === "batching", maxItems: 4, flushInterval: 300 } },
    logLevel: "ERROR",
  });
  await ready;
  const sent = [];
  const say = (call, ...args) => new Promise((resolve) => analytics[call](...args, undefined, (event) => resolve(sent.push(event))));
  await say("page", "Shop", "Models", { model: "Aster" });
  await say("track", "car_viewed", { model: "Aster", price: 31900 });
  await say("identify", who.userId, { email: who.email, name: "Ана Петрова" });
  await say("track", "callback_requested", { dealer: "d-17", note: "half an emoji \ud83d" });
  await say("group", who.group, { name: "Ana & Co" });
  await say("alias", `${who.userId}-new`, who.userId);
  return { version: analytics.version ?? null, sent };
};
