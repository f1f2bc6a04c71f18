import { IconCalendarPlus, IconCheck, IconMessage, IconPhone, IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { humanise, label } from "../../api/labels";
import { calendarHref, dialled, type LeadDetail, type LeadItem } from "../../api/leads";
import { Countdown } from "../../lead/Countdown";
import { Score } from "../../lead/Score";
import { useOpening } from "../../lead/useOpening";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import type { Outbox } from "./outbox";
import classes from "./Portal.module.css";
import { GiveBack, SheetForms } from "./SheetForms";
import { useAct } from "./useAct";
import { useDetail } from "./usePortal";

/** One lead over the whole screen: everything that a seller needs before, in and after a call. */
export function LeadSheet({
  lead,
  email,
  outbox,
  onClose,
}: {
  lead: LeadItem;
  email: string;
  outbox: Outbox;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  const { detail } = useDetail(email, lead.lead_id);
  const act = useAct(lead, outbox);
  const opening = useOpening();
  const { phone, queue, accepted_at } = lead;
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={classes.sheet} aria-labelledby="portal-sheet" onClose={onClose}>
      <header>
        <div>
          <h2 id="portal-sheet">{lead.name ?? phone ?? lead.email ?? t("portal.nameless")}</h2>
          <p>{[lead.model, label("stage", lead.stage)].filter(Boolean).join(" · ")}</p>
        </div>
        <button
          type="button"
          className={classes.plain}
          aria-label={t("ui.close")}
          onClick={() => dialog.current?.close()}
        >
          <IconX size={24} aria-hidden />
        </button>
      </header>
      <div className={classes.sheetBody}>
        <div className={classes.sheetTop}>
          {lead.clock ? <Countdown clock={lead.clock} size="big" /> : <span />}
          <Score score={lead.score} band={lead.band} />
        </div>
        <div className={classes.acts}>
          {queue === "dealer" && accepted_at === null && (
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
              <a className={accepted_at === null ? classes.side : classes.main} href={`tel:${dialled(phone)}`}>
                <IconPhone size={19} aria-hidden />
                {phone}
              </a>
              <a className={classes.side} href={`sms:${dialled(phone)}`}>
                <IconMessage size={19} aria-hidden />
                {t("portal.message")}
              </a>
            </>
          )}
        </div>
        {act.isError && (
          <p className={classes.wrong} role="alert">
            {errorText(t, act.error)}
          </p>
        )}
        {lead.prompt && (
          <section className={classes.prompt}>
            <p>{0 < lead.prompt.viewed.length && t("lead.prompt.viewed", { what: lead.prompt.viewed.join(", ") })}</p>
            <p>{t("lead.prompt.suggestion", { words: opening(lead.prompt) })}</p>
          </section>
        )}
        {queue === "dealer" && accepted_at !== null && <SheetForms lead={lead} detail={detail} outbox={outbox} />}
        <Facts lead={lead} detail={detail} />
        {queue === "dealer" && <GiveBack lead={lead} outbox={outbox} onGone={() => dialog.current?.close()} />}
      </div>
    </dialog>
  );
}

function Facts({ lead, detail }: { lead: LeadItem; detail: LeadDetail | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const appointment = detail?.appointment_at;
  const cars = detail?.vehicles.map(({ brand, model, interest, comments }) =>
    [
      `${[brand, model].filter(Boolean).join(" ")} (${t(`portal.interest.${interest}`, { defaultValue: humanise(interest) })})`,
      comments,
    ]
      .filter(Boolean)
      .join(", "),
  );
  const facts = [
    [t("portal.fact.cars"), cars?.join("; ")],
    [t("portal.fact.comments"), detail?.comments],
    [t("portal.fact.email"), lead.email],
    [t("portal.fact.appointment"), appointment && format.dateTime(appointment)],
    [t("portal.fact.language"), detail?.language],
    [t("portal.fact.owner"), lead.owner],
    [t("portal.fact.opened"), format.dateTime(lead.opened_at)],
  ].filter(([, value]) => Boolean(value));
  return (
    <>
      <dl className={classes.known}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {appointment && (
        <p>
          <a className={classes.side} href={calendarHref(lead.lead_id)} download>
            <IconCalendarPlus size={19} aria-hidden />
            {t("portal.calendar")}
          </a>
        </p>
      )}
    </>
  );
}
