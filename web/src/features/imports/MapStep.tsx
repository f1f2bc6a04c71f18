import { Alert, Button, Checkbox, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Import, Look } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { Columns } from "./Columns";
import { Constants } from "./Constants";
import classes from "./Imports.module.css";
import { KeepMapping } from "./KeepMapping";
import { KINDS, kindOf, type Kind } from "./kinds";
import type { Mapping, Read } from "./mapping";
import { Preview } from "./Preview";
import { lookQuery, mappingsQuery, usePlan } from "./queries";
import { ReadOptions } from "./ReadOptions";

const DEBOUNCE_MS = 350;

type Draft = { kind: Kind; mapping: Mapping | null };

/** Which column says what; with the first rows beside it, as they would become records. */
export function MapStep({ held, onReady }: { held: Import; onReady: () => void }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState<Draft>({ kind: kindOf(held.kind), mapping: held.mapping as Mapping });
  const [source, setSource] = useState(held.source);
  const [live, setLive] = useState(held.live);
  const [settled] = useDebouncedValue(draft, DEBOUNCE_MS);
  const look = useQuery(lookQuery(held.id, settled.kind, settled.mapping));
  const plan = usePlan(held.id);
  const mapping = draft.mapping ?? (look.data?.mapping as Mapping | undefined) ?? null;
  const change = (mapping: Mapping) => setDraft({ ...draft, mapping });
  const isCurrent = settled === draft && !look.isFetching && !look.isPlaceholderData;

  const ready = () => {
    if (!mapping) return;
    plan.mutate({ kind: draft.kind, mapping, source, live }, { onSuccess: onReady });
  };

  return (
    <Answer query={look} skeleton={<RowsSkeleton rows={10} height={30} />}>
      {(data) => (
        <>
          {look.isError && (
            <Alert color="red" role="alert">
              {errorText(t, look.error)}
            </Alert>
          )}
          <Card title={t("imports.found.title")} hint={<Found look={data} />}>
            <Stack gap="md">
              <Warnings look={data} />
              <Group gap="md" align="flex-end">
                <Select
                  label={t("imports.kind_label")}
                  data={KINDS.map((kind) => ({ value: kind, label: t(`imports.kind.${kind}`) }))}
                  value={draft.kind}
                  allowDeselect={false}
                  w={220}
                  // Another kind has other fields: the server proposes anew.
                  onChange={(kind) => kind && setDraft({ kind: kindOf(kind), mapping: null })}
                />
                <SavedSelect onUse={(kind, mapping) => setDraft({ kind, mapping })} />
              </Group>
              <ReadOptions
                look={data}
                read={mapping?.read ?? {}}
                onChange={(read: Read) => mapping && change({ ...mapping, read })}
              />
            </Stack>
          </Card>
          {mapping && (
            <Card
              flush
              title={t("imports.map.title")}
              hint={t("imports.map.hint")}
              actions={<KeepMapping kind={draft.kind} mapping={mapping} />}
              foot={
                <>
                  <Text
                    size="sm"
                    c={data.mapping_problem ? "var(--fc-bad)" : "dimmed"}
                    role="status"
                    style={{ flex: "1 1 240px" }}
                  >
                    {data.mapping_problem ?? t("imports.map.ready")}
                  </Text>
                  <Button
                    onClick={ready}
                    loading={plan.isPending}
                    disabled={!isCurrent || data.mapping_problem !== null || !source.trim()}
                  >
                    {t("imports.map.next")}
                  </Button>
                </>
              }
            >
              <Columns look={data} mapping={mapping} onChange={change} />
              <Constants look={data} mapping={mapping} onChange={change} />
              <Group gap="lg" px="md" py="md" align="flex-start">
                <TextInput
                  label={t("imports.source.label")}
                  description={t("imports.source.hint")}
                  value={source}
                  maxLength={100}
                  onChange={(event) => setSource(event.currentTarget.value)}
                  style={{ flex: "1 1 260px" }}
                />
                <Checkbox
                  label={t("imports.live.label")}
                  description={t("imports.live.hint")}
                  checked={live}
                  onChange={(event) => setLive(event.currentTarget.checked)}
                  style={{ flex: "1 1 320px" }}
                  mt={6}
                />
              </Group>
            </Card>
          )}
          <Preview look={data} stale={!isCurrent} />
        </>
      )}
    </Answer>
  );
}

function Found({ look }: { look: Look }) {
  const { t } = useTranslation();
  const { format, columns } = look;
  const parts = [
    t(`imports.found.format.${formatOf(format.kind)}`),
    format.encoding,
    format.delimiter &&
      t("imports.found.delimiter", { delimiter: format.delimiter === "\t" ? "Tab" : format.delimiter }),
    format.sheet && t("imports.found.sheet", { sheet: format.sheet }),
    format.header_row !== null &&
      (format.header_row === 0 ? t("imports.found.no_header") : t("imports.found.header", { row: format.header_row })),
    t("imports.found.columns", { count: columns.length }),
  ];
  return parts.filter(Boolean).join(" · ");
}

const FORMATS = ["delimited", "json_lines", "workbook", "parquet"] as const;

function formatOf(kind: string): (typeof FORMATS)[number] {
  return FORMATS.find((known) => known === kind) ?? "delimited";
}

function Warnings({ look }: { look: Look }) {
  const { t } = useTranslation();
  if (look.warnings.length === 0) return null;
  return (
    <Alert
      color="amber"
      icon={<IconAlertTriangle aria-hidden />}
      title={t("imports.warnings", { count: look.warnings.length })}
    >
      <ul className={classes.sentences}>
        {look.warnings.map(({ code, column, message }) => (
          <li key={`${code} ${column} ${message}`}>{message}</li>
        ))}
      </ul>
    </Alert>
  );
}

function SavedSelect({ onUse }: { onUse: (kind: Kind, mapping: Mapping) => void }) {
  const { t } = useTranslation();
  const { data } = useQuery(mappingsQuery);
  if (!data || data.mappings.length === 0) return null;
  return (
    <Select
      label={t("imports.saved.use")}
      placeholder={t("imports.saved.choose")}
      data={data.mappings.map(({ name }) => name)}
      value={null}
      w={260}
      searchable
      onChange={(chosen) => {
        const saved = data.mappings.find(({ name }) => name === chosen);
        if (saved) onUse(kindOf(saved.kind), saved.mapping as Mapping);
      }}
    />
  );
}
