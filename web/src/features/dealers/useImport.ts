import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { dealerCalls } from "../../api/dealers";
import { errorText } from "../../ui/errorText";
import type { Line } from "./table";

/** What came of a line. */
export type Sent = { kind: "taken" } | { kind: "refused"; reason: string };

/** Sends dealers one after another; what is refused says why, and the others go on. */
export function useImport() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [sent, setSent] = useState<Map<number, Sent>>(new Map());
  const [isRunning, setRunning] = useState(false);
  const run = async (lines: Line[]) => {
    setRunning(true);
    setSent(new Map());
    for (const { number, dealer } of lines) {
      const outcome = await dealerCalls.put(dealer).then(
        (): Sent => ({ kind: "taken" }),
        (error: unknown): Sent => ({ kind: "refused", reason: errorText(t, error) }),
      );
      setSent((before) => new Map(before).set(number, outcome));
    }
    setRunning(false);
    await queryClient.invalidateQueries({ queryKey: ["dealers"] });
  };
  return { sent, isRunning, run, reset: () => setSent(new Map()) };
}
