/** What makes the next step of a chain needless. */
export const REACHED = ["delivered", "read", "clicked"] as const;
export type Reached = (typeof REACHED)[number];

/** `wait_s`: how long `until` is waited for before the next step; means nothing in the last. */
export type ChainStep = { template_id: string; wait_s: number; until: Reached };

export const UNITS = ["minute", "hour", "day"] as const;
export type Unit = (typeof UNITS)[number];
const UNIT_S: Record<Unit, number> = { minute: 60, hour: 3_600, day: 86_400 };

/** A length of time as people say it. */
export type Span = { number: number; unit: Unit };

/** A step that is being worked on; `key` stays with it. */
export type StepDraft = { key: number; templateId: string | null; wait: Span; until: Reached };

export const CHAIN_MAX = 6;

let keys = 0;
export const newKey = () => ++keys;

/** The largest unit that gives a whole number. */
export function spanOf(seconds: number): Span {
  const unit = (["day", "hour"] as const).find((each) => seconds !== 0 && seconds % UNIT_S[each] === 0) ?? "minute";
  return { number: Math.round(seconds / UNIT_S[unit]), unit };
}

export const secondsOf = ({ number, unit }: Span) => Math.round(number * UNIT_S[unit]);

/** A step more: after an e-mail hours are waited, after anything else half an hour. */
export const newStep = (templateId: string | null = null): StepDraft => ({
  key: newKey(),
  templateId,
  wait: { number: 4, unit: "hour" },
  until: "read",
});

/** A chain to work on; what is not waited for yet begins with what is usual. */
export const chainDraftOf = (chain: ChainStep[]): StepDraft[] =>
  chain.map(({ template_id, wait_s, until }) => ({
    key: newKey(),
    templateId: template_id || null,
    wait: wait_s === 0 ? newStep().wait : spanOf(wait_s),
    until,
  }));

/** The chain as the server takes it; the wait of a last step is nothing. */
export const chainOf = (chain: StepDraft[]): ChainStep[] =>
  chain.map(({ templateId, wait, until }, at) => ({
    template_id: templateId ?? "",
    wait_s: at === chain.length - 1 ? 0 : secondsOf(wait),
    until,
  }));
