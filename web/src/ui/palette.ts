import { useComputedColorScheme } from "@mantine/core";

/** Canvas text does not inherit the page's font. */
const FONT =
  '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif';

/** Colours and font for what CSS cannot reach: canvas charts. */
export type Palette = {
  font: string;
  ink: string;
  dim: string;
  line: string;
  surface: string;
  accent: string;
  accentFade: string;
  ghost: string;
  bad: string;
  series: string[];
};

const light: Palette = {
  font: FONT,
  ink: "#1a2426",
  dim: "#586466",
  line: "#e5e3da",
  surface: "#ffffff",
  accent: "#0b7771",
  accentFade: "rgba(11, 119, 113, 0)",
  ghost: "#e2e6e2",
  bad: "#cf4a3c",
  series: ["#0b7771", "#e08e1f", "#3f6fb5", "#a3477f", "#6b8e23", "#7a5cc0", "#c2573b", "#4d7f8c"],
};

const dark: Palette = {
  font: FONT,
  ink: "#e8eceb",
  dim: "#a3b1b2",
  line: "#263135",
  surface: "#151c1f",
  accent: "#5fc9bf",
  accentFade: "rgba(95, 201, 191, 0)",
  ghost: "#26343a",
  bad: "#ff8f87",
  series: ["#5fc9bf", "#f2a541", "#7ba7ea", "#de8bbb", "#a7c957", "#ac95ea", "#f08a6c", "#86b8c4"],
};

export function usePalette(): Palette {
  return useComputedColorScheme("light") === "dark" ? dark : light;
}
