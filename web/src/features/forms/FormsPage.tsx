import { Badge, Button, Group, Table, Text, UnstyledButton } from "@mantine/core";
import { IconForms, IconMessage, IconPlus, IconWebhook } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Form } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { FormDrawer } from "./FormDrawer";
import { formsQuery } from "./queries";

const route = getRouteApi("/shell/forms");

/** Forms that stand on pages, and what each sets off. */
export function FormsPage() {
  const { t } = useTranslation();
  const { role } = useMe();
  const { form: opened } = route.useSearch();
  const navigate = route.useNavigate();
  const forms = useQuery(formsQuery);
  const open = (form: string | undefined) => void navigate({ search: form ? { form } : {} });
  const create = may(role, "manage_forms") && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => open("new")}>
      {t("forms.create")}
    </Button>
  );
  return (
    <Page title={t("forms.title")} subtitle={t("forms.subtitle")} actions={create}>
      <Card flush>
        <Answer query={forms} skeleton={<RowsSkeleton rows={4} height={34} />}>
          {({ forms }) =>
            forms.length === 0 ? (
              <Empty icon={IconForms} title={t("forms.empty.title")} hint={t("forms.empty.hint")} action={create} />
            ) : (
              <FormTable forms={forms} onOpen={open} />
            )
          }
        </Answer>
      </Card>
      {opened && forms.data && (
        <FormDrawer
          key={opened}
          form={forms.data.forms.find(({ form_id }) => form_id === opened)}
          isNew={opened === "new"}
          onMade={open}
          onClose={() => open(undefined)}
        />
      )}
    </Page>
  );
}

function FormTable({ forms, onOpen }: { forms: Form[]; onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  return (
    <WideTable label={t("forms.title")} minWidth={720} verticalSpacing="sm" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("forms.column.name")}</Table.Th>
          <Table.Th>{t("forms.column.sets_off")}</Table.Th>
          <Table.Th className="num">{t("forms.column.submits")}</Table.Th>
          <Table.Th className="num">{t("forms.column.last")}</Table.Th>
          <Table.Th className="num">{t("forms.column.changed")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {forms.map((form) => (
          <FormRow key={form.form_id} form={form} onOpen={onOpen} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function FormRow({ form, onOpen }: { form: Form; onOpen: (id: string) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <UnstyledButton onClick={() => onOpen(form.form_id)}>
            <Text size="sm" fw={600} c="var(--fc-accent)">
              {form.form.name}
            </Text>
          </UnstyledButton>
          {!form.form.enabled && (
            <Badge size="sm" variant="light" color="gray">
              {t("forms.off")}
            </Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed" ff="monospace">
          {`/f/${form.form_id}`}
        </Text>
      </Table.Td>
      <Table.Td>
        <Group gap={6}>
          {form.form.sms && (
            <Badge size="sm" variant="light" leftSection={<IconMessage size={12} aria-hidden />}>
              {t("message.channel.sms")}
            </Badge>
          )}
          {form.form.webhook && (
            <Badge size="sm" variant="light" leftSection={<IconWebhook size={12} aria-hidden />}>
              {t("message.channel.webhook")}
            </Badge>
          )}
          {!form.form.sms && !form.form.webhook && (
            <Text size="sm" c="dimmed">
              {t("forms.sets_off_nothing")}
            </Text>
          )}
        </Group>
      </Table.Td>
      <Table.Td className="num">{format.integer(form.submits_24h)}</Table.Td>
      <Table.Td className="num nowrap">
        {form.last_submit_at ? format.ago(form.last_submit_at, new Date()) : t("ui.none")}
      </Table.Td>
      <Table.Td className="num nowrap">{format.ago(form.changed_at, new Date())}</Table.Td>
    </Table.Tr>
  );
}
