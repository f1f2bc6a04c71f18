import { IconEye } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { LeadItem } from "../../api/leads";
import { useFormat } from "../../ui/FormatContext";
import { useOpening } from "../../lead/useOpening";
import type { Outbox } from "./outbox";
import classes from "./Portal.module.css";
import { useAct } from "./useAct";

/** Somebody came back: what they looked at, and how one may begin. */
export function PromptCard({ lead, outbox, onOpen }: { lead: LeadItem; outbox: Outbox; onOpen: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const act = useAct(lead, outbox);
  const opening = useOpening();
  if (!lead.prompt) return null;
  const { at, viewed } = lead.prompt;
  return (
    <section className={classes.prompt}>
      <h2>
        <IconEye size={19} aria-hidden />
        {lead.name ?? lead.phone ?? t("portal.nameless")}
      </h2>
      <p>
        <b>{t("lead.prompt.title", { time: format.ago(at, new Date()) })}</b>
        {0 < viewed.length && ` ${t("lead.prompt.viewed", { what: viewed.join(", ") })}`}
      </p>
      <p>{t("lead.prompt.suggestion", { words: opening(lead.prompt) })}</p>
      <div className={classes.acts}>
        <button type="button" className={classes.side} onClick={onOpen}>
          {t("portal.open")}
        </button>
        <button
          type="button"
          className={classes.side}
          disabled={act.isPending}
          onClick={() => act.mutate({ act: "seen" })}
        >
          {t("lead.prompt.seen")}
        </button>
      </div>
    </section>
  );
}
