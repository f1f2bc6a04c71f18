import { MultiSelect, NumberInput, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Catalogue } from "../../api/types";
import { EventChooser } from "../../report/EventChooser";
import { DIMENSIONS } from "../../report/eventFilter";
import { SegmentPicker } from "../../report/SegmentPicker";
import { Card } from "../../ui/Page";
import {
  DEFAULT_ENDS,
  DEFAULT_HALF_LIFE,
  DEFAULT_LOOKBACK,
  HALF_LIVES,
  LOOKBACKS,
  type AttributionSearch,
} from "./spec";

/** What is credited, to what, and the choices of the models; every change goes straight to the URL. */
export function Builder({
  search,
  catalogue,
  onSearch,
}: {
  search: AttributionSearch;
  catalogue: Catalogue;
  onSearch: (search: AttributionSearch) => void;
}) {
  const { t } = useTranslation();
  const { conversion, by = ["channel"], order = 1, ends = DEFAULT_ENDS } = search;
  const { conversion: _conversion, ...rest } = search;
  const days = (value: string) => t("attribution.builder.days", { count: Number.parseInt(value, 10) });
  const first = catalogue.events.some(({ event }) => event === "lead_created") ? "lead_created" : "";
  return (
    <Card title={t("attribution.builder.title")}>
      <Stack gap="sm">
        <div>
          <Text size="xs" fw={500} mb={4}>
            {t("attribution.builder.conversion")}
          </Text>
          <SegmentedControl
            size="xs"
            fullWidth
            aria-label={t("attribution.builder.conversion")}
            data={[
              { value: "orders", label: t("attribution.builder.orders") },
              { value: "event", label: t("attribution.builder.event") },
            ]}
            value={conversion ? "event" : "orders"}
            onChange={(value) => onSearch(value === "orders" ? rest : { ...search, conversion: { event: first } })}
          />
        </div>
        {conversion && (
          <EventChooser
            name={t("attribution.builder.which")}
            chosen={conversion}
            catalogue={catalogue}
            onChange={(next) => onSearch({ ...search, conversion: next })}
          />
        )}
        <MultiSelect
          size="xs"
          label={t("attribution.builder.by")}
          maxValues={3}
          data={DIMENSIONS.map((dimension) => ({ value: dimension, label: t(`dimension.${dimension}`) }))}
          value={by}
          onChange={(values) => onSearch({ ...search, by: DIMENSIONS.filter((known) => values.includes(known)) })}
        />
        <Select
          size="xs"
          label={t("attribution.builder.lookback")}
          allowDeselect={false}
          data={LOOKBACKS.map((value) => ({ value, label: days(value) }))}
          value={search.lookback ?? DEFAULT_LOOKBACK}
          onChange={(value) => value && onSearch({ ...search, lookback: value })}
        />
        <Select
          size="xs"
          label={t("attribution.builder.half_life")}
          allowDeselect={false}
          data={HALF_LIVES.map((value) => ({ value, label: days(value) }))}
          value={search.half_life ?? DEFAULT_HALF_LIFE}
          onChange={(value) => value && onSearch({ ...search, half_life: value })}
        />
        <NumberInput
          size="xs"
          label={t("attribution.builder.ends")}
          description={t("attribution.builder.ends_hint", { between: 100 - 2 * ends })}
          min={0}
          max={50}
          suffix=" %"
          value={ends}
          onChange={(value) => typeof value === "number" && onSearch({ ...search, ends: value })}
        />
        <div>
          <Text size="xs" fw={500} mb={4}>
            {t("attribution.builder.order")}
          </Text>
          <SegmentedControl
            size="xs"
            fullWidth
            aria-label={t("attribution.builder.order")}
            data={["1", "2", "3"]}
            value={String(order)}
            onChange={(value) => onSearch({ ...search, order: Number(value) })}
          />
        </div>
        <SegmentPicker value={search.segment} onChange={(segment) => onSearch({ ...search, segment })} />
      </Stack>
    </Card>
  );
}
