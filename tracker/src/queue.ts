// From calls to the server: in batches, with what could not be sent kept for later.

import type { Settings } from "./settings";

export type Item = Record<string, unknown>;

const KEPT = "_fcq";
/** Kept items at most; the oldest give way. */
const ITEMS_MAX = 100;
const BYTES_MAX = 200_000;
/** A beacon takes 64 KiB in all. */
const BEACON_ITEMS = 20;
/** Of 64 KiB; text may take three bytes a letter. */
const KEEPALIVE_BYTES_MAX = 20_000;
const GATHER_MS = 150;
const RETRY_FIRST_MS = 2_000;
const RETRY_LAST_MS = 300_000;

export class Queue {
  private items: Item[] = [];
  private timer = 0;
  private retry = RETRY_FIRST_MS;

  /** `mayStore`: whether what could not be sent may be kept in the browser. */
  constructor(
    private settings: Settings,
    private mayStore: () => boolean,
  ) {
    addEventListener("online", () => this.flush());
    const leave = () => document.visibilityState === "hidden" && this.leave();
    addEventListener("visibilitychange", leave, true);
    addEventListener("pagehide", () => this.leave());
  }

  add(item: Item): void {
    this.items.push(item);
    this.later(GATHER_MS);
  }

  /** Takes up what an earlier page could not send. */
  resume(): void {
    if (stored().length) this.later(GATHER_MS);
  }

  private later(ms: number): void {
    if (!this.timer) this.timer = setTimeout(() => this.flush(), ms) as unknown as number;
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = 0;
    const waiting = this.mayStore() ? stored() : [];
    const items = waiting.concat(this.items);
    if (!items.length) return;
    // Taken out before it is sent, so that another tab does not send it as well.
    this.items = [];
    if (waiting.length) store([]);
    if (await this.send(items)) {
      this.retry = RETRY_FIRST_MS;
      return;
    }
    if (this.mayStore()) store(stored().concat(items));
    else this.items = items.concat(this.items).slice(-ITEMS_MAX);
    this.later(this.retry);
    this.retry = Math.min(this.retry * 2, RETRY_LAST_MS);
  }

  /** Returns whether the items are off our hands: taken, or refused for good. */
  private async send(items: Item[]): Promise<boolean> {
    if (navigator.onLine === false) return false;
    try {
      const body = this.body(items);
      // A browser keeps no larger request alive when the page goes.
      const keepalive = body.length < KEEPALIVE_BYTES_MAX;
      const response = await fetch(this.settings.endpoint, { method: "POST", body, keepalive, credentials: "omit" });
      return response.status < 500 && response.status !== 429 && response.status !== 408;
    } catch {
      return false;
    }
  }

  /** The page goes: what waits is handed to the browser, or kept. */
  private leave(): void {
    const items = this.items;
    this.items = [];
    for (let from = 0; from < items.length; from += BEACON_ITEMS) {
      const some = items.slice(from, from + BEACON_ITEMS);
      const isTaken = navigator.onLine !== false && navigator.sendBeacon?.(this.settings.endpoint, this.body(some));
      if (!isTaken && this.mayStore()) store(stored().concat(some));
    }
  }

  /** Plain text: a browser sends it to another host without asking first. */
  private body(items: Item[]): string {
    return JSON.stringify({ batch: items, sentAt: new Date().toISOString(), writeKey: this.settings.key });
  }
}

function stored(): Item[] {
  try {
    const items = JSON.parse(localStorage.getItem(KEPT) || "[]");
    return Array.isArray(items) ? items : [];
  } catch {
    return [];
  }
}

export function store(items: Item[]): void {
  try {
    let kept = items.slice(-ITEMS_MAX);
    let text = JSON.stringify(kept);
    while (BYTES_MAX < text.length) {
      kept = kept.slice(Math.ceil(kept.length / 4));
      text = JSON.stringify(kept);
    }
    if (kept.length) localStorage.setItem(KEPT, text);
    else localStorage.removeItem(KEPT);
  } catch {
    // No storage, or a full one: they are lost, the page must not be.
  }
}
