import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { CONTACTS, type Contact, type LeadAct, type LeadDetail, type LeadItem } from "../../api/leads";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import { fromWall } from "../../ui/zoned";
import type { Outbox } from "./outbox";
import classes from "./Portal.module.css";
import { useAct } from "./useAct";

const NOTE_CHARS_MAX = 2_000;

/** What became of a lead: reached or not, how far it is, when they meet, and what else is worth noting. */
export function SheetForms({ lead, detail, outbox }: { lead: LeadItem; detail: LeadDetail | null; outbox: Outbox }) {
  const { t } = useTranslation();
  const act = useAct(lead, outbox);
  const done = (wish: LeadAct, after?: () => void) => act.mutate(wish, { onSuccess: after });
  return (
    <div className={classes.forms}>
      <ContactForm isBusy={act.isPending} onAct={done} />
      {detail && 0 < detail.stages.length && (
        // A stage that was passed is not offered again.
        <StageForm key={detail.stages.join()} detail={detail} isBusy={act.isPending} onAct={done} />
      )}
      <AppointmentForm isBusy={act.isPending} onAct={done} />
      <NoteForm isBusy={act.isPending} onAct={done} />
      {act.isError && (
        <p className={classes.wrong} role="alert">
          {errorText(t, act.error)}
        </p>
      )}
      {act.isSuccess && (
        <p className={classes.right} role="status">
          {t(act.data === "waits" ? "portal.kept" : "portal.noted")}
        </p>
      )}
    </div>
  );
}

type FormProps = { isBusy: boolean; onAct: (act: LeadAct, after?: () => void) => void };

function ContactForm({ isBusy, onAct }: FormProps) {
  const { t } = useTranslation();
  const [by, setBy] = useState<Contact>("call");
  return (
    <fieldset>
      <legend>{t("portal.form.contact")}</legend>
      <div className={classes.field}>
        <select
          aria-label={t("portal.form.by")}
          value={by}
          onChange={(event) => setBy(CONTACTS.find((each) => each === event.currentTarget.value) ?? "call")}
        >
          {CONTACTS.map((each) => (
            <option key={each} value={each}>
              {t(`lead.contact.${each}`)}
            </option>
          ))}
        </select>
        <button
          type="button"
          className={classes.main}
          disabled={isBusy}
          onClick={() => onAct({ act: "contact", by, reached: true })}
        >
          {t("lead.reached.yes")}
        </button>
        <button
          type="button"
          className={classes.side}
          disabled={isBusy}
          onClick={() => onAct({ act: "contact", by, reached: false })}
        >
          {t("lead.reached.no")}
        </button>
      </div>
    </fieldset>
  );
}

function StageForm({ detail, isBusy, onAct }: FormProps & { detail: LeadDetail }) {
  const { t } = useTranslation();
  const [stage, setStage] = useState(detail.stages[0] ?? "");
  const [reason, setReason] = useState("");
  const isLost = stage === "lost";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAct({ act: "stage", stage, ...(isLost && { reason }) });
  };
  return (
    <form onSubmit={submit}>
      <fieldset>
        <legend>{t("portal.form.stage")}</legend>
        <div className={classes.field}>
          <select
            aria-label={t("portal.form.stage")}
            value={stage}
            onChange={(event) => setStage(event.currentTarget.value)}
          >
            {detail.stages.map((each) => (
              <option key={each} value={each}>
                {label("stage", each)}
              </option>
            ))}
          </select>
          {isLost && (
            <select
              required
              aria-label={t("portal.form.reason")}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            >
              <option value="">{t("portal.form.reason")}</option>
              {detail.lost_reasons.map((each) => (
                <option key={each} value={each}>
                  {label("lead_word", each)}
                </option>
              ))}
            </select>
          )}
          <button type="submit" className={classes.side} disabled={isBusy || (isLost && !reason)}>
            {t("portal.form.set")}
          </button>
        </div>
      </fieldset>
    </form>
  );
}

function AppointmentForm({ isBusy, onAct }: FormProps) {
  const { t } = useTranslation();
  const { zone } = useFormat();
  const [wall, setWall] = useState("");
  const at = fromWall(wall, zone);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (at) onAct({ act: "appointment", at }, () => setWall(""));
  };
  return (
    <form onSubmit={submit}>
      <fieldset>
        <legend>{t("portal.form.appointment")}</legend>
        <div className={classes.field}>
          <input
            type="datetime-local"
            aria-label={t("portal.form.appointment")}
            value={wall}
            onChange={(event) => setWall(event.currentTarget.value)}
          />
          <button type="submit" className={classes.side} disabled={isBusy || at === null}>
            {t("portal.form.set")}
          </button>
        </div>
      </fieldset>
    </form>
  );
}

function NoteForm({ isBusy, onAct }: FormProps) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) onAct({ act: "note", text: text.trim() }, () => setText(""));
  };
  return (
    <form onSubmit={submit}>
      <fieldset>
        <legend>{t("portal.form.note")}</legend>
        <div className={classes.field}>
          <textarea
            rows={2}
            maxLength={NOTE_CHARS_MAX}
            aria-label={t("portal.form.note")}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <button type="submit" className={classes.side} disabled={isBusy || text.trim() === ""}>
            {t("ui.save")}
          </button>
        </div>
      </fieldset>
    </form>
  );
}

/** A lead that is nothing for this dealer goes back, with a word why. */
export function GiveBack({ lead, outbox, onGone }: { lead: LeadItem; outbox: Outbox; onGone: () => void }) {
  const { t } = useTranslation();
  const act = useAct(lead, outbox);
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim()) act.mutate({ act: "return", reason: reason.trim() }, { onSuccess: onGone });
  };
  return (
    <details className={classes.back}>
      <summary>{t("lead.button.return")}</summary>
      <form onSubmit={submit} className={classes.field}>
        <input
          required
          maxLength={NOTE_CHARS_MAX}
          aria-label={t("portal.form.return")}
          placeholder={t("portal.form.return")}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <button type="submit" className={classes.side} disabled={act.isPending || reason.trim() === ""}>
          {t("lead.button.return")}
        </button>
      </form>
      {act.isError && (
        <p className={classes.wrong} role="alert">
          {errorText(t, act.error)}
        </p>
      )}
    </details>
  );
}
