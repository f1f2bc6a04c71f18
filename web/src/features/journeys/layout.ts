import { ENTRY, waysFrom } from "./graph";
import type { Journey } from "./journey";

export const NODE_PX = { width: 264, height: 88 };
const GAP_PX = { x: 56, y: 104 };

type Spot = { x: number; y: number };

/**
 * Where each step stands, the entry above all: layer by layer downwards, each step below all that lead to it and near
 * to them. Ways that lead back do not push anything down.
 */
export function laidOut(journey: Journey): Map<string, Spot> {
  const layers = layered(journey);
  const spots = new Map<string, Spot>();
  const above = parents(journey);
  for (const [depth, ids] of layers.entries()) {
    const wished = ids
      .map((id, at) => ({ id, at, x: wish(id, above, spots, at) }))
      .toSorted((a, b) => a.x - b.x || a.at - b.at);
    const xs = spread(wished.map(({ x }) => x));
    for (const [at, { id }] of wished.entries())
      spots.set(id, { x: Math.round(xs[at] ?? 0), y: depth * (NODE_PX.height + GAP_PX.y) });
  }
  return spots;
}

/** Where the entry is drawn: above the first step, wherever that stands. */
export function entrySpot(journey: Journey): Spot {
  const first = journey.steps.find(({ step_id }) => step_id === journey.first);
  if (first) return { x: first.x, y: first.y - NODE_PX.height - GAP_PX.y };
  const top = Math.min(0, ...journey.steps.map(({ y }) => y - NODE_PX.height - GAP_PX.y));
  return { x: journey.steps[0]?.x ?? 0, y: top };
}

/** Where a step that is put behind a way stands, below all that hang there already. */
export function spotBehind(journey: Journey, from: string, way: string): Spot {
  const origin = from === ENTRY ? entrySpot(journey) : journey.steps.find(({ step_id }) => step_id === from);
  const ways = waysFrom(journey, from);
  const at = Math.max(
    0,
    ways.findIndex((each) => each.way === way),
  );
  const shift = (at - (ways.length - 1) / 2) * (NODE_PX.width + GAP_PX.x);
  return {
    x: Math.round((origin?.x ?? 0) + shift),
    y: Math.round((origin?.y ?? 0) + NODE_PX.height + GAP_PX.y),
  };
}

/**
 * Makes room for a step behind a way: what stands there and below moves down where the new step goes between, and the
 * new one moves aside where something else has its place.
 */
export function roomBehind(journey: Journey, from: string, way: string): { journey: Journey; at: Spot } {
  const at = spotBehind(journey, from, way);
  const behind = waysFrom(journey, from).find((each) => each.way === way)?.to ?? null;
  if (behind !== null) {
    const target = journey.steps.find(({ step_id }) => step_id === behind);
    const spot = { x: target?.x ?? at.x, y: at.y };
    // Where the drawing has a gap already, nothing moves.
    if (target && at.y + NODE_PX.height + GAP_PX.y / 2 < target.y) return { journey, at: spot };
    const down = NODE_PX.height + GAP_PX.y;
    const steps = journey.steps.map((each) =>
      at.y - NODE_PX.height / 2 <= each.y ? { ...each, y: each.y + down } : each,
    );
    return { journey: { ...journey, steps }, at: spot };
  }
  const lies = (spot: Spot) =>
    journey.steps.some(
      ({ x, y }) => Math.abs(x - spot.x) < NODE_PX.width + 16 && Math.abs(y - spot.y) < NODE_PX.height + 16,
    );
  let free = at;
  for (let turn = 1; lies(free) && turn < 40; turn++) free = { x: at.x + turn * (NODE_PX.width + GAP_PX.x), y: at.y };
  return { journey, at: free };
}

/** Whether nobody has laid it out yet: all steps lie on one spot. */
export const isHeap = ({ steps }: Journey) =>
  1 < steps.length && steps.every(({ x = 0, y = 0 }) => x === (steps[0]?.x ?? 0) && y === (steps[0]?.y ?? 0));

type Parents = Map<string, { from: string; at: number; of: number }[]>;

function parents(journey: Journey): Parents {
  const found: Parents = new Map();
  for (const from of [ENTRY, ...journey.steps.map(({ step_id }) => step_id)]) {
    const ways = waysFrom(journey, from);
    for (const [at, { to }] of ways.entries())
      if (to !== null) found.set(to, [...(found.get(to) ?? []), { from, at, of: ways.length }]);
  }
  return found;
}

/** The names layer by layer: a step is one layer below the lowest that leads to it. */
function layered(journey: Journey): string[][] {
  const depths = new Map<string, number>();
  const order: string[] = [];
  const sorted = topological(journey);
  for (const id of sorted.order) {
    const depth = depths.get(id) ?? 0;
    depths.set(id, depth);
    order.push(id);
    for (const { to } of waysFrom(journey, id))
      if (to !== null && !sorted.back.has(`${id} ${to}`)) depths.set(to, Math.max(depths.get(to) ?? 0, depth + 1));
  }
  // What nothing leads to stands beside the first step, not beside the entry.
  const isLed = new Set([...parents(journey).keys(), ENTRY]);
  const layers: string[][] = [];
  for (const id of order) {
    const depth = Math.max(isLed.has(id) ? 0 : 1, depths.get(id) ?? 0);
    (layers[depth] ??= []).push(id);
  }
  return [...layers].map((layer) => layer ?? []);
}

/** All names, each after those that lead to it; `back`: the ways that go against this. */
function topological(journey: Journey): { order: string[]; back: Set<string> } {
  const back = new Set<string>();
  const done: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (id: string) => {
    state.set(id, "open");
    // From the last way to the first, so that the first stands leftmost.
    for (const { to } of waysFrom(journey, id).toReversed()) {
      if (to === null || !journey.steps.some(({ step_id }) => step_id === to)) continue;
      if (state.get(to) === "open") back.add(`${id} ${to}`);
      else if (state.get(to) !== "done") visit(to);
    }
    state.set(id, "done");
    done.push(id);
  };
  for (const id of journey.steps.map(({ step_id }) => step_id).toReversed())
    if (!state.has(id) && !parents(journey).has(id)) visit(id);
  if (!state.has(ENTRY)) visit(ENTRY);
  for (const { step_id } of journey.steps) if (!state.has(step_id)) visit(step_id);
  return { order: done.toReversed(), back };
}

/** Below the middle of those that lead to it, each way a little to its side. */
function wish(id: string, above: Parents, spots: Map<string, Spot>, at: number): number {
  const xs = (above.get(id) ?? []).flatMap(({ from, at: way, of }) => {
    const spot = spots.get(from);
    return spot ? [spot.x + (way - (of - 1) / 2) * (NODE_PX.width + GAP_PX.x)] : [];
  });
  if (xs.length === 0) return id === ENTRY ? 0 : (at + 1) * (NODE_PX.width + GAP_PX.x);
  return xs.reduce((sum, x) => sum + x, 0) / xs.length;
}

/** Moves what would overlap apart, as little as can be: neighbours that touch share the shift. */
function spread(wished: number[]): number[] {
  const least = NODE_PX.width + GAP_PX.x;
  const blocks: { sum: number; size: number }[] = [];
  const middle = ({ sum, size }: { sum: number; size: number }) => sum / size;
  for (const x of wished) {
    blocks.push({ sum: x, size: 1 });
    for (;;) {
      const [last, before] = [blocks.at(-1), blocks.at(-2)];
      if (!last || !before) break;
      const gap = middle(last) - middle(before);
      if (((last.size + before.size) / 2) * least <= gap + 0.01) break;
      blocks.splice(-2, 2, { sum: last.sum + before.sum, size: last.size + before.size });
    }
  }
  return blocks.flatMap((block) =>
    Array.from({ length: block.size }, (_, at) => middle(block) + (at - (block.size - 1) / 2) * least),
  );
}
