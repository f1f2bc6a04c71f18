import { ActionIcon, Autocomplete, Group, Select, Text, Tooltip } from "@mantine/core";
import { IconFilter, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { label } from "../api/labels";
import type { Catalogue } from "../api/types";
import { useFormat } from "../ui/FormatContext";
import { DIMENSIONS, readDimension, type Chosen } from "./eventFilter";

/** Chooses an event, and of which channel, region, dealer… if that matters. */
export function EventChooser({
  name,
  description,
  chosen,
  catalogue,
  onChange,
}: {
  name: string;
  description?: string;
  chosen: Chosen;
  catalogue: Catalogue;
  onChange: (chosen: Chosen) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const counts = new Map(catalogue.events.map(({ event, count }) => [event, count]));
  const names = chosen.event && !counts.has(chosen.event) ? [chosen.event, ...counts.keys()] : [...counts.keys()];
  return (
    <div>
      <Group gap={4} wrap="nowrap" align="flex-end">
        <Select
          size="xs"
          searchable
          style={{ flex: 1 }}
          label={name}
          description={description}
          placeholder={t("report.choose")}
          nothingFoundMessage={t("report.no_event")}
          allowDeselect={false}
          maxDropdownHeight={320}
          data={names.map((event) => ({ value: event, label: label("event", event) }))}
          value={chosen.event || null}
          onChange={(event) => event && onChange({ ...chosen, event })}
          renderOption={({ option }) => (
            <Group justify="space-between" wrap="nowrap" gap="xs" w="100%">
              <span>{option.label}</span>
              <Text size="xs" c="dimmed" className="num">
                {format.compact(counts.get(option.value) ?? 0)}
              </Text>
            </Group>
          )}
        />
        {!chosen.dimension && (
          <Tool
            icon={IconFilter}
            name={t("report.narrow", { name })}
            onClick={() => onChange({ ...chosen, dimension: "channel" })}
          />
        )}
      </Group>
      {chosen.dimension && (
        <Group gap={4} mt={6} wrap="nowrap">
          <Select
            size="xs"
            w={112}
            aria-label={t("report.dimension", { name })}
            allowDeselect={false}
            data={DIMENSIONS.map((dimension) => ({ value: dimension, label: t(`dimension.${dimension}`) }))}
            value={chosen.dimension}
            onChange={(dimension) => onChange({ event: chosen.event, dimension: readDimension(dimension) })}
            comboboxProps={{ width: 160, position: "bottom-start" }}
          />
          <Autocomplete
            size="xs"
            style={{ flex: 1 }}
            limit={60}
            aria-label={t("report.value", { name })}
            placeholder={t("report.any")}
            data={catalogue.dimensions[chosen.dimension] ?? []}
            value={chosen.value ?? ""}
            onChange={(value) => onChange({ ...chosen, value: value || undefined })}
          />
          <Tool icon={IconX} name={t("report.widen", { name })} onClick={() => onChange({ event: chosen.event })} />
        </Group>
      )}
    </div>
  );
}

function Tool({ icon: Picture, name, onClick }: { icon: typeof IconX; name: string; onClick: () => void }) {
  return (
    <Tooltip label={name}>
      <ActionIcon size={30} variant="subtle" color="gray" c="dimmed" aria-label={name} onClick={onClick}>
        <Picture size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
