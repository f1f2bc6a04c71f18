import type { Palette } from "./palette";

/** The look that all tooltips of charts share. */
export function tooltipStyle(palette: Palette) {
  return {
    backgroundColor: palette.surface,
    borderColor: palette.line,
    padding: [8, 12],
    textStyle: { color: palette.ink, fontSize: 12, fontFamily: "inherit" },
    extraCssText: "border-radius: 10px; box-shadow: 0 6px 20px rgb(0 0 0 / 14%);",
  };
}

/** A tooltip's content as an element, so that names out of the data stay text and never become markup. */
export function tooltipContent(title: string, rows: { color?: string; name: string; value: string }[]): HTMLElement {
  const box = document.createElement("div");
  const head = box.appendChild(document.createElement("div"));
  head.textContent = title;
  head.style.cssText = "font-weight: 600; margin-bottom: 4px";
  for (const { color, name, value } of rows) {
    const row = box.appendChild(document.createElement("div"));
    row.style.cssText = "display: flex; align-items: center; gap: 8px; font-variant-numeric: tabular-nums";
    if (color) {
      const dot = row.appendChild(document.createElement("span"));
      dot.style.cssText = `width: 8px; height: 8px; border-radius: 3px; background: ${color}`;
    }
    row.appendChild(document.createElement("span")).textContent = name;
    const figure = row.appendChild(document.createElement("b"));
    figure.textContent = value;
    figure.style.cssText = "margin-left: auto; padding-left: 14px; font-weight: 600";
  }
  return box;
}
