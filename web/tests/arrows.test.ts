import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

// routes -> features/<concept> -> navigation, report -> segment -> message -> api, ui.     A feature imports no other feature;
// `ui` and `api` import neither features nor each other; `report` is what the pages of reports share, `segment` what pages
// tell of rules and of who is in them, `message` what they tell of what is said to people, `lead` what they tell of leads and
// of the time that is left for them; the map of the navigation knows no page.
const SRC = join(import.meta.dirname, "../src");

const imports = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.includes(".test."))
  .flatMap((name) =>
    [...readFileSync(join(SRC, name), "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, target]) => ({
      from: name,
      to: relative(SRC, normalize(join(SRC, dirname(name), target ?? ""))),
    })),
  );

const room = (path: string) => {
  const [first, second] = path.split("/");
  return first === "features" ? `features/${second}` : (first ?? "");
};

test("imports point down", () => {
  const upward = imports.filter(({ from, to }) => {
    const [importer, imported] = [room(from), room(to)];
    if (importer === "ui") return imported !== "ui";
    if (importer === "api") return imported !== "api";
    if (importer.startsWith("features/"))
      return imported.startsWith("features/")
        ? importer !== imported
        : !/^(api|ui|report|segment|message|lead|i18n|navigation)/.test(imported);
    if (importer === "report") return !["report", "segment", "api", "ui"].includes(imported);
    if (importer === "lead") return !["lead", "api", "ui"].includes(imported);
    if (importer === "message") return !["message", "api", "ui"].includes(imported);
    if (importer === "segment") return !["segment", "message", "api", "ui"].includes(imported);
    if (importer.startsWith("navigation")) return imported !== "api";
    return false;
  });
  expect(imports.length).toBeGreaterThan(100);
  expect(upward).toEqual([]);
});
