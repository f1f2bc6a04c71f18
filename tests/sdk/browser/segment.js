import { AnalyticsBrowser } from "@segment/analytics-next";

/** Only the host is ours: where to send comes from the settings that it serves. */
window.tell = async ({ host, writeKey, way, who }) => {
  const batching = { integrations: { "Segment.io": { deliveryStrategy: { strategy: "batching", config: { size: 4, timeout: 300 } } } } };
  const analytics = AnalyticsBrowser.load({ writeKey, cdnURL: host }, way === "batching" ? batching : {});
  const calls = [
    () => analytics.page("Models", { model: "Aster" }),
    () => analytics.track("car_viewed", { model: "Aster", price: 31900 }),
    () => analytics.identify(who.userId, { email: who.email, name: "Ана Петрова" }),
    () => analytics.track("callback_requested", { dealer: "d-17", note: "half an emoji \ud83d" }),
    () => analytics.screen("Cabinet"),
    () => analytics.group(who.group, { name: "Ana & Co" }),
    () => analytics.alias(`${who.userId}-new`, who.userId),
  ];
  const sent = [];
  for (const say of calls) {
    const { event } = await say();
    sent.push({ ...event });
  }
  return { version: (await analytics).VERSION ?? null, sent };
};
