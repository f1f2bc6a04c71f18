import type { Condition, Rule } from "../../segment/rule";

export const EXAMPLE_KEYS = ["no_contract", "keen", "delivery", "silent"] as const;
export type ExampleKey = (typeof EXAMPLE_KEYS)[number];

const did = (event: string, number: number, span: string): Condition => ({
  if: "did",
  event,
  measure: { of: "count" },
  is: { op: "at_least", number },
  within: { last: span },
});
const not = (rule: Rule): Rule => ({ if: "not", rule });

/** What a seller of cars asks for first. */
export const EXAMPLES: Record<ExampleKey, Rule> = {
  no_contract: { if: "all", rules: [did("test_drive_booked", 1, "30d"), not(did("contract_signed", 1, "30d"))] },
  keen: { if: "all", rules: [did("car_viewed", 3, "14d"), not(did("lead_created", 1, "14d"))] },
  delivery: { if: "all", rules: [{ if: "date", name: "delivery_date", from_days: 0, to_days: 30 }] },
  silent: {
    if: "all",
    rules: [
      { if: "stage", stages: ["offer", "contacted"], at_least: "7d" },
      not({ if: "seen", which: "latest", within: "7d" }),
    ],
  },
};
