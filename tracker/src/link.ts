// A visit that goes on to another domain of one's own takes its id along, in a parameter that is good for two minutes.

import { hash } from "./campaign";
import { isId } from "./person";

export const PARAMETER = "_fcl";
const GOOD_FOR_MS = 2 * 60_000;
/** Clocks of one browser do not differ, but they are set. */
const AHEAD_MS = 10_000;

export interface Carried {
  id: string;
  session: string;
}

/** Bound to the time and to the browser: a link that somebody copies from the address bar names nobody else. */
export function write(carried: Carried, now: number, browser: string): string {
  const body = `${now.toString(36)}.${carried.id}.${carried.session}`;
  return `${body}.${hash(body + browser)}`;
}

export function read(text: string | null, now: number, browser: string): Carried | undefined {
  const [at, id, session, check] = (text || "").split(".");
  const age = now - parseInt(at || "", 36);
  const isGood = check === hash(`${at}.${id}.${session}${browser}`) && -AHEAD_MS <= age && age <= GOOD_FOR_MS;
  return isGood && isId(id) && isId(session) ? { id, session } : undefined;
}

/** Whether `host` is one of `domains` or under one, and not where we are. */
export function isOwn(host: string, domains: string[], here: string): boolean {
  return host !== here && domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

/** The address with the parameter, or without any. */
export function put(href: string, value?: string): string {
  const [rest, hash] = href.split(/(#.*)/s);
  const [path, query] = (rest || "").split(/\?(.*)/s);
  const pairs = (query || "").split("&").filter((pair) => pair && !pair.startsWith(`${PARAMETER}=`));
  if (value) pairs.push(`${PARAMETER}=${value}`);
  return path + (pairs.length ? `?${pairs.join("&")}` : "") + (hash || "");
}
