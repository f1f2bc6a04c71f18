// What the server has stored, asked by SQL until it is so.
const { BASE_URL: base, TOKEN: token } = process.env;
const WITHIN_MS = 30_000;

export async function call(path, body) {
  const response = await fetch(`${base}${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** Rows as objects by column. */
export async function rows(sql) {
  const answer = await call("/api/query", { sql });
  const names = answer.columns.map((column) => column.name);
  return answer.rows.map((row) => Object.fromEntries(row.map((value, at) => [names[at], value])));
}

/** Asks until `isSo` of the rows; returns them. */
export async function until(told, sql, isSo) {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const found = await rows(sql);
    if (isSo(found)) return found;
    if (deadline < Date.now()) throw new Error(`not so: ${told}: ${JSON.stringify(found)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** The events at a page whose address holds `mark`, in the order of the log. */
export const eventsAt = (told, mark, isSo) =>
  until(
    told,
    `SELECT event, type, channel, utm_source, campaign, session_id, url, properties, landing_host, referrer_host, click_ids,
       CAST(profile_id AS VARCHAR) AS profile FROM events WHERE url LIKE '%${mark}%' ORDER BY log_offset`,
    isSo,
  );

/** Raw items as they arrived, the newest first. */
export async function raw(told, isSo) {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const { events } = await call("/api/live/recent?limit=500");
    const found = events.map((event) => event.raw).find(isSo);
    if (found) return found;
    if (deadline < Date.now()) throw new Error(`not so: ${told}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
