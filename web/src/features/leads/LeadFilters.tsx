import { Autocomplete, Badge, Checkbox, Group, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { LEAD_STAGES, type LeadCounts, type Queue } from "../../api/leads";
import { dealersQuery } from "../../lead/queries";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Leads.module.css";
import type { LeadsSearch } from "./search";
import { useLater } from "./useLater";

const TYPED_MS = 300;

/** What narrows the list down, and how much of it is urgent. */
export function LeadFilters({
  search,
  queue,
  counts,
  isDesk,
  onChange,
}: {
  search: LeadsSearch;
  queue: Queue;
  counts: LeadCounts | undefined;
  isDesk: boolean;
  onChange: (search: LeadsSearch) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const dealers = useQuery({ ...dealersQuery, enabled: isDesk }).data?.dealers ?? [];
  const [q, setQ] = useState(search.q ?? "");
  const [band, setBand] = useState(search.band ?? "");
  const later = useLater(TYPED_MS);
  return (
    <Group gap="xs" className={classes.tools}>
      <TextInput
        data-search
        type="search"
        className={classes.search}
        leftSection={<IconSearch size={16} aria-hidden />}
        aria-label={t("leads.search")}
        placeholder={t("leads.search")}
        value={q}
        onChange={(event) => {
          const typed = event.currentTarget.value;
          setQ(typed);
          later(() => onChange({ ...search, q: typed.trim() || undefined }));
        }}
      />
      {isDesk && (queue === "dealer" || queue === "closed") && (
        <Select
          clearable
          searchable
          w={210}
          aria-label={t("leads.column.dealer")}
          placeholder={t("leads.all_dealers")}
          data={dealers.map(({ dealer_id, name }) => ({ value: dealer_id, label: name }))}
          value={search.dealer ?? null}
          onChange={(dealer) => onChange({ ...search, dealer: dealer ?? undefined })}
        />
      )}
      <Autocomplete
        w={130}
        aria-label={t("leads.band")}
        placeholder={t("leads.all_bands")}
        value={band}
        onChange={(typed) => {
          setBand(typed);
          later(() => onChange({ ...search, band: typed.trim() || undefined }));
        }}
      />
      <Select
        clearable
        w={170}
        aria-label={t("leads.column.stage")}
        placeholder={t("leads.all_stages")}
        data={LEAD_STAGES.map((value) => ({ value, label: label("stage", value) }))}
        value={search.stage ?? null}
        onChange={(stage) => onChange({ ...search, stage: stage ?? undefined })}
      />
      <Checkbox
        label={t("leads.mine")}
        checked={search.mine === true}
        onChange={(event) => onChange({ ...search, mine: event.currentTarget.checked || undefined })}
      />
      {counts && 0 < counts.overdue + counts.prompts && (
        <Group gap={6} ml="auto">
          {0 < counts.overdue && (
            <Badge variant="light" color="red">
              {t("leads.overdue", { count: counts.overdue, leads: format.integer(counts.overdue) })}
            </Badge>
          )}
          {0 < counts.prompts && (
            <Badge variant="light" color="amber">
              {t("leads.prompts", { count: counts.prompts, leads: format.integer(counts.prompts) })}
            </Badge>
          )}
        </Group>
      )}
    </Group>
  );
}
