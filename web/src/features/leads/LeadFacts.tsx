import { Anchor, Badge, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { humanise, label } from "../../api/labels";
import { calendarHref, type LeadDetail } from "../../api/leads";
import { dealersQuery } from "../../lead/queries";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Lead.module.css";

/** The cars, and what else is known of the wish. */
export function LeadFacts({ detail }: { detail: LeadDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const dealers = useQuery(dealersQuery).data?.dealers ?? [];
  const { lead, vehicles, appointment_at, comments } = detail;
  const dealerName = (id: string) => dealers.find(({ dealer_id }) => dealer_id === id)?.name ?? id;
  const facts: [string, ReactNode][] = [
    [
      t("leads.fact.appointment"),
      appointment_at && (
        <>
          {format.dateTime(appointment_at)}{" "}
          <Anchor size="sm" href={calendarHref(lead.lead_id)} download>
            {t("leads.fact.calendar")}
          </Anchor>
        </>
      ),
    ],
    [t("leads.fact.lost_reason"), detail.lost_reason && label("lead_word", detail.lost_reason)],
    [t("leads.fact.preferred"), detail.preferred_dealers.map(dealerName).join(", ")],
    [t("leads.field.region"), lead.region],
    [t("leads.field.postcode"), detail.postcode],
    [t("leads.field.language"), detail.language],
    [t("leads.fact.value"), detail.value === null ? null : format.money(detail.value)],
    [t("leads.fact.channel"), lead.channel && label("channel", lead.channel)],
    [t("leads.field.campaign"), detail.campaign],
    [t("leads.fact.utm_source"), detail.utm_source],
    [
      t("leads.fact.duplicate_of"),
      detail.duplicate_of && <LeadLink key={detail.duplicate_of} id={detail.duplicate_of} />,
    ],
    [
      t("leads.fact.duplicates"),
      0 < detail.duplicates.length && (
        <Group gap={8}>
          {detail.duplicates.map((id) => (
            <LeadLink key={id} id={id} />
          ))}
        </Group>
      ),
    ],
  ];
  const known = facts.filter(([, value]) => Boolean(value));
  return (
    <>
      {0 < vehicles.length && (
        <Card title={t("leads.vehicles.title")}>
          {vehicles.map(({ model, brand, interest, vin, year, comments }, at) => (
            <div key={at} className={classes.vehicle}>
              <Group justify="space-between" gap="xs">
                <b>{[brand, model].filter(Boolean).join(" ")}</b>
                <Badge size="sm" variant="light" color={interest === "trade_in" ? "gray" : "petrol"}>
                  {t(`leads.interest.${interest}`, { defaultValue: humanise(interest) })}
                </Badge>
              </Group>
              {(vin || year || comments) && (
                <Text size="xs" c="dimmed" className="num">
                  {[year, vin, comments].filter(Boolean).join(" · ")}
                </Text>
              )}
            </div>
          ))}
        </Card>
      )}
      {(comments || 0 < known.length) && (
        <Card title={t("leads.fact.title")}>
          {comments && (
            <Text size="sm" mb={known.length === 0 ? 0 : "sm"} style={{ whiteSpace: "pre-line" }}>
              {comments}
            </Text>
          )}
          <dl className={classes.facts}>
            {known.map(([name, value]) => (
              <div key={name} style={{ display: "contents" }}>
                <dt>{name}</dt>
                <dd className="num">{value}</dd>
              </div>
            ))}
          </dl>
        </Card>
      )}
    </>
  );
}

function LeadLink({ id }: { id: string }) {
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/leads/$leadId" params={{ leadId: id }} {...props} />}>
      {id}
    </Anchor>
  );
}
