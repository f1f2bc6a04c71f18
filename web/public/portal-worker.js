// Keeps the portal's page and its files, so that it opens without a line too. What it shows then is what it kept itself.
const KEPT = "forecourt-portal-1";
const PAGE = "/portal";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(KEPT)
      .then((kept) => kept.add(PAGE))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(fresh(request));
  // Files have their contents in their names: what was kept is never out of date.
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(request));
});

/** The page as it is now, or as it was. */
async function fresh(request) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok) {
      await cache.put(PAGE, answer.clone());
      await forget(cache, await answer.clone().text());
    }
    return answer;
  } catch (error) {
    const before = await cache.match(PAGE);
    if (before) return before;
    throw error;
  }
}

async function kept(request) {
  const cache = await caches.open(KEPT);
  const before = await cache.match(request);
  if (before) return before;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** A new release has a new entry file: with it, all files of the last one go. */
async function forget(cache, page) {
  const entry = /\/assets\/index-[\w-]+\.js/.exec(page)?.[0];
  const files = (await cache.keys()).map(({ url }) => new URL(url).pathname);
  const before = files.find((path) => /\/assets\/index-[\w-]+\.js$/.test(path));
  if (!entry || !before || entry === before) return;
  for (const path of files) if (path !== PAGE) await cache.delete(path);
}
