import { createContext, useContext } from "react";
import type { Fields } from "../api";
import type { Kind } from "../rule";
import type { Change, DraftGroup } from "./draft";

/** What all editors of one rule share. */
export type Editing = {
  root: DraftGroup;
  fields: Fields;
  /** Values by dimension, the most frequent first. */
  dimensions: Record<string, string[]>;
  /** The zone in which days begin. */
  tz: string;
  /** The segment itself cannot be a condition of its own. */
  segmentId: string | null;
  /** Whether what is missing is told too: once somebody wanted to save. */
  tells: "wrong" | "all";
  /** Conditions that are not offered where this rule stands. */
  without?: readonly Kind[];
  onChange: (change: Change) => void;
};

const Context = createContext<Editing | null>(null);
export const EditingProvider = Context.Provider;

export function useEditing(): Editing {
  const editing = useContext(Context);
  if (!editing) throw new Error("an editor of conditions stands outside of a rule");
  return editing;
}

/** Leads the focus to a place in the tree, once it is drawn. */
export function focusOn(key: number, action: string) {
  // A menu gives the focus back to its button first.
  window.setTimeout(() => {
    const node = document.querySelector(`[data-node="${key}"]`);
    const place = node?.querySelector(`[data-action="${action}"]`) ?? node?.querySelector("input, button");
    if (place instanceof HTMLElement) place.focus();
  }, 60);
}
