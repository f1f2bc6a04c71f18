import { expect, test } from "vitest";
import { csv } from "../../ui/csv";
import { emptyDealer } from "./draft";
import { cellsOf, readTable, TEMPLATE } from "./table";

const read = (text: string, known = [] as Parameters<typeof readTable>[2]) => readTable(text, "Europe/Kyiv", known);

test("the template reads as a dealer without a fault", () => {
  const answer = read(csv(TEMPLATE));
  if (answer.kind !== "read") throw new Error(answer.kind);
  const [line] = answer.lines;
  expect(answer.unknown).toEqual([]);
  expect(line?.problems).toEqual([]);
  expect(line?.dealer).toMatchObject({
    dealer_id: "north",
    hours: [...Array.from({ length: 5 }, () => ["09:00-13:00", "14:00-19:00"]), ["10:00-16:00"], []],
    stock: { Aster: 4, Belva: 2 },
    people: [{ email: "lena@north.example", name: "Lena Horvat", is_away: false }],
    takes_leads: true,
    webhook: null,
  });
});

test("what a spreadsheet writes is read: semicolons, quotes, line breaks in cells", () => {
  expect(cellsOf('\uFEFFa;b\r\n"x; ""y""";"one\ntwo"\r\n')).toEqual([
    ["a", "b"],
    ['x; "y"', "one\ntwo"],
  ]);
});

test("each line says what is wrong with it", () => {
  const answer = read(
    "dealer_id,name,region,lat,weight,hours_saturday,colour\na,A,North,91,100,10-16,red\na,A,North,,0,,\n",
  );
  if (answer.kind !== "read") throw new Error(answer.kind);
  expect(answer.lines.map(({ number, problems }) => [number, problems])).toEqual([
    [2, ["place", "hours"]],
    [3, ["weight", "twice"]],
  ]);
  expect(answer.unknown).toEqual(["colour"]);
});

test("a dealer that is known keeps what the file does not speak of", () => {
  const known = {
    ...emptyDealer("Europe/Kyiv"),
    dealer_id: "a",
    name: "Old",
    region: "North",
    quality: 77,
    brands: ["X"],
  };
  const answer = read("dealer_id,name,region,brands\na,New,North,\n", [known]);
  if (answer.kind !== "read") throw new Error(answer.kind);
  expect(answer.lines[0]?.dealer).toMatchObject({ name: "New", quality: 77, brands: [] });
});

test("a file without the columns that are needed says which", () => {
  expect(read("name,town\nA,B\n")).toEqual({ kind: "missing", columns: ["dealer_id", "region"] });
  expect(read("")).toEqual({ kind: "empty" });
  expect(read("dealer_id,name,region\n")).toEqual({ kind: "empty" });
});
