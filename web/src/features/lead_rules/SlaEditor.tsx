import { Group, Table, TagsInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Card } from "../../ui/Page";
import { WideTable } from "../../ui/WideTable";
import type { Sla } from "./api";
import { Add, Channels, Figure, Remove } from "./fields";
import classes from "./LeadRules.module.css";

const MINUTES = ["accept_min", "contact_min", "warn_min"] as const;
const FRESH: Sla = { bands: [], channels: [], accept_min: 60, contact_min: 240, warn_min: 15 };

/** How fast dealers must be: the first line that fits a lead is the one that counts. */
export function SlaEditor({
  sla,
  bands,
  hopsMax,
  onSla,
  onHopsMax,
}: {
  sla: Sla[];
  bands: string[];
  hopsMax: number;
  onSla: (sla: Sla[]) => void;
  onHopsMax: (hopsMax: number) => void;
}) {
  const { t } = useTranslation();
  return (
    <Card
      title={t("lead_rules.sla.title")}
      hint={t("lead_rules.sla.hint")}
      actions={<Add name={t("lead_rules.sla.add")} onClick={() => onSla([FRESH, ...sla])} />}
    >
      <WideTable label={t("lead_rules.sla.title")} minWidth={640} horizontalSpacing={6} verticalSpacing={5}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("lead_rules.sla.bands")}</Table.Th>
            <Table.Th>{t("lead_rules.channels")}</Table.Th>
            {MINUTES.map((field) => (
              <Table.Th key={field}>{t(`lead_rules.sla.${field}`)}</Table.Th>
            ))}
            <Table.Th aria-label={t("ui.remove")} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sla.map((line, at) => {
            const set = (part: Partial<Sla>) => onSla(sla.with(at, { ...line, ...part }));
            return (
              // A line that is new has nothing of its own but its place.
              <Table.Tr key={at}>
                <Table.Td className={classes.tagsCell}>
                  <TagsInput
                    size="xs"
                    acceptValueOnBlur
                    aria-label={t("lead_rules.sla.bands")}
                    placeholder={line.bands.length === 0 ? t("lead_rules.sla.all_bands") : undefined}
                    data={[...new Set(bands.filter(Boolean))]}
                    value={line.bands}
                    onChange={(chosen) => set({ bands: chosen })}
                  />
                </Table.Td>
                <Table.Td className={classes.tagsCell}>
                  <Channels channels={line.channels} onChange={(channels) => set({ channels })} />
                </Table.Td>
                {MINUTES.map((field) => (
                  <Table.Td key={field}>
                    <Figure
                      label={t(`lead_rules.sla.${field}`)}
                      value={line[field]}
                      width={82}
                      onChange={(value) => set({ [field]: value })}
                    />
                  </Table.Td>
                ))}
                <Table.Td>
                  <Remove
                    name={t("lead_rules.remove", { name: line.bands.join(", ") || String(at + 1) })}
                    onClick={() => onSla(sla.toSpliced(at, 1))}
                  />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </WideTable>
      <Group gap="xs" className={classes.sentence} mt="md">
        <span>{t("lead_rules.sla.hops")}</span>
        <Figure label={t("lead_rules.sla.hops")} value={hopsMax} width={64} onChange={onHopsMax} />
        <span>{t("lead_rules.sla.hops_rest", { count: hopsMax })}</span>
      </Group>
    </Card>
  );
}
