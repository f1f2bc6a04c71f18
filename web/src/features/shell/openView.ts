import { useRouter } from "@tanstack/react-router";
import { createContext, useContext, useState } from "react";

type Place = { page: string; state: string };

const OpenView = createContext<(place: Place) => void>(() => {});

export const OpenViewProvider = OpenView.Provider;

/** Leads to the page as it was when the view was saved. */
export const useOpenView = () => useContext(OpenView);

/**
 * How a view is opened, and a number that grows with each: a page drawn under it as its key begins anew, so that its fields
 * show what the view holds.
 */
export function useViewOpener(): [(place: Place) => void, number] {
  const router = useRouter();
  const [opened, setOpened] = useState(0);
  const open = async ({ page, state }: Place) => {
    await router.navigate({ href: state ? `${page}?${state}` : page });
    setOpened((before) => before + 1);
  };
  return [(place) => void open(place), opened];
}
