/** Lines to paste, for one library. Names of libraries are the same in every language. */
export type Snippet = { id: string; library: string; install: string | null; code: string };

/**
 * How each library is pointed at this installation.
 *
 * * `origin`: scheme and host, e.g. `https://cdp.example.com`, without a slash at the end.
 * * `key`: the source's write key.
 */
export function snippets(origin: string, key: string): Snippet[] {
  const { host, protocol } = new URL(origin);
  const scheme = protocol.replace(":", "");
  return [
    {
      id: "website",
      library: "website",
      install: null,
      code: `<script async src="${origin}/t.js" data-key="${key}"></script>`,
    },
    {
      id: "analytics-next",
      library: "@segment/analytics-next",
      install: "npm install @segment/analytics-next",
      code: `import { AnalyticsBrowser } from '@segment/analytics-next'

const analytics = AnalyticsBrowser.load(
  { writeKey: '${key}', cdnURL: '${origin}' },
  { integrations: { 'Segment.io': { apiHost: '${host}/v1', protocol: '${scheme}' } } },
)

analytics.page()
analytics.track('car_viewed', { model: 'Aster' })
analytics.identify('customer-1', { email: 'ana@example.com' })`,
    },
    {
      id: "analytics-node",
      library: "@segment/analytics-node",
      install: "npm install @segment/analytics-node",
      code: `import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({
  writeKey: '${key}',
  host: '${origin}',
  path: '/v1/batch',
})

analytics.track({ userId: 'customer-1', event: 'lead_created', properties: { lead_id: 'L-1', model: 'Aster' } })
await analytics.closeAndFlush()`,
    },
    {
      id: "segment-python",
      library: "segment-analytics-python",
      install: "pip install segment-analytics-python",
      code: `import segment.analytics as analytics

analytics.write_key = '${key}'
analytics.host = '${origin}'

analytics.track('customer-1', 'lead_created', {'lead_id': 'L-1', 'model': 'Aster'})
analytics.flush()`,
    },
    {
      id: "rudder-js",
      library: "@rudderstack/analytics-js",
      install: "npm install @rudderstack/analytics-js",
      code: `import { RudderAnalytics } from '@rudderstack/analytics-js'

const analytics = new RudderAnalytics()
analytics.load('${key}', '${origin}', { configUrl: '${origin}' })

analytics.page()
analytics.track('car_viewed', { model: 'Aster' })`,
    },
    {
      id: "rudder-node",
      library: "@rudderstack/rudder-sdk-node",
      install: "npm install @rudderstack/rudder-sdk-node",
      code: `import Analytics from '@rudderstack/rudder-sdk-node'

const analytics = new Analytics('${key}', {
  dataPlaneUrl: '${origin}',
  path: '/v1/batch',
})

analytics.track({ userId: 'customer-1', event: 'lead_created', properties: { lead_id: 'L-1' } })
analytics.flush()`,
    },
    {
      id: "rudder-python",
      library: "rudder-sdk-python",
      install: "pip install rudder-sdk-python",
      code: `import rudderstack.analytics as analytics

analytics.write_key = '${key}'
analytics.dataPlaneUrl = '${origin}'

analytics.track('customer-1', 'lead_created', {'lead_id': 'L-1', 'model': 'Aster'})
analytics.flush()`,
    },
    {
      id: "curl",
      library: "curl",
      install: null,
      code: `curl ${origin}/v1/track \\
  --user '${key}:' \\
  --header 'Content-Type: application/json' \\
  --data '{"userId":"customer-1","event":"lead_created","properties":{"lead_id":"L-1","model":"Aster"}}'`,
    },
    {
      id: "pixel",
      library: "pixel",
      install: null,
      code: `<img alt="" width="1" height="1" src="${origin}/v1/pixel/track?data=${pixelData(key)}">`,
    },
  ];
}

/** What a pixel tells: an event in JSON, in base64. */
function pixelData(key: string): string {
  return encodeURIComponent(btoa(JSON.stringify({ writeKey: key, userId: "customer-1", event: "email_opened" })));
}
