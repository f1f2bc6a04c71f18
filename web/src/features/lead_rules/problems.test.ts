import { expect, test } from "vitest";
import type { LeadRules, RingLine } from "./api";
import { inOrder, problemsOf } from "./problems";

const band = (name: string, from: number) => ({ band: name, from, channels: [], way: "dealer" as const });
const rules = (part: Partial<LeadRules>) =>
  ({
    points: [],
    bands: [band("hot", 70), band("cold", 0)],
    sla: [],
    verification: {},
    lost_reasons: [],
    ...part,
  }) as unknown as LeadRules;

test("rules that are whole have no problem", () => {
  expect(problemsOf(rules({}))).toEqual([]);
});

test("bands go down to 0, each with a name of its own", () => {
  expect(problemsOf(rules({ bands: [band("hot", 70), band("hot", 0)] }))).toEqual(["band_names"]);
  expect(problemsOf(rules({ bands: [band("hot", 70), band("cold", 10)] }))).toEqual(["bands"]);
  expect(problemsOf(rules({ bands: [band("hot", 40), band("warm", 40), band("cold", 0)] }))).toEqual(["bands"]);
  expect(problemsOf(rules({ bands: [] }))).toEqual(["bands"]);
  expect(inOrder([band("cold", 10), band("hot", 70)]).map(({ from }) => from)).toEqual([70, 0]);
});

test("a line of points says what it is for and what it asks", () => {
  const line = { says: "Phone", when: { of: "known" as const, field: "phone" as const }, points: 15 };
  expect(problemsOf(rules({ points: [line] }))).toEqual([]);
  expect(problemsOf(rules({ points: [{ ...line, says: " " }] }))).toEqual(["points"]);
  expect(problemsOf(rules({ points: [{ ...line, when: { of: "channel", channel: "" } }] }))).toEqual(["points"]);
});

test("a line has a name of its own and rings at somebody", () => {
  const step = { people: ["ana@example.com"], ring_s: 20, rings_max: 0, only_free: true };
  const line = (name: string, steps = [step]) => ({ line: name, steps }) as RingLine;
  const verification = (lines: RingLine[]) => ({ verification: { lines } as LeadRules["verification"] });
  expect(problemsOf(rules(verification([line("first"), line("expert")])))).toEqual([]);
  for (const lines of [
    [line("first"), line("first")],
    [line(" ")],
    [line("first", [{ ...step, people: [] }])],
    [line("first", [{ ...step, people: ["ana"] }])],
    [line("first", [{ ...step, ring_s: 1 }])],
  ]) {
    expect(problemsOf(rules(verification(lines)))).toEqual(["lines"]);
  }
});
