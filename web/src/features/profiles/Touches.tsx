import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Profile, Touch } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Profiles.module.css";

const SHOWN = 10;

/** How the person came, first and last, and what they did most. */
export function Touches({
  first,
  last,
  counts,
}: {
  first: Touch | null;
  last: Touch | null;
  counts: Profile["counts"];
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = counts.toSorted((a, b) => b.count - a.count).slice(0, SHOWN);
  return (
    <Card title={t("profiles.touches.title")}>
      <TouchRow name={t("profiles.touches.first")} touch={first} />
      <TouchRow name={t("profiles.touches.last")} touch={last} />
      {0 < most.length && (
        <Text size="xs" fw={600} c="dimmed" mt="sm" mb={2}>
          {t("profiles.touches.counts")}
        </Text>
      )}
      {most.map(({ event, count }) => (
        <div key={event} className={classes.pair}>
          <span title={event}>{label("event", event)}</span>
          <span className="num">{format.integer(count)}</span>
        </div>
      ))}
    </Card>
  );
}

function TouchRow({ name, touch }: { name: string; touch: Touch | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const way =
    touch &&
    [touch.channel && label("channel", touch.channel), touch.campaign ?? touch.utm_source].filter(Boolean).join(" · ");
  return (
    <div className={classes.pair}>
      <span>{name}</span>
      <span>
        {way || t("ui.none")}
        {touch && (
          <Text size="xs" c="dimmed">
            {format.dateTime(touch.at)}
          </Text>
        )}
      </span>
    </div>
  );
}
