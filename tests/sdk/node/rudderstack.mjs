import { readFileSync } from "node:fs";
import Analytics from "@rudderstack/rudder-sdk-node";
import { call, people } from "../story.mjs";

const { HOST: dataPlaneUrl, KEY: writeKey } = process.env;
const { version } = JSON.parse(readFileSync(new URL("../node_modules/@rudderstack/rudder-sdk-node/package.json", import.meta.url)));
const failures = [];
const analytics = new Analytics(writeKey, { dataPlaneUrl, flushAt: 4, logLevel: "error", errorHandler: (error) => failures.push(error) });
const { userId, anonymousId, email, group } = people("rudderstack-node");

const sent = [];
// The SDK's callback names no message, so the ids are given.
const say = (type, message) =>
  new Promise((resolve, reject) => {
    const full = { ...message, messageId: `${type}-${crypto.randomUUID()}` };
    analytics[type](full, (error) => (error ? reject(error) : resolve(sent.push(call({ type, ...full })))));
  });
const calls = [
  say("page", { anonymousId, name: "Models", properties: { url: "https://cars.example/models" } }),
  say("track", { anonymousId, event: "car_viewed", properties: { model: "Aster", price: 31900 } }),
  say("identify", { userId, anonymousId, traits: { email, name: "Ана Петрова" } }),
  say("track", { userId, event: "callback_requested", properties: { dealer: "d-17" } }),
  say("screen", { userId, name: "Cabinet" }),
  say("group", { userId, groupId: group, traits: { name: "Ana & Co" } }),
  say("alias", { userId, previousId: anonymousId }),
];
await analytics.flush();
await Promise.all(calls);
if (failures.length > 0) throw failures[0];
console.log(JSON.stringify({ version, sent }));
process.exit(0);
