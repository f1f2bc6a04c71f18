import { Anchor, Button, Group, Menu, Skeleton, Text } from "@mantine/core";
import { IconPhone, IconPlayerStop, IconTransfer } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { dialled, type LeadDetail } from "../../api/leads";
import { leadQuery } from "../../lead/queries";
import { ticking } from "../../lead/clock";
import { Score } from "../../lead/Score";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer } from "../../ui/states";
import { useNow } from "../../ui/useNow";
import { operatorsQuery, useAct } from "./queries";
import { VerifyBox } from "./VerifyBox";
import classes from "./Verify.module.css";

/** The lead that is being called: its number large, the script, and the answers. */
export function CallCard({ leadId, onDone }: { leadId: string; onDone: () => void }) {
  const lead = useQuery(leadQuery(leadId));
  return (
    <Card>
      <Answer query={lead} skeleton={<Skeleton height={420} radius="md" />}>
        {(detail) => <Call detail={detail} onDone={onDone} />}
      </Answer>
    </Card>
  );
}

function Call({ detail, onDone }: { detail: LeadDetail; onDone: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { lead, vehicles, comments, script } = detail;
  const act = useAct(lead.lead_id);
  const phone = useRef<HTMLAnchorElement>(null);
  // Who works by keys dials first.
  useEffect(() => phone.current?.focus({ preventScroll: true }), []);
  const about = [
    vehicles.map(({ brand, model }) => [brand, model].filter(Boolean).join(" ")).join(", ") || lead.model,
    lead.region,
    lead.channel && label("channel", lead.channel),
    t("leads.opened", { time: format.ago(lead.opened_at, new Date()) }),
    0 < lead.tries && t("leads.tries", { count: lead.tries }),
  ];
  return (
    <>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div className={classes.who}>
          <Link to="/leads/$leadId" params={{ leadId: lead.lead_id }} className={classes.name}>
            {lead.name ?? t("leads.nameless")}
          </Link>
          {lead.phone ? (
            <a ref={phone} href={`tel:${dialled(lead.phone)}`} className={classes.phone}>
              <IconPhone size={26} aria-hidden />
              {lead.phone}
            </a>
          ) : (
            <Text c="dimmed">{t("leads.no_phone")}</Text>
          )}
        </div>
        <Score score={lead.score} band={lead.band} />
      </Group>
      <Text size="sm" c="dimmed" mt={6}>
        {about.filter(Boolean).join(" · ")}
      </Text>
      {comments && (
        <Text size="sm" mt={6} style={{ whiteSpace: "pre-line" }}>
          {comments}
        </Text>
      )}
      <div className={classes.box}>
        <VerifyBox script={script} act={act} onDone={onDone} />
      </div>
      <Group justify="space-between" mt="lg" gap="xs">
        <Claimed until={lead.claimed_until} />
        <Group gap="md">
          <Transfer line={lead.line} act={act} onDone={onDone} />
          <Anchor
            size="sm"
            renderRoot={(props) => (
              <Link to="/profiles/$profileId" params={{ profileId: lead.profile_id }} {...props} />
            )}
          >
            {t("leads.profile")}
          </Anchor>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlayerStop size={15} aria-hidden />}
            loading={act.isPending && act.variables.act === "release"}
            onClick={() => act.mutate({ act: "release" })}
          >
            {t("lead.button.release")}
          </Button>
        </Group>
      </Group>
    </>
  );
}

/** Gives the lead to another line; nothing where there is none. */
function Transfer({ line, act, onDone }: { line: string | null; act: ReturnType<typeof useAct>; onDone: () => void }) {
  const { t } = useTranslation();
  const lines = useQuery(operatorsQuery).data?.lines.filter((each) => each !== line) ?? [];
  if (lines.length === 0) return null;
  return (
    <Menu position="top-end" withArrow>
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconTransfer size={15} aria-hidden />}
          disabled={act.isPending}
        >
          {t("verify.transfer")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {lines.map((each) => (
          <Menu.Item key={each} onClick={() => act.mutate({ act: "transfer", line: each }, { onSuccess: onDone })}>
            {each}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** For how long nobody else gets this lead. */
function Claimed({ until }: { until: string | null }) {
  const { t } = useTranslation();
  const now = useNow();
  const left = until === null ? null : ticking(Math.max(0, Date.parse(until) - now));
  return (
    <Text size="sm" c="dimmed" className="num">
      {left && t("verify.claimed_for", { time: left })}
    </Text>
  );
}
