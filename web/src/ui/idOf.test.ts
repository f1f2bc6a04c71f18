import { expect, test } from "vitest";
import { idOf } from "./idOf";

test("an id is made of the name, in letters that an address can hold", () => {
  expect(idOf("Hot buyers: 14 days", [], "segment")).toBe("hot-buyers-14-days");
  expect(idOf("Горячие покупатели", [], "segment")).toBe("goriachie-pokupateli");
  expect(idOf("Škoda – État", [], "segment")).toBe("skoda-etat");
  expect(idOf("高意向客户", [], "segment")).toBe("segment");
  expect(idOf("x".repeat(200), [], "segment")).toHaveLength(56);
});

test("an id that is taken gets a number", () => {
  expect(idOf("Hot", ["hot", "hot-2"], "segment")).toBe("hot-3");
});
