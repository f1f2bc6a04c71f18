// First-party cookies, for the whole of the site's own domain.

const DAY_S = 86_400;
/** What browsers keep at most. */
const KEPT_S = 400 * DAY_S;

export function get(name: string): string | undefined {
  for (const pair of document.cookie.split("; ")) {
    if (pair.startsWith(`${name}=`)) return decodeURIComponent(pair.slice(name.length + 1));
  }
  return undefined;
}

export function set(name: string, value: string, seconds = KEPT_S): void {
  write(name, value, seconds, widest());
}

export function remove(name: string): void {
  write(name, "", 0, widest());
}

function write(name: string, value: string, seconds: number, domain: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const of = domain ? `; Domain=${domain}` : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${seconds}; SameSite=Lax${of}${secure}`;
}

let found: string | undefined;

/** The widest domain that the browser lets this page set cookies for: `example.co.uk` on `shop.example.co.uk`. */
function widest(): string {
  if (found !== undefined) return found;
  const parts = location.hostname.split(".");
  for (let from = parts.length - 2; 0 <= from; from--) {
    const domain = parts.slice(from).join(".");
    // No public suffix is taken, so that the first one taken is the site's own.
    write("_fct", "1", 10, domain);
    if (get("_fct")) {
      write("_fct", "", 0, domain);
      return (found = domain);
    }
  }
  return (found = "");
}
