import { expect, test } from "vitest";
import type { LookColumn } from "../../api/types";
import { assign, constantsOf, type Mapping, targetOf, withoutField, withPick } from "./mapping";

const columns: LookColumn[] = ["id", "mail", "when", "note"].map((name) => ({ name, guess: "text", samples: [] }));
const mapping: Mapping = {
  email: { column: "mail" },
  timestamp: { column: "when", zone: "Europe/Kyiv" },
  currency: { value: "EUR" },
  external_ids: { crm_id: { column: "id" } },
  rest: "properties",
};

test("each column has one target", () => {
  expect(columns.map(({ name }) => targetOf(mapping, name))).toEqual([
    { to: "external", name: "crm_id" },
    { to: "field", name: "email" },
    { to: "field", name: "timestamp" },
    { to: "rest" },
  ]);
  expect(targetOf({ ...mapping, rest: "drop" }, "note")).toEqual({ to: "ignore" });
  expect(constantsOf(mapping)).toEqual([["currency", "EUR"]]);
});

test("a field is taken by one column, which keeps what is said of it", () => {
  const moved = assign(mapping, columns, "note", { to: "field", name: "email" });
  expect(moved.email).toEqual({ column: "note" });
  expect(targetOf(moved, "mail")).toEqual({ to: "rest" });
  const trait = assign(mapping, columns, "when", { to: "property", name: "when" });
  expect(trait.properties).toEqual({ when: { column: "when" } });
  expect(trait.timestamp).toBeUndefined();
});

test("ignoring one column keeps all the others", () => {
  const next = assign(mapping, columns, "mail", { to: "ignore" });
  expect(next.rest).toBe("drop");
  expect(next.properties).toEqual({ note: { column: "note", optional: true } });
  expect(targetOf(next, "mail")).toEqual({ to: "ignore" });
  expect(targetOf(assign(next, columns, "mail", { to: "rest" }), "mail")).toEqual({ to: "rest" });
});

test("empty options are not written", () => {
  const next = withPick(
    mapping,
    { to: "field", name: "timestamp" },
    { column: "when", zone: "", format: "%d.%m.%Y", map: {} },
  );
  expect(next.timestamp).toEqual({ column: "when", format: "%d.%m.%Y" });
  expect(withoutField(mapping, "currency").currency).toBeUndefined();
});
