// Makes one Python environment for each list of packages in python/, unless it is there already.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
for (const file of readdirSync(`${here}python`).filter((name) => name.endsWith(".txt"))) {
  const list = `${here}python/${file}`;
  const folder = `${here}.venv-${file.replace(/\.txt$/, "")}`;
  const done = `${folder}/installed`;
  if (existsSync(done) && statSync(list).mtimeMs < statSync(done).mtimeMs) continue;
  execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
  execFileSync(`${folder}/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", "--requirement", list], { stdio: "inherit" });
  writeFileSync(done, "");
}
