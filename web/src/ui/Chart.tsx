import { Skeleton } from "@mantine/core";
import type { BarSeriesOption, CustomSeriesOption, LineSeriesOption, SankeySeriesOption } from "echarts/charts";
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from "echarts/components";
import type { ComposeOption, EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "react";

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | CustomSeriesOption
  | LineSeriesOption
  | SankeySeriesOption
  | GridComponentOption
  | LegendComponentOption
  | TooltipComponentOption
>;

/** Which mark was clicked: indexes into the option's series and its data; of a Sankey, into its nodes or its links. */
export type Pick = { seriesIndex: number; dataIndex: number; dataType?: string };

/**
 * A chart on a canvas. What it shows must also stand in a table or in text nearby: `label` only names it.
 */
export function Chart({
  option,
  height,
  label,
  onPick,
}: {
  option: ChartOption;
  height: number;
  label: string;
  onPick?: (pick: Pick) => void;
}) {
  const element = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);

  useEffect(() => {
    let drawn: EChartsType | null = null;
    let gone = false;
    const observer = new ResizeObserver(() => drawn?.resize());
    void import("./charts").then(({ init }) => {
      if (gone || !element.current) return;
      drawn = init(element.current);
      observer.observe(element.current);
      setChart(drawn);
    });
    return () => {
      gone = true;
      observer.disconnect();
      drawn?.dispose();
    };
  }, []);

  useEffect(() => {
    chart?.setOption(option, { notMerge: true });
  }, [chart, option]);

  useEffect(() => {
    if (!chart || !onPick) return;
    const pick = ({ seriesIndex, dataIndex, dataType }: Partial<Pick>) => {
      if (seriesIndex !== undefined && dataIndex !== undefined) onPick({ seriesIndex, dataIndex, dataType });
    };
    chart.on("click", pick);
    return () => void (chart.isDisposed() || chart.off("click", pick));
  }, [chart, onPick]);

  return (
    <div style={{ position: "relative", height }}>
      {!chart && <Skeleton height={height} radius="md" />}
      <div ref={element} role="img" aria-label={label} style={{ position: "absolute", inset: 0 }} />
    </div>
  );
}
