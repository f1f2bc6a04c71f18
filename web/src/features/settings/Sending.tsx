import { Alert, Button, Group, Stack, Switch, Text, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Switches } from "../../api/types";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { sendingQuery, useSetSwitches } from "./sendingQueries";
import { SmsGatewayCard } from "./SmsGatewayCard";

/** Whether anything is sent, to whom, and by which gateway. */
export function Sending() {
  const { t } = useTranslation();
  const sending = useQuery(sendingQuery);
  return (
    <Stack gap="lg">
      <Card title={t("sending.title")} hint={t("sending.hint")}>
        <Answer query={sending} skeleton={<RowsSkeleton rows={3} />}>
          {({ switches }) => <SwitchFields switches={switches} key={JSON.stringify(switches)} />}
        </Answer>
      </Card>
      <Card title={t("sending.sms.title")} hint={t("sending.sms.hint")}>
        <Answer query={sending} skeleton={<RowsSkeleton rows={6} />}>
          {(sending) => <SmsGatewayCard sending={sending} />}
        </Answer>
      </Card>
    </Stack>
  );
}

type Asking = { kind: "no" } | { kind: "safe_mode_off" } | { kind: "stop" };

function SwitchFields({ switches }: { switches: Switches }) {
  const { t } = useTranslation();
  const set = useSetSwitches();
  const [asking, setAsking] = useState<Asking>({ kind: "no" });
  const [listed, setListed] = useState(switches.test_recipients.join("\n"));
  const save = (part: Partial<Switches>) => {
    setAsking({ kind: "no" });
    set.mutate({ ...switches, ...part });
  };
  const recipients = listed
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return (
    <Stack gap="md">
      <Switch
        label={t("sending.stopped")}
        description={t("sending.stopped_hint")}
        color="red"
        checked={switches.stopped}
        disabled={set.isPending}
        onChange={() => (switches.stopped ? save({ stopped: false }) : setAsking({ kind: "stop" }))}
      />
      {asking.kind === "stop" && (
        <Confirm
          question={t("sending.stop_question")}
          action={t("sending.stop_action")}
          onYes={() => save({ stopped: true })}
          onNo={() => setAsking({ kind: "no" })}
        />
      )}
      <Switch
        label={t("sending.safe_mode")}
        description={t("sending.safe_mode_hint")}
        checked={switches.safe_mode}
        disabled={set.isPending}
        onChange={() => (switches.safe_mode ? setAsking({ kind: "safe_mode_off" }) : save({ safe_mode: true }))}
      />
      {asking.kind === "safe_mode_off" && (
        <Confirm
          question={t("sending.safe_mode_question")}
          action={t("sending.safe_mode_action")}
          onYes={() => save({ safe_mode: false })}
          onNo={() => setAsking({ kind: "no" })}
        />
      )}
      <Textarea
        label={t("sending.recipients")}
        description={t("sending.recipients_hint")}
        autosize
        minRows={2}
        value={listed}
        onChange={(event) => setListed(event.currentTarget.value)}
      />
      <Group>
        <Button
          size="xs"
          disabled={recipients.join("\n") === switches.test_recipients.join("\n")}
          loading={set.isPending}
          onClick={() => save({ test_recipients: recipients })}
        >
          {t("ui.save")}
        </Button>
      </Group>
    </Stack>
  );
}

function Confirm({
  question,
  action,
  onYes,
  onNo,
}: {
  question: string;
  action: string;
  onYes: () => void;
  onNo: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Alert color="red" variant="light" role="alertdialog" aria-label={action}>
      <Stack gap="sm">
        <Text size="sm">{question}</Text>
        <Group gap="xs">
          <Button size="xs" color="red" onClick={onYes}>
            {action}
          </Button>
          <Button size="xs" variant="default" onClick={onNo} data-autofocus>
            {t("ui.cancel")}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
