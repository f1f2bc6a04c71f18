/** All people, in thousandths. */
export const WHOLE = 1_000;

/** How people are shared out, in thousandths that add up to {@link WHOLE}: by variant, and who gets nothing. */
export type Shares = { variants: number[]; holdout: number };

const sum = (parts: number[]) => parts.reduce((total, part) => total + part, 0);
const within = (value: number, most: number) => Math.min(most, Math.max(0, Math.round(value) || 0));

/**
 * Splits a whole number into whole parts that are to each other as the weights are, and add up to it.
 *
 * Where nothing has any weight all have the same.
 */
export function split(whole: number, weights: number[]): number[] {
  const total = sum(weights);
  const even = total === 0 ? weights.map(() => 1) : weights;
  const exact = even.map((weight) => (whole * weight) / sum(even));
  const parts = exact.map(Math.floor);
  // What is left goes to those who lost the most by the rounding; of equals to the first.
  const byLoss = exact.map((part, at) => ({ at, loss: part - Math.floor(part) })).sort((a, b) => b.loss - a.loss);
  for (const { at } of byLoss.slice(0, whole - sum(parts))) parts[at] = (parts[at] ?? 0) + 1;
  return parts;
}

/** One variant gets another share; the other variants make room, as they are to each other; the holdout stays. */
export function withShare({ variants, holdout }: Shares, at: number, to: number): Shares {
  const room = WHOLE - holdout;
  if (variants.length === 1) return { variants: [room], holdout };
  const share = within(to, room);
  const others = split(room - share, variants.toSpliced(at, 1));
  return { variants: others.toSpliced(at, 0, share), holdout };
}

/** Another part gets nothing; the variants share the rest as before. */
export function withHoldout({ variants }: Shares, to: number): Shares {
  const holdout = within(to, WHOLE - 1);
  return { variants: split(WHOLE - holdout, variants), holdout };
}

/** One variant more, as large as the others are on average. */
export function withVariant({ variants, holdout }: Shares): Shares {
  const room = WHOLE - holdout;
  const share = Math.floor(room / (variants.length + 1));
  return { variants: [...split(room - share, variants), share], holdout };
}

/** One variant less; the others take its share. */
export function withoutVariant({ variants, holdout }: Shares, at: number): Shares {
  return { variants: split(WHOLE - holdout, variants.toSpliced(at, 1)), holdout };
}

/** All variants alike. */
export function evenly({ variants, holdout }: Shares): Shares {
  return {
    variants: split(
      WHOLE - holdout,
      variants.map(() => 1),
    ),
    holdout,
  };
}
