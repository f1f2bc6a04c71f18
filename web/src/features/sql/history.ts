/** What was asked in this browser, the latest first. */
export type Asked = { sql: string; at: number };

const KEY = "forecourt.sql.history";
const KEPT = 50;

/** The history with a question on top; a question that is in it already moves up. */
export function remember(held: Asked[], asked: Asked): Asked[] {
  return [asked, ...held.filter(({ sql }) => sql !== asked.sql)].slice(0, KEPT);
}

/** Reads what a browser kept, dropping what does not make sense. */
export function readHistory(kept: string | null): Asked[] {
  try {
    const list: unknown = JSON.parse(kept ?? "[]");
    return Array.isArray(list) ? list.filter(isAsked).slice(0, KEPT) : [];
  } catch {
    return [];
  }
}

function isAsked(given: unknown): given is Asked {
  if (typeof given !== "object" || given === null || !("sql" in given) || !("at" in given)) return false;
  return typeof given.sql === "string" && typeof given.at === "number";
}

export const loadHistory = () => readHistory(window.localStorage.getItem(KEY));

export function saveHistory(history: Asked[]) {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(history));
  } catch {
    // A browser that keeps nothing: the history lasts as long as the page.
  }
}
