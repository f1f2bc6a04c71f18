import { expect, test } from "vitest";
import { connected, copied, ENTRY, inserted, outline, pasted, removed, step, waysOf, withName } from "./graph";
import { blank, blankJourney, isJourney, type Journey } from "./journey";
import { acted, begun } from "./history";
import { laidOut, NODE_PX, roomBehind } from "./layout";
import { isSame } from "./same";

const AT = { x: 0, y: 0 };

/** entry → send-1 → wait_for-1 ─ next → (end), otherwise → call_task-1 */
function drawn(): Journey {
  const one = inserted(blankJourney(), { from: ENTRY, way: "next" }, blank("send", "marketing"), AT);
  const two = inserted(one.journey, { from: one.id, way: "next" }, blank("wait_for", ""), AT);
  return inserted(two.journey, { from: two.id, way: "otherwise" }, blank("call_task", ""), AT).journey;
}
const leads = (journey: Journey) =>
  Object.fromEntries([
    ["entry", journey.first ?? null],
    ...journey.steps.map(({ step_id, does }) => [step_id, waysOf(does).map(({ to }) => to)]),
  ]);

test("a step goes between two others", () => {
  const journey = drawn();
  expect(leads(journey)).toEqual({
    entry: "send-1",
    "send-1": ["wait_for-1"],
    "wait_for-1": [null, "call_task-1"],
    "call_task-1": [null, null],
  });
  const { journey: wider } = inserted(journey, { from: "send-1", way: "next" }, blank("split", ""), AT);
  expect(leads(wider)).toMatchObject({ "send-1": ["split-1"], "split-1": ["wait_for-1", null] });
});

test("a way is led elsewhere, and nothing to itself", () => {
  const journey = connected(drawn(), { from: "wait_for-1", way: "next" }, "send-1");
  expect(leads(journey)).toMatchObject({ "wait_for-1": ["send-1", "call_task-1"] });
  expect(connected(journey, { from: "send-1", way: "next" }, "send-1")).toBe(journey);
  const branch = inserted(journey, { from: ENTRY, way: "next" }, blank("branch", ""), AT).journey;
  expect(leads(connected(branch, { from: "branch-1", way: "arm0" }, null))).toMatchObject({ "branch-1": [null, null] });
});

test("what is taken out is bridged", () => {
  expect(leads(removed(drawn(), ["send-1"]))).toMatchObject({ entry: "wait_for-1" });
  // The first way of the waiting leads nowhere, so nothing leads to the call any more.
  expect(leads(removed(drawn(), ["wait_for-1"]))).toEqual({
    entry: "send-1",
    "send-1": [null],
    "call_task-1": [null, null],
  });
  expect(leads(removed(drawn(), ["send-1", "wait_for-1", "call_task-1"]))).toEqual({ entry: null });
});

test("taking out a step of a circle makes no step follow itself", () => {
  const circle = connected(drawn(), { from: "call_task-1", way: "next" }, "wait_for-1");
  const two = connected(circle, { from: "wait_for-1", way: "next" }, "call_task-1");
  expect(leads(removed(two, ["wait_for-1"]))).toMatchObject({ "call_task-1": [null, null] });
});

test("copies lead to each other, and nowhere else", () => {
  const journey = drawn();
  const message = inserted(
    journey,
    { from: "call_task-1", way: "otherwise" },
    { do: "wait_for", what: { for: "message", step_id: "send-1", came: "read" }, within: "1d" },
    AT,
  ).journey;
  const { journey: twice, ids } = pasted(message, copied(message, ["send-1", "wait_for-1", "wait_for-2"]));
  expect(ids).toEqual(["send-2", "wait_for-3", "wait_for-4"]);
  expect(leads(twice)).toMatchObject({ "send-2": ["wait_for-3"], "wait_for-3": [null, null] });
  expect(step(twice, "wait_for-4")?.does).toMatchObject({ what: { step_id: "send-2" } });
  expect(leads(twice)["send-1"]).toEqual(["wait_for-1"]);
});

test("changes are taken back and made again; typing in one field is one change", () => {
  const type = (name: string, at: number) => ({
    do: "change" as const,
    to: (journey: Journey) => ({ ...journey, name }),
    of: "name",
    at,
  });
  let history = begun(drawn());
  history = acted(history, type("H", 0));
  history = acted(history, type("Ho", 300));
  history = acted(history, { do: "change", to: (journey) => withName(journey, "send-1", "First letter") });
  expect(history.past).toHaveLength(2);
  history = acted(acted(history, { do: "undo" }), { do: "undo" });
  expect(history.now).toEqual(drawn());
  history = acted(history, { do: "redo" });
  expect(history.now.name).toBe("Ho");
  expect(acted(history, { do: "change", to: (journey) => journey })).toBe(history);
});

test("the outline reads each step once, behind what leads to it", () => {
  const circle = connected(drawn(), { from: "call_task-1", way: "next" }, "send-1");
  const loose = { ...circle, steps: [...circle.steps, { step_id: "alone", ...AT, does: blank("wait", "") }] };
  expect(outline(loose).map(({ step: { step_id }, depth }) => [step_id, depth])).toEqual([
    ["send-1", 0],
    ["wait_for-1", 0],
    ["call_task-1", 1],
    ["alone", 0],
  ]);
});

test("no two steps lie over each other, and each stands below what leads to it", () => {
  let journey = drawn();
  journey = inserted(journey, { from: "wait_for-1", way: "next" }, blank("split", ""), AT).journey;
  journey = inserted(journey, { from: "split-1", way: "arm0" }, blank("send", ""), AT).journey;
  journey = inserted(journey, { from: "split-1", way: "arm1" }, blank("wait", ""), AT).journey;
  journey = inserted(journey, { from: "call_task-1", way: "next" }, blank("set_stage", ""), AT).journey;
  journey = connected(journey, { from: "set_stage-1", way: "next" }, "send-1");
  const spots = laidOut(journey);
  const places = [...spots.values()];
  for (const [at, one] of places.entries())
    for (const other of places.slice(at + 1))
      expect(Math.abs(one.x - other.x) >= NODE_PX.width || Math.abs(one.y - other.y) >= NODE_PX.height).toBe(true);
  const y = (id: string) => spots.get(id)?.y ?? Number.NaN;
  expect(y(ENTRY)).toBeLessThan(y("send-1"));
  expect(y("wait_for-1")).toBeLessThan(y("split-1"));
  expect(y("split-1")).toBe(y("call_task-1"));
});

test("a file is told from a journey", () => {
  expect(isJourney(JSON.parse(JSON.stringify(drawn())))).toBe(true);
  for (const wrong of [null, {}, { name: "x", entry: { by: "call" }, steps: [{ step_id: "a", does: { do: "fly" } }] }])
    expect(isJourney(wrong)).toBe(false);
});

test("a new step gets room, and moves nothing where there is a gap", () => {
  const journey = drawn();
  const { journey: roomy, at } = roomBehind(journey, "send-1", "next");
  expect(at.y).toBeGreaterThan(step(journey, "send-1")?.y ?? 0);
  const open = roomBehind(roomy, "call_task-1", "next").at;
  for (const { x, y } of roomy.steps)
    expect(Math.abs(x - open.x) >= NODE_PX.width || Math.abs(y - open.y) >= NODE_PX.height).toBe(true);
});

test("who wrote a journey makes no difference to what it says", () => {
  const journey = drawn();
  const { steps, name, ...rest } = journey;
  const theirs = { steps, ...rest, name, exits: [], first: journey.first ?? null };
  expect(isSame(journey, theirs)).toBe(true);
  expect(isSame(journey, { ...journey, name: "Other" })).toBe(false);
});
