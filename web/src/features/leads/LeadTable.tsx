import { Badge, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconEye } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { LeadItem, Queue } from "../../api/leads";
import { Countdown } from "../../lead/Countdown";
import { Score } from "../../lead/Score";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import classes from "./Leads.module.css";
import { StageBadge } from "./StageBadge";

/** A line a lead; who has it stands only where somebody can. */
export function LeadTable({ leads, queue }: { leads: LeadItem[]; queue: Queue }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const hasDealer = queue === "dealer" || queue === "closed";
  return (
    <WideTable
      label={t("leads.title")}
      minWidth={narrow ? 0 : hasDealer ? 1040 : 860}
      verticalSpacing={9}
      highlightOnHover
    >
      <Table.Thead className={classes.head}>
        <Table.Tr>
          <Table.Th>{t("leads.column.person")}</Table.Th>
          <Table.Th>{t("leads.column.car")}</Table.Th>
          <Table.Th>{t("leads.column.score")}</Table.Th>
          {hasDealer && <Table.Th>{t("leads.column.dealer")}</Table.Th>}
          <Table.Th>{t("leads.column.stage")}</Table.Th>
          <Table.Th>{t(queue === "dealer" ? "leads.column.clock" : "leads.column.when")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {leads.map((lead) => (
          <Row key={lead.lead_id} lead={lead} hasDealer={hasDealer} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Row({ lead, hasDealer }: { lead: LeadItem; hasDealer: boolean }) {
  const { t } = useTranslation();
  const { name, phone, email, model, region, channel, score, band, dealer_name, owner } = lead;
  const known = [phone, email].filter(Boolean);
  return (
    <Table.Tr className={classes.row}>
      <Table.Td className={classes.personCell}>
        <Link to="/leads/$leadId" params={{ leadId: lead.lead_id }} className={classes.name}>
          {name ?? phone ?? email ?? t("leads.nameless")}
        </Link>
        {lead.prompt && (
          <Badge size="sm" variant="light" color="amber" ml={8} leftSection={<IconEye size={12} aria-hidden />}>
            {t("leads.came_back")}
          </Badge>
        )}
        <Text size="xs" c="dimmed" className="num ellipsis" maw={260}>
          {name ? known.join(" · ") : known.slice(1).join(" · ")}
        </Text>
      </Table.Td>
      <Table.Td className={classes.carCell}>
        {model ?? t("ui.none")}
        <Text size="xs" c="dimmed">
          {[region, channel && label("channel", channel)].filter(Boolean).join(" · ")}
        </Text>
      </Table.Td>
      <Table.Td className={classes.scoreCell}>
        <Score score={score} band={band} />
      </Table.Td>
      {hasDealer && (
        <Table.Td className={classes.dealerCell}>
          {dealer_name ?? t("ui.none")}
          <Text size="xs" c="dimmed" className="ellipsis" maw={210}>
            {owner ?? (lead.queue === "dealer" ? t("leads.nobody_yet") : "")}
          </Text>
        </Table.Td>
      )}
      <Table.Td className={classes.stageCell}>
        <StageBadge stage={lead.stage} />
        {0 < lead.hops && (
          <Text size="xs" c="dimmed" mt={2}>
            {t("leads.hops", { count: lead.hops })}
          </Text>
        )}
      </Table.Td>
      <Table.Td className={classes.clockCell}>
        <Timing lead={lead} />
      </Table.Td>
    </Table.Tr>
  );
}

/** What time means for a lead where it is: what is left, when it is called, or how long it has been there. */
function Timing({ lead }: { lead: LeadItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = new Date();
  if (lead.clock) return <Countdown clock={lead.clock} />;
  const { queue, retry_at, tries, claimed_by, claimed_until } = lead;
  if (queue === "verification") {
    const isClaimed = claimed_by !== null && (claimed_until === null || now < new Date(claimed_until));
    const waits = retry_at && now < new Date(retry_at);
    return (
      <>
        <Text size="sm" className="num">
          {isClaimed
            ? t("leads.with", { name: claimed_by })
            : waits
              ? t("leads.call_again", { time: format.ago(retry_at, now) })
              : t("leads.call_now")}
        </Text>
        <Text size="xs" c="dimmed" className="num">
          {0 < tries
            ? t("leads.tries", { count: tries })
            : t("leads.opened", { time: format.ago(lead.opened_at, now) })}
        </Text>
      </>
    );
  }
  return (
    <Text size="sm" c="dimmed" title={format.dateTime(lead.changed_at)}>
      {format.ago(lead.changed_at, now)}
    </Text>
  );
}
