import { ActionIcon, Button, Checkbox, Group, Select, Stack, Switch, Text, Textarea, TextInput } from "@mantine/core";
import { IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { FormBody, FormField } from "../../api/types";
import { FIELD_KINDS, inLanguage, LANGUAGES, WORDS } from "./draft";
import classes from "./Forms.module.css";

type Changing = { draft: FormBody; disabled: boolean; onChange: (part: Partial<FormBody>) => void };

/** What visitors see: the form's texts and fields, with the form itself beside them. */
export function FormFields({
  draft,
  formId,
  onAddress,
  disabled,
  onChange,
}: Changing & { formId: string; onAddress: ((address: string) => void) | undefined }) {
  const { t } = useTranslation();
  return (
    <div className={classes.split}>
      <Stack gap="sm">
        <TextInput
          label={t("forms.name")}
          description={t("forms.name_hint")}
          required
          value={draft.name}
          disabled={disabled}
          data-autofocus
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
        <TextInput
          label={t("forms.address")}
          description={onAddress ? t("forms.address_hint") : t("forms.address_fixed")}
          leftSection={<Text size="sm">/f/</Text>}
          required
          value={formId}
          disabled={disabled || !onAddress}
          onChange={(event) => onAddress?.(event.currentTarget.value)}
        />
        <Group align="flex-end">
          <Select
            label={t("forms.language")}
            data={LANGUAGES.map((value) => ({ value, label: t(`shell.language_name.${value}`) }))}
            value={draft.language}
            disabled={disabled}
            allowDeselect={false}
            onChange={(value) => {
              const language = LANGUAGES.find((known) => known === value);
              if (language) onChange(inLanguage(draft, language));
            }}
          />
          <Switch
            mb={8}
            label={t("forms.enabled")}
            checked={draft.enabled}
            disabled={disabled}
            onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
          />
        </Group>
        <Texts draft={draft} disabled={disabled} onChange={onChange} />
        <Fields draft={draft} disabled={disabled} onChange={onChange} />
        <TextInput
          label={t("forms.dealer")}
          description={t("forms.dealer_hint")}
          value={draft.dealer ?? ""}
          disabled={disabled}
          onChange={(event) => onChange({ dealer: event.currentTarget.value || null })}
        />
        <Switch
          label={t("forms.opens_lead")}
          description={t("forms.opens_lead_hint")}
          checked={draft.opens_lead ?? false}
          disabled={disabled}
          onChange={(event) => onChange({ opens_lead: event.currentTarget.checked })}
        />
        <Switch
          label={t("forms.programs")}
          description={t("forms.programs_hint")}
          checked={draft.open_to_programs}
          disabled={disabled}
          onChange={(event) => onChange({ open_to_programs: event.currentTarget.checked })}
        />
      </Stack>
      <Preview draft={draft} />
    </div>
  );
}

function Texts({ draft, disabled, onChange }: Changing) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput
        label={t("forms.text.title")}
        value={draft.title}
        disabled={disabled}
        onChange={(event) => onChange({ title: event.currentTarget.value })}
      />
      <Textarea
        label={t("forms.text.intro")}
        autosize
        value={draft.intro}
        disabled={disabled}
        onChange={(event) => onChange({ intro: event.currentTarget.value })}
      />
      <TextInput
        label={t("forms.text.button")}
        required
        value={draft.button}
        disabled={disabled}
        onChange={(event) => onChange({ button: event.currentTarget.value })}
      />
      <Textarea
        label={t("forms.text.thanks")}
        required
        autosize
        value={draft.thanks}
        disabled={disabled}
        onChange={(event) => onChange({ thanks: event.currentTarget.value })}
      />
      <Textarea
        label={t("forms.text.consent")}
        description={t("forms.text.consent_hint")}
        autosize
        value={draft.consent}
        disabled={disabled}
        onChange={(event) => onChange({ consent: event.currentTarget.value })}
      />
    </>
  );
}

function Fields({ draft, disabled, onChange }: Changing) {
  const { t } = useTranslation();
  const { fields } = draft;
  const set = (at: number, part: Partial<FormField>) =>
    onChange({ fields: fields.map((field, index) => (index === at ? { ...field, ...part } : field)) });
  const up = (at: number) => {
    const moved = [...fields];
    moved.splice(at - 1, 0, ...moved.splice(at, 1));
    onChange({ fields: moved });
  };
  const left = FIELD_KINDS.filter((kind) => !fields.some((field) => field.kind === kind));
  return (
    <fieldset className={classes.fields} disabled={disabled}>
      <legend>{t("forms.fields")}</legend>
      <Stack gap="xs">
        {fields.map((field, at) => (
          <Group key={field.kind} gap="xs" wrap="nowrap" align="center">
            <TextInput
              className={classes.label}
              aria-label={t("forms.label_of", { field: t(`forms.field.${field.kind}`) })}
              leftSection={<Text size="xs">{t(`forms.field.${field.kind}`)}</Text>}
              leftSectionWidth={92}
              value={field.label}
              onChange={(event) => set(at, { label: event.currentTarget.value })}
            />
            <Checkbox
              label={t("forms.required")}
              checked={field.required}
              disabled={field.kind === "phone"}
              onChange={(event) => set(at, { required: event.currentTarget.checked })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={at === 0}
              aria-label={t("forms.move_up", { field: field.label })}
              onClick={() => up(at)}
            >
              <IconArrowUp size={15} />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={field.kind === "phone"}
              aria-label={t("forms.remove_field", { field: field.label })}
              onClick={() => onChange({ fields: fields.filter((_, index) => index !== at) })}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </Group>
        ))}
        <Group gap="xs">
          {left.map((kind) => (
            <Button
              key={kind}
              size="compact-xs"
              variant="default"
              leftSection={<IconPlus size={13} aria-hidden />}
              onClick={() =>
                onChange({
                  fields: [...fields, { kind, label: WORDS[draft.language].fields[kind], required: false }],
                })
              }
            >
              {t(`forms.field.${kind}`)}
            </Button>
          ))}
        </Group>
      </Stack>
    </fieldset>
  );
}

/** The form roughly as the hosted page shows it. */
function Preview({ draft }: { draft: FormBody }) {
  const { t } = useTranslation();
  return (
    <figure className={classes.preview} lang={draft.language}>
      <figcaption>{t("forms.preview")}</figcaption>
      <div className={classes.paper}>
        {draft.title && <strong className={classes.title}>{draft.title}</strong>}
        {draft.intro && <p className={classes.intro}>{draft.intro}</p>}
        {draft.fields.map((field) => (
          <div key={field.kind} className={classes.field}>
            <span>
              {field.label}
              {field.required ? " *" : ""}
            </span>
            <span className={field.kind === "comment" ? classes.area : classes.input} />
          </div>
        ))}
        {draft.consent && (
          <div className={classes.consent}>
            <span className={classes.box} />
            {draft.consent}
          </div>
        )}
        <span className={classes.button}>{draft.button}</span>
      </div>
    </figure>
  );
}
