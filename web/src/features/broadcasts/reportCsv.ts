import type { TFunction } from "i18next";
import { csv } from "../../ui/csv";
import type { BroadcastReport, Counts } from "./api";

export const COUNTS = [
  "messages",
  "pending",
  "postponed",
  "held",
  "suppressed",
  "sent",
  "delivered",
  "undelivered",
  "failed",
  "unknown",
  "read",
  "clicked",
] as const satisfies (keyof Counts)[];

/** The report's tables as one: a line for each step, a line for each variant, a line for all. */
export function reportCsv(t: TFunction, report: BroadcastReport, templateName: (id: string) => string): string {
  const figures = (counts: Counts) => COUNTS.map((count) => String(counts[count]));
  return csv([
    [
      t("broadcasts.field.variant"),
      t("broadcasts.column.step"),
      t("broadcasts.column.channel"),
      t("broadcasts.column.template"),
      ...COUNTS.map((count) => t(`broadcasts.count.${count}`)),
      t("broadcasts.column.converted"),
      t("broadcasts.column.revenue"),
    ],
    ...report.steps.map(({ variant, step, message_channel, template_id, counts }) => [
      variant,
      String(step + 1),
      t(`message.channel.${message_channel}`),
      templateName(template_id),
      ...figures(counts),
      "",
      "",
    ]),
    ...report.variants.map(({ name, counts, converted, revenue }) => [
      name,
      "",
      "",
      "",
      ...figures(counts),
      String(converted),
      String(revenue),
    ]),
    [t("broadcasts.report.all"), "", "", "", ...figures(report.counts), "", ""],
  ]);
}
