import { ActionIcon, Button, MultiSelect, Select, TextInput, Tooltip } from "@mantine/core";
import { IconArrowsExchange, IconFilterPlus, IconX } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Catalogue, Conversion } from "../../api/types";
import { SegmentPicker } from "../../report/SegmentPicker";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Pivot.module.css";
import {
  COLUMNS_MAX,
  CONVERSION_MEASURES,
  DEFAULT_MEASURES,
  DEFAULT_ROWS,
  DIMENSIONS,
  MEASURE_GROUPS,
  MEASURES_MAX,
  ROWS_MAX,
  TEXT_DIMENSIONS,
  TIME_DIMENSIONS,
  type Dimension,
  type Filter,
  type PivotSearch,
} from "./spec";
import { dimensionName, measureName, valueName } from "./words";

const FILTERS_MAX = 6;

/** What stands on rows and in columns, what is measured, and what is left out; every change goes to the URL. */
export function Builder({
  search,
  catalogue,
  conversions,
  onSearch,
}: {
  search: PivotSearch;
  catalogue: Catalogue | undefined;
  conversions: Conversion[];
  onSearch: (search: PivotSearch) => void;
}) {
  const { t } = useTranslation();
  const rows = search.rows ?? DEFAULT_ROWS;
  const columns = search.columns ?? [];
  const measures = search.measures ?? DEFAULT_MEASURES;
  const place = (nextRows: Dimension[], nextColumns: Dimension[]) => {
    // A line sorted by a column that is gone is sorted by nothing.
    const { sort: _sort, ...rest } = search;
    onSearch({ ...rest, rows: nextRows, columns: nextColumns });
  };
  return (
    <section className={classes.builder} aria-label={t("pivot.builder.label")}>
      <div className={classes.axes}>
        <MultiSelect
          size="xs"
          label={t("pivot.builder.rows")}
          placeholder={rows.length === 0 ? t("pivot.builder.nothing") : undefined}
          data={dimensionData(t)}
          maxValues={ROWS_MAX}
          hidePickedOptions
          value={rows}
          onChange={(next) =>
            place(
              known(next),
              columns.filter((name) => !next.includes(name)),
            )
          }
        />
        <Tooltip label={t("pivot.builder.swap")}>
          <ActionIcon
            variant="default"
            size={30}
            className={classes.swap}
            aria-label={t("pivot.builder.swap")}
            disabled={COLUMNS_MAX < rows.length}
            onClick={() => place(columns, rows)}
          >
            <IconArrowsExchange size={16} />
          </ActionIcon>
        </Tooltip>
        <MultiSelect
          size="xs"
          label={t("pivot.builder.columns")}
          placeholder={columns.length === 0 ? t("pivot.builder.nothing") : undefined}
          data={dimensionData(t)}
          maxValues={COLUMNS_MAX}
          hidePickedOptions
          value={columns}
          onChange={(next) =>
            place(
              rows.filter((name) => !next.includes(name)),
              known(next),
            )
          }
        />
      </div>
      <MultiSelect
        size="xs"
        searchable
        label={t("pivot.builder.measures")}
        data={measureData(t, conversions, measures)}
        maxValues={MEASURES_MAX}
        maxDropdownHeight={340}
        hidePickedOptions
        value={measures}
        onChange={(next) => 0 < next.length && onSearch({ ...search, measures: next })}
      />
      <Filters search={search} catalogue={catalogue} onSearch={onSearch} />
    </section>
  );
}

function known(names: string[]): Dimension[] {
  return names.flatMap((name) => DIMENSIONS.find((dimension) => dimension === name) ?? []);
}

function dimensionData(t: TFunction) {
  const items = (names: readonly Dimension[]) => names.map((name) => ({ value: name, label: dimensionName(t, name) }));
  return [
    { group: t("pivot.builder.who_and_how"), items: items(TEXT_DIMENSIONS) },
    { group: t("pivot.builder.when"), items: items(TIME_DIMENSIONS) },
  ];
}

function measureData(t: TFunction, conversions: Conversion[], picked: string[]) {
  const item = (measure: string, title: string | null = null) => ({
    value: measure,
    label: measureName(t, measure, title),
  });
  const groups = [
    { group: t("pivot.group.spend"), names: MEASURE_GROUPS.spend },
    { group: t("pivot.group.result"), names: MEASURE_GROUPS.result },
    { group: t("pivot.group.efficiency"), names: MEASURE_GROUPS.efficiency },
  ].map(({ group, names }) => ({ group, items: names.map((name: string) => item(name)) }));
  const ofConversions = conversions.flatMap(({ id, name }) =>
    CONVERSION_MEASURES.map((kind) => item(`${kind}:${id}`, name)),
  );
  const offered = new Set([...groups.flatMap(({ items }) => items), ...ofConversions].map(({ value }) => value));
  // A link may name a conversion that was removed since: it is shown, so that it can be taken away.
  const gone = picked.filter((measure) => !offered.has(measure)).map((measure) => item(measure));
  return [...groups, { group: t("pivot.group.conversions"), items: [...ofConversions, ...gone] }].filter(
    ({ items }) => 0 < items.length,
  );
}

function Filters({
  search,
  catalogue,
  onSearch,
}: {
  search: PivotSearch;
  catalogue: Catalogue | undefined;
  onSearch: (search: PivotSearch) => void;
}) {
  const { t } = useTranslation();
  const filters = search.filters ?? [];
  const set = (next: Filter[]) => {
    const { filters: _filters, ...rest } = search;
    onSearch({ ...rest, ...(0 < next.length && { filters: next }) });
  };
  const free = TEXT_DIMENSIONS.find((name) => filters.every(({ dimension }) => dimension !== name));
  return (
    <div className={classes.filters}>
      {filters.map((filter, at) => (
        <FilterEditor
          key={at}
          filter={filter}
          catalogue={catalogue}
          onChange={(next) => set(filters.with(at, next))}
          onRemove={() => set(filters.toSpliced(at, 1))}
        />
      ))}
      {free && filters.length < FILTERS_MAX && (
        <Button
          size="xs"
          variant="subtle"
          leftSection={<IconFilterPlus size={14} aria-hidden />}
          onClick={() => set([...filters, { dimension: free, values: [] }])}
        >
          {t("pivot.builder.add_filter")}
        </Button>
      )}
      <SegmentPicker
        shape="inline"
        value={search.segment}
        onChange={(segment) => {
          const { segment: _segment, ...rest } = search;
          onSearch({ ...rest, ...(segment && { segment }) });
        }}
      />
      <CurrencyField search={search} onSearch={onSearch} />
    </div>
  );
}

/** The value that stands for "no value" in a list of texts. */
const NO_VALUE = "\u0000";

function FilterEditor({
  filter,
  catalogue,
  onChange,
  onRemove,
}: {
  filter: Filter;
  catalogue: Catalogue | undefined;
  onChange: (filter: Filter) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const name = dimensionName(t, filter.dimension);
  const seen = catalogue?.dimensions[filter.dimension] ?? [];
  const events = filter.dimension === "event" ? (catalogue?.events.map(({ event }) => event) ?? []) : [];
  const texts = [...new Set([...seen, ...events, ...filter.values.filter((value) => value !== null)])];
  const options = [
    ...texts.map((value) => ({ value, label: valueName(t, format, filter.dimension, value) })),
    { value: NO_VALUE, label: t("pivot.no_value") },
  ];
  return (
    <div className={classes.filter}>
      <Select
        size="xs"
        w={124}
        aria-label={t("pivot.builder.filter_dimension")}
        allowDeselect={false}
        data={TEXT_DIMENSIONS.map((each) => ({ value: each, label: dimensionName(t, each) }))}
        value={filter.dimension}
        onChange={(next) => onChange({ dimension: known([next ?? ""])[0] ?? filter.dimension, values: [] })}
      />
      <Select
        size="xs"
        w={92}
        aria-label={t("pivot.builder.filter_way", { dimension: name })}
        allowDeselect={false}
        data={[
          { value: "keep", label: t("pivot.builder.is") },
          { value: "drop", label: t("pivot.builder.is_not") },
        ]}
        value={filter.exclude ? "drop" : "keep"}
        onChange={(way) =>
          onChange({ dimension: filter.dimension, values: filter.values, ...(way === "drop" && { exclude: true }) })
        }
      />
      <MultiSelect
        size="xs"
        searchable
        className={classes.values}
        aria-label={t("pivot.builder.filter_values", { dimension: name })}
        placeholder={filter.values.length === 0 ? t("pivot.builder.any") : undefined}
        limit={80}
        data={options}
        value={filter.values.map((value) => value ?? NO_VALUE)}
        onChange={(values) =>
          onChange({ ...filter, values: values.map((value) => (value === NO_VALUE ? null : value)) })
        }
      />
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        c="dimmed"
        aria-label={t("pivot.builder.remove_filter", { dimension: name })}
        onClick={onRemove}
      >
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}

/** The currency of all amounts: the installation's unless another is written. */
function CurrencyField({ search, onSearch }: { search: PivotSearch; onSearch: (search: PivotSearch) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <TextInput
      size="xs"
      w={120}
      ml="auto"
      aria-label={t("pivot.builder.currency")}
      leftSection={<span className={classes.unit}>{t("pivot.builder.in")}</span>}
      placeholder={format.currency}
      maxLength={3}
      defaultValue={search.currency ?? ""}
      onChange={(event) => {
        const { currency: _currency, ...rest } = search;
        const text = event.currentTarget.value.trim().toUpperCase();
        if (text === "" || text === format.currency) onSearch(rest);
        else if (/^[A-Z]{3}$/.test(text)) onSearch({ ...rest, currency: text });
      }}
    />
  );
}
