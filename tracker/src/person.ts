// Who it is, as far as the browser remembers, and which session it is.

import * as cookie from "./cookie";

const ID = "_fcid";
const SESSION = "_fcs";
const USER = "_fcu";
const SESSION_S = 30 * 60;

/** 128 random bits: nobody can guess another's. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const isId = (text: string | undefined): text is string => !!text && /^[0-9a-f]{32}$/.test(text);

/** The id that the browser has, and keeps for another 400 days; a new one where it has none. */
export function anonymousId(): string {
  const held = knownId();
  const id = held || newId();
  adopt(id);
  return id;
}

export function knownId(): string | undefined {
  const held = cookie.get(ID);
  return isId(held) ? held : undefined;
}

export function adopt(id: string): void {
  cookie.set(ID, id);
}

export function userId(): string | undefined {
  return cookie.get(USER) || undefined;
}

export function setUserId(id: string): void {
  cookie.set(USER, id);
}

export interface Session {
  id: string;
  /** Whether it has just begun. */
  isNew: boolean;
}

/**
 * The session that goes on now. It ends after half an hour without anything, and when somebody comes by another campaign.
 *
 * `campaign`: the fingerprint of the address somebody landed on, empty for none.
 */
export function session(campaign: string): Session {
  const [held, came] = (cookie.get(SESSION) || "").split(".");
  const goesOn = isId(held) && (!campaign || campaign === came);
  const id = goesOn ? held : newId();
  cookie.set(SESSION, `${id}.${campaign || (goesOn && came) || ""}`, SESSION_S);
  return { id, isNew: !goesOn };
}

export function adoptSession(id: string): void {
  cookie.set(SESSION, `${id}.`, SESSION_S);
}

export function forget(): void {
  [ID, SESSION, USER].forEach(cookie.remove);
}
