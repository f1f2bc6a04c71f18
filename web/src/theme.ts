import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const petrol: MantineColorsTuple = [
  "#e7f6f4",
  "#cdeae6",
  "#9fd6d0",
  "#6cc1b9",
  "#45aea6",
  "#2b9f97",
  "#198c85",
  "#0b7771",
  "#08665f",
  "#06524d",
];

const amber: MantineColorsTuple = [
  "#fff5e2",
  "#fde8c6",
  "#f9d08f",
  "#f5b756",
  "#f2a541",
  "#e08e1f",
  "#c07512",
  "#9a5c0b",
  "#7d4a08",
  "#5f3706",
];

// The greys of the dark theme lean to petrol, so that cards and charts belong together.
const dark: MantineColorsTuple = [
  "#e8eceb",
  "#c7d0cf",
  "#a3b1b2",
  "#84939a",
  "#2f3b3f",
  "#263135",
  "#1c2528",
  "#151c1f",
  "#0f1517",
  "#0a0f10",
];

export const theme = createTheme({
  primaryColor: "petrol",
  primaryShade: 8,
  autoContrast: true,
  colors: { petrol, amber, dark },
  fontFamily:
    '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  headings: {
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "1.5rem", lineHeight: "1.25" },
      h2: { fontSize: "1.0625rem", lineHeight: "1.35" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
  components: {
    Badge: { styles: { root: { minWidth: "max-content" } }, defaultProps: { tt: "none", fw: 600, fz: 11.5 } },
    Accordion: { styles: { label: { fontSize: 14, fontWeight: 600 } } },
    SegmentedControl: { defaultProps: { bg: "var(--fc-track)" } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250 } },
    Drawer: {
      styles: { title: { fontWeight: 650 } },
      defaultProps: { overlayProps: { backgroundOpacity: 0.35, blur: 1 } },
    },
    Modal: {
      styles: { title: { fontWeight: 650 } },
      defaultProps: { overlayProps: { backgroundOpacity: 0.35, blur: 1 } },
    },
  },
});

/** Ground and text of badges, alerts and quiet buttons: each pair at least 4.5 : 1. */
function lightVariants(pairs: Record<string, [ground: string, text: string]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pairs).flatMap(([color, [ground, text]]) => [
      [`--mantine-color-${color}-light`, ground],
      [`--mantine-color-${color}-light-hover`, ground],
      [`--mantine-color-${color}-light-color`, text],
    ]),
  );
}

/** Dimmed and placeholder text dark enough to read (4.5 : 1) on cards and on the canvas, in both themes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-text": "#1a2426",
    "--mantine-color-dimmed": "#586466",
    "--mantine-color-placeholder": "#667173",
    "--mantine-color-default-border": "#d9d8d0",
    "--mantine-color-error": "#b3261e",
    ...lightVariants({
      petrol: ["#dcf0ed", "#075a54"],
      amber: ["#fdeccb", "#714307"],
      red: ["#fde4e1", "#a3211a"],
      green: ["#dcf3e2", "#14653a"],
      blue: ["#dfecfb", "#1a4f8b"],
      violet: ["#ebe5fb", "#5432a8"],
      gray: ["#ecede8", "#47525a"],
    }),
  },
  dark: {
    "--mantine-color-dimmed": "#a3b1b2",
    "--mantine-color-placeholder": "#8b9a9c",
    "--mantine-color-default-border": "#334145",
    "--mantine-color-error": "#ff8f87",
    "--mantine-color-anchor": "#6cc1b9",
    ...lightVariants({
      petrol: ["#17393a", "#8fdad2"],
      amber: ["#3a2c14", "#f5b756"],
      red: ["#3b2020", "#ffb0a9"],
      green: ["#15352a", "#86dcae"],
      blue: ["#1a2f45", "#9cc8f5"],
      violet: ["#2b2547", "#c5b7f7"],
      gray: ["#27343a", "#c7d0cf"],
    }),
  },
});
