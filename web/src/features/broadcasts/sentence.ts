import type { TFunction } from "i18next";
import { spanOf, type ChainStep, type Reached, type Span } from "../../message/chain";
import type { MessageChannel } from "../../message/channels";
import type { Broadcast } from "./api";

/** With what a broadcast is read aloud. */
export type Speech = {
  t: TFunction;
  segment: (id: string) => string;
  template: (id: string) => { name: string; channel: MessageChannel } | undefined;
  purpose: (id: string) => string;
  percent: (share: number) => string;
  integer: (value: number) => string;
  dateTime: (iso: string) => string;
};

/** A length of time in words: `4 hours`. */
export const spanText = (t: TFunction, { number, unit }: Span) => t(`broadcasts.span.${unit}`, { count: number });

/** On what the next step waits: `if not read within 4 hours`. */
export function conditionText(t: TFunction, until: Reached, wait: Span): string {
  return t(`broadcasts.unless.${until}`, { span: spanText(t, wait) });
}

/** A chain read aloud: an e-mail, and if it is not read within 4 hours, a Viber message, and … */
export function chainText(chain: ChainStep[], { t, template }: Pick<Speech, "t" | "template">): string {
  const said = chain.map(({ template_id }) => {
    const found = template(template_id);
    return found
      ? t("broadcasts.reads.step", { name: found.name, channel: t(`message.channel.${found.channel}`) })
      : t("broadcasts.reads.step_open");
  });
  return said.reduce((before, step, at) => {
    const { until, wait_s } = chain[at - 1] ?? { until: "read" as const, wait_s: 0 };
    return t("broadcasts.reads.then", { before, condition: conditionText(t, until, spanOf(wait_s)), step });
  });
}

/** A broadcast read aloud, in sentences; when it begins, as long as that is to come. */
export function broadcastText(broadcast: Broadcast, speech: Speech, when: "to_come" | "begun" = "to_come"): string[] {
  const { t, segment, purpose, percent, integer, dateTime } = speech;
  const { segment_id, excluded_segment_ids: excluded, variants, holdout, starts_at, per_minute } = broadcast;
  const whom = segment_id
    ? t("broadcasts.reads.segment", { name: segment(segment_id) })
    : t("broadcasts.reads.everybody");
  const to =
    excluded.length === 0
      ? whom
      : t("broadcasts.reads.except", {
          whom,
          names: excluded.map((id) => t("broadcasts.reads.name", { name: segment(id) })).join(", "),
        });
  const [only] = variants;
  const what =
    variants.length === 1 && only
      ? [t("broadcasts.reads.get", { to, chain: chainText(only.chain, speech) })]
      : [
          t("broadcasts.reads.get_variants", { to, count: variants.length }),
          ...variants.map(({ name, share, chain }) =>
            t("broadcasts.reads.variant", { name, share: percent(share / 1000), chain: chainText(chain, speech) }),
          ),
        ];
  return [
    ...what,
    ...(holdout === 0 ? [] : [t("broadcasts.reads.holdout", { share: percent(holdout / 1000) })]),
    t("broadcasts.reads.purpose", { purpose: broadcast.purpose ? purpose(broadcast.purpose) : "…" }),
    ...(when === "begun"
      ? []
      : [starts_at === null ? t("broadcasts.reads.now") : t("broadcasts.reads.at", { time: dateTime(starts_at) })]),
    ...(per_minute === null ? [] : [t("broadcasts.reads.pace", { count: per_minute, number: integer(per_minute) })]),
  ];
}
