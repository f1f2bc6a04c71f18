import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { Filter } from "../../message/template";

/** Something that is filled in for each person: how it is written, and what it says of the person that is shown. */
export type Variable = { name: string; group: "person" | "message" | "brand" };

const TAGS: Record<string, string> = {
  "mj-section": '<mj-section padding="20px 0">\n  <mj-column>\n    \n  </mj-column>\n</mj-section>',
  "mj-column": "<mj-column>\n  \n</mj-column>",
  "mj-text": "<mj-text></mj-text>",
  "mj-button": '<mj-button href=""></mj-button>',
  "mj-image": '<mj-image src="" alt="" />',
  "mj-divider": '<mj-divider border-width="1px" border-color="#e3e7ea" />',
  "mj-spacer": '<mj-spacer height="20px" />',
  "mj-table": "<mj-table>\n  \n</mj-table>",
  "mj-hero": '<mj-hero background-color="#0d2b2e">\n  \n</mj-hero>',
  "mj-wrapper": "<mj-wrapper>\n  \n</mj-wrapper>",
  "mj-raw": "<mj-raw></mj-raw>",
  "mj-social": "<mj-social>\n  \n</mj-social>",
};
const WORDS = ["if", "elif", "else", "endif", "for", "endfor", "set"];

/** Offers variables and filters where something is filled in, and elements where one begins. */
export function complete(
  context: CompletionContext,
  { variables, filters }: { variables: Variable[]; filters: Filter[] },
): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const opened = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  const inside = opened !== -1 && !/[}%]\}/.test(before.slice(opened)) ? before.slice(opened + 2) : null;
  if (inside === null) return elements(context, before);

  const [, piped] = /\|\s*(\w*)$/.exec(inside) ?? [];
  if (piped !== undefined) {
    const options = filters.map(({ name, what, example }) => ({
      label: name,
      detail: what,
      info: example,
      type: "function",
    }));
    return { from: context.pos - piped.length, options };
  }
  const [typed = ""] = /[\w.]*$/.exec(inside) ?? [];
  if (typed === "" && !context.explicit && !/^[\s%{(-]*$/.test(inside) && !/\s$/.test(inside)) return null;
  const options: Completion[] = variables.map(({ name }) => ({ label: name, type: "variable" }));
  if (before.slice(opened, opened + 2) === "{%") options.push(...WORDS.map((label) => ({ label, type: "keyword" })));
  return { from: context.pos - typed.length, options, validFor: /^[\w.]*$/ };
}

function elements(context: CompletionContext, before: string): CompletionResult | null {
  const [typed] = /<[\w-]*$/.exec(before) ?? [];
  if (typed === undefined) return null;
  const options = Object.entries(TAGS).map(([name, apply]) => ({
    label: `<${name}`,
    displayLabel: name,
    apply,
    type: "type",
  }));
  return { from: context.pos - typed.length, options };
}
