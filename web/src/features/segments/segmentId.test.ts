import { expect, test } from "vitest";
import { idOf } from "./segmentId";

test("an id is made of the name, in letters that an address can hold", () => {
  expect(idOf("Hot buyers: 14 days", [])).toBe("hot-buyers-14-days");
  expect(idOf("Горячие покупатели", [])).toBe("goriachie-pokupateli");
  expect(idOf("Škoda – État", [])).toBe("skoda-etat");
  expect(idOf("高意向客户", [])).toBe("segment");
  expect(idOf("x".repeat(200), [])).toHaveLength(56);
});

test("an id that is taken gets a number", () => {
  expect(idOf("Hot", ["hot", "hot-2"])).toBe("hot-3");
});
