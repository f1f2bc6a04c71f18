import { Button, Skeleton, Stack, Text } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { identifierText } from "../../api/ledger";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { IdentityEdge, ProfileIdentity } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import { EvidenceRow } from "./EvidenceRow";
import { IdentityGraph } from "./IdentityGraph";
import classes from "./Identity.module.css";
import { identityQuery } from "./identityQueries";
import { LedgerLines } from "./LedgerLines";
import { PartDialog } from "./PartDialog";

const SHOWN = 12;

/** A profile's identifiers and what joined them, drawn and as a list; what did not join, and what people said of it. */
export function WhyOnePerson({ profileId }: { profileId: string }) {
  const identity = useQuery(identityQuery(profileId));
  return (
    <Answer query={identity} skeleton={<WhySkeleton />}>
      {(identity) => <Why identity={identity} />}
    </Answer>
  );
}

function Why({ identity }: { identity: ProfileIdentity }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const [parted, setParted] = useState<IdentityEdge | null>(null);
  const joined = identity.evidence.filter(({ joins }) => joins);
  const refused = identity.evidence.filter(({ joins }) => !joins);
  const mayPart = may(role, "edit_profiles");
  return (
    <Stack gap="md">
      <Card title={t("profiles.why.title")} hint={t("profiles.why.hint")}>
        {identity.evidence.length === 0 ? (
          <Empty icon={IconFingerprint} title={t("profiles.why.alone.title")} hint={t("profiles.why.alone.hint")} />
        ) : (
          <IdentityGraph identity={identity} />
        )}
      </Card>
      <div className={classes.columns}>
        <Stack gap="md">
          <Card title={t("profiles.why.joined")} hint={t("profiles.why.joined_hint")}>
            {joined.length === 0 ? (
              <Nothing text={t("profiles.why.joined_none")} />
            ) : (
              <Evidence identity={identity} edges={joined} onPart={mayPart ? setParted : undefined} />
            )}
          </Card>
          {0 < refused.length && (
            <Card title={t("profiles.why.refused")} hint={t("profiles.why.refused_hint")}>
              <Evidence identity={identity} edges={refused} />
            </Card>
          )}
        </Stack>
        <Stack gap="md">
          {0 < identity.kept_apart.length && (
            <Card title={t("profiles.why.apart")} hint={t("profiles.why.apart_hint")}>
              <ul className={classes.words}>
                {identity.kept_apart.map(({ one, other, at, actor }) => (
                  <li key={`${one} ${other}`}>
                    <Text size="sm">{t("profiles.why.not_same", { one: nameOf(one), other: nameOf(other) })}</Text>
                    <Text size="xs" c="dimmed">
                      {[actor, format.dateTime(at)].filter(Boolean).join(" · ")}
                    </Text>
                  </li>
                ))}
              </ul>
            </Card>
          )}
          <Card title={t("profiles.why.ledger")} hint={t("profiles.why.ledger_hint")}>
            {identity.ledger.length === 0 ? (
              <Nothing text={t("profiles.why.ledger_none")} />
            ) : (
              <LedgerLines lines={identity.ledger} profileId={identity.profile_id} />
            )}
          </Card>
        </Stack>
      </div>
      {parted && <PartDialog identity={identity} edge={parted} onClose={() => setParted(null)} />}
    </Stack>
  );

  function nameOf(fragmentId: string): string {
    const node = identity.identifiers.find(({ fragment_id }) => fragment_id === fragmentId);
    return node ? identifierText(node) : t("profiles.why.elsewhere");
  }
}

function Evidence({
  identity,
  edges,
  onPart,
}: {
  identity: ProfileIdentity;
  edges: IdentityEdge[];
  onPart?: (edge: IdentityEdge) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const [extent, setExtent] = useState<"first" | "all">("first");
  const latest = edges.toSorted((a, b) => b.at.localeCompare(a.at));
  const shown = extent === "all" ? latest : latest.slice(0, SHOWN);
  const hidden = edges.length - shown.length;
  return (
    <>
      <ul className={classes.evidence}>
        {shown.map((edge) => (
          <EvidenceRow
            key={`${edge.one} ${edge.other} ${edge.rule} ${edge.offset}`}
            identity={identity}
            edge={edge}
            onPart={onPart}
          />
        ))}
      </ul>
      {0 < hidden && (
        <Button mt="xs" variant="subtle" size="compact-xs" onClick={() => setExtent("all")}>
          {t("profiles.why.more", { count: hidden, pieces: format.integer(hidden) })}
        </Button>
      )}
    </>
  );
}

function Nothing({ text }: { text: string }) {
  return (
    <Text size="sm" c="dimmed">
      {text}
    </Text>
  );
}

function WhySkeleton() {
  return (
    <Stack gap="md">
      <Skeleton height={300} radius="lg" />
      <div className={classes.columns}>
        <Skeleton height={360} radius="lg" />
        <Skeleton height={240} radius="lg" />
      </div>
    </Stack>
  );
}
