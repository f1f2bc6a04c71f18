import { Alert, Button, Group, Popover, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { identifierText } from "../../api/ledger";
import type { IdentitySettings } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { outcomeOf, type Outcome } from "./draft";
import classes from "./Identity.module.css";
import { JobState } from "./JobState";
import { jobQuery, trialQuery, useApplyIdentity, useRollBack, useTryIdentity } from "./queries";

/** What the settings would make of history, the button that does it, and the way back. */
export function IdentityHistory({
  draft,
  isChanged,
  canRollBack,
  mayEdit,
}: {
  draft: IdentitySettings;
  isChanged: boolean;
  canRollBack: boolean;
  mayEdit: boolean;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const trial = useTryIdentity();
  const apply = useApplyIdentity();
  const { data: tried } = useQuery(trialQuery(trial.data?.job));
  const { data: applied } = useQuery(jobQuery("identity"));
  const isApplying = applied?.state === "running";
  const outcome = tried?.state === "done" ? outcomeOf(tried.message) : null;
  return (
    <Card title={t("identity_rules.history.title")} hint={t("identity_rules.history.hint")}>
      <Stack gap="sm">
        {mayEdit && (
          <Group gap="xs">
            <Button
              size="xs"
              variant="default"
              loading={trial.isPending}
              disabled={tried?.state === "running"}
              onClick={() => trial.mutate(draft)}
            >
              {t("identity_rules.history.try")}
            </Button>
            <Button
              size="xs"
              loading={apply.isPending}
              disabled={isChanged || isApplying}
              onClick={() => apply.mutate()}
            >
              {t("identity_rules.history.apply")}
            </Button>
            {canRollBack && <RollBack isBusy={isApplying} />}
          </Group>
        )}
        {isChanged && mayEdit && (
          <Text size="xs" c="dimmed">
            {t("identity_rules.history.save_first")}
          </Text>
        )}
        {applied && (
          <JobState
            job={applied}
            running={t("identity_rules.history.applying")}
            failed={t("identity_rules.history.failed")}
            done={t("identity_rules.history.applied", { when: format.dateTime(applied.started_at) })}
          />
        )}
        {tried && !outcome && (
          <JobState
            job={tried}
            running={t("identity_rules.history.trying")}
            failed={t("identity_rules.history.try_failed")}
            done={t("identity_rules.history.tried", { when: format.dateTime(tried.started_at) })}
          />
        )}
        {outcome && <Tried outcome={outcome} />}
      </Stack>
    </Card>
  );
}

function RollBack({ isBusy }: { isBusy: boolean }) {
  const { t } = useTranslation();
  const rollBack = useRollBack();
  const [opened, popover] = useDisclosure(false);
  return (
    <Popover opened={opened} onChange={(open) => !open && popover.close()} position="bottom-start" withArrow trapFocus>
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconArrowBackUp size={15} aria-hidden />}
          loading={rollBack.isPending}
          disabled={isBusy}
          onClick={popover.open}
        >
          {t("identity_rules.history.roll_back")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown maw={320}>
        <Stack gap="sm">
          <Text size="sm">{t("identity_rules.history.roll_back_question")}</Text>
          <Group gap="xs">
            <Button
              size="xs"
              onClick={() => {
                popover.close();
                rollBack.mutate();
              }}
            >
              {t("identity_rules.history.roll_back")}
            </Button>
            <Button size="xs" variant="default" onClick={popover.close}>
              {t("ui.cancel")}
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Tried({ outcome }: { outcome: Outcome }) {
  const { t } = useTranslation();
  const format = useFormat();
  const change = outcome.profiles_after - outcome.profiles_before;
  const isSame = outcome.joined === 0 && outcome.parted === 0;
  return (
    <div aria-live="polite">
      <div className={classes.tried}>
        <Figure name={t("identity_rules.history.before")} value={format.integer(outcome.profiles_before)} />
        <Figure
          name={t("identity_rules.history.after")}
          value={format.integer(outcome.profiles_after)}
          detail={change === 0 ? "" : `${0 < change ? "+" : "−"}${format.integer(Math.abs(change))}`}
        />
        <Figure name={t("identity_rules.history.joined")} value={format.integer(outcome.joined)} />
        <Figure name={t("identity_rules.history.parted")} value={format.integer(outcome.parted)} />
      </div>
      {isSame && (
        <Alert variant="light" mt="sm">
          {t("identity_rules.history.same")}
        </Alert>
      )}
      {0 < outcome.examples.length && (
        <>
          <Text size="sm" fw={600} mt="md" mb={6}>
            {t("identity_rules.history.examples")}
          </Text>
          <ul className={classes.examples}>
            {outcome.examples.map(({ before, after }, at) => (
              <li key={at} className={classes.example}>
                <Groups groups={before} name={t("identity_rules.history.now")} />
                <IconArrowRight size={18} aria-hidden className={classes.turns} />
                <Groups groups={after} name={t("identity_rules.history.then")} />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Figure({ name, value, detail = "" }: { name: string; value: string; detail?: string }) {
  return (
    <div>
      <div className={classes.figureName}>{name}</div>
      <div className={classes.figureValue}>
        {value}
        {detail && <span className={classes.figureChange}>{detail}</span>}
      </div>
    </div>
  );
}

/** Identifiers by the profile that they are grouped into. */
function Groups({ groups, name }: { groups: string[][]; name: string }) {
  return (
    <div className={classes.groups} role="group" aria-label={name}>
      {groups.map((group, at) => (
        <div key={at} className={classes.group}>
          {group.map((identifier) => (
            <span key={identifier}>{readable(identifier)}</span>
          ))}
        </div>
      ))}
    </div>
  );
}

/** `email: ana@example.com`, with the kind in the reader's words. */
function readable(identifier: string): string {
  const at = identifier.indexOf(": ");
  return at === -1 ? identifier : identifierText({ kind: identifier.slice(0, at), value: identifier.slice(at + 2) });
}
