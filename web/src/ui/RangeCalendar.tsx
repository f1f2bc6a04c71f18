import "@mantine/dates/styles.css";
import "dayjs/locale/ru";
import "dayjs/locale/zh-cn";

import { DatePicker } from "@mantine/dates";
import { useMediaQuery } from "@mantine/hooks";
import { useFormat } from "./FormatContext";

type Range = [string | null, string | null];

/** Two clicks on days; days to come cannot be chosen. */
export default function RangeCalendar({ value, onChange }: { value: Range; onChange: (range: Range) => void }) {
  const format = useFormat();
  const narrow = useMediaQuery("(max-width: 48em)");
  return (
    <DatePicker
      type="range"
      allowSingleDateInRange
      numberOfColumns={narrow ? 1 : 2}
      maxDate={format.dayOf(new Date())}
      value={value}
      onChange={onChange}
      locale={format.language === "zh" ? "zh-cn" : format.language}
      firstDayOfWeek={1}
    />
  );
}
