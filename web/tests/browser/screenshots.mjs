// Pictures of every page at two sizes in two themes: BASE_URL, SHOTS_DIR, and EMAIL and PASSWORD to sign in.
// Optional: PAGES=overview,funnel to take only some; LANG_CODE=ru for another language.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { drawn, openBrowser, PAGES, settled, signIn, SIZES, THEMES } from "./browser.mjs";

const base = process.env.BASE_URL ?? "http://127.0.0.1:8080";
const folder = process.env.SHOTS_DIR ?? "shots";
const only = process.env.PAGES?.split(",");
mkdirSync(folder, { recursive: true });

const browser = await openBrowser();
for (const theme of THEMES) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    const context = await browser.newContext({
      viewport,
      colorScheme: theme,
      locale: process.env.LANG_CODE ?? "en",
      hasTouch: size === "phone",
    });
    const page = await context.newPage();
    await signIn(page, base, process.env.EMAIL ?? "ana@example.com", process.env.PASSWORD ?? "forecourt-demo");
    for (const [name, path] of Object.entries(PAGES)) {
      if (only && !only.includes(name)) continue;
      await page.goto(base + path);
      await settled(page);
      await drawn(page);
      await page.screenshot({ path: join(folder, `${name}-${size}-${theme}.png`) });
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (0 < tooWide) console.log(`${name} at ${size}: ${tooWide} px wider than the screen`);
    }
    await context.close();
  }
}
await browser.close();
