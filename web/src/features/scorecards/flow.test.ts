import { expect, test } from "vitest";
import { acyclic } from "./flow";

const link = (from: string, to: string, count: number) => ({ from, to, count });

test("what leads back, however far around, is left out; the broader stream is kept", () => {
  const flow = [
    link("dealer", "pool", 5),
    link("captured", "dealer", 100),
    link("pool", "dealer", 20),
    link("dealer", "contacted", 80),
    link("contacted", "pool", 2),
    link("dealer", "dealer", 9),
    link("dealer", "lost", 0),
  ];
  expect(acyclic(flow)).toEqual([
    link("captured", "dealer", 100),
    link("pool", "dealer", 20),
    link("dealer", "contacted", 80),
  ]);
});
