import type { Condition, Does, Journey, Step, WaitedFor } from "./journey";

/** Where a run begins: stands among the steps as one of them, and leads to the first. */
export const ENTRY = "@entry";

/** A way out of a step: `next`, `otherwise`, `arm0`, …; to nobody's step where the run ends. */
export type Way = { way: string; to: string | null };
/** A place in the drawing at which a step may stand. */
export type Place = { from: string; way: string };

export const step = (journey: Journey, id: string) => journey.steps.find(({ step_id }) => step_id === id);

export function waysOf(does: Does): Way[] {
  const next = "next" in does || !("arms" in does) ? { way: "next", to: ("next" in does && does.next) || null } : null;
  const otherwise = { way: "otherwise", to: ("otherwise" in does && does.otherwise) || null };
  switch (does.do) {
    case "branch":
    case "split": {
      const arms = does.arms.map((arm, at) => ({ way: `arm${at}`, to: arm.next ?? null }));
      return does.do === "branch" ? [...arms, otherwise] : arms;
    }
    case "wait":
      return next ? ("date" in does.wait ? [next, otherwise] : [next]) : [];
    case "wait_for":
    case "call_task":
      return next ? [next, otherwise] : [];
    default:
      return next ? [next] : [];
  }
}

/** The ways out of a step or of the entry. */
export function waysFrom(journey: Journey, id: string): Way[] {
  if (id === ENTRY) return [{ way: "next", to: journey.first ?? null }];
  const found = step(journey, id);
  return found ? waysOf(found.does) : [];
}

function turned(does: Does, way: string, to: string | null): Does {
  const at = /^arm(\d+)$/.exec(way)?.[1];
  if (at === undefined) return { ...does, [way]: to } as Does;
  if (does.do === "branch")
    return { ...does, arms: does.arms.map((arm, place) => (place === Number(at) ? { ...arm, next: to } : arm)) };
  if (does.do === "split")
    return { ...does, arms: does.arms.map((arm, place) => (place === Number(at) ? { ...arm, next: to } : arm)) };
  return does;
}

const withStep = (journey: Journey, id: string, turn: (step: Step) => Step): Journey => ({
  ...journey,
  steps: journey.steps.map((each) => (each.step_id === id ? turn(each) : each)),
});

/** Leads a way somewhere else; to `null` it leads nowhere. */
export function connected(journey: Journey, { from, way }: Place, to: string | null): Journey {
  if (from === to) return journey;
  if (from === ENTRY) return { ...journey, first: to };
  return withStep(journey, from, (each) => ({ ...each, does: turned(each.does, way, to) }));
}

export const withDoes = (journey: Journey, id: string, does: Does) =>
  withStep(journey, id, (each) => ({ ...each, does }));
export const withName = (journey: Journey, id: string, name: string) =>
  withStep(journey, id, ({ name: _, ...each }) => ({ ...each, ...(name && { name }) }));

/** Puts steps where they are drawn. */
export const placed = (journey: Journey, places: ReadonlyMap<string, { x: number; y: number }>): Journey => ({
  ...journey,
  steps: journey.steps.map((each) => ({ ...each, ...places.get(each.step_id) })),
});

/** A name for a step that no other has. */
export function freeId(taken: Iterable<string>, kind: string): string {
  const held = new Set(taken);
  let number = 1;
  while (held.has(`${kind}-${number}`)) number++;
  return `${kind}-${number}`;
}

const idsOf = (journey: Journey) => journey.steps.map(({ step_id }) => step_id);

/** Puts a new step into a place; what stood behind the place stands behind the new step's first way. */
export function inserted(
  journey: Journey,
  { from, way }: Place,
  does: Does,
  at: { x: number; y: number },
): { journey: Journey; id: string } {
  const id = freeId(idsOf(journey), does.do);
  const behind = waysFrom(journey, from).find((each) => each.way === way)?.to ?? null;
  const [first] = waysOf(does);
  const fresh: Step = { step_id: id, ...at, does: first && behind ? turned(does, first.way, behind) : does };
  return { id, journey: connected({ ...journey, steps: [...journey.steps, fresh] }, { from, way }, id) };
}

/** Takes steps out; whoever led to one leads to what stood behind its first way. */
export function removed(journey: Journey, ids: readonly string[]): Journey {
  const gone = new Set(ids);
  const behind = (id: string | null | undefined): string | null => {
    const seen = new Set<string>();
    let to = id ?? null;
    while (to !== null && gone.has(to)) {
      // Steps that only lead to each other lead nowhere.
      if (seen.has(to)) return null;
      seen.add(to);
      to = waysFrom(journey, to)[0]?.to ?? null;
    }
    return to;
  };
  const relinked = (each: Step): Step => ({
    ...each,
    does: waysOf(each.does).reduce(
      (does, { way, to }) =>
        to !== null && gone.has(to) ? turned(does, way, avoiding(each.step_id, behind(to))) : does,
      each.does,
    ),
  });
  return {
    ...journey,
    ...(journey.first !== undefined && { first: behind(journey.first) }),
    steps: journey.steps.filter(({ step_id }) => !gone.has(step_id)).map(relinked),
  };
}

/** Nothing follows itself at once. */
const avoiding = (id: string, to: string | null) => (to === id ? null : to);

/** Steps as they were copied, with the ways between them. */
export type Clip = { steps: Step[] };

export const copied = (journey: Journey, ids: readonly string[]): Clip => ({
  steps: structuredClone(journey.steps.filter(({ step_id }) => ids.includes(step_id))),
});

export const PASTED_PX = 48;

/** Puts copies beside what was copied: under new names, leading to each other as the copied did and nowhere else. */
export function pasted(journey: Journey, { steps }: Clip): { journey: Journey; ids: string[] } {
  const names = new Map<string, string>();
  const taken = idsOf(journey);
  for (const { step_id, does } of steps) {
    const id = freeId([...taken, ...names.values()], does.do);
    names.set(step_id, id);
  }
  const known = new Set(taken);
  // A message that was not copied along is still the one that is asked about, if this journey has it.
  const asked = (id: string) => names.get(id) ?? (known.has(id) ? id : "");
  const fresh = steps.map(({ step_id, does, x, y, ...rest }): Step => {
    const led = waysOf(does).reduce((held, { way, to }) => turned(held, way, (to && names.get(to)) || null), does);
    return {
      ...structuredClone(rest),
      step_id: names.get(step_id) ?? step_id,
      x: x + PASTED_PX,
      y: y + PASTED_PX,
      does: withMessages(structuredClone(led), asked),
    };
  });
  return { journey: { ...journey, steps: [...journey.steps, ...fresh] }, ids: fresh.map(({ step_id }) => step_id) };
}

function withMessages(does: Does, asked: (id: string) => string): Does {
  const message = <Held extends WaitedFor | Condition>(held: Held): Held => {
    const { step_id: id } = held as { step_id?: string };
    return id === undefined ? held : { ...held, step_id: asked(id) };
  };
  if (does.do === "wait_for") return { ...does, what: message(does.what) };
  if (does.do === "branch") return { ...does, arms: does.arms.map((arm) => ({ ...arm, when: message(arm.when) })) };
  return does;
}

/** The steps that send, in the order of the journey: what conditions on messages may ask about. */
export const senders = (journey: Journey) => journey.steps.filter(({ does }) => does.do === "send");

/** Steps as one reads them: each after the way that leads to it first, then those that nothing leads to. */
export type Line = { step: Step; depth: number; way: Place | null };
export function outline(journey: Journey): Line[] {
  const lines: Line[] = [];
  const seen = new Set<string>();
  const follow = (place: Place, to: string | null, depth: number) => {
    const found = to === null ? undefined : step(journey, to);
    if (!found || seen.has(found.step_id)) return;
    seen.add(found.step_id);
    lines.push({ step: found, depth, way: place });
    const ways = waysOf(found.does);
    for (const { way, to: next } of ways)
      follow({ from: found.step_id, way }, next, 1 < ways.length ? depth + 1 : depth);
  };
  follow({ from: ENTRY, way: "next" }, journey.first ?? null, 0);
  for (const each of journey.steps) {
    if (seen.has(each.step_id)) continue;
    seen.add(each.step_id);
    lines.push({ step: each, depth: 0, way: null });
    for (const { way, to } of waysOf(each.does)) follow({ from: each.step_id, way }, to, 1);
  }
  return lines;
}
