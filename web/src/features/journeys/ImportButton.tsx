import { FileButton } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toastFailed } from "../../ui/toast";
import { isJourney, type Journey } from "./journey";

/** Reads a journey out of a file that the reader chooses. */
export function ImportButton({
  onJourney,
  children,
}: {
  onJourney: (journey: Journey) => void;
  children: (props: { onClick: () => void }) => ReactNode;
}) {
  const { t } = useTranslation();
  const read = async (file: File | null) => {
    if (!file) return;
    try {
      const value: unknown = JSON.parse(await file.text());
      if (isJourney(value)) return onJourney(value);
    } catch {
      // What is no JSON is no journey either.
    }
    toastFailed(t("journeys.import_failed"));
  };
  return (
    <FileButton accept="application/json,.json" onChange={(file) => void read(file)}>
      {children}
    </FileButton>
  );
}
