import { MultiSelect, NativeSelect, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { RuleFields } from "../../api/types";
import { catalogueQuery } from "../../report/queries";

const DIMENSIONS = ["region", "dealer", "channel", "model"] as const;
const ENDS_MAX = 7;
/** The property that tells one lead from another. */
const LEAD = "lead_id";

/** Where people or leads wait, and for what. */
export type Stage = { stage: string; ends: string[]; per: string | null; by: string | null };

export function stageOf(rule: RuleFields | undefined): Stage {
  return {
    stage: rule?.stage ?? "lead_created",
    ends: rule?.ends ?? ["lead_contacted", "lead_lost"],
    per: rule ? (rule.per ?? null) : LEAD,
    by: rule?.by ?? null,
  };
}

export function stageDimension(name: string): (typeof DIMENSIONS)[number] {
  return DIMENSIONS.find((known) => known === name) ?? "region";
}

/** Chooses the stage that is watched. */
export function StageFields({ stage: held, onChange }: { stage: Stage; onChange: (stage: Stage) => void }) {
  const { t } = useTranslation();
  const catalogue = useQuery(catalogueQuery);
  const known = (catalogue.data?.events ?? []).map(({ event }) => event);
  const events = (chosen: string[]) =>
    [...new Set([...chosen, ...known])].map((event) => ({ value: event, label: label("event", event) }));
  const pers = [
    { value: "", label: t("alerts.stage.per_people") },
    { value: LEAD, label: t("alerts.stage.per_leads") },
    ...(held.per && held.per !== LEAD ? [{ value: held.per, label: held.per }] : []),
  ];
  return (
    <>
      <Select
        label={t("alerts.stage.stage")}
        searchable
        required
        allowDeselect={false}
        data={events([held.stage])}
        value={held.stage}
        onChange={(stage) => stage && onChange({ ...held, stage, ends: held.ends.filter((end) => end !== stage) })}
      />
      <MultiSelect
        label={t("alerts.stage.ends")}
        searchable
        required
        maxValues={ENDS_MAX}
        data={events(held.ends).filter(({ value }) => value !== held.stage)}
        value={held.ends}
        onChange={(ends) => onChange({ ...held, ends })}
      />
      <NativeSelect
        label={t("alerts.stage.per")}
        data={pers}
        value={held.per ?? ""}
        onChange={(event) => onChange({ ...held, per: event.currentTarget.value || null })}
      />
      <NativeSelect
        label={t("alerts.stage.by")}
        data={[
          { value: "", label: t("alerts.stage.by_nothing") },
          ...DIMENSIONS.map((name) => ({ value: name, label: t(`dimension.${name}`) })),
        ]}
        value={held.by ?? ""}
        onChange={(event) => onChange({ ...held, by: event.currentTarget.value || null })}
      />
    </>
  );
}
