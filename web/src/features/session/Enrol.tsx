import { Alert, Button, Code, Group, PasswordInput, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { BegunSecondFactor } from "../../api/types";
import { Copy } from "../../ui/Copy";
import classes from "./Enrol.module.css";
import { useBeginSecondFactor, useConfirmSecondFactor } from "./queries";
import { Refusal } from "./Refusal";

/** Sets a second factor up: password, picture for the app, a code to prove it, recovery codes to keep. */
export function Enrol({ asksPassword, onDone }: { asksPassword: boolean; onDone: () => void }) {
  const [begun, setBegun] = useState<BegunSecondFactor | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  if (codes) return <RecoveryCodes codes={codes} onDone={onDone} />;
  if (begun) return <Confirm begun={begun} onConfirmed={setCodes} />;
  return <Begin asksPassword={asksPassword} onBegun={setBegun} />;
}

function Begin({ asksPassword, onBegun }: { asksPassword: boolean; onBegun: (begun: BegunSecondFactor) => void }) {
  const { t } = useTranslation();
  const begin = useBeginSecondFactor();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = new FormData(event.currentTarget).get("password");
    begin.mutate(password === null ? null : String(password), { onSuccess: onBegun });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {begin.error && <Refusal error={begin.error} />}
        <Text size="sm">{t("session.enrol.app")}</Text>
        {asksPassword && (
          <PasswordInput
            name="password"
            label={t("session.account.current_password")}
            autoComplete="current-password"
            required
            data-autofocus
          />
        )}
        <Button type="submit" loading={begin.isPending}>
          {t("session.enrol.begin")}
        </Button>
      </Stack>
    </form>
  );
}

function Confirm({ begun, onConfirmed }: { begun: BegunSecondFactor; onConfirmed: (codes: string[]) => void }) {
  const { t } = useTranslation();
  const confirm = useConfirmSecondFactor();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code"));
    confirm.mutate(code, { onSuccess: ({ recovery_codes }) => onConfirmed(recovery_codes) });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {confirm.error && <Refusal error={confirm.error} />}
        <Text size="sm">{t("session.enrol.scan")}</Text>
        <img
          className={classes.picture}
          src={`data:image/svg+xml;utf8,${encodeURIComponent(begun.qr_svg)}`}
          alt={t("session.enrol.picture")}
          width={208}
          height={208}
        />
        <div>
          <Text size="xs" c="dimmed" mb={4}>
            {t("session.enrol.by_hand")}
          </Text>
          <Group gap="xs" wrap="nowrap">
            <Code className={classes.secret}>{begun.secret.replace(/(.{4})(?=.)/g, "$1 ")}</Code>
            <Copy value={begun.secret} label={t("session.enrol.copy")} />
          </Group>
        </div>
        <TextInput
          name="code"
          label={t("session.code.label")}
          description={t("session.enrol.code_hint")}
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={7}
          required
          autoFocus
        />
        <Button type="submit" loading={confirm.isPending}>
          {t("session.enrol.confirm")}
        </Button>
      </Stack>
    </form>
  );
}

/** The one time that recovery codes are seen. */
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useTranslation();
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${codes.join("\n")}\n`)}`;
  return (
    <Stack gap="md">
      <Alert color="amber" variant="light">
        {t("session.recovery.once")}
      </Alert>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
        {codes.map((code) => (
          <Code key={code} className={classes.secret}>
            {code}
          </Code>
        ))}
      </SimpleGrid>
      <Group gap="xs">
        <Copy value={codes.join("\n")} label={t("session.recovery.copy")} />
        <Button
          component="a"
          href={file}
          download="forecourt-recovery-codes.txt"
          variant="default"
          size="xs"
          leftSection={<IconDownload size={15} aria-hidden />}
        >
          {t("session.recovery.download")}
        </Button>
      </Group>
      <Button onClick={onDone}>{t("session.recovery.kept")}</Button>
    </Stack>
  );
}
