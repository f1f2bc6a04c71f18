// Bundles the tracker into one script and refuses one that is too heavy for a page.
import { mkdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const GZIPPED_BYTES_MAX = 6 * 1024;

mkdirSync("dist", { recursive: true });
await build({
  entryPoints: ["src/index.ts"],
  outfile: "dist/t.js",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2018",
  legalComments: "none",
});
const bytes = gzipSync(readFileSync("dist/t.js"), { level: 9 }).length;
console.log(`dist/t.js: ${bytes} bytes gzipped`);
if (GZIPPED_BYTES_MAX < bytes) {
  console.error(`that is over the ${GZIPPED_BYTES_MAX} that a page is promised`);
  process.exit(1);
}
