import { Alert, Anchor, Autocomplete, Badge, Button, Group, Select, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArchiveOff, IconArrowLeft, IconCopy, IconSend, IconSpeakerphone } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { Channel } from "../../message/Channel";
import { LANGUAGES, templatesQuery, type Content, type TemplateToSave } from "../../message/template";
import { TestDialog } from "../../message/TestDialog";
import { idOf } from "../../ui/idOf";
import { LeaveDialog } from "../../ui/LeaveDialog";
import { Card, Page } from "../../ui/Page";
import { toastFailed } from "../../ui/toast";
import { UnsavedBar } from "../../ui/UnsavedBar";
import type { EditorHandle } from "./MarkupEditor";
import { MailContent } from "./MailContent";
import { PreviewCard } from "./PreviewCard";
import { brandsQuery, useArchiveTemplate, useSaveTemplate } from "./queries";
import classes from "./Templates.module.css";
import { TextContent } from "./TextContent";
import { usePreview } from "./usePreview";
import { missing } from "./missing";

const NAME_CHARS_MAX = 120;
const FOLDER_CHARS_MAX = 60;

export function BackLink() {
  const { t } = useTranslation();
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/templates" {...props} />}>
      <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
      {t("templates.back")}
    </Anchor>
  );
}

/**
 * A template being worked on, beside what a person would get.
 *
 * * `saved`: what it was, for telling whether anything is changed; `begin`: what the work begins with.
 */
export function TemplateEditor({
  title,
  sort,
  saved,
  begin,
  usedBy = [],
}: {
  title: string;
  sort: "new" | "changed";
  saved: TemplateToSave;
  begin: TemplateToSave;
  usedBy?: string[];
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const me = useMe();
  const mayEdit = may(me.role, "edit_definitions");
  const list = useQuery(templatesQuery);
  const [template, setTemplate] = useState(begin);
  const [profileId, setProfileId] = useState<string | null>(null);
  const [testing, setTesting] = useState<"no" | "yes">("no");
  const [tells, setTells] = useState<"nothing" | "all">("nothing");
  const editor = useRef<EditorHandle | null>(null);
  const isDone = useRef(false);
  const { message_channel, language, brand_id, content } = template;
  const trial = { message_channel, language, brand_id, content, profile_id: profileId };
  const preview = usePreview(trial);
  const isChanged = JSON.stringify(template) !== JSON.stringify(saved);
  const lacks = missing(template);

  const save = useSaveTemplate(sort, ({ template_id }) => {
    if (sort === "changed") return;
    isDone.current = true;
    void navigate({ to: "/templates/$templateId", params: { templateId: template_id }, replace: true });
  });
  const trySave = () => {
    setTells("all");
    const [first] = lacks;
    if (first) return toastFailed(t(`templates.problem.${first}`));
    const taken = list.data?.templates.map(({ template_id }) => template_id) ?? [];
    const name = template.name.trim();
    save.mutate({ ...template, name, template_id: template.template_id || idOf(name, taken, "template") });
  };
  const saveByKeys = () => {
    if (mayEdit && isChanged && !save.isPending) trySave();
  };
  useHotkeys([["mod+S", saveByKeys]], [], true);

  const setContent = (part: Partial<Content>) =>
    setTemplate((held) => ({ ...held, content: { ...held.content, ...part } }));
  const told = (field: ReturnType<typeof missing>[number]) =>
    tells === "all" && lacks.includes(field) ? t(`templates.problem.${field}`) : undefined;
  const mistake = preview.shown?.error ?? null;
  const parts = { content, language, mistake, told, editor, onChange: setContent };
  return (
    <Page
      title={title}
      subtitle={
        <Group gap="md">
          <BackLink />
          <Channel of={message_channel} />
        </Group>
      }
      actions={
        <Actions template={template} sort={sort} usedBy={usedBy} mayEdit={mayEdit} onTest={() => setTesting("yes")} />
      }
    >
      <Card>
        <AboutFields
          template={template}
          folders={[...new Set(list.data?.templates.map(({ folder }) => folder).filter(Boolean))].sort()}
          error={told("name")}
          isNew={sort === "new"}
          onChange={(part) => setTemplate((held) => ({ ...held, ...part }))}
        />
      </Card>
      <div className={classes.bench} data-kind={message_channel === "email" ? "mail" : "text"}>
        <div className={classes.main}>
          {message_channel === "email" ? (
            <MailContent {...parts} />
          ) : (
            <TextContent {...parts} channel={message_channel} sms={preview.shown?.sms ?? null} />
          )}
        </div>
        <div className={classes.side}>
          <PreviewCard
            channel={message_channel}
            content={content}
            preview={preview}
            profileId={profileId}
            onProfile={setProfileId}
            onLine={(line) => editor.current?.showLine(line)}
          />
        </div>
      </div>
      {isChanged && mayEdit && (
        <UnsavedBar
          className={classes.unsaved}
          isSaving={save.isPending}
          onSave={trySave}
          onDiscard={() => {
            setTemplate(sort === "new" ? begin : saved);
            setTells("nothing");
            if (sort === "new") {
              isDone.current = true;
              void navigate({ to: "/templates" });
            }
          }}
        />
      )}
      <TestDialog trial={testing === "yes" ? trial : null} to={me.email} onClose={() => setTesting("no")} />
      <LeaveDialog isChanged={isChanged && mayEdit} isDone={isDone} />
    </Page>
  );
}

function Actions({
  template,
  sort,
  usedBy,
  mayEdit,
  onTest,
}: {
  template: TemplateToSave;
  sort: "new" | "changed";
  usedBy: string[];
  mayEdit: boolean;
  onTest: () => void;
}) {
  const { t } = useTranslation();
  const archive = useArchiveTemplate();
  const { template_id: templateId } = template;
  return (
    <>
      {0 < usedBy.length && (
        <Badge size="lg" variant="light" color="gray" leftSection={<IconSpeakerphone size={13} aria-hidden />}>
          {t("templates.used_by", { count: usedBy.length, number: String(usedBy.length) })}
        </Badge>
      )}
      {sort === "changed" && mayEdit && template.is_archived && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconArchiveOff size={15} aria-hidden />}
          loading={archive.isPending}
          onClick={() => archive.mutate({ templateId, isArchived: false })}
        >
          {t("templates.give_back")}
        </Button>
      )}
      {sort === "changed" && mayEdit && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconCopy size={15} aria-hidden />}
          renderRoot={(props) => <Link to="/templates/new" search={{ copy: templateId }} {...props} />}
        >
          {t("templates.copy")}
        </Button>
      )}
      {mayEdit && (
        <Button size="xs" variant="default" leftSection={<IconSend size={15} aria-hidden />} onClick={onTest}>
          {t("message.test.open")}
        </Button>
      )}
    </>
  );
}

function AboutFields({
  template,
  folders,
  error,
  isNew,
  onChange,
}: {
  template: TemplateToSave;
  folders: string[];
  error: string | undefined;
  isNew: boolean;
  onChange: (part: Partial<TemplateToSave>) => void;
}) {
  const { t } = useTranslation();
  const brands = useQuery(brandsQuery);
  return (
    <>
      {template.is_archived && (
        <Alert variant="light" color="gray" mb="sm">
          {t("templates.archived_hint")}
        </Alert>
      )}
      <div className={classes.about}>
        <TextInput
          label={t("templates.field.name")}
          placeholder={t("templates.field.name_hint")}
          required
          maxLength={NAME_CHARS_MAX}
          autoFocus={isNew && template.name === ""}
          value={template.name}
          error={error}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
        <Autocomplete
          label={t("templates.field.folder")}
          maxLength={FOLDER_CHARS_MAX}
          data={folders}
          value={template.folder}
          onChange={(folder) => onChange({ folder })}
        />
        <Select
          label={t("templates.field.language")}
          allowDeselect={false}
          data={LANGUAGES.map((value) => ({ value, label: t(`shell.language_name.${value}`) }))}
          value={template.language}
          onChange={(value) => onChange({ language: LANGUAGES.find((known) => known === value) ?? "en" })}
        />
        <Select
          label={t("templates.field.brand")}
          allowDeselect={false}
          data={[
            { value: "", label: t("templates.own_brand") },
            ...(brands.data?.brands.map(({ id, name }) => ({ value: id, label: name })) ?? []),
          ]}
          value={template.brand_id}
          onChange={(brand) => onChange({ brand_id: brand ?? "" })}
        />
      </div>
    </>
  );
}
