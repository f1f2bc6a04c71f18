import { Select, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { useMe } from "../../api/session";
import type { LookColumn } from "../../api/types";
import classes from "./Imports.module.css";
import { isTime, type Pick, type Target } from "./mapping";

const STAGES = [
  "captured",
  "qualified",
  "dispatched",
  "accepted",
  "contacted",
  "appointment",
  "test_drive",
  "offer",
  "contract",
  "delivered",
  "lost",
  "silent",
];
const STATUSES = ["open", "confirmed", "cancelled"];
const FORMATS = [
  "%d.%m.%Y %H:%M",
  "%d.%m.%Y",
  "%d/%m/%Y %H:%M",
  "%d/%m/%Y",
  "%m/%d/%Y %H:%M",
  "%m/%d/%Y",
  "%Y-%m-%d %H:%M:%S",
];
const UNITS = ["s", "ms", "us", "days"] as const;

type Props = { column: LookColumn; target: Target; pick: Pick; onChange: (pick: Pick) => void };

/** What else there is to say of a column: how its times are written, what its words mean. */
export function ColumnOptions({ column, target, pick, onChange }: Props) {
  if (isTime(target)) return <TimeOptions column={column} target={target} pick={pick} onChange={onChange} />;
  if (target.to === "field" && target.name === "stage") {
    return <Words column={column} target={target} pick={pick} onChange={onChange} words={STAGES} vocabulary="stage" />;
  }
  if (target.to === "field" && target.name === "status") {
    return (
      <Words
        column={column}
        target={target}
        pick={pick}
        onChange={onChange}
        words={STATUSES}
        vocabulary="order_status"
      />
    );
  }
  return null;
}

function TimeOptions({ column, target, pick, onChange }: Props) {
  const { t } = useTranslation();
  const { installation } = useMe();
  const isDay = target.to === "field" && target.name === "day";
  const zones = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
  if (!zones.includes(installation.time_zone)) zones.push(installation.time_zone);
  if (column.guess === "number") {
    return (
      <div className={classes.options}>
        <Select
          size="xs"
          label={t("imports.time.unit")}
          data={UNITS.map((unit) => ({ value: unit, label: t(`imports.time.units.${unit}`) }))}
          value={pick.unit ?? null}
          onChange={(unit) => onChange({ ...pick, unit: unit ?? undefined })}
        />
      </div>
    );
  }
  return (
    <div className={classes.options}>
      {!isDay && (
        <Select
          size="xs"
          label={t("imports.time.zone")}
          data={zones}
          value={pick.zone ?? "UTC"}
          searchable
          allowDeselect={false}
          onChange={(zone) => onChange({ ...pick, zone: zone && zone !== "UTC" ? zone : undefined })}
        />
      )}
      <Select
        size="xs"
        label={t("imports.time.format")}
        data={[
          { value: "", label: t("imports.time.any") },
          ...formats(pick.format).map((format) => ({ value: format, label: format })),
        ]}
        value={pick.format ?? ""}
        allowDeselect={false}
        onChange={(format) => onChange({ ...pick, format: format || undefined })}
      />
      <TextInput
        size="xs"
        label={t("imports.time.own")}
        value={pick.format ?? ""}
        placeholder="%d.%m.%y %H:%M"
        onChange={(event) => onChange({ ...pick, format: event.currentTarget.value || undefined })}
      />
    </div>
  );
}

function formats(own: string | undefined): string[] {
  return own && !FORMATS.includes(own) ? [own, ...FORMATS] : FORMATS;
}

function Words({
  column,
  pick,
  onChange,
  words,
  vocabulary,
}: Props & { words: string[]; vocabulary: "stage" | "order_status" }) {
  const { t } = useTranslation();
  const met = [...new Set([...column.samples, ...Object.keys(pick.map ?? {})])].slice(0, 12);
  const data = words.map((word) => ({ value: word, label: label(vocabulary, word) }));
  return (
    <div className={classes.options}>
      <Text size="xs" c="dimmed" w="100%">
        {t("imports.words")}
      </Text>
      {met.map((word) => (
        <Select
          key={word}
          size="xs"
          label={word}
          data={data}
          placeholder={t("imports.words_as_is")}
          clearable
          value={pick.map?.[word] ?? (words.includes(word) ? word : null)}
          onChange={(to) => {
            const { [word]: _gone, ...others } = pick.map ?? {};
            onChange({ ...pick, map: to && to !== word ? { ...others, [word]: to } : others });
          }}
        />
      ))}
    </div>
  );
}
