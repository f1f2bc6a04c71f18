import type { LeadRules, RingStep } from "./api";

export const PROBLEMS = ["points", "band_names", "bands", "sla", "lines", "lost_reasons"] as const;
export type Problem = (typeof PROBLEMS)[number];

const isTwice = (names: string[]) => new Set(names).size !== names.length;

/** Why these rules cannot be kept as they stand. */
export function problemsOf({ points, bands, sla, verification, lost_reasons }: LeadRules): Problem[] {
  const names = bands.map(({ band }) => band.trim());
  const reasons = lost_reasons.map(({ reason }) => reason.trim());
  const lines = verification.lines ?? [];
  const wrong: Record<Problem, boolean> = {
    points: points.some(({ says, points, when }) => says.trim() === "" || 100 < Math.abs(points) || !isWhole(when)),
    band_names: names.some((name) => name === "") || isTwice(names),
    bands: bands.at(-1)?.from !== 0 || bands.some(({ from }, at) => 0 < at && (bands[at - 1]?.from ?? 0) <= from),
    sla: sla.some(({ accept_min, contact_min, warn_min }) => accept_min < 1 || contact_min < 1 || warn_min < 0),
    lines:
      isTwice(lines.map(({ line }) => line.trim())) ||
      lines.some(({ line, steps }) => line.trim() === "" || line.includes(":") || steps.some((step) => !isRung(step))),
    lost_reasons: reasons.some((reason) => reason === "") || isTwice(reasons),
  };
  return PROBLEMS.filter((problem) => wrong[problem]);
}

/** Whether there is somebody to ring, for a while. */
const isRung = ({ people, ring_s }: RingStep) =>
  0 < people.length && people.every((email) => email.includes("@")) && 5 <= ring_s && ring_s <= 3_600;

/** Whether a condition names what it asks for. */
const isWhole = (when: LeadRules["points"][number]["when"]) =>
  Object.values(when).every((value) => value !== "" && value !== null);

/** Bands in their order: the highest first, the last from 0. */
export function inOrder(bands: LeadRules["bands"]): LeadRules["bands"] {
  const sorted = bands.toSorted((one, other) => other.from - one.from);
  return sorted.map((band, at) => (at === sorted.length - 1 ? { ...band, from: 0 } : band));
}
