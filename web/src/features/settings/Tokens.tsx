import { Alert, Badge, Button, Code, Group, Modal, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Token } from "../../api/types";
import { Copy } from "../../ui/Copy";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { tokensQuery, useAddToken, useRemoveToken } from "./queries";
import { RemoveButton } from "../../ui/RemoveButton";
import { WideTable } from "../../ui/WideTable";
import { readRole, RoleFields } from "./RoleFields";

/** Which programs may ask, and for what. */
export function Tokens() {
  const { t } = useTranslation();
  const tokens = useQuery(tokensQuery);
  const [adding, add] = useDisclosure(false);
  return (
    <Card
      title={t("settings.tokens.title")}
      hint={t("settings.tokens.hint")}
      actions={
        <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={add.open}>
          {t("settings.tokens.add")}
        </Button>
      }
      flush
    >
      <Answer query={tokens} skeleton={<RowsSkeleton rows={3} />}>
        {({ tokens }) =>
          tokens.length === 0 ? (
            <Empty icon={IconKey} title={t("settings.tokens.empty.title")} hint={t("settings.tokens.empty.hint")} />
          ) : (
            <TokenTable tokens={tokens} />
          )
        }
      </Answer>
      <Modal opened={adding} onClose={add.close} title={t("settings.tokens.add")} centered>
        <TokenForm />
      </Modal>
    </Card>
  );
}

function TokenTable({ tokens }: { tokens: Token[] }) {
  const { t } = useTranslation();
  return (
    <WideTable label={t("settings.tokens.title")} minWidth={640} verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("settings.tokens.name")}</Table.Th>
          <Table.Th>{t("settings.tokens.begins")}</Table.Th>
          <Table.Th>{t("settings.role")}</Table.Th>
          <Table.Th className="num">{t("settings.tokens.created")}</Table.Th>
          <Table.Th className="num">{t("settings.tokens.last_used")}</Table.Th>
          <Table.Th aria-label={t("ui.remove")} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {tokens.map((token) => (
          <TokenRow key={token.id} token={token} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function TokenRow({ token }: { token: Token }) {
  const { t } = useTranslation();
  const format = useFormat();
  const remove = useRemoveToken();
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          {token.name}
        </Text>
      </Table.Td>
      <Table.Td>
        <Code>{`${token.prefix}…`}</Code>
      </Table.Td>
      <Table.Td>
        <Badge size="sm" variant="light">
          {t(`role.${token.role}`)}
        </Badge>
        {token.dealer && (
          <Text span size="xs" c="dimmed" ml={6}>
            {token.dealer}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="num nowrap">{format.date(token.created_at)}</Table.Td>
      <Table.Td className="num nowrap">
        {token.last_used_at ? format.ago(token.last_used_at, new Date()) : t("settings.never")}
      </Table.Td>
      <Table.Td ta="right">
        <RemoveButton
          label={t("settings.tokens.remove", { name: token.name })}
          question={t("settings.tokens.remove_question", { name: token.name })}
          onRemove={() => remove.mutate(token.id)}
        />
      </Table.Td>
    </Table.Tr>
  );
}

function TokenForm() {
  const { t } = useTranslation();
  const add = useAddToken();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    add.mutate({ name: String(fields.get("name")).trim(), ...readRole(fields) });
  };
  if (add.data) return <NewToken token={add.data.token} />;
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          name="name"
          label={t("settings.tokens.name")}
          description={t("settings.tokens.name_hint")}
          required
          data-autofocus
        />
        <RoleFields initial="analyst" />
        <Button type="submit" loading={add.isPending} mt="xs">
          {t("settings.tokens.add")}
        </Button>
      </Stack>
    </form>
  );
}

/** The one time that a token is seen whole. */
function NewToken({ token }: { token: string }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm">
      <Alert color="amber" variant="light">
        {t("settings.tokens.once")}
      </Alert>
      <Group gap="xs" wrap="nowrap">
        <Code style={{ overflowWrap: "anywhere" }}>{token}</Code>
        <Copy value={token} label={t("settings.tokens.copy")} />
      </Group>
    </Stack>
  );
}
