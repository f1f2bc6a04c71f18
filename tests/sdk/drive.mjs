// Drives every SDK, or those named, one after another, and prints what they sent.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const TIME_MS = 120_000;

const node = (script, ...args) => () => run(process.execPath, [script, ...args], { cwd: here, timeout: TIME_MS });
const python = (environment, script, ...args) => () => {
  const folder = `${here}.venv-${environment}`;
  if (!existsSync(`${folder}/installed`)) throw new Error("its Python environment is missing: run `npm run setup` in tests/sdk");
  return run(`${folder}/bin/python`, [script, ...args], { cwd: here, timeout: TIME_MS });
};

const SDKS = {
  "segment-node": node("node/segment.mjs"),
  "rudderstack-node": node("node/rudderstack.mjs"),
  "segment-python": python("segment", "python/segment_sdk.py"),
  "segment-python-2.3": python("segment-2.3", "python/segment_sdk.py", "--gzip"),
  "rudderstack-python": python("rudderstack", "python/rudderstack_sdk.py"),
  "segment-next": node("browser/drive.mjs", "segment", "single"),
  "segment-next-batching": node("browser/drive.mjs", "segment", "batching"),
  "rudderstack-js": node("browser/drive.mjs", "rudderstack", "single"),
  "rudderstack-js-batching": node("browser/drive.mjs", "rudderstack", "batching"),
  "rudderstack-js-beacon": node("browser/drive.mjs", "rudderstack", "beacon"),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SDKS));
if (unknown.length > 0 || !process.env.HOST || !process.env.KEY) {
  console.error(`set HOST and KEY, and name none or some of: ${Object.keys(SDKS).join(", ")}`);
  process.exit(2);
}

const results = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(SDKS)) {
  try {
    const { stdout } = await SDKS[name]();
    results.push({ name, ...JSON.parse(stdout) });
  } catch (error) {
    console.error(`${name} failed: ${error.message}\n${error.stdout ?? ""}${error.stderr ?? ""}`);
    process.exitCode = 1;
  }
}
console.log(JSON.stringify(results, null, 2));
