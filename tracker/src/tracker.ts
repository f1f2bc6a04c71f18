// What the page may call, and what is told without a call.

import { campaign, clickIds, fingerprint, googleClientId } from "./campaign";
import * as cookie from "./cookie";
import { captured } from "./form";
import * as link from "./link";
import * as person from "./person";
import { Queue, store, type Item } from "./queue";
import type { Settings } from "./settings";

export type Consent = "granted" | "denied";

/** Calls that wait for consent, at most. */
const HELD_MAX = 50;
/** Time for a page of one's own script to set its title after it has changed the address. */
const SETTLE_MS = 50;
/** All who gave no consent are this one: events and channels are counted, people are not. */
const NOBODY = "no-consent";
const PING_QUERY = "?ip=0";

export class Tracker {
  private queue: Queue;
  private pings: Queue | undefined;
  private consented: boolean;
  private held: Item[] = [];
  private carried: link.Carried | undefined;
  /** Whether the visit came here from a domain of one's own. */
  private cameFromOwn: boolean;
  private address: string;
  private pageBefore: string | undefined;

  constructor(private settings: Settings) {
    this.queue = new Queue(settings, () => this.consented);
    if (settings.pings) {
      this.pings = new Queue({ ...settings, endpoint: settings.endpoint + PING_QUERY }, () => false);
    }
    this.consented = !settings.asksConsent || !!person.knownId();
    const parameter = new URLSearchParams(location.search).get(link.PARAMETER);
    this.carried = link.read(parameter, Date.now(), browser());
    if (parameter !== null) history.replaceState(history.state, "", link.put(location.href));
    this.cameFromOwn = !!this.carried || isOwnAddress(document.referrer, settings.domains);
    this.address = location.pathname + location.search;
    if (this.consented) this.begin();
    this.watch();
    if (settings.autoPage) this.page();
  }

  track(event: string, properties?: object): void {
    this.tell({ type: "track", event, properties: properties || {} });
  }

  page(name?: string, properties?: object): void {
    const told = { title: document.title, path: location.pathname, ...properties };
    this.tell({ type: "page", ...(name ? { name } : {}), properties: told });
  }

  identify(userId?: string | null | object, traits?: object): void {
    const isTraits = typeof userId === "object" && userId !== null;
    const id = isTraits || !userId ? undefined : String(userId);
    if (id && this.consented) person.setUserId(id);
    this.tell({ type: "identify", ...(id ? { userId: id } : {}), traits: (isTraits ? userId : traits) || {} });
  }

  group(groupId: string, traits?: object): void {
    this.tell({ type: "group", groupId: String(groupId), traits: traits || {} });
  }

  alias(userId: string, previousId?: string): void {
    this.tell({ type: "alias", userId: String(userId), ...(previousId ? { previousId } : {}) });
  }

  consent(state: Consent): void {
    if (state !== "granted") {
      this.consented = false;
      person.forget();
      store([]);
    } else if (!this.consented) {
      this.consented = true;
      this.begin();
      const held = this.held;
      this.held = [];
      for (const item of held) {
        if (item.type === "identify" && item.userId) person.setUserId(String(item.userId));
        this.send(item);
      }
    }
  }

  /** Signed out: from now on it is somebody else. */
  reset(): void {
    person.forget();
  }

  /** The browser's id, where there is one. */
  id(): string | undefined {
    return this.consented ? person.anonymousId() : undefined;
  }

  /** There is consent: takes the id that came along from another domain, and what could not be sent before. */
  private begin(): void {
    if (this.carried) {
      const before = person.knownId();
      person.adopt(this.carried.id);
      person.adoptSession(this.carried.session);
      if (before && before !== this.carried.id) this.send(this.item({ type: "alias", previousId: before }));
      this.carried = undefined;
    }
    this.queue.resume();
  }

  private tell(call: Item): void {
    const item = this.item(call);
    if (this.consented) {
      this.send(item);
      return;
    }
    if (this.held.length < HELD_MAX) this.held.push(item);
    if (this.pings && call.type === "page") {
      this.pings.add({ ...item, messageId: person.newId(), anonymousId: NOBODY });
    }
  }

  private item(call: Item): Item {
    const query = new URLSearchParams(location.search);
    return {
      messageId: person.newId(),
      timestamp: new Date().toISOString(),
      ...call,
      context: {
        library: { name: "forecourt", version: "1" },
        locale: navigator.language,
        userAgent: navigator.userAgent,
        page: {
          url: location.href,
          path: location.pathname,
          search: location.search,
          title: document.title,
          referrer: this.pageBefore === undefined ? document.referrer : this.pageBefore,
          ...(this.cameFromOwn ? { goesOn: true } : {}),
        },
        campaign: campaign(query),
        clickIds: clickIds(query),
      },
    };
  }

  /** Adds who it is, which only now may be asked. */
  private send(item: Item): void {
    const anonymousId = person.anonymousId();
    const userId = item.userId || person.userId();
    const session = person.session(fingerprint(new URLSearchParams(location.search)));
    const context = item.context as Item;
    const external = { ga: googleClientId(cookie.get("_ga")), ym: cookie.get("_ym_uid") };
    const who = { anonymousId, ...(userId ? { userId } : {}) };
    const about = { ...context, sessionId: session.id, ...(external.ga || external.ym ? { clientIds: external } : {}) };
    if (session.isNew) {
      const start = { type: "track", event: "session_start", properties: {}, messageId: person.newId(), timestamp: item.timestamp };
      this.queue.add({ ...start, ...who, context: about });
    }
    this.queue.add({ ...item, ...who, context: about });
  }

  private watch(): void {
    for (const name of ["pushState", "replaceState"] as const) {
      const own = history[name];
      history[name] = (...given: Parameters<History["pushState"]>) => {
        own.apply(history, given);
        this.moved();
      };
    }
    addEventListener("popstate", () => this.moved());
    // Back from the browser's memory: seen again, but nobody sent them here again.
    addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      this.pageBefore = location.href;
      if (this.settings.autoPage) this.page();
    });
    for (const name of ["click", "auxclick"]) {
      document.addEventListener(name, (event) => this.decorate((event.target as Element | null)?.closest?.("a[href]")), true);
    }
    document.addEventListener(
      "submit",
      (event) => {
        const form = event.target as HTMLFormElement;
        const told = captured(form);
        if (told) this.track(told.name, told.properties);
        if (form.method !== "dialog") this.decorate(form);
      },
      true,
    );
  }

  /** The address has changed without a new page. */
  private moved(): void {
    const now = location.pathname + location.search;
    if (now === this.address) return;
    const isOtherPage = now.split("?")[0] !== this.address.split("?")[0];
    const before = location.origin + this.address;
    this.address = now;
    if (!isOtherPage || !this.settings.autoPage) return;
    this.pageBefore = before;
    this.cameFromOwn = false;
    setTimeout(() => this.page(), SETTLE_MS);
  }

  /** Lets a link or a form to another domain of one's own take the id along. */
  private decorate(element: Element | null | undefined): void {
    if (!element || !this.consented) return;
    const name = element.tagName === "FORM" ? "action" : "href";
    const given = element.getAttribute(name);
    if (!given || !isOwnAddress(new URL(given, location.href).href, this.settings.domains)) return;
    const session = person.session(fingerprint(new URLSearchParams(location.search)));
    const value = link.write({ id: person.anonymousId(), session: session.id }, Date.now(), browser());
    if (name === "action" && (element as HTMLFormElement).method === "get") {
      // A form's own fields take the place of the address's.
      const field = element.querySelector<HTMLInputElement>(`input[name="${link.PARAMETER}"]`) || document.createElement("input");
      Object.assign(field, { type: "hidden", name: link.PARAMETER, value });
      element.append(field);
    } else {
      element.setAttribute(name, link.put(given, value));
    }
  }
}

function isOwnAddress(href: string, domains: string[]): boolean {
  try {
    const url = new URL(href);
    return /^https?:$/.test(url.protocol) && link.isOwn(url.hostname, domains, location.hostname);
  } catch {
    return false;
  }
}

/** The same in every page of one browser, and rarely in another's. */
function browser(): string {
  return `${navigator.userAgent} ${navigator.language} ${new Date().getTimezoneOffset()}`;
}
