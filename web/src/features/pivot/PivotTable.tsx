import { ActionIcon, Button, Group, Switch, Tooltip, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { Fragment, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PivotReport } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Pivot.module.css";
import type { Crowd } from "./queries";
import type { Sort } from "./spec";
import { opened, pathId, shades, sorted, treeOf, valuesAt, type Branch, type Line } from "./tree";
import { dimensionName, figure, measureName, valueName } from "./words";

type Measure = PivotReport["measures"][number];

/** Below it a number is blank paper: shading everything shows nothing. */
const FAINTEST = 0.04;
const STRONGEST_PERCENT = 34;
/** So many lines may be open at first. */
const OPEN_AT_FIRST = 12;

/** The report as a table: outer lines open to the lines they hold, every number of people leads to them. */
export function PivotTable({
  report,
  sort,
  onSort,
  onCrowd,
}: {
  report: PivotReport;
  sort: Sort | undefined;
  onSort: (sort: Sort | undefined) => void;
  onCrowd: (crowd: Crowd) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [heat, setHeat] = useState(true);
  const tree = useMemo(() => sorted(treeOf(report.lines), report, sort), [report, sort]);
  const [open, setOpen] = useState<ReadonlySet<string> | null>(null);
  const outer = report.lines.filter(({ key }) => key.length < report.rows.length).map(({ key }) => pathId(key));
  const isSmall = report.lines.length <= OPEN_AT_FIRST;
  const shownOpen = open ?? new Set(isSmall ? outer : []);
  const lines = opened(tree, shownOpen);
  const shade = useMemo(() => shades(report.lines, report.column_keys.length), [report]);
  const places = [...report.column_keys.map((_, at) => at), undefined];
  const wide = 0 < report.column_keys.length;

  const toggle = (id: string) => {
    const next = new Set(shownOpen);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  const cellsOf = (line: Line) =>
    places.flatMap((column) =>
      report.measures.map((measure, at) => (
        <Cell
          key={`${column ?? "all"} ${measure.measure}`}
          report={report}
          line={line}
          column={column}
          measure={measure}
          value={valuesAt(line, column)[at] ?? null}
          shade={heat && 0 < line.key.length ? shade(line, column, at) : 0}
          first={wide && at === 0}
          onCrowd={onCrowd}
        />
      )),
    );

  return (
    <>
      <Group className={classes.bar} gap="md">
        {1 < report.rows.length && (
          <Group gap={6}>
            <Button size="compact-xs" variant="default" onClick={() => setOpen(new Set(outer))}>
              {t("pivot.table.open_all")}
            </Button>
            <Button size="compact-xs" variant="default" onClick={() => setOpen(new Set())}>
              {t("pivot.table.close_all")}
            </Button>
          </Group>
        )}
        <Switch
          size="xs"
          label={t("pivot.table.heat")}
          checked={heat}
          onChange={(event) => setHeat(event.currentTarget.checked)}
        />
        <span className={classes.dim}>{t("pivot.table.hint")}</span>
      </Group>
      <div className={classes.scroll} tabIndex={0} role="region" aria-label={t("pivot.report")}>
        <table className={classes.table}>
          <thead>
            {wide && (
              <tr>
                <th rowSpan={2} scope="col" className={classes.corner}>
                  {report.rows.map((name) => dimensionName(t, name)).join(" › ")}
                </th>
                {report.column_keys.map((key) => (
                  <th key={pathId(key)} colSpan={report.measures.length} scope="colgroup" className={classes.group}>
                    {key.map((value, at) => valueName(t, format, report.columns[at] ?? "", value)).join(" › ")}
                  </th>
                ))}
                <th colSpan={report.measures.length} scope="colgroup" className={classes.group}>
                  {t("pivot.total")}
                </th>
              </tr>
            )}
            <tr>
              {!wide && (
                <th scope="col" className={classes.corner}>
                  {report.rows.map((name) => dimensionName(t, name)).join(" › ")}
                </th>
              )}
              {places.map((column) => (
                <Fragment key={column ?? "all"}>
                  {report.measures.map((measure, at) => (
                    <SortHead
                      key={measure.measure}
                      measure={measure}
                      sort={sort?.measure === measure.measure && sort.column === column ? sort : undefined}
                      first={wide && at === 0}
                      onSort={(ascending) =>
                        onSort(
                          ascending === undefined
                            ? undefined
                            : {
                                measure: measure.measure,
                                ...(column !== undefined && { column }),
                                ...(ascending && { ascending }),
                              },
                        )
                      }
                    />
                  ))}
                </Fragment>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map((branch) => (
              <tr key={branch.id} data-depth={branch.line.key.length}>
                <LineHead report={report} branch={branch} isOpen={shownOpen.has(branch.id)} onToggle={toggle} />
                {cellsOf(branch.line)}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t("pivot.total")}</th>
              {cellsOf(report.total)}
            </tr>
          </tfoot>
        </table>
      </div>
      {(0 < report.lines_omitted || 0 < report.columns_omitted) && (
        <div className={classes.bar}>
          <span className={classes.dim}>
            {t("pivot.table.omitted", {
              lines: format.integer(report.lines_omitted),
              columns: format.integer(report.columns_omitted),
            })}
          </span>
        </div>
      )}
    </>
  );
}

/** The name of a line, with the way to the lines it holds. */
function LineHead({
  report,
  branch,
  isOpen,
  onToggle,
}: {
  report: PivotReport;
  branch: Branch;
  isOpen: boolean;
  onToggle: (id: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const depth = branch.line.key.length;
  const name = valueName(t, format, report.rows[depth - 1] ?? "", branch.line.key.at(-1) ?? null);
  return (
    <th scope="row">
      <span className={classes.name} style={{ paddingLeft: (depth - 1) * 20 }}>
        {0 < branch.inner.length ? (
          <ActionIcon
            size={20}
            variant="subtle"
            color="gray"
            c="dimmed"
            aria-expanded={isOpen}
            aria-label={t(isOpen ? "pivot.table.close" : "pivot.table.open", { name })}
            onClick={() => onToggle(branch.id)}
          >
            {isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          </ActionIcon>
        ) : (
          1 < report.rows.length && <span className={classes.leaf} />
        )}
        <span className={classes.text} title={name}>
          {name}
        </span>
      </span>
    </th>
  );
}

function SortHead({
  measure,
  sort,
  first,
  onSort,
}: {
  measure: Measure;
  sort: Sort | undefined;
  first: boolean;
  /** Greatest first, least first, then as the report has it. */
  onSort: (ascending: boolean | undefined) => void;
}) {
  const { t } = useTranslation();
  const name = measureName(t, measure.measure, measure.title);
  const hint = formulaOf(t, measure.measure);
  const Arrow = sort?.ascending ? IconArrowUp : IconArrowDown;
  const button = (
    <UnstyledButton
      className={classes.sort}
      data-active={sort !== undefined}
      onClick={() => onSort(sort === undefined ? false : sort.ascending ? undefined : true)}
    >
      {name}
      {sort && <Arrow size={12} aria-hidden />}
    </UnstyledButton>
  );
  return (
    <th
      scope="col"
      className={`num ${first ? classes.first : ""}`}
      aria-sort={sort ? (sort.ascending ? "ascending" : "descending") : undefined}
    >
      {hint ? (
        <Tooltip label={hint} multiline maw={260}>
          {button}
        </Tooltip>
      ) : (
        button
      )}
    </th>
  );
}

const EXPLAINED = ["ctr", "cpc", "cpm", "cpl", "cac", "cost_per_sale", "drr", "romi", "micro_conversions"] as const;

function formulaOf(t: TFunction, measure: string): string | null {
  const explained = EXPLAINED.find((each) => each === measure);
  return explained ? t(`pivot.formula.${explained}`) : null;
}

function Cell({
  report,
  line,
  column,
  measure,
  value,
  shade,
  first,
  onCrowd,
}: {
  report: PivotReport;
  line: Line;
  column: number | undefined;
  measure: Measure;
  value: number | null;
  shade: number;
  first: boolean;
  onCrowd: (crowd: Crowd) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const percent = shade < FAINTEST ? 0 : Math.round(shade * STRONGEST_PERCENT);
  const style = percent
    ? { background: `color-mix(in srgb, var(--fc-accent) ${percent}%, var(--fc-cell))` }
    : undefined;
  const className = `num nowrap ${first ? classes.first : ""} ${value === 0 || value === null ? classes.nothing : ""}`;
  if (value === null) {
    return (
      <td className={className} style={style}>
        {t("ui.none")}
      </td>
    );
  }
  const isLoss = measure.measure === "romi" && value < 0;
  const text = figure(format, measure, value, report.currency);
  if (!measure.has_people || value === 0) {
    return (
      <td className={className} style={style} data-loss={isLoss}>
        {text}
      </td>
    );
  }
  const place = {
    ...Object.fromEntries(line.key.map((part, at) => [report.rows[at] ?? "", part])),
    ...(column !== undefined &&
      Object.fromEntries((report.column_keys[column] ?? []).map((part, at) => [report.columns[at] ?? "", part]))),
  };
  return (
    <td className={className} style={style} data-loss={isLoss}>
      <UnstyledButton className={classes.figure} onClick={() => onCrowd({ measure: measure.measure, place })}>
        {text}
      </UnstyledButton>
    </td>
  );
}
