// Two sites of one company on hosts of their own, and a browser that finds them on this machine.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, request as ask } from "node:http";

import { chromium } from "playwright-core";

export const BRAND = "www.brand.test";
export const DEALER = "dealer.test";
const CDP = "cdp.test";

/**
 * Serves `/…` pages whose script tag is made from the address: `?tag=` names the attributes, `?src=` the script.
 * Under `/x/` it hands on to Forecourt, as a site's own proxy would.
 *
 * `server`: Forecourt's address; `key`: the write key.
 */
export async function openSites(server, key) {
  const { port } = new URL(server);
  const cdp = `http://${CDP}:${port}`;
  const sites = createServer((request, response) => {
    const url = new URL(request.url, `http://${request.headers.host}`);
    if (url.pathname.startsWith("/x/")) return handOn(server, request, response);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(page(url, cdp, key));
  });
  sites.listen(0, "127.0.0.1");
  await once(sites, "listening");
  const at = sites.address().port;
  return {
    brand: `http://${BRAND}:${at}`,
    dealer: `http://${DEALER}:${at}`,
    cdp,
    close: () => sites.close(),
  };
}

function page(url, cdp, key) {
  const tag = url.searchParams.get("tag") ?? "";
  const src = url.searchParams.get("src") ?? `${cdp}/t.js`;
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const port = url.port;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page ${escaped(url.pathname)}</title>
<script>
  window.shifts = 0; window.longTasks = 0; window.shows = [];
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifts += entry.value))).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => (window.longTasks += list.getEntries().length)).observe({ type: "longtask", buffered: true });
  addEventListener("pageshow", (event) => window.shows.push(event.persisted));
  if (location.search.includes("early")) {
    window.forecourt = window.forecourt || [];
    forecourt.push(["track", "called_early", { n: 1 }]);
  }
</script>
<script async src="${escaped(src)}" data-key="${escaped(key)}" data-domains="${BRAND} ${DEALER}" ${tag.replaceAll(/[<>]/g, "")}></script>
</head><body>
<h1>Aster</h1><p>A car, and a text that stands where it stands.</p><img alt="" width="600" height="300">
<a id="dealer" href="http://${DEALER}:${port}/offer?model=aster#price">To the dealer</a>
<a id="next" href="/next">Next page</a>
<form id="drive" name="test-drive" method="post" action="/thanks" data-forecourt-capture="form_submitted">
  <input type="email" name="mail"><input type="tel" name="tel"><input name="comment"><input type="password" name="pw">
  <input name="number"><input name="card_holder"><input type="hidden" name="csrf_token" value="t0ken">
  <select name="model"><option>Aster</option></select>
  <span data-forecourt-ignore><input name="private" value="no"></span>
  <button>Send</button>
</form>
<form id="plain" action="/thanks"><input name="plain" value="plain"><button>Send</button></form>
</body></html>`;
}

function handOn(server, request, response) {
  const onward = ask(`${server}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}

/** Back and forward cache as people have it; the driver would switch it off. */
export function openBrowser() {
  const executablePath =
    process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  if (!executablePath) throw new Error("no Chromium found: install Debian's `chromium`, or name one in CHROMIUM");
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", `--host-resolver-rules=MAP *.test 127.0.0.1`],
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
}
