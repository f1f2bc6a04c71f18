import { createContext, useContext, useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { createFormat, type Format } from "./format";

const FormatContext = createContext<Format>(createFormat("en", "UTC", "EUR"));

export function FormatProvider({ zone, currency, children }: { zone: string; currency: string; children: ReactNode }) {
  const { i18n } = useTranslation();
  const format = useMemo(() => createFormat(i18n.language, zone, currency), [i18n.language, zone, currency]);
  return <FormatContext.Provider value={format}>{children}</FormatContext.Provider>;
}

export const useFormat = () => useContext(FormatContext);
