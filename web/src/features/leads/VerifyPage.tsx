import { Anchor, Button, Checkbox, Group, Kbd, Skeleton, Text } from "@mantine/core";
import { IconArrowLeft, IconHandGrab, IconHeadset } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { leadCalls, type LeadItem } from "../../api/leads";
import { useMe } from "../../api/session";
import { leadQuery, leadsQuery } from "../../lead/queries";
import { Score } from "../../lead/Score";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import { toastFailed } from "../../ui/toast";
import { useNow } from "../../ui/useNow";
import { useShortcuts } from "../../ui/useShortcuts";
import { CallCard } from "./CallCard";
import { Presence } from "./Presence";
import { operatorsQuery, useAct } from "./queries";
import { RingCard } from "./RingCard";
import { lineOf, type Line } from "./line";
import classes from "./Verify.module.css";

/** The operator's screen: the next call, what is said in it, and what came of it. */
export function VerifyPage() {
  const { t } = useTranslation();
  const leads = useInfiniteQuery(leadsQuery({ queue: "verification" }));
  const own = useOwn();
  return (
    <Page
      title={t("verify.title")}
      subtitle={
        <Anchor size="sm" renderRoot={(props) => <Link to="/leads" {...props} />}>
          <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
          {t("leads.title")}
        </Anchor>
      }
      actions={<Presence />}
    >
      <Answer query={leads} skeleton={<Skeleton height={480} radius="lg" />}>
        {({ pages }) => (
          <Desk
            leads={withOwn(
              pages.flatMap((page) => page.leads),
              own,
            )}
          />
        )}
      </Answer>
    </Page>
  );
}

/** The lead that rings at whoever looks, or that they call: it need not be among the first of the queue. */
function useOwn(): LeadItem | undefined {
  const { email } = useMe();
  const operators = useQuery(operatorsQuery).data?.operators;
  const leadId = operators?.find((each) => each.email === email)?.lead_id ?? "";
  const { data } = useQuery({ ...leadQuery(leadId), enabled: leadId !== "" });
  return data?.lead.queue === "verification" && data.lead.lead_id === leadId ? data.lead : undefined;
}

/** Of what is read twice the later look counts: that at the one lead. */
const withOwn = (leads: LeadItem[], own: LeadItem | undefined) =>
  own ? [own, ...leads.filter(({ lead_id }) => lead_id !== own.lead_id)] : leads;

function Desk({ leads }: { leads: LeadItem[] }) {
  const { t } = useTranslation();
  const { email } = useMe();
  const now = useNow();
  const [goesOn, setGoesOn] = useState(true);
  const line = lineOf(leads, email, now);
  const claim = useClaimNext();
  const [next] = line.due;
  const claimNext = () => {
    if (!line.mine && next && !claim.isPending) claim.mutate(line.due.map(({ lead_id }) => lead_id));
  };
  const rings = line.rings;
  const act = useAct(rings?.lead_id ?? "");
  const isBusy = claim.isPending || act.isPending;
  const take = () => {
    if (rings && !isBusy) claim.mutate([rings.lead_id]);
  };
  const decline = () => {
    if (rings && !isBusy) act.mutate({ act: "decline" });
  };
  useShortcuts(rings ? { c: take, d: decline } : { c: claimNext });
  return (
    <div className={classes.split}>
      {line.mine ? (
        <CallCard
          key={line.mine.lead_id}
          leadId={line.mine.lead_id}
          onDone={() => {
            if (goesOn && 0 < line.due.length) claim.mutate(line.due.map(({ lead_id }) => lead_id));
          }}
        />
      ) : rings ? (
        <RingCard lead={rings} isBusy={isBusy} onTake={take} onDecline={decline} />
      ) : (
        <Card>
          {next ? (
            <div className={classes.next}>
              <Text size="sm" c="dimmed">
                {t("verify.first")}
              </Text>
              <Text fw={680} fz={26} lh={1.2}>
                {next.name ?? next.phone ?? next.email ?? t("leads.nameless")}
              </Text>
              <Group gap="md">
                <Text>{next.model}</Text>
                <Score score={next.score} band={next.band} />
              </Group>
              <Why lead={next} waiting={line.due.length} />
              <Button
                mt="sm"
                size="md"
                leftSection={<IconHandGrab size={18} aria-hidden />}
                rightSection={<Kbd size="xs">{"C"}</Kbd>}
                aria-keyshortcuts="c"
                loading={claim.isPending}
                onClick={claimNext}
              >
                {t("verify.claim")}
              </Button>
            </div>
          ) : (
            <Empty
              icon={IconHeadset}
              title={t("verify.none.title")}
              hint={t(0 < line.later.length ? "verify.none.later" : "verify.none.hint")}
            />
          )}
        </Card>
      )}
      <div className={classes.side}>
        <Checkbox
          label={t("verify.goes_on")}
          checked={goesOn}
          onChange={(event) => setGoesOn(event.currentTarget.checked)}
        />
        <Waiting line={line} />
      </div>
    </div>
  );
}

/** Why this one before all others. */
function Why({ lead, waiting }: { lead: LeadItem; waiting: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const since = format.ago(lead.opened_at, new Date());
  return (
    <Text size="sm" c="dimmed" className="num">
      {t(lead.tries === 0 ? "verify.why.new" : "verify.why.again", {
        count: waiting,
        score: format.integer(lead.score),
        since,
        tries: format.integer(lead.tries),
      })}
    </Text>
  );
}

function Waiting({ line }: { line: Line }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = new Date();
  const groups = [
    {
      key: "due",
      leads: line.due,
      says: ({ opened_at, tries }: LeadItem) =>
        0 < tries ? t("leads.tries", { count: tries }) : t("leads.opened", { time: format.ago(opened_at, now) }),
    },
    {
      key: "later",
      leads: line.later,
      says: ({ retry_at }: LeadItem) =>
        retry_at ? `${format.time(retry_at)} · ${format.ago(retry_at, now)}` : t("ui.none"),
    },
    {
      key: "taken",
      leads: line.taken,
      says: ({ claimed_by, rings }: LeadItem) =>
        claimed_by ?? (rings?.person ? t("verify.rings_at", { name: rings.person }) : ""),
    },
  ] as const;
  return (
    <>
      {groups
        .filter(({ leads }) => 0 < leads.length)
        .map(({ key, leads, says }) => (
          <Card key={key} title={t(`verify.group.${key}`, { count: leads.length })}>
            <ul className={classes.waiting}>
              {leads.map((lead) => (
                <li key={lead.lead_id}>
                  <Link to="/leads/$leadId" params={{ leadId: lead.lead_id }} className="ellipsis">
                    {lead.name ?? lead.phone ?? lead.email ?? t("leads.nameless")}
                  </Link>
                  <Score score={lead.score} band={lead.band} />
                  <small className="num">{[lead.model, says(lead)].filter(Boolean).join(" · ")}</small>
                </li>
              ))}
            </ul>
          </Card>
        ))}
    </>
  );
}

/** Takes the first lead that is still free: somebody else may have been quicker. */
function useClaimNext() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (leadIds: string[]) => {
      let refused: unknown = null;
      for (const id of leadIds) {
        try {
          await leadCalls.act(id, { act: "claim" });
          return;
        } catch (error) {
          if (!(error instanceof ApiError) || error.status !== 409) throw error;
          refused = error;
        }
      }
      throw refused ?? new ApiError(409, "nobody", t("verify.none.title"));
    },
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ["leads"] }),
        queryClient.invalidateQueries({ queryKey: operatorsQuery.queryKey }),
      ]),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
