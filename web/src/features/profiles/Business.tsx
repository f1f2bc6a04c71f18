import { Badge, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ReactNode } from "react";
import { label } from "../../api/labels";
import type { Call, Lead, Order } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Profiles.module.css";

const CALLS_SHOWN = 4;

/** What came of it: leads with their stage, orders, the latest calls. */
export function Business({ leads, orders, calls }: { leads: Lead[]; orders: Order[]; calls: Call[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card title={t("profiles.business.title")}>
      {leads.length + orders.length + calls.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("profiles.business.empty")}
        </Text>
      )}
      {leads.map((lead) => (
        <Entry
          key={lead.lead_id}
          title={t("profiles.business.lead", { model: lead.model ?? "" })}
          badge={
            <Badge size="sm" variant="light" color={lead.stage === "lost" ? "red" : "petrol"}>
              {label("stage", lead.stage)}
            </Badge>
          }
          detail={[format.date(lead.created_at), lead.dealer, lead.channel && label("channel", lead.channel)]}
        />
      ))}
      {orders.map((order) => (
        <Entry
          key={order.order_id}
          title={t("profiles.business.order", { model: order.model ?? order.order_id })}
          badge={
            <Badge size="sm" variant="light" color={order.status === "cancelled" ? "red" : "amber"}>
              {label("order_status", order.status)}
            </Badge>
          }
          detail={[
            format.date(order.at),
            order.revenue === null ? null : format.money(order.revenue, order.currency),
            order.dealer,
          ]}
        />
      ))}
      {calls.slice(0, CALLS_SHOWN).map((call) => (
        <Entry
          key={call.call_id}
          title={call.direction ? label("call", call.direction) : t("profiles.business.call")}
          badge={
            call.result && (
              <Badge size="sm" variant="light" color="blue">
                {label("call", call.result)}
              </Badge>
            )
          }
          detail={[format.dateTime(call.at), call.duration_s === null ? null : format.duration(call.duration_s)]}
        />
      ))}
    </Card>
  );
}

function Entry({ title, badge, detail }: { title: string; badge: ReactNode; detail: (string | null)[] }) {
  return (
    <div className={classes.identifier}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" fw={550} className="ellipsis">
          {title}
        </Text>
        {badge}
      </Group>
      <Text size="xs" c="dimmed" mt={2}>
        {detail.filter(Boolean).join(" · ")}
      </Text>
    </div>
  );
}
