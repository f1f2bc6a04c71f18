import { Alert, Button, Checkbox, Code, Group, NativeSelect, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { IconKey, IconMailOff, IconSend } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Alerts } from "../../api/types";
import { LANGUAGES } from "../../i18n";
import { Copy } from "../../ui/Copy";
import { Card } from "../../ui/Page";
import { toastDone } from "../../ui/toast";
import { useSaveTargets, useTestTargets } from "./queries";

/** Who is told when something is wrong, and when it is over. */
export function AlertTargets({
  targets,
  canMail,
  mayEdit,
}: {
  targets: Alerts["targets"];
  canMail: boolean;
  mayEdit: boolean;
}) {
  const { t } = useTranslation();
  const save = useSaveTargets();
  const test = useTestTargets();
  const [emails, setEmails] = useState(targets.emails);
  const [fresh, setFresh] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? "").trim();
    save.mutate(
      { emails, webhook_url: text("webhook_url"), language: text("language"), new_secret: fresh },
      {
        onSuccess: () => {
          setFresh(false);
          toastDone(t("settings.saved"));
        },
      },
    );
  };
  const isTold = targets.emails.length !== 0 || targets.webhook_url !== "";
  const secret = save.data?.webhook_secret;
  const testButton = mayEdit && isTold && (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconSend size={15} aria-hidden />}
      loading={test.isPending}
      onClick={() => test.mutate(undefined, { onSuccess: () => toastDone(t("alerts.targets.test_on_its_way")) })}
    >
      {t("alerts.targets.test")}
    </Button>
  );
  return (
    <Card title={t("alerts.targets.title")} hint={t("alerts.targets.hint")} actions={testButton}>
      <form onSubmit={submit}>
        <Stack gap="md" maw={560}>
          <TagsInput
            label={t("alerts.targets.emails")}
            placeholder={emails.length === 0 ? t("alerts.targets.emails_hint") : undefined}
            value={emails}
            onChange={setEmails}
            disabled={!mayEdit}
            acceptValueOnBlur
          />
          {!canMail && emails.length !== 0 && (
            <Alert color="amber" variant="light" icon={<IconMailOff size={18} />}>
              {t("alerts.targets.no_mail")}
            </Alert>
          )}
          <TextInput
            name="webhook_url"
            type="url"
            label={t("alerts.targets.webhook")}
            description={t("alerts.targets.webhook_hint")}
            defaultValue={targets.webhook_url}
            disabled={!mayEdit}
          />
          {targets.has_webhook_secret && mayEdit && (
            <Checkbox
              label={t("alerts.targets.new_secret")}
              checked={fresh}
              onChange={(event) => setFresh(event.currentTarget.checked)}
            />
          )}
          {secret && (
            <Alert color="petrol" variant="light" icon={<IconKey size={18} />} title={t("alerts.targets.secret")}>
              <Group gap="xs" wrap="nowrap">
                <Code style={{ overflowWrap: "anywhere" }}>{secret}</Code>
                <Copy value={secret} />
              </Group>
              <Text size="xs" mt={4}>
                {t("settings.tokens.once")}
              </Text>
            </Alert>
          )}
          <NativeSelect
            name="language"
            label={t("alerts.targets.language")}
            defaultValue={targets.language}
            disabled={!mayEdit}
            data={LANGUAGES.map((value) => ({ value, label: t(`shell.language_name.${value}`) }))}
            w={220}
          />
          {mayEdit && (
            <Button type="submit" loading={save.isPending} style={{ alignSelf: "flex-start" }}>
              {t("ui.save")}
            </Button>
          )}
        </Stack>
      </form>
    </Card>
  );
}
