import { Alert, Anchor, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconArrowLeft, IconEye, IconMail, IconPhone, IconTargetArrow, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { dialled, type LeadDetail, type LeadItem } from "../../api/leads";
import { useOpening } from "../../lead/useOpening";
import { Countdown } from "../../lead/Countdown";
import { leadQuery } from "../../lead/queries";
import { Score } from "../../lead/Score";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import { Decision } from "./Decision";
import { LeadActions } from "./LeadActions";
import { LeadFacts } from "./LeadFacts";
import classes from "./Lead.module.css";
import { LearnedBars } from "./LearnedBars";
import { Moves } from "./Moves";
import { PointBars } from "./PointBars";
import { useAct } from "./queries";
import { StageBadge } from "./StageBadge";

const route = getRouteApi("/shell/leads/$leadId");

/** One lead: who, what they would like, what is to be done, and how it came here. */
export function LeadPage() {
  const { t } = useTranslation();
  const { leadId } = route.useParams();
  const lead = useQuery(leadQuery(leadId));
  const isGone = lead.error instanceof ApiError && lead.error.status === 404;
  const held = lead.data?.lead;
  const title = held ? (held.name ?? held.phone ?? held.email ?? t("leads.nameless")) : t("leads.title");
  return (
    <Page
      title={isGone ? t("leads.gone.title") : title}
      subtitle={
        <Group gap="md">
          <Anchor
            size="sm"
            renderRoot={(props) => <Link to="/leads" search={held ? { queue: held.queue } : {}} {...props} />}
          >
            <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
            {t("leads.title")}
          </Anchor>
          {held && <StageBadge stage={held.stage} />}
          {held && <span>{t(`lead.queue.${held.queue}`)}</span>}
        </Group>
      }
      actions={
        held && (
          <Button
            variant="default"
            leftSection={<IconUser size={16} aria-hidden />}
            renderRoot={(props) => (
              <Link to="/profiles/$profileId" params={{ profileId: held.profile_id }} {...props} />
            )}
          >
            {t("leads.profile")}
          </Button>
        )
      }
    >
      {isGone ? (
        <Card>
          <Empty icon={IconTargetArrow} title={t("leads.gone.title")} hint={t("leads.gone.hint")} />
        </Card>
      ) : (
        <Answer query={lead} skeleton={<Skeleton height={520} radius="lg" />}>
          {(detail) => <Told detail={detail} />}
        </Answer>
      )}
    </Page>
  );
}

function Told({ detail }: { detail: LeadDetail }) {
  const { t } = useTranslation();
  const { lead, points, decision, moves, learned } = detail;
  return (
    <Stack gap="md">
      {lead.prompt && <PromptBanner lead={lead} />}
      <div className={classes.split}>
        <Stack gap="md" miw={0}>
          <Card>
            <LeadHead lead={lead} />
            <LeadActions detail={detail} />
          </Card>
          {decision && (
            <Card title={t("leads.decision.title")} hint={t("leads.decision.hint")}>
              <Decision decision={decision} />
            </Card>
          )}
          <Card title={t("leads.moves.title")}>
            <Moves moves={moves} />
          </Card>
        </Stack>
        <Stack gap="md" miw={0}>
          <Card title={t("leads.points.title")} actions={<Score score={lead.score} band={lead.band} />}>
            {learned ? <LearnedBars why={learned} /> : <PointBars points={points} score={lead.score} />}
          </Card>
          <LeadFacts detail={detail} />
        </Stack>
      </div>
    </Stack>
  );
}

function LeadHead({ lead }: { lead: LeadItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { phone, email, model, dealer_name, owner, clock, opened_at } = lead;
  return (
    <div className={classes.head}>
      <div className={classes.what}>
        <Text fw={650} fz={17}>
          {model ?? t("leads.no_model")}
        </Text>
        <Text size="sm" c="dimmed">
          {[dealer_name, owner, t("leads.opened", { time: format.ago(opened_at, new Date()) })]
            .filter(Boolean)
            .join(" · ")}
        </Text>
        <Group gap="md" mt={6}>
          {phone && (
            <a href={`tel:${dialled(phone)}`} className={classes.reach}>
              <IconPhone size={16} aria-hidden />
              {phone}
            </a>
          )}
          {email && (
            <a href={`mailto:${email}`} className={classes.reach}>
              <IconMail size={16} aria-hidden />
              {email}
            </a>
          )}
        </Group>
      </div>
      {clock && <Countdown clock={clock} size="big" />}
    </div>
  );
}

function PromptBanner({ lead }: { lead: LeadItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const act = useAct(lead.lead_id);
  const opening = useOpening();
  if (!lead.prompt) return null;
  const { at, viewed } = lead.prompt;
  return (
    <Alert
      variant="light"
      color="amber"
      icon={<IconEye size={20} />}
      title={t("lead.prompt.title", { time: format.ago(at, new Date()) })}
    >
      <Group justify="space-between" align="flex-end" gap="sm">
        <div>
          {0 < viewed.length && <Text size="sm">{t("lead.prompt.viewed", { what: viewed.join(", ") })}</Text>}
          <Text size="sm" mt={2}>
            {t("lead.prompt.suggestion", { words: opening(lead.prompt) })}
          </Text>
        </div>
        <Button size="xs" variant="default" loading={act.isPending} onClick={() => act.mutate({ act: "seen" })}>
          {t("lead.prompt.seen")}
        </Button>
      </Group>
    </Alert>
  );
}
