import type { Dealer } from "../../api/dealers";
import { emptyDealer, problemsOf, type Problem } from "./draft";

/** The columns of a list of dealers; several values in a cell are parted by `|`. */
export const COLUMNS = [
  "dealer_id",
  "name",
  "region",
  "group",
  "brands",
  "models",
  "postcodes",
  "lat",
  "lon",
  "languages",
  "tz",
  "hours_weekdays",
  "hours_saturday",
  "hours_sunday",
  "holidays",
  "open_leads_max",
  "leads_a_day_max",
  "weight",
  "quality",
  "takes_leads",
  "stock",
  "people",
  "manager_email",
  "webhook",
  "webhook_format",
] as const;
type Column = (typeof COLUMNS)[number];
const NEEDED: readonly Column[] = ["dealer_id", "name", "region"];

/** A line of the file: its number there, the dealer that it tells of, and what is wrong with it. */
export type Line = { number: number; dealer: Dealer; problems: (Problem | "twice")[] };
export type Read =
  { kind: "read"; lines: Line[]; unknown: string[] } | { kind: "missing"; columns: Column[] } | { kind: "empty" };

/** Reads a list of dealers; a dealer that is known keeps what the file has no column for. */
export function readTable(text: string, zone: string, known: Dealer[]): Read {
  const [head = [], ...rows] = cellsOf(text);
  const names = head.map((name) => name.trim().toLowerCase());
  const missing = NEEDED.filter((column) => !names.includes(column));
  if (head.length === 0 || (head.length === 1 && head[0] === "")) return { kind: "empty" };
  if (0 < missing.length) return { kind: "missing", columns: missing };
  const seen = new Set<string>();
  const lines = rows.flatMap((cells, at) => {
    if (cells.every((cell) => cell.trim() === "")) return [];
    const row = new Map(names.map((name, place) => [name, (cells[place] ?? "").trim()] as const));
    const dealer = dealerOf(row, zone, known);
    const problems: Line["problems"] = problemsOf(dealer);
    if (seen.has(dealer.dealer_id)) problems.push("twice");
    seen.add(dealer.dealer_id);
    return [{ number: at + 2, dealer, problems }];
  });
  if (lines.length === 0) return { kind: "empty" };
  const columns: readonly string[] = COLUMNS;
  return { kind: "read", lines, unknown: names.filter((name) => name !== "" && !columns.includes(name)) };
}

function dealerOf(row: Map<string, string>, zone: string, known: Dealer[]): Dealer {
  const before = known.find(({ dealer_id }) => dealer_id === row.get("dealer_id")) ?? emptyDealer(zone);
  const has = (column: Column) => row.has(column);
  const text = (column: Column, otherwise: string) => row.get(column) ?? otherwise;
  const list = (column: Column, otherwise: string[]) => (has(column) ? parted(row.get(column)) : otherwise);
  // A cell that is empty says "none", a column that is not there says nothing.
  const number = <Otherwise extends number | null>(column: Column, otherwise: Otherwise) =>
    has(column) ? numberOf(row.get(column)) : otherwise;
  const [weekday, saturday, sunday] = [before.hours[0] ?? [], before.hours[5] ?? [], before.hours[6] ?? []];
  const workdays = has("hours_weekdays")
    ? Array.from({ length: 5 }, () => list("hours_weekdays", weekday))
    : before.hours.slice(0, 5);
  return {
    ...before,
    dealer_id: text("dealer_id", ""),
    name: text("name", before.name),
    region: text("region", before.region),
    group: text("group", before.group),
    brands: list("brands", before.brands),
    models: list("models", before.models),
    postcodes: list("postcodes", before.postcodes),
    lat: number("lat", before.lat),
    lon: number("lon", before.lon),
    languages: list("languages", before.languages),
    tz: text("tz", before.tz) || before.tz,
    hours: [...workdays, list("hours_saturday", saturday), list("hours_sunday", sunday)],
    holidays: list("holidays", before.holidays),
    open_leads_max: number("open_leads_max", before.open_leads_max),
    leads_a_day_max: number("leads_a_day_max", before.leads_a_day_max),
    weight: number("weight", before.weight) ?? before.weight,
    quality: number("quality", before.quality) ?? before.quality,
    takes_leads: row.get("takes_leads") ? !/^(no|0|false)$/i.test(row.get("takes_leads") ?? "") : before.takes_leads,
    stock: has("stock") ? stockOf(parted(row.get("stock"))) : before.stock,
    people: has("people") ? parted(row.get("people")).map(personOf) : before.people,
    manager_email: text("manager_email", before.manager_email),
    webhook: has("webhook") ? row.get("webhook") || null : before.webhook,
    webhook_format: text("webhook_format", before.webhook_format) || before.webhook_format,
  };
}

const parted = (cell = "") =>
  cell
    .split("|")
    .map((part) => part.trim())
    .filter(Boolean);

const numberOf = (cell = "") => (cell === "" ? null : Number(cell.replace(",", ".")));

/** `Aster:4` */
const stockOf = (parts: string[]) =>
  Object.fromEntries(
    parts.map((part) => {
      const [model = "", count = ""] = part.split(":");
      return [model.trim(), Number(count.trim() || Number.NaN)];
    }),
  );

/** `lena@north.example Lena Horvat` */
function personOf(part: string) {
  const [email = "", ...names] = part.split(/\s+/);
  return { email, name: names.join(" "), is_away: false };
}

/** The cells of CSV, whichever of comma, semicolon or tab parts them. */
export function cellsOf(text: string): string[][] {
  const plain = text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const head = plain.slice(0, plain.indexOf("\n") + 1 || undefined);
  const mark = [";", "\t", ","].toSorted((one, other) => head.split(other).length - head.split(one).length)[0] ?? ",";
  const rows: string[][] = [[]];
  let cell = "";
  let isQuoted = false;
  const end = () => {
    rows.at(-1)?.push(cell);
    cell = "";
  };
  for (let at = 0; at < plain.length; at++) {
    const sign = plain[at] ?? "";
    if (isQuoted && sign === '"' && plain[at + 1] === '"') {
      cell += '"';
      at++;
    } else if (sign === '"' && (isQuoted || cell === "")) isQuoted = !isQuoted;
    else if (isQuoted) cell += sign;
    else if (sign === mark) end();
    else if (sign === "\n") {
      end();
      rows.push([]);
    } else cell += sign;
  }
  end();
  return rows.filter((cells) => 1 < cells.length || cells[0] !== "");
}

/** A file to fill in: every column, and one dealer as an example. */
export const TEMPLATE: string[][] = [
  [...COLUMNS],
  [
    "north",
    "Aurelia Norvigrad North",
    "Norvia",
    "Aurelia Retail",
    "Aurelia",
    "",
    "01|02",
    "50.45",
    "30.52",
    "uk|en",
    "Europe/Kyiv",
    "09:00-13:00|14:00-19:00",
    "10:00-16:00",
    "",
    "2026-12-31|2027-01-01",
    "40",
    "12",
    "100",
    "80",
    "yes",
    "Aster:4|Belva:2",
    "lena@north.example Lena Horvat",
    "manager@north.example",
    "",
  ],
];
