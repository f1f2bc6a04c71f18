import { IconBolt } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Overview } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Empty } from "../../ui/states";
import classes from "./Overview.module.css";

export function TopEvents({ events }: { events: Overview["events"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = Math.max(1, ...events.map(({ count }) => count));
  return (
    <Card title={t("overview.top_events.title")}>
      {events.length === 0 && <Empty icon={IconBolt} title={t("overview.top_events.empty")} />}
      {events.slice(0, 10).map(({ event, count }) => (
        <div key={event} className={classes.bar}>
          <span className="ellipsis" title={event}>
            {label("event", event)}
          </span>
          <span className="num">{format.integer(count)}</span>
          <div className={classes.track}>
            <div className={classes.fill} style={{ width: `${(count / most) * 100}%` }} />
          </div>
        </div>
      ))}
    </Card>
  );
}
