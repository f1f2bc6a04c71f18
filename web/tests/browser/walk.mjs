// Walks the pages as a person does, at two sizes in two themes, and checks that nothing is broken and everything is reachable.
//
// BASE_URL, EMAIL, PASSWORD: a server with data and an administrator of it. SETUP_URL: walk the first start before.
// SHOTS_DIR: pictures on the way. COMBINATIONS=desktop-light,phone-dark to walk only some.
import assert from "node:assert/strict";
import { drawn, lookAt, openBrowser, settled, SIZES, THEMES } from "./browser.mjs";
import { identity } from "./identity.mjs";
import { tabs, windows } from "./keyboard.mjs";

const base = process.env.BASE_URL ?? "http://127.0.0.1:8080";
const account = { email: process.env.EMAIL ?? "ana@example.com", password: process.env.PASSWORD ?? "forecourt-demo" };
const only = process.env.COMBINATIONS?.split(",");
const DEADLINE_MS = 20_000;

const browser = await openBrowser();
const combinations = THEMES.flatMap((theme) =>
  Object.keys(SIZES).map((size) => ({ theme, size, name: `${size}-${theme}` })),
);
try {
  if (process.env.SETUP_URL) await firstStart(process.env.SETUP_URL);
  // Two at a time, each of another size and theme: as many as a small machine walks without waiting for itself.
  const [desktopLight, phoneLight, desktopDark, phoneDark] = combinations;
  for (const pair of [
    [desktopLight, phoneDark],
    [phoneLight, desktopDark],
  ]) {
    const wanted = pair.filter(({ name }) => !only || only.includes(name));
    const walks = await Promise.allSettled(wanted.map(walk));
    for (const { status, reason } of walks) if (status === "rejected") throw reason;
  }
} finally {
  await browser.close();
}

async function walk({ theme, size, name }) {
  const began = Date.now();
  const visit = await open({ theme, size, name });
  await entering(visit);
  await overview(visit);
  const source = await sources(visit);
  await live(visit);
  await refused(visit, source);
  await profiles(visit);
  await identity({
    ...visit,
    base,
    look: (title) => look(visit, title),
    turn: combinations.findIndex((each) => each.name === name),
  });
  await segments(visit);
  await funnel(visit);
  await retention(visit);
  await experiments(visit);
  await flow(visit);
  await paths(visit);
  await attribution(visit);
  await sql(visit);
  await catalogue(visit);
  await savedView(visit);
  await palette(visit, source);
  await pivot(visit);
  await settings(visit);
  await alerts(visit);
  await languageAndTheme(visit);
  await shortcuts(visit);
  // Once each: neither the size nor the theme of the page changes what the keys do.
  if (name === "desktop-light") await tabs(visit.page, base);
  await visit.page.emulateMedia({ reducedMotion: "no-preference" });
  if (name === "desktop-dark") await windows(visit.page, base, source.key);
  await leaving(visit);
  await visit.context.close();
  assert.deepEqual(visit.barriers, [], `axe finds nothing serious in ${name}`);
  assert.deepEqual(visit.complaints, [], `the console of ${name} stays silent`);
  console.log(
    `ok ${name}: ${visit.checked} pages without a serious axe violation, no console error, ${((Date.now() - began) / 1000).toFixed(1)} s`,
  );
}

async function open({ theme, size, name }) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: theme,
    // Windows stand at once: half a minute less of waiting for them to slide.
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A browser reports each refused request itself; those of somebody who is not signed in are meant to be refused.
    const expected = /\b401\b/.test(message.text()) && /\/api\/(me|auth\/login)$/.test(message.location().url);
    if (message.type() === "error" && !expected) complaints.push(`${message.text()} (${message.location().url})`);
  });
  return { context, page, complaints, barriers: [], name, isPhone: size === "phone", checked: 0 };
}

/** Looks at the page once it stands; what bars somebody's way is told at the end, all at once. */
async function look(visit, title) {
  await settled(visit.page);
  visit.barriers.push(...(await lookAt(visit.page, title, visit.name)));
  visit.checked += 1;
}

async function go(visit, path) {
  await visit.page.goto(base + path);
  await settled(visit.page);
}

async function firstStart(setupUrl) {
  const visit = await open({ theme: "light", size: "desktop", name: "first-start" });
  const { page } = visit;
  await page.goto(setupUrl);
  await page.getByLabel("Name").fill("Ana Petrova");
  await look(visit, "setup");
  await page.getByLabel("E-mail").fill(account.email);
  await page.locator('input[name="password"]').fill(account.password);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.locator("#main").waitFor();
  await page.goto(setupUrl);
  await page.getByText("This link is no longer valid").waitFor();
  assert.deepEqual([...visit.barriers, ...visit.complaints], [], "the first start has no barrier and a silent console");
  await visit.context.close();
}

async function entering(visit) {
  const { page } = visit;
  await page.goto(`${base}/profiles?q=ana`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await look(visit, "sign-in");
  await page.getByLabel("E-mail").fill(account.email);
  await page.locator('input[name="password"]').fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("E-mail or password is wrong").waitFor();
  await page.locator('input[name="password"]').fill(account.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  // Whoever was stopped at the door is led where they wanted to go.
  await page.waitForURL(/\/profiles\?q=ana/);
  await settled(page);
}

async function overview(visit) {
  const { page } = visit;
  await go(visit, "/");
  await look(visit, "overview");
  await page.getByRole("button", { name: /^Revenue/ }).click();
  await page.waitForURL(/metric=revenue/);
  await page.getByRole("heading", { name: "Revenue by day" }).waitFor();
  await page.getByText("90 days", { exact: true }).click();
  await page.waitForURL(/days=90/);
  await settled(page);
  await page.locator("tbody tr").first().waitFor();
  await page.getByRole("button", { name: "Custom" }).click();
  await page.locator(".mantine-DatePicker-day:not([data-outside]):not([disabled])").first().waitFor();
  await page.keyboard.press("Escape");
}

async function sources(visit) {
  const { page, name } = visit;
  await go(visit, "/sources");
  await look(visit, "sources");
  const source = `Walk ${name} ${Date.now()}`;
  await page.getByRole("button", { name: "New source" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(source);
  await page.getByRole("button", { name: "Create", exact: true }).click();
  const key = await page.locator("[data-write-key]").innerText();
  await page.getByRole("tab", { name: "curl" }).click();
  await page.getByLabel("curl", { exact: true }).getByText(`${key}:`).waitFor();
  await look(visit, "source");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: source }).waitFor();
  return { name: source, key };
}

async function live(visit) {
  const { page } = visit;
  await go(visit, "/live");
  const rows = page.locator("button[data-verdict]");
  await rows.first().waitFor();
  await look(visit, "live");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: /^Resume/ }).waitFor();
  await rows.first().click();
  const raw = await page.getByLabel("The event as it came").innerText();
  assert.equal(typeof JSON.parse(raw), "object", "the drawer shows the event's JSON");
  await look(visit, "event");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: /^Resume/ }).click();
  await page.getByPlaceholder("Filter by text").fill("no event says this");
  await page.getByText("No event matches").waitFor();
  await page.waitForURL(/text=/);
}

async function refused(visit, source) {
  const { page } = visit;
  const mark = `walk_${Date.now()}`;
  const answer = await page.request.post(`${base}/v1/track`, {
    headers: { authorization: `Basic ${Buffer.from(`${source.key}:`).toString("base64")}` },
    data: { type: "track", event: mark, properties: { model: "Aster" } },
  });
  assert.ok(answer.status() < 500, `a refused event is answered, with ${answer.status()}`);

  const letter = page.locator("button", { hasText: mark });
  const deadline = Date.now() + DEADLINE_MS;
  do {
    await go(visit, "/live?tab=refused");
  } while (!(await letter.isVisible()) && Date.now() < deadline);
  await look(visit, "refused");
  await letter.click();
  const editor = page.getByRole("dialog").getByRole("textbox");
  await editor.fill("{ not JSON");
  await page.getByText("This is not valid JSON yet").waitFor();
  assert.ok(await page.getByRole("button", { name: "Send again" }).isDisabled(), "broken JSON cannot be sent");
  await look(visit, "letter");
  await editor.fill(JSON.stringify({ type: "track", event: mark, properties: { model: "Aster" } }));
  await page.getByRole("button", { name: "Send again" }).click();
  await page.getByText(/^Refused again/).waitFor();
  await editor.fill(
    JSON.stringify({ type: "track", event: mark, userId: `u-${mark}`, properties: { model: "Aster" } }),
  );
  await page.getByRole("button", { name: "Send again" }).click();
  await page.getByText("Accepted: the event is in").waitFor();
  await letter.waitFor({ state: "hidden" });
}

async function profiles(visit) {
  const { page } = visit;
  await go(visit, "/profiles");
  await look(visit, "profiles");
  // The newest come first, and those may all be strangers: then further down the list, as a person would.
  const address = page.getByText(/@/).first();
  const more = page.getByRole("button", { name: "Show more" });
  while (!(await address.isVisible())) {
    const shown = await page.locator("tbody tr").count();
    await more.click();
    await page.locator("tbody tr").nth(shown).waitFor();
  }
  const email = (await address.innerText()).trim();
  await page.getByPlaceholder("Name, e-mail, phone or any identifier").fill(email);
  await page.waitForURL((url) => url.searchParams.get("q") === email);
  await settled(page);
  await page.locator("tbody tr", { hasText: email }).first().locator("a").click();
  await page.waitForURL(/\/profiles\/\d+/);
  await settled(page);
  for (const title of ["Timeline", "Identifiers", "Traits", "How they came"])
    await page.getByRole("heading", { name: title }).waitFor();
  await page.locator("ol > li time").first().waitFor();
  await look(visit, "profile");

  await page.getByRole("button", { name: "Add" }).click();
  await page.getByLabel("Trait", { exact: false }).first().fill("walk_note");
  await page.getByLabel("Value").fill("seen");
  await page.getByRole("button", { name: "Save" }).click();
  await page
    .getByText(/^(Saved|Accepted)/)
    .first()
    .waitFor();
  await page.getByText("Visits", { exact: true }).click();
  await page.waitForURL(/kind=visits/);

  await go(visit, "/profiles?q=nobody-is-called-this");
  await page.getByText("Nobody found for").waitFor();
}

/** From an example, by the keyboard where it matters, to people, a report and back to nothing. */
async function segments(visit) {
  const { page, name } = visit;
  const segment = `Walk ${name} ${Date.now()}`;
  await go(visit, "/segments/new?example=keen");
  const sentence = page.locator("[data-sentence]");
  await sentence.getByText("at least 3 times").waitFor();
  await page.getByRole("textbox", { name: "Name" }).fill(segment);
  // What is not finished is told where it is, once somebody wants to save.
  await page.getByRole("button", { name: "Condition", exact: true }).last().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "In another segment" }).waitFor();
  await look(visit, "segment-kinds");
  await page.getByRole("menuitem", { name: "A date that is near or past" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Choose a trait").waitFor();
  await look(visit, "segment-unfinished");
  const lines = page.locator("[data-holds]");
  await lines.last().getByRole("button", { name: "Remove", exact: true }).click();
  // What is removed leads the focus to where one goes on; a key before that would be lost.
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-action") === "add");
  // The first condition goes below the second, and then into a group.
  await page.getByText(/^People who did Car viewed/).waitFor();
  await lines.first().getByRole("combobox", { name: "Holds or not" }).press("Alt+ArrowDown");
  await page.getByText(/^People who did not do Lead created/).waitFor();
  await lines.first().getByRole("button", { name: "Put into a group" }).click();
  await page.getByRole("group", { name: "Group: At least one holds" }).waitFor();
  await page.getByRole("button", { name: "Dissolve the group" }).click();
  await page.getByLabel("Number", { exact: true }).last().fill("1");
  await sentence.getByText(/and who did Car viewed in the last 14 days$/).waitFor();
  await page.getByRole("button", { name: "JSON" }).click();
  await page.locator("[data-people]").waitFor();
  await look(visit, "segment-builder");

  await page.getByRole("link", { name: "All segments" }).click();
  await page.getByRole("dialog").getByText("There are changes that are not saved").waitFor();
  await page.getByRole("button", { name: "Stay here" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForURL(/\/segments\/walk-/);
  const address = new URL(page.url()).pathname;
  await page.getByText("In force", { exact: true }).waitFor();
  await page.locator('tbody a[href^="/profiles/"]').first().waitFor();
  await page.getByRole("button", { name: "Show as a table" }).click();
  await look(visit, "segment");

  await page.locator('tbody a[href^="/profiles/"]').first().click();
  await page.getByRole("list", { name: "Segments" }).getByRole("link", { name: segment }).waitFor();
  await look(visit, "profile-segments");
  await go(visit, `/funnel?segment=${address.split("/").at(-1)}`);
  // The box shows the segment's id until the list of segments is there.
  const named = (name) => [...document.querySelectorAll("input")].some((input) => input.value === name);
  await page.waitForFunction(named, segment);
  await go(visit, "/segments");
  await page.getByRole("link", { name: segment }).waitFor();
  await look(visit, "segments");
  await page.getByRole("link", { name: segment }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await look(visit, "segment-remove");
  await page.getByRole("button", { name: "Remove for good" }).click();
  await page.waitForURL(/\/segments$/);
  await page.getByRole("link", { name: segment }).waitFor({ state: "hidden" });
}

async function funnel(visit) {
  const { page, isPhone } = visit;
  await go(visit, "/funnel");
  await look(visit, "funnel");
  // The first bar stands at the left and is as high as the chart, once it has grown.
  await drawn(page);
  const chart = page.locator('[role="img"] canvas').first();
  const { width, height } = await chart.boundingBox();
  await chart.click({ position: { x: width * (isPhone ? 0.2 : 0.14), y: height * 0.6 } });
  await page
    .getByRole("dialog")
    .getByText(/^Reached/)
    .waitFor();
  await page.getByRole("dialog").locator('a[href^="/profiles/"]').first().waitFor();
  await look(visit, "people");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });

  await page.getByRole("combobox", { name: "Compare with" }).click();
  await page.getByRole("option", { name: "The time before" }).click();
  await page.waitForURL(/versus=previous/);
  await page.getByRole("columnheader", { name: "Difference" }).waitFor();
  await page.getByRole("button", { name: "More conditions" }).click();
  await page.getByRole("button", { name: "Add what must not happen" }).click();
  await page.getByRole("combobox", { name: "Must not happen 1", exact: true }).fill("Lead lost");
  await page.getByRole("option", { name: /^Lead lost/ }).click();
  await page.waitForURL(/exclusions=.*lead_lost/);
  await page.getByRole("combobox", { name: "Stays the same" }).click();
  await page.getByRole("option", { name: "Model", exact: true }).click();
  await page.waitForURL(/hold=model/);
  await page.getByRole("radiogroup", { name: "Grain" }).getByText("Month", { exact: true }).click();
  await page.waitForURL(/trend=month/);
  await settled(page);
  await look(visit, "funnel-narrowed");
  await page.getByText("As a table").click();
  await page.getByRole("cell", { name: "window still open" }).first().waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export", exact: true }).click();
  await page.getByRole("menuitem", { name: "XLSX" }).click();
  assert.equal((await download).suggestedFilename(), "funnel.xlsx");
  await go(visit, "/funnel");

  await page.getByRole("combobox", { name: "Break down by" }).click();
  await page.getByRole("option", { name: "Channel", exact: true }).click();
  await page.waitForURL(/by=channel/);
  await page.getByRole("heading", { name: "By: Channel" }).waitFor();
  await page.getByRole("button", { name: "Remove step 1" }).click();
  await page.waitForURL(/steps=/);
  await settled(page);
  const address = page.url();
  const first = await page.getByRole("combobox", { name: "Event of step 1" }).inputValue();
  await page.reload();
  await settled(page);
  assert.equal(page.url(), address, "the address holds the whole funnel");
  assert.equal(await page.getByRole("combobox", { name: "Event of step 1" }).inputValue(), first);
  await look(visit, "funnel-by-channel");

  // Every number leads to people by the keyboard too.
  await page.locator("tbody button").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").locator('a[href^="/profiles/"]').first().click();
  await page.waitForURL(/\/profiles\/\d+/);
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
}

async function retention(visit) {
  const { page } = visit;
  await go(visit, "/retention");
  await look(visit, "retention");
  await page.getByRole("button", { name: "Method" }).click();
  await page.getByRole("dialog").getByRole("heading", { name: "Cohorts", exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Repeat purchase" }).click();
  await page.waitForURL(/grain=month/);
  await settled(page);
  const address = page.url();
  await page.reload();
  await settled(page);
  assert.equal(page.url(), address, "the address holds the whole report");
  await look(visit, "retention-repeat");
  await page.locator("tbody button").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").locator('a[href^="/profiles/"]').first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

async function experiments(visit) {
  const { page } = visit;
  await go(visit, "/experiments");
  await look(visit, "experiments");
  await page.getByRole("button", { name: "Method" }).click();
  await page.getByRole("dialog").getByRole("heading", { name: "Look as often as you like" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  // What the plan says is what the experiment is measured against.
  await page.getByRole("button", { name: "Plan", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Share who do it now").fill("5");
  const take = page.getByRole("dialog").getByRole("button", { name: /^Plan with/, disabled: false });
  await take.waitFor();
  await look(visit, "experiments-plan");
  const planned = Number((await take.textContent()).replaceAll(/\D/g, ""));
  assert(100 <= planned, `a plan: ${planned}`);
  await take.click();
  await page.waitForURL((url) => url.searchParams.get("planned") === String(planned));
  await settled(page);
  const address = page.url();
  await page.reload();
  await settled(page);
  assert.equal(page.url(), address, "the address holds the whole report");
  await page.locator("tbody button").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").locator('a[href^="/profiles/"]').first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

async function flow(visit) {
  const { page } = visit;
  await go(visit, "/flow");
  await look(visit, "flow");
  await page.getByRole("button", { name: "Method" }).click();
  await page.getByRole("dialog").getByRole("heading", { name: "Intervals", exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Contract to delivery" }).click();
  await page.waitForURL(/within=90d/);
  await settled(page);
  const address = page.url();
  await page.reload();
  await settled(page);
  assert.equal(page.url(), address, "the address holds the whole report");
  await look(visit, "flow-delivery");
  await page.locator("tbody button").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").locator('a[href^="/profiles/"]').first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

async function paths(visit) {
  const { page } = visit;
  await go(visit, "/paths");
  await look(visit, "paths");
  await page.getByRole("button", { name: "After a lead" }).click();
  await page.waitForURL(/window=90d/);
  await settled(page);
  const address = page.url();
  await page.reload();
  await settled(page);
  assert.equal(page.url(), address, "the address holds the whole report");
  await look(visit, "paths-after");
  await page.locator("tbody button").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").locator('a[href^="/profiles/"]').first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

async function attribution(visit) {
  const { page } = visit;
  await go(visit, "/attribution");
  await look(visit, "attribution");
  await page.getByText("An event", { exact: true }).click();
  await page.waitForURL(/conversion=/);
  await settled(page);
  const address = page.url();
  await page.reload();
  await settled(page);
  assert.equal(page.url(), address, "the address holds the whole report");
  await look(visit, "attribution-leads");
  await page.locator("tbody button").first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").locator('a[href^="/profiles/"]').first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

/** By the keyboard alone: ask, look, draw; the address brings the answer back. */
async function sql(visit) {
  const { page } = visit;
  await go(visit, "/sql");
  await page.getByRole("textbox", { name: "Your question in SQL" }).click();
  await page.keyboard.type("SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY n DESC");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Enter");
  const answer = page.getByRole("region", { name: "Answer" });
  await answer.getByRole("cell", { name: "page_viewed", exact: true }).waitFor();
  await look(visit, "sql");
  await page.getByText("Chart", { exact: true }).click();
  await page.waitForURL(/view=chart/);
  await look(visit, "sql-chart");
  await page.reload();
  await page.getByRole("img", { name: "The answer drawn along event" }).waitFor();
  await page.getByRole("button", { name: "Leads by month and channel" }).click();
  await settled(page);
  await page.getByRole("img", { name: "The answer drawn along month" }).waitFor();
}

async function pivot(visit) {
  const { page } = visit;
  await go(visit, "/pivot");
  await page.getByRole("table").waitFor();
  await look(visit, "pivot");
  // A line opens to the lines it holds, by the keyboard too.
  const lines = () => page.locator("tbody tr").count();
  const closed = await lines();
  await page.locator('tbody button[aria-expanded="false"]').first().focus();
  await page.keyboard.press("Enter");
  await page.locator('tbody button[aria-expanded="true"]').first().waitFor();
  assert.ok(closed < (await lines()), "the lines of a region are shown");
  await page.locator("tbody td button").first().click();
  await page.getByRole("dialog").locator('a[href^="/profiles/"]').first().waitFor();
  await look(visit, "pivot-people");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });

  await page.getByRole("button", { name: "Cost", exact: true }).click();
  await page.waitForURL(/sort=/);
  assert.equal(await page.locator('th[aria-sort="descending"]').count(), 1);
  await page.getByRole("button", { name: "Swap rows and columns" }).click();
  await page.waitForURL(/columns=/);
  await settled(page);
  const address = page.url();
  await page.reload();
  await settled(page);
  assert.equal(page.url(), address, "the address holds the whole pivot");
  await look(visit, "pivot-columns");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  assert.equal((await download).suggestedFilename(), "pivot.csv");

  await go(visit, "/pivot?view=bars");
  await look(visit, "pivot-bars");
  await go(visit, "/pivot?view=funnel");
  await look(visit, "pivot-funnels");
  await go(visit, "/pivot?tab=costs");
  await page.getByRole("heading", { name: "Imported costs" }).waitFor();
  await look(visit, "costs");
}

async function settings(visit) {
  const { page, name, isPhone } = visit;
  const choose = (section) =>
    isPhone
      ? page.getByRole("combobox", { name: "Settings" }).selectOption({ label: section })
      : page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: section }).click();
  await go(visit, "/settings");
  await page.waitForURL(/\/settings\/people/);
  await look(visit, "settings");
  await choose("API tokens");
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(`Walk ${name}`);
  await page.getByRole("dialog").getByRole("button", { name: "New token" }).click();
  await page.getByRole("dialog").getByText(/^fct_/).waitFor();
  await look(visit, "token");
  await page.keyboard.press("Escape");
  await choose("Audit log");
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText(/^Whole: /).waitFor();
  // The token that was just made stands there, with who made it.
  await page.getByRole("button", { name: "Token created" }).first().click();
  await page.getByRole("dialog").getByText(account.email).first().waitFor();
  await look(visit, "audit-row");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await look(visit, "audit");
  await choose("Privacy");
  await page.getByRole("switch", { name: "Analyst" }).waitFor();
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByRole("group", { name: "Rule 1" }).getByLabel("Event").fill("page_*");
  await page.keyboard.press("Escape");
  await page.getByText(/would go$/).waitFor();
  await look(visit, "privacy");
  await page.getByRole("button", { name: "Cancel" }).click();
  await choose("Conversions");
  await page.getByRole("button", { name: "New conversion" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(`Walk ${name}`);
  await page.getByRole("dialog").getByLabel("Event").fill("car_viewed");
  await look(visit, "conversion");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText(`Walk ${name}`).first().waitFor();
  await page.getByRole("button", { name: `Remove Walk ${name}` }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText(`Walk ${name}`).first().waitFor({ state: "detached" });
  await choose("Currencies");
  await page.getByRole("button", { name: "Paste or upload" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("EUR,USD,2026-01-02,1.0423");
  await page.getByRole("dialog").getByRole("button", { name: "Save 1 rate" }).click();
  await page.getByText("1 EUR = 1.0423 USD").first().waitFor();
  await look(visit, "currencies");
  await choose("Channel rules");
  await channelRules(visit);
  await choose("General");
  await page.waitForURL(/\/settings\/installation/);
  await page.getByText("Time zone").first().waitFor();
  await look(visit, "installation");
}

async function catalogue(visit) {
  const { page, name, isPhone } = visit;
  // Two walks at a time describe two events.
  const event = isPhone ? "page_viewed" : "car_viewed";
  await go(visit, "/catalogue");
  await look(visit, "catalogue");
  await page.getByPlaceholder("Name or description").fill(event);
  await page.waitForURL(`**/catalogue?*q=${event}`);
  await page.locator("tbody button").first().click();
  await page.waitForURL(`**/catalogue?*event=${event}*`);
  const drawer = page.getByRole("dialog");
  await drawer.getByRole("heading", { name: "Properties" }).waitFor();
  await look(visit, "catalogue-event");
  const described = `Somebody opened a page (${name})`;
  await drawer.getByLabel("Description").fill(described);
  await drawer.getByLabel("In the plan").selectOption("expected");
  await drawer.getByRole("button", { name: "Save" }).click();
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  await page.getByText(described).waitFor();
}

async function savedView(visit) {
  const { page, name } = visit;
  const view = `Walk ${name}`;
  await go(visit, "/funnel?by=region");
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Save this view" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(view);
  await page.getByRole("dialog").getByLabel("Analyst").check();
  await look(visit, "save-view");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });

  await go(visit, "/funnel");
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: view }).click();
  await page.waitForURL(/by=region/);
  const saved = await (await page.request.get(`${base}/api/views`)).json();
  const { id } = saved.views.find((held) => held.name === view);
  await go(visit, `/views/${id}`);
  await page.waitForURL(/\/funnel\?.*by=region/);
  await page.getByRole("button", { name: "Saved views" }).click();
  await page.getByRole("menuitem", { name: "Names, links, sharing" }).click();
  await look(visit, "views");
  await page.getByRole("button", { name: `Remove ${view}` }).click();
  await page.getByRole("button", { name: `Remove ${view}` }).waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
}

/** By the keyboard alone. */
async function palette(visit, source) {
  const { page, isPhone } = visit;
  await go(visit, "/profiles");
  const email = (await page.getByText(/@/).first().innerText()).trim();
  await go(visit, "/live");
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Search everything" });
  await field.waitFor();
  assert.ok(await field.evaluate((input) => input === document.activeElement), "the caret is in the field at once");
  await look(visit, "palette");
  await page.keyboard.type(email, { delay: 5 });
  const found = page.getByRole("group", { name: "People" }).getByRole("option").first();
  await found.waitFor();
  await look(visit, "palette-people");
  while ((await found.getAttribute("aria-selected")) !== "true") await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/profiles\/\d+/);
  await field.waitFor({ state: "hidden" });
  await page.keyboard.press("Control+k");
  await field.waitFor();
  await page.keyboard.type("tokens");
  await page.getByRole("option", { name: /API tokens/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/settings\/tokens/);
  await field.waitFor({ state: "hidden" });
  await page.keyboard.press("Control+k");
  await field.waitFor();
  await page.keyboard.type(source.name);
  // From the last upwards; others of a like name go once the whole name is asked for.
  const held = page.getByRole("group", { name: "Sources" }).getByRole("option");
  await held.filter({ hasText: source.name }).waitFor();
  await page.waitForFunction(
    (list) => list?.dataset.waiting === "false",
    await page.getByRole("listbox").elementHandle(),
  );
  await page.keyboard.press("ArrowUp");
  while ((await held.filter({ hasText: source.name }).getAttribute("aria-selected")) !== "true")
    await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/sources\?source=/);
  // The palette fades out: an Escape while it does is still its own.
  await field.waitFor({ state: "hidden" });
  await page.getByRole("dialog", { name: source.name }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  if (isPhone) {
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "Catalogue" }).click();
    await page.waitForURL(/\/catalogue/);
  }
}

async function alerts(visit) {
  const { page, name } = visit;
  const brand = `${name} ${Date.now()}`;
  await go(visit, "/settings/brands");
  await page.getByRole("button", { name: "Add a brand" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(`Aurora ${brand}`);
  await page.getByRole("dialog").getByLabel("E-mail sender").fill("Aurora <news@aurora.example>");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByText(`Aurora ${brand}`).waitFor();
  await look(visit, "brands");

  await go(visit, "/settings/alerts");
  await page.getByText("A source falls silent").waitFor();
  await look(visit, "alerts");
  await page.getByRole("button", { name: "Change: The disk fills up" }).click();
  await page.getByLabel("Free, in %").fill("5");
  await look(visit, "alert-rule");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Less than 5 % of").waitFor();
  await page.locator("body").press("Home");
  await page
    .getByRole("button", { name: /^What is wrong now/ })
    .filter({ visible: true })
    .click();
  await page.getByRole("link", { name: "Rules, receivers, history" }).waitFor();
  await look(visit, "bell");
  await page.keyboard.press("Escape");
}

/** Rules are moved by the keyboard, tried on an address, and previewed; nothing is saved. */
async function channelRules(visit) {
  const { page } = visit;
  const rules = page.getByRole("list", { name: "Channel rules" }).getByRole("listitem");
  await page.getByLabel("Address of the page", { exact: true }).fill("https://cars.example/?fbclid=1&gclid=2");
  const verdict = page.locator("[data-verdict]");
  await verdict.waitFor();
  await page.getByText("by rule 15: Clicks on search ads").waitFor();
  const social = rules.filter({ hasText: "Clicks on social ads" }).getByRole("button").first();
  await social.focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByText("There are changes that are not saved yet.").waitFor();
  await page.getByText("by rule 15: Clicks on social ads").waitFor();
  await page.getByRole("button", { name: "Show what would change" }).click();
  await page.getByText(/would change their channel/).waitFor();
  await look(visit, "channels");
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Forums");
  await page.getByRole("dialog").getByLabel("Values").fill("forum");
  await page.keyboard.press("Enter");
  await page
    .getByRole("dialog")
    .getByLabel(/^Channel/)
    .fill("forums");
  await page.keyboard.press("Tab");
  await look(visit, "channel_rule");
  await page.getByRole("dialog").getByRole("button", { name: "Done" }).click();
  await rules.first().getByText("Forums", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
  await rules.first().getByText("Paid search").first().waitFor();
}

async function languageAndTheme(visit) {
  const { page, isPhone, name } = visit;
  const choose = async (item) => {
    await page
      .getByRole(isPhone ? "banner" : "navigation")
      .getByRole("button")
      .last()
      .click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await go(visit, "/");
  await choose("Русский");
  await page.getByRole("heading", { level: 1, name: "Обзор" }).waitFor();
  await look(visit, "overview-ru");
  await choose("中文");
  await page.getByRole("heading", { level: 1, name: "概览" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh");
  await look(visit, "overview-zh");
  await choose("English");
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();

  const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
  const other = name.endsWith("dark") ? "Light" : "Dark";
  const before = await scheme();
  await choose(other);
  await page.waitForFunction(
    (wanted) => document.documentElement.dataset.mantineColorScheme === wanted,
    other.toLowerCase(),
  );
  await choose("As the system");
  await page.waitForFunction((wanted) => document.documentElement.dataset.mantineColorScheme === wanted, before);
}

async function shortcuts(visit) {
  const { page } = visit;
  await go(visit, "/");
  await page.locator("body").press("g");
  await page.locator("body").press("p");
  // The address changes before the page does.
  await page.waitForURL(/\/profiles$/);
  await page.getByRole("heading", { level: 1, name: "Profiles" }).waitFor();
  await settled(page);
  await page.locator("body").press("/");
  assert.ok(await page.evaluate(() => document.activeElement?.hasAttribute("data-search")), "`/` leads to the search");
  await page.evaluate(() => document.activeElement?.blur());
  await page.locator("body").press("?");
  await page.getByRole("dialog").getByText("Show this list").waitFor();
  await look(visit, "shortcuts");
  await page.keyboard.press("Escape");
}

async function leaving(visit) {
  const { page, isPhone } = visit;
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page
    .getByRole(isPhone ? "banner" : "navigation")
    .getByRole("button")
    .last()
    .click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${base}/`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
}
