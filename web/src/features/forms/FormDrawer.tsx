import { Button, Drawer, Group, Stack, Tabs, Text } from "@mantine/core";
import { IconCode, IconForms, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Form, FormBody, FormLanguage } from "../../api/types";
import { Empty } from "../../ui/states";
import { addressOf, LANGUAGES, newForm } from "./draft";
import { FormFields } from "./FormFields";
import { FormMessages } from "./FormMessages";
import { FormPublish } from "./FormPublish";
import { useSaveForm } from "./queries";
import classes from "./Forms.module.css";
import { SecretOnce } from "./SecretOnce";

/** One form: what visitors see, what a submit sets off, and how it gets onto a page. */
export function FormDrawer({
  form,
  isNew,
  onMade,
  onClose,
}: {
  form: Form | undefined;
  isNew: boolean;
  onMade: (id: string) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Drawer opened onClose={onClose} position="right" size="xl" title={isNew ? t("forms.create") : form?.form.name}>
      {isNew || form ? <FormEditor form={form} onMade={onMade} /> : <Empty icon={IconForms} title={t("forms.gone")} />}
    </Drawer>
  );
}

function FormEditor({ form, onMade }: { form: Form | undefined; onMade: (id: string) => void }) {
  const { t, i18n } = useTranslation();
  const { role } = useMe();
  const language = LANGUAGES.find((known) => i18n.language.startsWith(known)) ?? ("en" as FormLanguage);
  const [draft, setDraft] = useState<FormBody>(() => form?.form ?? newForm(language, ""));
  const [address, setAddress] = useState<string | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const save = useSaveForm((saved) => {
    setDraft(saved.form.form);
    if (saved.webhook_secret) setSecret(saved.webhook_secret);
    else if (!form) onMade(saved.form.form_id);
  });
  const formId = form?.form_id ?? address ?? addressOf(draft.name);
  const change = (part: Partial<FormBody>) => setDraft({ ...draft, ...part });
  const mayChange = may(role, "manage_forms");
  const isChanged = JSON.stringify(draft) !== JSON.stringify(form?.form);

  if (secret && !form) return <SecretOnce secret={secret} onSeen={() => onMade(formId)} />;
  return (
    <Stack gap="md">
      {secret && <SecretOnce secret={secret} onSeen={() => setSecret(null)} />}
      <Tabs defaultValue="form" keepMounted>
        <Tabs.List mb="md" className={classes.tabs}>
          <Tabs.Tab value="form" leftSection={<IconForms size={15} aria-hidden />}>
            {t("forms.tab.form")}
          </Tabs.Tab>
          <Tabs.Tab value="messages" leftSection={<IconSend size={15} aria-hidden />}>
            {t("forms.tab.messages")}
          </Tabs.Tab>
          {form && (
            <Tabs.Tab value="publish" leftSection={<IconCode size={15} aria-hidden />}>
              {t("forms.tab.publish")}
            </Tabs.Tab>
          )}
        </Tabs.List>
        <Tabs.Panel value="form">
          <FormFields
            draft={draft}
            formId={formId}
            onAddress={form ? undefined : setAddress}
            disabled={!mayChange}
            onChange={change}
          />
        </Tabs.Panel>
        <Tabs.Panel value="messages">
          <FormMessages draft={draft} form={form} disabled={!mayChange} onChange={change} onSecret={setSecret} />
        </Tabs.Panel>
        {form && (
          <Tabs.Panel value="publish">
            <FormPublish formId={form.form_id} enabled={form.form.enabled} />
          </Tabs.Panel>
        )}
      </Tabs>
      {mayChange ? (
        <Group justify="flex-end">
          <Button
            disabled={!isChanged}
            loading={save.isPending}
            onClick={() => save.mutate({ formId, form: draft, isNew: !form })}
          >
            {form ? t("ui.save") : t("forms.create")}
          </Button>
        </Group>
      ) : (
        <Text size="sm" c="dimmed">
          {t("forms.read_only")}
        </Text>
      )}
    </Stack>
  );
}
