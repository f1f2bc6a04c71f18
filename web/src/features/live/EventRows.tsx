import { Badge, UnstyledButton } from "@mantine/core";
import { IconAntenna, IconFilterOff } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { LiveEvent } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Empty } from "../../ui/states";
import { eventKey } from "./feed";
import classes from "./Live.module.css";

const ROW_PX = 40;
const VERDICT_COLORS = { accepted: "green", duplicate: "gray", refused: "red" } as const;

export function EventRows({
  events,
  filtered,
  onOpen,
}: {
  events: LiveEvent[];
  filtered: boolean;
  onOpen: (event: LiveEvent) => void;
}) {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => list.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: 34,
  });

  if (events.length === 0) {
    return filtered ? (
      <Empty icon={IconFilterOff} title={t("live.no_match.title")} hint={t("live.no_match.hint")} />
    ) : (
      <Empty icon={IconAntenna} title={t("live.empty.title")} hint={t("live.empty.hint")} />
    );
  }
  return (
    <div ref={list} className={classes.list} role="region" tabIndex={0} aria-label={t("live.tab.stream")}>
      <div className={`${classes.row} ${classes.head}`}>
        <span>{t("live.column.time")}</span>
        <span>{t("live.column.event")}</span>
        <span>{t("live.column.person")}</span>
        <span>{t("dimension.channel")}</span>
        <span>{t("live.column.source")}</span>
        <span>{t("live.column.verdict")}</span>
      </div>
      <div style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const event = events[row.index];
          return event && <EventRow key={eventKey(event)} event={event} top={row.start} onOpen={onOpen} />;
        })}
      </div>
    </div>
  );
}

function EventRow({ event, top, onOpen }: { event: LiveEvent; top: number; onOpen: (event: LiveEvent) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <UnstyledButton className={classes.row} style={{ top }} data-verdict={event.verdict} onClick={() => onOpen(event)}>
      <span className={classes.time}>{format.timeSeconds(event.received_at)}</span>
      <span className={`${classes.name} ellipsis`}>
        {event.event ? label("event", event.event) : label("event", event.type)}
      </span>
      <span className="ellipsis">{strongest(event) ?? t("live.nobody")}</span>
      <span className="ellipsis">{event.channel ? label("channel", event.channel) : t("ui.none")}</span>
      <span className="ellipsis">{event.source}</span>
      <span>
        <Badge size="sm" variant="light" color={VERDICT_COLORS[event.verdict]}>
          {t(`live.verdict.${event.verdict}`)}
        </Badge>
      </span>
    </UnstyledButton>
  );
}

/** The identifier that says most about who it was. */
function strongest(event: LiveEvent): string | undefined {
  const readable = ["email", "phone", "user_id"];
  const known = readable.flatMap((kind) => event.identifiers.find((identifier) => identifier.kind === kind) ?? []);
  return (known[0] ?? event.identifiers[0])?.value;
}
