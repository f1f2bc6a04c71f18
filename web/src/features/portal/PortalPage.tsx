import { IconCircleCheck, IconInbox, IconSteeringWheel, IconWifiOff, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LeadItem } from "../../api/leads";
import type { Me } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { FormatProvider, useFormat } from "../../ui/FormatContext";
import { LeadCard } from "./LeadCard";
import { LeadSheet } from "./LeadSheet";
import { TABS, tabOf, type Tab } from "./lists";
import { useOutbox, type Outbox } from "./outbox";
import classes from "./Portal.module.css";
import { PromptCard } from "./PromptCard";
import { useDone, useInbox, usePortalMe, usePortalOutbox, useSending } from "./usePortal";

const PICTURES = { inbox: IconInbox, work: IconSteeringWheel, done: IconCircleCheck };

/** What a dealer works with, on a telephone first: the leads by what is to be done. */
export function PortalPage() {
  const { t } = useTranslation();
  const { me, error } = usePortalMe();
  useEffect(() => {
    document.title = t("ui.page_title", { title: t("portal.title") });
  }, [t]);
  if (!me)
    return (
      <main className={classes.page}>
        <h1 className={classes.hidden}>{t("portal.title")}</h1>
        {error ? <Failed words={errorText(t, error)} /> : <Loading />}
      </main>
    );
  return (
    <FormatProvider zone={me.installation.time_zone} currency={me.installation.currency}>
      <Portal me={me} />
    </FormatProvider>
  );
}

function Portal({ me }: { me: Me }) {
  const { t } = useTranslation();
  const [tab, setTab] = useState<Tab>("inbox");
  const [opened, setOpened] = useState<string | null>(null);
  const outbox = usePortalOutbox(me.email);
  const { leads, offlineSince, error } = useInbox(me.email, outbox);
  const done = useDone(tab === "done");
  useSending(outbox);

  const of = (wanted: Tab) => leads?.filter((lead) => tabOf(lead) === wanted) ?? [];
  // What is closed without a line is in the list of the others still.
  const closed = [...of("done"), ...(done.data ?? [])];
  const shown: Record<Tab, LeadItem[]> = { inbox: of("inbox"), work: of("work"), done: closed };
  const prompted = tab === "inbox" ? (leads?.filter(({ prompt }) => prompt !== null) ?? []) : [];
  const current = [...(leads ?? []), ...closed].find(({ lead_id }) => lead_id === opened);
  const isLoading = tab === "done" ? done.isPending && closed.length === 0 : leads === null && error === null;

  return (
    <div className={classes.frame}>
      <header className={classes.top}>
        <div>
          <h1>{t("portal.title")}</h1>
          <p>{me.dealer ?? me.installation.name}</p>
        </div>
        <a href="/leads">{t("portal.all_pages")}</a>
      </header>
      {offlineSince && <Offline since={offlineSince} />}
      <main className={classes.page} id="main">
        <Sent outbox={outbox} />
        {0 < prompted.length && (
          <div className={classes.prompts}>
            {prompted.map((lead) => (
              <PromptCard key={lead.lead_id} lead={lead} outbox={outbox} onOpen={() => setOpened(lead.lead_id)} />
            ))}
          </div>
        )}
        {error && <Failed words={errorText(t, error)} />}
        {isLoading && <Loading />}
        {!isLoading && !error && shown[tab].length === 0 && (
          <div className={classes.empty}>
            <IconCircleCheck size={34} stroke={1.5} aria-hidden />
            <b>{t(`portal.empty.${tab}`)}</b>
          </div>
        )}
        <ul className={classes.list}>
          {shown[tab].map((lead) => (
            <LeadCard key={lead.lead_id} lead={lead} outbox={outbox} onOpen={() => setOpened(lead.lead_id)} />
          ))}
        </ul>
      </main>
      <nav className={classes.tabs} aria-label={t("portal.title")}>
        {TABS.map((each) => {
          const Picture = PICTURES[each];
          const count = each === "done" ? 0 : shown[each].length;
          return (
            <button
              key={each}
              type="button"
              aria-current={each === tab ? "page" : undefined}
              onClick={() => setTab(each)}
            >
              <span className={classes.tabPicture}>
                <Picture size={23} stroke={1.7} aria-hidden />
                {0 < count && (
                  <span className={classes.count} data-urgent={each === "inbox"}>
                    {count}
                  </span>
                )}
              </span>
              {t(`portal.tab.${each}`)}
            </button>
          );
        })}
      </nav>
      {current && <LeadSheet lead={current} email={me.email} outbox={outbox} onClose={() => setOpened(null)} />}
    </div>
  );
}

function Offline({ since }: { since: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <p className={classes.offline} role="status">
      <IconWifiOff size={18} aria-hidden />
      {t("portal.offline", { time: format.dateTime(since) })}
    </p>
  );
}

/** What waits for a line, and what came too late. */
function Sent({ outbox }: { outbox: Outbox }) {
  const { t } = useTranslation();
  const { waiting, refused } = useOutbox(outbox);
  return (
    <>
      {0 < waiting.length && (
        <p className={classes.waits} role="status">
          {t("portal.waiting", { count: waiting.length })}
        </p>
      )}
      {refused.map(({ id, name, act, reason }) => (
        <div key={id} className={classes.refused} role="alert">
          <div>
            <b>{t("portal.refused", { what: t(`portal.did.${act.act}`), name })}</b>
            <span>{reason}</span>
          </div>
          <button type="button" className={classes.plain} aria-label={t("ui.close")} onClick={() => outbox.dismiss(id)}>
            <IconX size={18} aria-hidden />
          </button>
        </div>
      ))}
    </>
  );
}

function Loading() {
  const { t } = useTranslation();
  return (
    <div className={classes.loading} aria-busy="true" aria-label={t("ui.loading")}>
      <div />
      <div />
      <div />
    </div>
  );
}

function Failed({ words }: { words: string }) {
  const { t } = useTranslation();
  return (
    <div className={classes.empty} role="alert">
      <IconWifiOff size={34} stroke={1.5} aria-hidden />
      <b>{t("ui.error.title")}</b>
      <span>{words}</span>
    </div>
  );
}
