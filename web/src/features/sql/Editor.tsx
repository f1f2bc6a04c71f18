import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { colours, look } from "../../ui/codeEditor";
import type { TableColumns } from "./queries";

/** A handle for what stands beside the editor. */
export type EditorHandle = { insert: (text: string) => void };

/** A text in SQL, with completion of tables and columns. Tab leaves it: Ctrl-Enter asks. */
export function Editor({
  value,
  tables,
  label,
  example,
  onChange,
  onRun,
  onReady,
}: {
  value: string;
  tables: TableColumns[];
  label: string;
  /** Stands in an empty editor. */
  example: string;
  onChange: (value: string) => void;
  onRun: () => void;
  onReady: (editor: EditorHandle) => void;
}) {
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const language = useRef(new Compartment());
  // The editor lives longer than a rendering: it calls what the last one gave.
  const given = useRef({ onChange, onRun });
  useEffect(() => {
    given.current = { onChange, onRun };
  });

  useEffect(() => {
    if (!element.current) return;
    const run = () => {
      given.current.onRun();
      return true;
    };
    const editor = new EditorView({
      parent: element.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
          history(),
          lineNumbers(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          placeholder(example),
          language.current.of(sql({ dialect: PostgreSQL })),
          syntaxHighlighting(colours),
          look("140px", "42vh"),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) given.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    onReady({
      insert: (text) => {
        editor.dispatch(editor.state.replaceSelection(text));
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

  useEffect(() => {
    const schema = Object.fromEntries(tables.map(({ table, columns }) => [table, columns.map(({ name }) => name)]));
    view.current?.dispatch({ effects: language.current.reconfigure(sql({ dialect: PostgreSQL, schema })) });
  }, [tables]);

  return <div ref={element} />;
}
