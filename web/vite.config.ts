import { readFileSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` talks to a server that runs beside it: the real one, or `npm run mock`.
const server = process.env.FORECOURT_URL ?? "http://127.0.0.1:8080";

const PORTAL_TEXTS = "portal-texts/";
const PORTAL_GROUPS = ["lead", "lead_word", "portal", "stage", "ui"];

/** `portal-texts/en`: the part of a language that the portal needs. All of it weighs as much as the portal itself. */
function portalTexts(): Plugin {
  return {
    name: "portal-texts",
    resolveId: (id) => (id.startsWith(PORTAL_TEXTS) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${PORTAL_TEXTS}`)) return null;
      const file = join(import.meta.dirname, "src/locales", `${id.slice(PORTAL_TEXTS.length + 1)}.json`);
      this.addWatchFile(file);
      const texts: Record<string, unknown> = JSON.parse(readFileSync(file, "utf8"));
      const needed = Object.fromEntries(PORTAL_GROUPS.map((group) => [group, texts[group]]));
      return `export default ${JSON.stringify(needed)}`;
    },
  };
}

export default defineConfig({
  plugins: [react(), portalTexts()],
  server: { proxy: { "/api": server, "/f/": server, "/v1": server } },
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 700,
  },
  test: { environment: "node", include: ["src/**/*.test.ts", "tests/**/*.test.ts"] },
});
