// What all browser tests share: the browser, the sizes and themes, signing in, and waiting until a page stands.
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
export const THEMES = ["light", "dark"];
export const PAGES = {
  overview: "/",
  live: "/live",
  refused: "/live?tab=refused",
  profiles: "/profiles",
  identity: "/identity",
  ledger: "/identity/ledger",
  review: "/identity/review",
  segments: "/segments",
  new_segment: "/segments/new?example=keen",
  funnel: "/funnel",
  funnel_by: "/funnel?by=channel",
  retention: "/retention",
  retention_by: "/retention?by=channel&count=after",
  experiments: "/experiments",
  experiments_events: '/experiments?measure=events&goal={"event":"car_viewed"}&confidence=0.9',
  flow: "/flow",
  flow_by: '/flow?by=["region"]&stage=3',
  paths: "/paths",
  paths_after: '/paths?anchor={"event":"lead_created"}&window=90d&days=90&goal={"event":"contract_signed"}',
  attribution: "/attribution",
  attribution_leads: '/attribution?conversion={"event":"lead_created"}&days=365&figure=cost_per_conversion',
  forms: "/forms",
  form: "/forms?form=call-back",
  new_form: "/forms?form=new",
  deliveries: "/deliveries",
  templates: "/templates",
  template_gallery: "/templates/new",
  template: "/templates/test-drive",
  broadcasts: "/broadcasts",
  new_broadcast: "/broadcasts/new",
  broadcast: "/broadcasts/test-drive-week",
  journeys: "/journeys",
  new_journey: "/journeys/new",
  journey: "/journeys/test-drive",
  journey_people: "/journeys/test-drive?tab=people",
  journey_report: "/journeys/test-drive?tab=report",
  journey_simulate: "/journeys/test-drive?tab=simulate",
  tasks: "/tasks",
  leads: "/leads",
  leads_at_dealers: "/leads?queue=dealer",
  register_lead: "/leads?register=true",
  verify: "/leads/verify",
  portal: "/portal",
  dealers: "/dealers",
  new_dealer: "/dealers?dealer=new",
  scorecards: "/scorecards",
  lead_desk: "/scorecards?tab=desk",
  ad_gate: "/scorecards?tab=gate",
  pivot: "/pivot",
  pivot_columns: '/pivot?rows=["region"]&columns=["channel"]&measures=["cost","leads","cpl","romi"]',
  pivot_bars: "/pivot?view=bars",
  pivot_funnels: "/pivot?view=funnel&rows=[%22channel%22]",
  pivot_dealers: '/pivot?rows=["dealer"]&filters=[{"dimension":"region","values":["Norvia"]}]',
  costs: "/pivot?tab=costs",
  sources: "/sources",
  imports: "/imports",
  people: "/settings/people",
  security: "/settings/security",
  account: "/settings/account",
  tokens: "/settings/tokens",
  audit: "/settings/audit",
  privacy: "/settings/privacy",
  sending: "/settings/sending",
  messages: "/settings/messages",
  senders: "/settings/messages?tab=senders",
  suppressed: "/settings/messages?tab=suppressed",
  lead_rules: "/settings/leads",
  owners: "/settings/owners",
  lead_scores: "/settings/scores",
  conversions: "/settings/conversions",
  currencies: "/settings/currencies",
  identity_rules: "/settings/identity",
  channels: "/settings/channels",
  installation: "/settings/installation",
  brands: "/settings/brands",
  alerts: "/settings/alerts",
  catalogue: "/catalogue",
  event: "/catalogue?event=car_viewed",
};

const DEADLINE_MS = 20_000;

export function openBrowser() {
  const executablePath =
    process.env.CHROMIUM ??
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  if (!executablePath) throw new Error("no Chromium found: install Debian's `chromium`, or name one in CHROMIUM");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--disable-default-apps",
      "--disable-domain-reliability",
      "--metrics-recording-only",
    ],
  });
}

/** Signs in where the page asks for it; a page that is already open stays signed in. */
export async function signIn(page, base, email, password) {
  await page.goto(`${base}/`);
  const field = page.locator('input[name="email"]');
  await page.locator('#main, input[name="email"]').first().waitFor({ timeout: DEADLINE_MS });
  if (await field.isVisible()) {
    await field.fill(email);
    await page.locator('input[name="password"]').fill(password);
    await page.locator('button[type="submit"]').click();
    await page.locator("#main").waitFor({ timeout: DEADLINE_MS });
  }
}

/** Waits until nothing loads or moves any more and every chart has begun to be drawn. */
export async function settled(page) {
  await page.locator("h1").first().waitFor({ timeout: DEADLINE_MS });
  await page.waitForFunction(
    () => {
      const charts = [...document.querySelectorAll('[role="img"]:not(svg)')];
      const busy = document.querySelector('[aria-busy="true"], .mantine-Skeleton-root, [data-stale="true"]');
      // What turns for ever, as a loader does, is no movement to wait for.
      const moving = document
        .getAnimations()
        .some((one) => one.playState === "running" && one.effect?.getTiming().iterations !== Infinity);
      return (
        !busy && !moving && charts.every((chart) => chart.querySelector("canvas")) && document.fonts.status === "loaded"
      );
    },
    undefined,
    { timeout: DEADLINE_MS },
  );
}

/** A chart grows into its final shape, and says nothing of it to the page. */
export async function drawn(page) {
  if (await page.locator('[role="img"] canvas').count()) await page.waitForTimeout(450);
}

/**
 * Looks at the page as it stands: a picture where `SHOTS_DIR` asks for one, nothing wider than the screen, and what axe
 * finds serious, in words.
 */
export async function lookAt(page, title, name) {
  const shots = process.env.SHOTS_DIR;
  if (shots) {
    mkdirSync(shots, { recursive: true });
    await drawn(page);
    await page.screenshot({ path: join(shots, `${title}-${name}.png`) });
  }
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(tooWide <= 0, `${title} of ${name} is ${tooWide} px wider than the screen`);
  // The pages have no frames, and only violations are told: axe is four times as fast without what serves the rest.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ["violations"] })
    .analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${title}: ${id}: ${nodes.slice(0, 3).map(described).join("; ")}`);
}

function described(node) {
  return `${node.target.join(" ")} ${node.any[0]?.message ?? node.all[0]?.message ?? ""}`;
}
