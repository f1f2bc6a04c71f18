// What the script tag says.

export interface Settings {
  /** The write key of the source. */
  key: string;
  /** Where batches go. */
  endpoint: string;
  /** Hosts of one's own that a visit may go on to. */
  domains: string[];
  /** Whether nothing may be stored before somebody says yes. */
  asksConsent: boolean;
  /** Whether views are told without cookie and id while there is no consent. */
  pings: boolean;
  /** Whether page views are told by themselves. */
  autoPage: boolean;
}

/** `undefined` for a tag without a key: there is nobody to tell. */
export function read(script: HTMLScriptElement): Settings | undefined {
  const data = script.dataset;
  if (!data.key) return undefined;
  const consent = data.consent || "granted";
  return {
    key: data.key,
    endpoint: data.endpoint || endpointBeside(script.src),
    domains: (data.domains || "").toLowerCase().split(/[\s,]+/).filter(Boolean),
    asksConsent: consent !== "granted",
    pings: consent === "pings",
    autoPage: data.page !== "manual",
  };
}

/** `/t.js` sends to `/v1/batch`; under any other path `…/name.js` sends to `…/name`, which no list of trackers knows. */
export function endpointBeside(src: string): string {
  const url = new URL(src);
  return url.origin + (url.pathname === "/t.js" ? "/v1/batch" : url.pathname.replace(/\.js$/, ""));
}
