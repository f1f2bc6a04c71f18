import { Alert, Button, Code, Group, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { IconRefresh, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Form, FormBody } from "../../api/types";
import { smsPreview, smsSize, WORDS } from "./draft";
import classes from "./Forms.module.css";
import { useNewSecret, useTryWebhook } from "./queries";

type Changing = { draft: FormBody; disabled: boolean; onChange: (part: Partial<FormBody>) => void };

/** What a submit sets off: one SMS to the visitor, one webhook to the call centre. */
export function FormMessages({
  draft,
  form,
  disabled,
  onChange,
  onSecret,
}: Changing & { form: Form | undefined; onSecret: (secret: string) => void }) {
  return (
    <Stack gap="xl">
      <Sms draft={draft} disabled={disabled} onChange={onChange} />
      <Webhook draft={draft} form={form} disabled={disabled} onChange={onChange} onSecret={onSecret} />
    </Stack>
  );
}

function Sms({ draft, disabled, onChange }: Changing) {
  const { t } = useTranslation();
  const text = smsPreview(draft.sms ?? "", t("forms.sms.sample_name"));
  const { characters, parts } = smsSize(text);
  return (
    <Stack gap="sm">
      <Switch
        label={t("forms.sms.send")}
        description={t("forms.sms.hint")}
        checked={draft.sms !== null}
        disabled={disabled}
        onChange={(event) => onChange({ sms: event.currentTarget.checked ? WORDS[draft.language].sms : null })}
      />
      {draft.sms !== null && (
        <>
          <Textarea
            label={t("forms.sms.text")}
            description={t("forms.sms.places", { name: "{name}", phone: "{phone}" })}
            autosize
            minRows={2}
            value={draft.sms}
            disabled={disabled}
            onChange={(event) => onChange({ sms: event.currentTarget.value })}
          />
          <div>
            <Text size="xs" c="dimmed" mb={4}>
              {t("forms.sms.preview")} · {t("forms.sms.size", { characters, count: parts })}
            </Text>
            <div className={classes.sms}>{text}</div>
          </div>
        </>
      )}
    </Stack>
  );
}

function Webhook({
  draft,
  form,
  disabled,
  onChange,
  onSecret,
}: Changing & { form: Form | undefined; onSecret: (secret: string) => void }) {
  const { t } = useTranslation();
  const attempt = useTryWebhook();
  const isSaved = form !== undefined && form.form.webhook === draft.webhook && draft.webhook !== null;
  return (
    <Stack gap="sm">
      <Switch
        label={t("forms.webhook.send")}
        description={t("forms.webhook.hint")}
        checked={draft.webhook !== null}
        disabled={disabled}
        onChange={(event) => onChange({ webhook: event.currentTarget.checked ? "" : null })}
      />
      {draft.webhook !== null && (
        <TextInput
          label={t("forms.webhook.address")}
          placeholder={t("forms.webhook.example")}
          type="url"
          required
          value={draft.webhook}
          disabled={disabled}
          onChange={(event) => onChange({ webhook: event.currentTarget.value })}
        />
      )}
      {isSaved && !disabled && (
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconSend size={14} aria-hidden />}
            loading={attempt.isPending}
            onClick={() => attempt.mutate(form.form_id)}
          >
            {t("forms.webhook.try")}
          </Button>
          <NewSecret form={form} onSecret={onSecret} />
        </Group>
      )}
      {attempt.data && (
        <Alert
          color={attempt.data.is_taken ? "green" : "red"}
          variant="light"
          role="status"
          title={attempt.data.is_taken ? t("forms.webhook.taken") : t("forms.webhook.not_taken")}
        >
          <Text size="sm">{attempt.data.detail || t("forms.webhook.status", { status: attempt.data.status })}</Text>
          {attempt.data.answer && <Code block>{attempt.data.answer}</Code>}
        </Alert>
      )}
    </Stack>
  );
}

function NewSecret({ form, onSecret }: { form: Form; onSecret: (secret: string) => void }) {
  const { t } = useTranslation();
  const make = useNewSecret();
  const [asking, setAsking] = useState<"no" | "yes">("no");
  const go = () =>
    make.mutate(form.form_id, {
      onSuccess: ({ secret }) => {
        setAsking("no");
        onSecret(secret);
      },
    });
  if (asking === "no")
    return (
      <Button
        size="xs"
        variant="subtle"
        leftSection={<IconRefresh size={14} aria-hidden />}
        onClick={() => setAsking("yes")}
      >
        {t("forms.secret.new")}
      </Button>
    );
  return (
    <Alert color="amber" variant="light" w="100%">
      <Stack gap="sm">
        {t("forms.secret.warning")}
        <Group gap="xs">
          <Button size="xs" color="red" loading={make.isPending} onClick={go}>
            {t("forms.secret.new")}
          </Button>
          <Button size="xs" variant="default" onClick={() => setAsking("no")}>
            {t("ui.cancel")}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
