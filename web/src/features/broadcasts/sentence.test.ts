import i18next from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import en from "../../locales/en.json";
import ru from "../../locales/ru.json";
import type { Broadcast } from "./api";
import { broadcastText, chainText, type Speech } from "./sentence";

const speeches: Partial<Record<"en" | "ru", Speech>> = {};
beforeAll(async () => {
  for (const [language, words] of [
    ["en", en],
    ["ru", ru],
  ] as const) {
    const t = await i18next.createInstance().init({
      lng: language,
      resources: { [language]: { translation: words } },
      interpolation: { escapeValue: false },
    });
    speeches[language] = {
      t,
      segment: (id) => ({ owners: "Owners", staff: "Staff" })[id] ?? id,
      template: (id) =>
        ({
          mail: { name: "Service", channel: "email" as const },
          viber: { name: "Reminder", channel: "viber" as const },
          sms: { name: "Short", channel: "sms" as const },
        })[id],
      purpose: () => "Marketing",
      percent: (share) => `${share * 100}%`,
      integer: String,
      dateTime: (iso) => iso.slice(0, 16),
    };
  }
});
const speech = (language: "en" | "ru" = "en"): Speech => {
  const found = speeches[language];
  if (!found) throw new Error("the words are not there");
  return found;
};

const chain = [
  { template_id: "mail", wait_s: 14_400, until: "read" as const },
  { template_id: "viber", wait_s: 1_800, until: "delivered" as const },
  { template_id: "sms", wait_s: 0, until: "read" as const },
];
const broadcast: Broadcast = {
  broadcast_id: "b",
  name: "b",
  segment_id: "owners",
  excluded_segment_ids: ["staff"],
  purpose: "marketing",
  variants: [{ name: "A", share: 1000, chain }],
  holdout: 0,
  starts_at: null,
  per_minute: null,
  postpone_s: 86_400,
};

describe("a chain", () => {
  test("is a sentence, each message after what it waits for", () => {
    expect(chainText(chain, speech())).toBe(
      "E-mail “Service”; if it is not read within 4 hours, Viber “Reminder”; if it is not delivered within 30 minutes, SMS “Short”",
    );
    expect(chainText(chain, speech("ru"))).toContain("если в течение 4 часов не прочтут — Viber «Reminder»");
  });

  test("says where a message is not chosen yet", () => {
    expect(chainText([{ template_id: "", wait_s: 0, until: "read" }], speech())).toBe(
      "a message that is not chosen yet",
    );
  });
});

describe("a broadcast", () => {
  test("tells to whom, what, for what and when", () => {
    const [first, ...others] = broadcastText(
      { ...broadcast, variants: [{ ...broadcast.variants[0]!, chain: [chain[2]!] }] },
      speech(),
    );
    expect(first).toBe("Send to those in “Owners”, but not to those in “Staff”: SMS “Short”.");
    expect(others).toEqual(["The purpose is Marketing.", "It begins at once."]);
  });

  test("tells of variants, of who gets nothing and of its pace", () => {
    const tried = {
      ...broadcast,
      segment_id: null,
      excluded_segment_ids: [],
      variants: ["A", "B"].map((name) => ({ name, share: 450, chain: [chain[2]!] })),
      holdout: 100,
      starts_at: "2026-11-24T07:30:00Z",
      per_minute: 300,
    };
    expect(broadcastText(tried, speech())).toEqual([
      "Send to everybody one of 2 variants:",
      "A, 45% of them: SMS “Short”.",
      "B, 45% of them: SMS “Short”.",
      "10% get nothing, to compare with.",
      "The purpose is Marketing.",
      "It begins on 2026-11-24T07:30.",
      "At most 300 messages a minute.",
    ]);
    expect(broadcastText(tried, speech(), "begun")).not.toContain("It begins on 2026-11-24T07:30.");
  });
});
