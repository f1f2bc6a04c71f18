import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/**
 * The look of a text that is typed in a language.
 *
 * * `least`, `most`: its height, in CSS.
 */
export const look = (least: string, most: string) =>
  EditorView.theme({
    "&": { fontSize: "13px", backgroundColor: "transparent" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": {
      fontFamily: "var(--mantine-font-family-monospace)",
      lineHeight: "1.55",
      minHeight: least,
      maxHeight: most,
    },
    ".cm-content": { caretColor: "var(--fc-accent)", padding: "10px 0" },
    ".cm-cursor": { borderLeftColor: "var(--fc-accent)" },
    ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--mantine-color-dimmed)" },
    "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--fc-accent-soft)" },
    ".cm-tooltip": { backgroundColor: "var(--fc-surface)", border: "1px solid var(--fc-line)", borderRadius: "6px" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--fc-accent-soft)", color: "inherit" },
    ".cm-placeholder": { color: "var(--mantine-color-dimmed)" },
  });

/** Its colours: the house's own, in both themes. */
export const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--fc-accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--fc-good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--fc-bad)" },
  { tag: tags.tagName, color: "var(--fc-accent)" },
  { tag: tags.attributeName, color: "var(--mantine-color-dimmed)" },
  { tag: [tags.processingInstruction, tags.variableName], color: "var(--fc-code-place)", fontWeight: "600" },
  { tag: tags.comment, color: "var(--mantine-color-dimmed)", fontStyle: "italic" },
]);
