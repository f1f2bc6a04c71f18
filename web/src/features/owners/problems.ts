import type { OwnerRule, OwnerRules } from "./api";

export const PROBLEMS = ["names", "lengths", "events"] as const;
export type Problem = (typeof PROBLEMS)[number];

const NAME = /^[A-Za-z0-9_-]{1,100}$/;

const isWithin = (value: number, from: number, to: number) => from <= value && value <= to;

function hasLengths({ when, open_days, did }: OwnerRule): boolean {
  const days = (count: number) => isWithin(count, 1, 3_650);
  const ofWhen =
    when.of === "before"
      ? isWithin(when.days, 0, 3_650)
      : when.of === "likely"
        ? isWithin(when.percent, 0.1, 100) && days(when.within_days)
        : isWithin(when.months, 1, 360);
  return ofWhen && days(open_days) && (!did || days(did.within_days));
}

/** Why these rules cannot be kept as they stand. */
export function problemsOf({ rules }: OwnerRules): Problem[] {
  const names = rules.map(({ rule }) => rule);
  const wrong: Record<Problem, boolean> = {
    names: new Set(names).size !== names.length || names.some((name) => !NAME.test(name)),
    lengths: rules.some((rule) => !hasLengths(rule)),
    events: rules.some(({ did }) => did?.events.length === 0),
  };
  return PROBLEMS.filter((problem) => wrong[problem]);
}
