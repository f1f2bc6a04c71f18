import { readTemplateChannel, type TemplateChannel } from "../../message/channels";
import { START_KEYS, type StartKey } from "./startWords";

/** What of the templates is shown; every part is optional. */
export type TemplatesSearch = { q?: string; folder?: string; channel?: TemplateChannel; archived?: true };
/** A new template begins empty, as a starting point, or as a copy of another. */
export type NewTemplateSearch = { channel?: TemplateChannel; start?: StartKey | "blank"; copy?: string };

const text = (value: unknown) =>
  (typeof value === "string" || typeof value === "number") && value !== "" ? String(value) : undefined;

export function readTemplates(search: Record<string, unknown>): TemplatesSearch {
  const [q, folder] = [text(search.q), text(search.folder)];
  const channel = readTemplateChannel(search.channel);
  return {
    ...(q && { q }),
    ...(folder && { folder }),
    ...(channel && { channel }),
    ...(search.archived === true && { archived: true }),
  };
}

export function readNewTemplate(search: Record<string, unknown>): NewTemplateSearch {
  const channel = readTemplateChannel(search.channel);
  const start = ([...START_KEYS, "blank"] as const).find((key) => key === search.start);
  const copy = text(search.copy);
  return { ...(channel && { channel }), ...(start && { start }), ...(copy && { copy }) };
}
