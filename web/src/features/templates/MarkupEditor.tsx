import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers, WidgetType, type DecorationSet } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { Filter } from "../../message/template";
import { colours, look } from "../../ui/codeEditor";
import { complete, type Variable } from "./completion";
import { markup } from "./markupLanguage";

/** A handle for what stands beside the editor. */
export type EditorHandle = { insert: (text: string) => void; showLine: (line: number) => void };

/** A line that cannot be rendered, and why. */
export type Mistake = { part?: string | null; line: number | null; message: string };

class MistakeNote extends WidgetType {
  constructor(readonly message: string) {
    super();
  }
  eq(other: MistakeNote) {
    return other.message === this.message;
  }
  toDOM() {
    const note = document.createElement("div");
    note.className = "cm-mistake-note";
    note.textContent = this.message;
    return note;
  }
}

const setMistake = StateEffect.define<Mistake | null>();
const mistakes = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    let next = shown.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setMistake)) continue;
      const { line, message } = effect.value ?? { line: null, message: "" };
      if (line === null || line < 1 || transaction.state.doc.lines < line) next = Decoration.none;
      else {
        const { from, to } = transaction.state.doc.line(line);
        next = Decoration.set([
          Decoration.line({ class: "cm-mistake" }).range(from),
          Decoration.widget({ widget: new MistakeNote(message), side: 1, block: true }).range(to),
        ]);
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const marks = EditorView.theme({
  ".cm-mistake": { backgroundColor: "color-mix(in srgb, var(--fc-bad) 14%, transparent)" },
  ".cm-mistake-note": {
    padding: "4px 10px 4px 8px",
    borderLeft: "3px solid var(--fc-bad)",
    color: "var(--fc-bad)",
    fontFamily: "var(--mantine-font-family)",
    fontSize: "12.5px",
  },
});

/** A text that is filled in for each person. Tab leaves it. */
export function MarkupEditor({
  value,
  label,
  variables,
  filters,
  mistake,
  height = ["320px", "58vh"],
  onChange,
  onReady,
  onFocus,
}: {
  value: string;
  label: string;
  variables: Variable[];
  filters: Filter[];
  mistake: Mistake | null;
  height?: [least: string, most: string];
  onChange: (value: string) => void;
  onReady: (editor: EditorHandle) => void;
  onFocus: () => void;
}) {
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  // The editor lives longer than a rendering: it calls what the last one gave.
  const given = useRef({ onChange, onFocus, variables, filters });
  useEffect(() => {
    given.current = { onChange, onFocus, variables, filters };
  });

  useEffect(() => {
    if (!element.current) return;
    const editor = new EditorView({
      parent: element.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          Prec.high(keymap.of([...closeBracketsKeymap, ...completionKeymap])),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          history(),
          lineNumbers(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ override: [(context) => complete(context, given.current)] }),
          markup,
          syntaxHighlighting(colours),
          look(...height),
          marks,
          mistakes,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
          EditorView.domEventHandlers({ focus: () => given.current.onFocus() }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) given.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    onReady({
      insert: (text) => {
        editor.dispatch(editor.state.replaceSelection(text), { scrollIntoView: true });
        editor.focus();
      },
      showLine: (number) => {
        const { from, to } = editor.state.doc.line(Math.min(Math.max(1, number), editor.state.doc.lines));
        editor.dispatch({
          selection: { anchor: from, head: to },
          effects: EditorView.scrollIntoView(from, { y: "center" }),
        });
        editor.focus();
      },
    });
    return () => editor.destroy();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== value) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
    }
  }, [value]);

  const told = mistake && `${mistake.line} ${mistake.message}`;
  useEffect(() => {
    view.current?.dispatch({ effects: setMistake.of(mistake) });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what it says tells one mistake from another
  }, [told]);

  return <div ref={element} />;
}
