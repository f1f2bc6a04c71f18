import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ask } from "../api/client";
import { decided } from "../api/outcome";
import type { CommandOutcome } from "../api/types";
import type { TemplateChannel } from "./channels";

// Written by hand until openapi.json tells of messages: then these become the generated types.

export const LANGUAGES = ["en", "ru", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Texts that are not used are empty. */
export type Content = {
  subject: string;
  preheader: string;
  markup: "mjml" | "html";
  body: string;
  text: string;
  amp: string;
  url: string;
  button: string;
};

export type TemplateItem = {
  template_id: string;
  name: string;
  folder: string;
  message_channel: TemplateChannel;
  language: Language;
  brand_id: string;
  is_archived: boolean;
  version: number;
  changed_at: string;
  changed_by: string;
  subject: string;
  used_by: string[];
};
export type Template = TemplateItem & { content: Content; uses: string[] };
export type TemplateToSave = Pick<
  TemplateItem,
  "template_id" | "name" | "folder" | "message_channel" | "language" | "brand_id" | "is_archived"
> & { content: Content };

/** What a template looks like is asked with this. */
export type Trial = {
  message_channel: TemplateChannel;
  language: Language;
  brand_id: string;
  content: Content;
  profile_id: string | null;
};
export type Finding = { severity: "error" | "warning" | "advice"; code: string; message: string; line: number | null };
export type Preview = {
  subject: string;
  html: string;
  text: string;
  amp: string;
  /** `part`: of an e-mail, which of its texts; `line`: of that text. */
  error: { part?: string | null; line: number | null; message: string } | null;
  findings: Finding[];
  sms: { encoding: "gsm7" | "ucs2"; chars: number; parts: number } | null;
  variables: Record<string, unknown>;
  uses: string[];
};
export type Tried = { is_taken: boolean; status: number | null; answer: string; detail: string };
export type Filter = { name: string; example: string; what: string };

const path = (id: string) => `/api/templates/${encodeURIComponent(id)}`;

export const templateCalls = {
  list: () => ask<{ templates: TemplateItem[] }>("GET", "/api/templates"),
  get: (id: string) => ask<Template>("GET", path(id)),
  create: ({ is_archived: _, ...template }: TemplateToSave) =>
    decided(ask<CommandOutcome>("POST", "/api/templates", { body: template })),
  change: ({ template_id, message_channel: _, ...template }: TemplateToSave) =>
    decided(ask<CommandOutcome>("PUT", path(template_id), { body: template })),
  preview: ({ brand_id: _, ...trial }: Trial, signal: AbortSignal) =>
    ask<Preview>("POST", "/api/templates/preview", { body: trial, signal }),
  test: (trial: Trial & { to: string }) => ask<Tried>("POST", "/api/templates/test", { body: trial }),
  filters: () => ask<{ filters: Filter[] }>("GET", "/api/templates/filters"),
};

export const templatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: templateCalls.list,
  staleTime: 10_000,
});

export const templateQuery = (id: string) =>
  queryOptions({ queryKey: ["template", id], queryFn: () => templateCalls.get(id) });

/** As it would come to a person; the last answer stays while the next is asked for. */
export const previewQuery = (trial: Trial) =>
  queryOptions({
    queryKey: ["templates", "preview", trial],
    queryFn: ({ signal }) => templateCalls.preview(trial, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });

export const filtersQuery = queryOptions({
  queryKey: ["templates", "filters"],
  queryFn: templateCalls.filters,
  staleTime: Number.POSITIVE_INFINITY,
});
