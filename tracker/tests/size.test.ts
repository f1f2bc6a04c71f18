// @ts-expect-error Node's own modules: the sources are checked without their types.
import { execFileSync } from "node:child_process";
// @ts-expect-error as above
import { readFileSync } from "node:fs";
// @ts-expect-error as above
import { gzipSync } from "node:zlib";

import { expect, it } from "vitest";

it("is at most 6 KB gzipped", () => {
  execFileSync("node", ["build.mjs"]);
  const bytes = gzipSync(readFileSync("dist/t.js"), { level: 9 }).length;
  console.log(`the tracker is ${bytes} bytes gzipped`);
  expect(bytes).toBeLessThanOrEqual(6 * 1024);
});
