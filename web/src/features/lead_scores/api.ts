import { ask } from "../../api/client";
import type { components } from "../../api/schema";

export type Scores = components["schemas"]["LeadScores"];
export type Version = components["schemas"]["LeadScoreVersion"];
export type Report = components["schemas"]["LeadScoreReport"];
export type Bin = components["schemas"]["ScoreBin"];
export type Watch = components["schemas"]["ScoreWatch"];

export const LEARNERS = ["auto", "boosting", "logistic"] as const;
export type Learner = (typeof LEARNERS)[number];
export type Wish = { learner: Learner; leave_out: string[]; allow: string[] };

/** Above it a feature has become another (population stability index). */
export const DRIFT_ALARM = 0.2;
/** Beyond so many standard deviations a score foretells too many or too few. */
export const FAR = 2.58;

export const leadScoreCalls = {
  get: () => ask<Scores>("GET", "/api/lead-scores"),
  learn: (body: Wish) => ask<{ job: string }>("POST", "/api/lead-scores/learn", { body }),
  publish: (version: number) => ask<unknown>("POST", `/api/lead-scores/${version}/publish`, { body: {} }),
  withdraw: () => ask<unknown>("POST", "/api/lead-scores/withdraw", { body: {} }),
  remove: (version: number) => ask<unknown>("DELETE", `/api/lead-scores/${version}`),
  set: (recalibrates: boolean) => ask<Scores>("PUT", "/api/lead-scores/settings", { body: { recalibrates } }),
};
