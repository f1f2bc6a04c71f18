import { expect, test } from "vitest";
import type { TimelineItem } from "../../api/types";
import { byDay, momentSort, place, turnOf } from "./timeline";
import { traitText, traitValue } from "./traits";

test("what is typed becomes what it looks like, unless that would change it", () => {
  expect(traitValue("true")).toBe(true);
  expect(traitValue(" 12 ")).toBe(12);
  expect(traitValue('["a", "b"]')).toEqual(["a", "b"]);
  expect(traitValue("Norvigrad")).toBe("Norvigrad");
  for (const text of ["+79000000001", "007", "1.50", "9007199254740993", "1e3"]) expect(traitValue(text)).toBe(text);
});

test("a value is edited as it is shown", () => {
  for (const value of [true, 12, "Norvigrad", ["a"], { city: "Tarsk" }])
    expect(traitValue(traitText(value))).toEqual(value);
});

test("a moment's sort is told by its ids, then by its name", () => {
  const sort = (event: string, type: string, properties = {}) => momentSort({ event, type, properties });
  expect(sort("", "page")).toBe("visit");
  expect(sort("car_viewed", "track")).toBe("visit");
  expect(sort("call_completed", "track", { call_id: "1" })).toBe("call");
  expect(sort("lead_created", "track", { lead_id: "1" })).toBe("lead");
  expect(sort("contract_signed", "track", { lead_id: "1", order_id: "2" })).toBe("order");
  expect(sort("", "identify")).toBe("known");
  expect(sort("Something else", "track")).toBe("other");
});

test("a timeline is cut where the day changes", () => {
  const item = (ts: string) => ({ ts }) as TimelineItem;
  const days = byDay([item("2026-01-02T08:00"), item("2026-01-02T07:00"), item("2026-01-01T23:00")], (iso) =>
    iso.slice(0, 10),
  );
  expect(days.map(({ day, items }) => [day, items.length])).toEqual([
    ["2026-01-02", 2],
    ["2026-01-01", 1],
  ]);
});

test("a page is named by its title, else by its address", () => {
  expect(place({ properties: { title: "Aster" }, url: "https://cars.example/aster" })).toBe("Aster");
  expect(place({ properties: {}, url: "https://cars.example/aster?utm_source=x" })).toBe("/aster");
  expect(place({ properties: {}, url: "aster" })).toBe("aster");
  expect(place({ properties: {}, url: null })).toBeNull();
});

test("what was derived of a segment is told from an event that somebody called so", () => {
  const condition = { if: "identifier", kind: "email" };
  const properties = { segment: "Hot", because: [condition, { if: "nonsense" }] };
  expect(turnOf({ event: "segment_entered", properties })).toEqual({
    way: "entered",
    segment: "Hot",
    because: [condition],
  });
  expect(turnOf({ event: "segment_left", properties: { segment: "Hot" } })?.because).toEqual([]);
  expect(turnOf({ event: "segment_entered", properties: { name: "Hot" } })).toBeNull();
  expect(turnOf({ event: "car_viewed", properties })).toBeNull();
});
