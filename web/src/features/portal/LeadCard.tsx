import { IconCheck, IconCloudUp, IconMessage, IconPhone } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { dialled, type LeadItem } from "../../api/leads";
import { Countdown } from "../../lead/Countdown";
import { Score } from "../../lead/Score";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import { useOutbox, type Outbox } from "./outbox";
import classes from "./Portal.module.css";
import { useAct } from "./useAct";

/** A lead in the list: what it is, how long there is, and the one thing to do with it. */
export function LeadCard({ lead, outbox, onOpen }: { lead: LeadItem; outbox: Outbox; onOpen: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const act = useAct(lead, outbox);
  const isWaiting = useOutbox(outbox).waiting.some(({ lead_id }) => lead_id === lead.lead_id);
  const { name, phone, email, model, clock, queue, accepted_at } = lead;
  const isNew = queue === "dealer" && accepted_at === null;
  return (
    <li className={classes.card}>
      <button type="button" className={classes.open} onClick={onOpen}>
        <span className={classes.who}>
          <b>{name ?? phone ?? email ?? t("portal.nameless")}</b>
          <span>{model ?? t("portal.no_model")}</span>
        </span>
        {clock ? (
          <Countdown clock={clock} size="big" />
        ) : (
          <span className={classes.since}>{format.ago(lead.changed_at, new Date())}</span>
        )}
      </button>
      <p className={classes.facts}>
        <Score score={lead.score} band={lead.band} />
        <span>{label("stage", lead.stage)}</span>
        {isWaiting && (
          <span className={classes.isWaiting}>
            <IconCloudUp size={15} aria-hidden />
            {t("portal.waits")}
          </span>
        )}
      </p>
      {queue === "dealer" && (
        <div className={classes.acts}>
          {isNew && (
            <button
              type="button"
              className={`${classes.main} ${classes.whole}`}
              disabled={act.isPending}
              onClick={() => act.mutate({ act: "accept" })}
            >
              <IconCheck size={19} aria-hidden />
              {t("lead.button.accept")}
            </button>
          )}
          {phone && (
            <>
              <a
                className={isNew ? classes.side : classes.main}
                href={`tel:${dialled(phone)}`}
                // Back from the call, what came of it is asked for.
                onClick={onOpen}
              >
                <IconPhone size={19} aria-hidden />
                {t("portal.call")}
              </a>
              <a className={classes.side} href={`sms:${dialled(phone)}`} onClick={onOpen}>
                <IconMessage size={19} aria-hidden />
                {t("portal.message")}
              </a>
            </>
          )}
        </div>
      )}
      {act.isError && (
        <p className={classes.wrong} role="alert">
          {errorText(t, act.error)}
        </p>
      )}
    </li>
  );
}
