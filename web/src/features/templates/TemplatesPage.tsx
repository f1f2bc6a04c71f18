import { ActionIcon, Badge, Button, Group, Menu, Select, Switch, Table, Text, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  IconArchive,
  IconArchiveOff,
  IconCopy,
  IconDots,
  IconFolder,
  IconPlus,
  IconSearch,
  IconTemplate,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { ChannelPicture } from "../../message/Channel";
import { readTemplateChannel, TEMPLATE_CHANNELS } from "../../message/channels";
import { templatesQuery, type TemplateItem } from "../../message/template";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { Gallery } from "./Gallery";
import { useArchiveTemplate } from "./queries";
import type { TemplatesSearch } from "./search";
import classes from "./Templates.module.css";

const route = getRouteApi("/shell/templates");

/** What messages say, by the way they go. */
export function TemplatesPage() {
  const { t } = useTranslation();
  const list = useQuery(templatesQuery);
  const mayEdit = may(useMe().role, "edit_definitions");
  return (
    <Page
      title={t("templates.title")}
      subtitle={t("templates.subtitle")}
      actions={
        mayEdit && (
          <Button
            leftSection={<IconPlus size={16} aria-hidden />}
            renderRoot={(props) => <Link to="/templates/new" {...props} />}
          >
            {t("templates.new")}
          </Button>
        )
      }
    >
      <Answer
        query={list}
        skeleton={
          <Card flush>
            <RowsSkeleton rows={8} height={30} />
          </Card>
        }
      >
        {({ templates }) =>
          templates.length === 0 ? (
            <Nothing mayEdit={mayEdit} />
          ) : (
            <Card flush>
              <Found templates={templates} mayEdit={mayEdit} />
            </Card>
          )
        }
      </Answer>
    </Page>
  );
}

function Nothing({ mayEdit }: { mayEdit: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      <Card>
        <Empty
          icon={IconTemplate}
          title={t("templates.empty.title")}
          hint={t(mayEdit ? "templates.empty.hint" : "templates.empty.hint_read")}
        />
      </Card>
      {mayEdit && (
        <div className={classes.below}>
          <Gallery channel="email" />
        </div>
      )}
    </>
  );
}

function Found({ templates, mayEdit }: { templates: TemplateItem[]; mayEdit: boolean }) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<TemplatesSearch>) =>
    void navigate({ search: cleaned({ ...search, ...part }), replace: true });
  const { q = "", folder, channel, archived = false } = search;
  const folders = [...new Set(templates.map(({ folder }) => folder).filter(Boolean))].sort();
  const plain = q.trim().toLowerCase();
  const shown = templates.filter(
    (each) =>
      (archived || !each.is_archived) &&
      (!folder || each.folder === folder) &&
      (!channel || each.message_channel === channel) &&
      `${each.name} ${each.subject} ${each.template_id}`.toLowerCase().includes(plain),
  );
  return (
    <>
      <Group gap="xs" className={classes.tools}>
        <TextInput
          data-search
          type="search"
          className={classes.search}
          leftSection={<IconSearch size={16} aria-hidden />}
          aria-label={t("templates.search")}
          placeholder={t("templates.search")}
          value={q}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
        {0 < folders.length && (
          <Select
            clearable
            w={190}
            leftSection={<IconFolder size={15} aria-hidden />}
            aria-label={t("templates.field.folder")}
            placeholder={t("templates.all_folders")}
            data={folders}
            value={folder ?? null}
            onChange={(folder) => change({ folder: folder ?? undefined })}
          />
        )}
        <Select
          clearable
          w={160}
          aria-label={t("templates.column.channel")}
          placeholder={t("templates.all_channels")}
          data={TEMPLATE_CHANNELS.map((value) => ({ value, label: t(`message.channel.${value}`) }))}
          value={channel ?? null}
          onChange={(channel) => change({ channel: readTemplateChannel(channel) })}
        />
        {templates.some((each) => each.is_archived) && (
          <Switch
            size="xs"
            label={t("templates.show_archived")}
            checked={archived}
            onChange={(event) => change({ archived: event.currentTarget.checked || undefined })}
          />
        )}
      </Group>
      {shown.length === 0 ? (
        <Empty icon={IconTemplate} title={t("templates.none.title")} hint={t("templates.none.hint")} />
      ) : (
        <TemplateTable templates={shown} mayEdit={mayEdit} />
      )}
    </>
  );
}

function cleaned({ q, folder, channel, archived }: Partial<TemplatesSearch>): TemplatesSearch {
  return {
    ...(q && { q }),
    ...(folder && { folder }),
    ...(channel && { channel }),
    ...(archived && { archived }),
  };
}

function TemplateTable({ templates, mayEdit }: { templates: TemplateItem[]; mayEdit: boolean }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  return (
    <WideTable label={t("templates.title")} minWidth={narrow ? 0 : 860} verticalSpacing={9} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("templates.column.name")}</Table.Th>
          <Table.Th className={classes.wide}>{t("templates.field.folder")}</Table.Th>
          <Table.Th className={classes.wide}>{t("templates.field.language")}</Table.Th>
          <Table.Th className={classes.wide}>{t("templates.column.used_by")}</Table.Th>
          <Table.Th className={classes.wide}>{t("templates.column.changed")}</Table.Th>
          {mayEdit && <Table.Th w={48} aria-label={t("templates.actions")} />}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {templates.map((template) => (
          <Row key={template.template_id} template={template} mayEdit={mayEdit} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Row({ template, mayEdit }: { template: TemplateItem; mayEdit: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Table.Tr className={classes.row} data-archived={template.is_archived}>
      <Table.Td>
        <div className={classes.title}>
          <span className={classes.picture}>
            <ChannelPicture of={template.message_channel} />
          </span>
          <div className={classes.words}>
            <Link to="/templates/$templateId" params={{ templateId: template.template_id }} className={classes.name}>
              {template.name}
            </Link>
            {template.is_archived && (
              <Badge size="xs" variant="light" color="gray" ml={8}>
                {t("templates.is_archived")}
              </Badge>
            )}
            {template.subject && <div className={classes.subject}>{template.subject}</div>}
          </div>
        </div>
      </Table.Td>
      <Table.Td className={classes.wide}>{template.folder || t("ui.none")}</Table.Td>
      <Table.Td className={classes.wide}>{t(`shell.language_name.${template.language}`)}</Table.Td>
      <Table.Td className={classes.wide}>
        {template.used_by.length === 0
          ? t("ui.none")
          : t("templates.used_by", { count: template.used_by.length, number: format.integer(template.used_by.length) })}
      </Table.Td>
      <Table.Td className={classes.wide} title={format.dateTime(template.changed_at)}>
        {format.ago(template.changed_at, new Date())}
        <Text size="xs" c="dimmed" className="ellipsis" maw={180}>
          {template.changed_by}
        </Text>
      </Table.Td>
      {mayEdit && (
        <Table.Td className={classes.menu}>
          <RowMenu template={template} />
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function RowMenu({ template }: { template: TemplateItem }) {
  const { t } = useTranslation();
  const archive = useArchiveTemplate();
  const { template_id: templateId, is_archived: isArchived, name } = template;
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" c="dimmed" aria-label={t("templates.actions_of", { name })}>
          <IconDots size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconCopy size={15} aria-hidden />}
          renderRoot={(props) => <Link to="/templates/new" search={{ copy: templateId }} {...props} />}
        >
          {t("templates.copy")}
        </Menu.Item>
        <Menu.Item
          leftSection={isArchived ? <IconArchiveOff size={15} aria-hidden /> : <IconArchive size={15} aria-hidden />}
          onClick={() => archive.mutate({ templateId, isArchived: !isArchived })}
        >
          {t(isArchived ? "templates.give_back" : "templates.archive")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
