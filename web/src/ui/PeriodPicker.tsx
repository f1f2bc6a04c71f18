import { Button, Group, Popover, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { IconCalendar } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "./FormatContext";
import { PRESET_DAYS, type Period } from "./period";

// The calendar weighs more than the pages that have it: it is loaded when it is opened.
const RangeCalendar = lazy(() => import("./RangeCalendar"));

export function PeriodPicker({ value, onChange }: { value: Period; onChange: (period: Period) => void }) {
  const { t } = useTranslation();
  const presets = PRESET_DAYS.map((days) => ({ value: String(days), label: t("ui.period.days", { count: days }) }));
  return (
    <Group gap="xs">
      <SegmentedControl
        size="xs"
        aria-label={t("ui.period.label")}
        data={presets}
        value={value.kind === "last" ? String(value.days) : ""}
        onChange={(days) => onChange({ kind: "last", days: Number(days) })}
      />
      <RangePicker value={value} onChange={onChange} />
    </Group>
  );
}

function RangePicker({ value, onChange }: { value: Period; onChange: (period: Period) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [opened, setOpened] = useState(false);
  const [picked, setPicked] = useState<[string | null, string | null]>([null, null]);

  const pick = (range: [string | null, string | null]) => {
    setPicked(range);
    const [from, to] = range;
    if (!from || !to) return;
    onChange({ kind: "range", from, to });
    setOpened(false);
  };
  const open = () => {
    setPicked(value.kind === "range" ? [value.from, value.to] : [null, null]);
    setOpened(true);
  };
  const label = value.kind === "range" ? `${format.day(value.from)} – ${format.day(value.to)}` : t("ui.period.custom");

  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus withArrow>
      <Popover.Target>
        <Button
          size="xs"
          px={10}
          variant={value.kind === "range" ? "light" : "default"}
          aria-label={label}
          onClick={open}
        >
          <IconCalendar size={15} aria-hidden />
          <Text inherit span ml={7} visibleFrom={value.kind === "range" ? undefined : "sm"}>
            {label}
          </Text>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Suspense fallback={<Skeleton width={280} height={260} />}>
          <RangeCalendar value={picked} onChange={pick} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
