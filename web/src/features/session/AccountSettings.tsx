import { Badge, Button, Group, Modal, PasswordInput, Skeleton, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Account, AccountSession } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { toastDone } from "../../ui/toast";
import { browserOf } from "./browser";
import { Enrol, RecoveryCodes } from "./Enrol";
import { PASSWORD_LENGTH_MIN } from "./password";
import {
  accountQuery,
  sessionsQuery,
  useChangePassword,
  useEndOtherSessions,
  useEndSession,
  useRemoveSecondFactor,
  useRenewRecoveryCodes,
} from "./queries";
import { Refusal } from "./Refusal";

/** One's own sign-in: password, second factor, and where one is signed in. */
export function AccountSettings() {
  const account = useQuery(accountQuery);
  return (
    <Stack gap="lg">
      <Answer query={account} skeleton={<Skeleton height={320} />}>
        {(account) => (
          <>
            {account.has_password && <Password />}
            <SecondFactor account={account} />
          </>
        )}
      </Answer>
      <Sessions />
    </Stack>
  );
}

function Password() {
  const { t } = useTranslation();
  const change = useChangePassword();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    change.mutate(
      { current: String(fields.get("current")), new: String(fields.get("new")) },
      {
        onSuccess: () => {
          form.reset();
          toastDone(t("session.account.password_changed"));
        },
      },
    );
  };
  return (
    <Card title={t("session.account.password_title")} hint={t("session.account.password_hint")}>
      <form onSubmit={submit}>
        <Stack gap="sm" maw={420}>
          {change.error && <Refusal error={change.error} />}
          <PasswordInput
            name="current"
            label={t("session.account.current_password")}
            autoComplete="current-password"
            required
          />
          <PasswordInput
            name="new"
            label={t("session.account.new_password")}
            description={t("session.password_rule", { count: PASSWORD_LENGTH_MIN })}
            minLength={PASSWORD_LENGTH_MIN}
            autoComplete="new-password"
            required
          />
          <Group>
            <Button type="submit" loading={change.isPending}>
              {t("session.account.change_password")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

type Dialog = "enrol" | "renew" | "remove";

function SecondFactor({ account }: { account: Account }) {
  const { t } = useTranslation();
  const format = useFormat();
  const account$ = useQuery(accountQuery);
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const close = () => {
    setDialog(null);
    void account$.refetch();
  };
  return (
    <Card title={t("session.second_factor.title")} hint={t("session.second_factor.hint")}>
      {account.second_factor_since ? (
        <Stack gap="sm">
          <Group gap="sm">
            <Badge color="green" variant="light">
              {t("session.second_factor.on")}
            </Badge>
            <Text size="sm" c="dimmed">
              {t("session.second_factor.since", { date: format.date(account.second_factor_since) })}
            </Text>
          </Group>
          <Text size="sm" c={account.recovery_codes_left < 3 ? "red" : undefined}>
            {t("session.recovery.left", { count: account.recovery_codes_left })}
          </Text>
          <Group gap="xs">
            <Button variant="default" size="xs" onClick={() => setDialog("renew")}>
              {t("session.recovery.renew")}
            </Button>
            {!account.second_factor_required && (
              <Button variant="default" size="xs" c="red" onClick={() => setDialog("remove")}>
                {t("session.second_factor.remove")}
              </Button>
            )}
          </Group>
        </Stack>
      ) : (
        <Group justify="space-between" gap="sm">
          <Badge color="gray" variant="light">
            {t("session.second_factor.off")}
          </Badge>
          <Button onClick={() => setDialog("enrol")}>{t("session.second_factor.add")}</Button>
        </Group>
      )}
      <Modal
        opened={dialog !== null}
        onClose={close}
        title={dialog && t(`session.second_factor.kind.${dialog}`)}
        closeOnClickOutside={false}
        centered
      >
        {dialog === "enrol" && <Enrol asksPassword={account.has_password} onDone={close} />}
        {dialog === "renew" && <Renew onDone={close} />}
        {dialog === "remove" && <Remove onDone={close} />}
      </Modal>
    </Card>
  );
}

function Renew({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const renew = useRenewRecoveryCodes();
  if (renew.data) return <RecoveryCodes codes={renew.data.recovery_codes} onDone={onDone} />;
  return (
    <CodeForm
      label={t("session.recovery.renew")}
      error={renew.error}
      isPending={renew.isPending}
      onCode={(code) => renew.mutate(code)}
    />
  );
}

function Remove({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const remove = useRemoveSecondFactor();
  return (
    <CodeForm
      label={t("session.second_factor.remove")}
      error={remove.error}
      isPending={remove.isPending}
      onCode={(code) => remove.mutate(code, { onSuccess: onDone })}
    />
  );
}

/** Asks for a code before something serious. */
function CodeForm(form: { label: string; error: Error | null; isPending: boolean; onCode: (code: string) => void }) {
  const { t } = useTranslation();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    form.onCode(String(new FormData(event.currentTarget).get("code")));
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {form.error && <Refusal error={form.error} />}
        <TextInput
          name="code"
          label={t("session.code.label")}
          description={t("session.code.description")}
          autoComplete="one-time-code"
          required
          data-autofocus
        />
        <Button type="submit" loading={form.isPending}>
          {form.label}
        </Button>
      </Stack>
    </form>
  );
}

function Sessions() {
  const { t } = useTranslation();
  const sessions = useQuery(sessionsQuery);
  const endOthers = useEndOtherSessions();
  const [asks, question] = useDisclosure(false);
  const others = (sessions.data?.sessions.length ?? 0) - 1;
  return (
    <Card
      title={t("session.sessions.title")}
      hint={t("session.sessions.hint")}
      actions={
        0 < others && (
          <Button size="xs" variant="default" onClick={question.open}>
            {t("session.sessions.end_others")}
          </Button>
        )
      }
      flush
    >
      <Answer query={sessions} skeleton={<RowsSkeleton rows={2} />}>
        {({ sessions }) => (
          <Table verticalSpacing={10} horizontalSpacing="md">
            <Table.Tbody>
              {sessions.map((session) => (
                <SessionRow key={session.id} session={session} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Answer>
      <Modal opened={asks} onClose={question.close} title={t("session.sessions.end_others")} centered>
        <Stack gap="md">
          <Text size="sm">{t("session.sessions.end_others_question", { count: others })}</Text>
          <Button
            color="red"
            data-autofocus
            onClick={() => {
              question.close();
              endOthers.mutate(null);
            }}
          >
            {t("session.sessions.end_others")}
          </Button>
        </Stack>
      </Modal>
    </Card>
  );
}

function SessionRow({ session }: { session: AccountSession }) {
  const { t } = useTranslation();
  const format = useFormat();
  const end = useEndSession();
  const { browser, system, isMobile } = browserOf(session.agent);
  const Picture = isMobile ? IconDeviceMobile : IconDeviceDesktop;
  const name = [browser, system].filter(Boolean).join(", ") || t("session.sessions.unknown_device");
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="sm" wrap="nowrap">
          <Picture size={22} stroke={1.6} aria-hidden />
          <div>
            <Text size="sm" fw={550} title={session.agent}>
              {name}
            </Text>
            <Text size="xs" c="dimmed">
              {[session.address, session.is_current ? null : format.ago(session.last_seen_at, new Date())]
                .filter(Boolean)
                .join(" · ")}
            </Text>
          </div>
        </Group>
      </Table.Td>
      <Table.Td ta="right">
        {session.is_current ? (
          <Badge variant="light" color="green">
            {t("session.sessions.current")}
          </Badge>
        ) : (
          <Button
            size="xs"
            variant="default"
            aria-label={t("session.sessions.end_named", { name })}
            onClick={() => end.mutate(session.id)}
          >
            {t("session.sessions.end")}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
