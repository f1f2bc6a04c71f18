/** Questions to begin with; what each is called is in the texts. */
export const EXAMPLES = [
  {
    key: "leads",
    sql: `SELECT date_trunc('month', created_at) AS month, channel, count(*) AS leads
FROM leads
GROUP BY month, channel
ORDER BY month, leads DESC`,
  },
  {
    key: "sales",
    sql: `SELECT dealer, count(*) AS sales, round(sum(revenue)) AS revenue
FROM orders
WHERE status = 'confirmed'
GROUP BY dealer
ORDER BY revenue DESC
LIMIT 30`,
  },
  {
    key: "days",
    sql: `SELECT date_trunc('day', ts) AS day, count(*) AS events, count(DISTINCT profile_id) AS people
FROM events
WHERE ts >= now() - INTERVAL '30 days'
GROUP BY day
ORDER BY day`,
  },
  {
    key: "funnel",
    sql: `SELECT channel, profiles AS leads, round(100 * step_rate, 1) AS percent_of_visitors
FROM funnel('{"steps": [{"event": "car_viewed"}, {"event": "lead_created"}],
              "window": "90d", "by": ["channel"]}')
WHERE step = 2
ORDER BY leads DESC`,
  },
  {
    key: "property",
    sql: `SELECT json_get(properties, 'model') AS model, count(*) AS views, count(DISTINCT profile_id) AS people
FROM events
WHERE event = 'car_viewed'
GROUP BY 1
ORDER BY views DESC`,
  },
] as const;
