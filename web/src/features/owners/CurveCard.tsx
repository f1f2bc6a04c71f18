import { Button, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Chart, type ChartOption } from "../../ui/Chart";
import { tooltipContent, tooltipStyle } from "../../ui/chartTooltip";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { usePalette } from "../../ui/palette";
import type { OwnerCurve } from "./api";
import { useLearnCurve } from "./queries";

/** How long owners keep their vehicles, learned from those of this installation. */
export function CurveCard({ curve, endsMin }: { curve: OwnerCurve | undefined; endsMin: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const learn = useLearnCurve();
  const isLearned = curve !== undefined && endsMin <= curve.replaced;
  return (
    <Card
      title={t("owners.curve.title")}
      hint={t("owners.curve.hint")}
      actions={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconRefresh size={15} aria-hidden />}
          loading={learn.isPending}
          onClick={() => learn.mutate(undefined)}
        >
          {t("owners.curve.learn")}
        </Button>
      }
    >
      <Text size="sm" c="dimmed" className="num">
        {curve
          ? t(isLearned ? "owners.curve.of" : "owners.curve.sparse", {
              owners: format.integer(curve.owners),
              replaced: format.integer(curve.replaced),
              wanted: format.integer(endsMin),
              at: format.dateTime(new Date(curve.learned_us / 1_000).toISOString()),
            })
          : t("owners.curve.none")}
      </Text>
      {curve && isLearned && <KeptChart kept={curve.kept} />}
    </Card>
  );
}

function KeptChart({ kept }: { kept: number[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const text = { color: palette.dim, fontFamily: palette.font, fontSize: 11.5 };
  const option: ChartOption = {
    grid: { left: 6, right: 14, top: 28, bottom: 24, containLabel: true },
    tooltip: {
      trigger: "axis",
      ...tooltipStyle(palette),
      formatter: (marks) => {
        const month = (Array.isArray(marks) ? marks[0] : marks)?.dataIndex ?? 0;
        return tooltipContent(t("owners.curve.after", { count: month }), [
          { name: t("owners.curve.kept"), value: format.share(kept[month] ?? 0) },
        ]);
      },
    },
    xAxis: {
      type: "category",
      data: kept.map((_, month) => String(month)),
      name: t("owners.curve.months"),
      nameLocation: "middle",
      nameGap: 26,
      nameTextStyle: text,
      axisLabel: text,
      axisLine: { lineStyle: { color: palette.line } },
      boundaryGap: false,
    },
    yAxis: {
      type: "value",
      min: 0,
      max: 1,
      name: t("owners.curve.kept"),
      nameTextStyle: { ...text, align: "left" },
      axisLabel: { ...text, formatter: (part: number) => format.percent(part) },
      splitLine: { lineStyle: { color: palette.line } },
    },
    series: [
      {
        type: "line",
        step: "end",
        data: kept,
        symbol: "none",
        lineStyle: { color: palette.accent, width: 2 },
        itemStyle: { color: palette.accent },
        areaStyle: { color: palette.accent, opacity: 0.08 },
      },
    ],
  };
  const told = kept.flatMap((part, month) =>
    month % 12 === 0 ? [`${t("owners.curve.after", { count: month })}: ${format.share(part)}`] : [],
  );
  return <Chart option={option} height={240} label={`${t("owners.curve.title")}. ${told.join(", ")}`} />;
}
