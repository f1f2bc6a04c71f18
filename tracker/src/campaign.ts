// What an address says of how somebody came.

export interface Campaign {
  source?: string;
  medium?: string;
  name?: string;
  term?: string;
  content?: string;
}

const UTM = ["source", "medium", "campaign", "term", "content"] as const;
export const CLICK_IDS = ["gclid", "gbraid", "wbraid", "yclid", "fbclid", "ttclid"];

export function campaign(query: URLSearchParams): Campaign | undefined {
  const found: Record<string, string> = {};
  for (const name of UTM) {
    const value = query.get(`utm_${name}`);
    if (value) found[name === "campaign" ? "name" : name] = value;
  }
  return Object.keys(found).length ? found : undefined;
}

export function clickIds(query: URLSearchParams): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const name of CLICK_IDS) {
    const value = query.get(name);
    if (value) found[name] = value;
  }
  return Object.keys(found).length ? found : undefined;
}

/** The same for the same campaign and click, empty for an address that names none. */
export function fingerprint(query: URLSearchParams): string {
  const marks = [campaign(query), clickIds(query)].filter(Boolean);
  return marks.length ? hash(JSON.stringify(marks)) : "";
}

/** 53 bits of a text (cyrb53): short and evenly spread, no secret. */
export function hash(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}

/** The client id in Google Analytics' cookie: `GA1.1.123.456` holds `123.456`. */
export function googleClientId(cookie: string | undefined): string | undefined {
  return cookie && /^GA\d\.\d+\.(.+)$/.exec(cookie)?.[1];
}
