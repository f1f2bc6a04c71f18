import { useId } from "react";

const WIDTH = 100;

/** A trend without axes, stretched to its container; decoration beside a figure that is written out. */
export function Sparkline({ values, height = 34 }: { values: number[]; height?: number }) {
  const gradient = useId();
  if (values.length < 2) return <div style={{ height }} />;
  const line = linePath(values, height);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      width="100%"
      height={height}
      aria-hidden
      style={{ display: "block" }}
    >
      <defs>
        <linearGradient id={gradient} x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stopColor="var(--fc-accent)" stopOpacity="0.22" />
          <stop offset="1" stopColor="var(--fc-accent)" stopOpacity="0" />
        </linearGradient>
      </defs>
      <path d={`${line} L${WIDTH} ${height} L0 ${height} Z`} fill={`url(#${gradient})`} />
      <path d={line} fill="none" stroke="var(--fc-accent)" strokeWidth="1.6" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

/** Little bars, one a value, with an optional second part on top in the colour of trouble. */
export function MiniBars({
  values,
  bad,
  height = 40,
  label,
}: {
  values: number[];
  bad?: number[];
  height?: number;
  label: string;
}) {
  const step = WIDTH / Math.max(1, values.length);
  const total = values.map((value, at) => value + (bad?.[at] ?? 0));
  const scale = height / Math.max(1, ...total);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      width="100%"
      height={height}
      role="img"
      aria-label={label}
    >
      <rect x="0" y={height - 0.5} width={WIDTH} height="0.5" fill="var(--fc-line)" />
      {values.map((value, at) => {
        const good = value * scale;
        const trouble = (bad?.[at] ?? 0) * scale;
        return (
          <g key={at}>
            <rect x={at * step} y={height - good} width={step * 0.72} height={good} fill="var(--fc-accent)" />
            <rect x={at * step} y={height - good - trouble} width={step * 0.72} height={trouble} fill="var(--fc-bad)" />
          </g>
        );
      })}
    </svg>
  );
}

/** An SVG path through the values, the least at the bottom; a level series runs along the middle. */
export function linePath(values: number[], height: number): string {
  const top = Math.max(...values);
  const bottom = Math.min(...values);
  const pad = 2;
  const y = (value: number) =>
    top === bottom ? height / 2 : pad + ((top - value) / (top - bottom)) * (height - 2 * pad);
  return values
    .map((value, at) => {
      const x = (at / (values.length - 1)) * WIDTH;
      return `${at === 0 ? "M" : "L"}${x.toFixed(2)} ${y(value).toFixed(2)}`;
    })
    .join(" ");
}
