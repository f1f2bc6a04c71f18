import type { LeadClock } from "../api/leads";

/** `fine`: there is time; `warned`: not much is left; `late`: it ran out. */
export type ClockTone = "fine" | "warned" | "late";

export function toneOf(clock: LeadClock, now: number): ClockTone {
  if (Date.parse(clock.due_at) <= now) return "late";
  const isNear = clock.warn_at !== null && Date.parse(clock.warn_at) <= now;
  return clock.is_warned || isNear ? "warned" : "fine";
}

/** Milliseconds that are left; below 0 once it ran out. */
export const leftOf = (clock: LeadClock, now: number) => Date.parse(clock.due_at) - now;

const DAY_S = 86_400;

/** A length of time as a clock shows it, `4:05` or `1:04:05`; `null` from two days on, where nobody counts seconds. */
export function ticking(ms: number): string | null {
  const whole = Math.floor(Math.abs(ms) / 1000);
  if (2 * DAY_S <= whole) return null;
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours === 0 ? `${minutes}:${two(seconds)}` : `${hours}:${two(minutes)}:${two(seconds)}`;
}
