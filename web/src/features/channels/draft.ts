import type { ChannelCondition, ChannelRule } from "../../api/types";

export const MARKS = ["utm_source", "utm_medium", "utm_campaign", "click_id", "referrer_host", "landing_host"] as const;
export const TESTS = ["is", "is_not", "contains", "starts_with", "ends_with", "domain", "present", "absent"] as const;

/** A rule that is being worked on; `key` stays with it wherever it is moved. */
export type DraftRule = ChannelRule & { key: number };

let lastKey = 0;

export const draftOf = (rules: ChannelRule[]): DraftRule[] => rules.map((rule) => ({ ...rule, key: ++lastKey }));

export const newRule = (): DraftRule => ({
  key: ++lastKey,
  name: "",
  channel: "",
  conditions: [{ mark: "utm_source", test: "is", values: [] }],
});

/** What is sent: without keys, and without values where a condition takes none. */
export const rulesOf = (draft: DraftRule[]): ChannelRule[] =>
  draft.map(({ name, channel, conditions }) => ({
    name,
    channel,
    conditions: (conditions ?? []).map(({ mark, test, values }) => ({
      mark,
      test,
      values: takesValues(test) ? values : [],
    })),
  }));

export const takesValues = (test: ChannelCondition["test"]) => test !== "present" && test !== "absent";

/** The list with the item at `from` standing at `to`. */
export function moved<T>(list: T[], from: number, to: number): T[] {
  const rest = list.filter((_, at) => at !== from);
  const item = list[from];
  if (item === undefined || to < 0 || list.length <= to) return list;
  return [...rest.slice(0, to), item, ...rest.slice(to)];
}

export const isSame = (a: ChannelRule[], b: ChannelRule[]) => JSON.stringify(plain(a)) === JSON.stringify(plain(b));

/** In one order of fields, whoever wrote it. */
const plain = (rules: ChannelRule[]) =>
  rules.map(({ name, channel, conditions }) => [
    name ?? "",
    channel,
    (conditions ?? []).map(({ mark, test, values }) => [mark, test, values ?? []]),
  ]);

/** Whether a rule can be sent: it names a channel, and each of its conditions has what it compares with. */
export const isWhole = ({ channel, conditions }: ChannelRule) =>
  channel.trim() !== "" &&
  (conditions ?? []).every(({ test, values }) => !takesValues(test) || 0 < (values ?? []).length);
