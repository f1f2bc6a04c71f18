import { readFileSync } from "node:fs";
import { Analytics } from "@segment/analytics-node";
import { call, people } from "../story.mjs";

const { HOST: host, KEY: writeKey } = process.env;
const { version } = JSON.parse(readFileSync(new URL("../node_modules/@segment/analytics-node/package.json", import.meta.url)));
const analytics = new Analytics({ writeKey, host, path: "/v1/batch", flushAt: 4, maxRetries: 3 });
const { userId, anonymousId, email, group } = people("segment-node");

const sent = [];
const done = (error, context) => {
  if (error) throw error;
  sent.push(call(context.event));
};
analytics.page({ anonymousId, name: "Models", properties: { url: "https://cars.example/models?utm_source=news&utm_medium=email" } }, done);
analytics.track({ anonymousId, event: "car_viewed", properties: { model: "Aster", price: 31900 } }, done);
analytics.identify({ userId, anonymousId, traits: { email, name: "Ана Петрова" } }, done);
analytics.track({ userId, event: "callback_requested", timestamp: new Date(Date.now() - 86_400_000), properties: { dealer: "d-17" } }, done);
analytics.screen({ userId, name: "Cabinet" }, done);
analytics.group({ userId, groupId: group, traits: { name: "Ana & Co" } }, done);
analytics.alias({ userId, previousId: anonymousId }, done);

await analytics.closeAndFlush({ timeout: 20_000 });
if (sent.length !== 7) throw new Error(`delivered ${sent.length} of 7`);
console.log(JSON.stringify({ version, sent }));
