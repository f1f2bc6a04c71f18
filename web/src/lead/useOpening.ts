import { useTranslation } from "react-i18next";
import type { LeadPrompt } from "../api/leads";

/** How one may begin the talk with somebody who came back. */
export function useOpening() {
  const { t } = useTranslation();
  return ({ viewed, asked_for }: LeadPrompt) => {
    const latest = viewed[0] ?? "";
    return asked_for
      ? t("lead.prompt.opening.compare", { asked: asked_for, viewed: latest })
      : t("lead.prompt.opening.again", { viewed: latest });
  };
}
