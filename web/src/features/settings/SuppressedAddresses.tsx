import { Button, Center, Group, Modal, Select, Stack, Table, Text, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { IconMailOff, IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { Channel } from "../../message/Channel";
import { readTemplateChannel, TEMPLATE_CHANNELS, type TemplateChannel } from "../../message/channels";
import { suppressionText, SUPPRESSIONS } from "../../message/reason";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { RemoveButton } from "../../ui/RemoveButton";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import classes from "./Gate.module.css";
import { suppressedQuery, useRelease, useSuppress, type SuppressedAddress } from "./gateQueries";

/** Addresses that get nothing, whatever their people agreed to. */
export function SuppressedAddresses() {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [words] = useDebouncedValue(typed.trim(), 250);
  const [isAdding, dialog] = useDisclosure(false);
  const list = useInfiniteQuery(suppressedQuery(words));
  const mayEdit = may(useMe().role, "edit_definitions");
  return (
    <Card
      title={t("suppressed.title")}
      hint={t("suppressed.hint")}
      actions={
        mayEdit && (
          <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={dialog.open}>
            {t("suppressed.add")}
          </Button>
        )
      }
      flush
    >
      <div className={classes.tools}>
        <TextInput
          data-search
          type="search"
          maw={380}
          leftSection={<IconSearch size={16} aria-hidden />}
          aria-label={t("suppressed.search")}
          placeholder={t("suppressed.search")}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      <Answer query={list} skeleton={<RowsSkeleton rows={6} />}>
        {({ pages }) => {
          const addresses = pages.flatMap(({ addresses }) => addresses);
          if (addresses.length === 0)
            return (
              <Empty
                icon={IconMailOff}
                title={t(words ? "suppressed.none" : "suppressed.empty.title")}
                hint={words ? undefined : t("suppressed.empty.hint")}
              />
            );
          return (
            <>
              <AddressTable addresses={addresses} mayEdit={mayEdit} />
              {list.hasNextPage && (
                <Center p="md">
                  <Button
                    variant="default"
                    size="xs"
                    loading={list.isFetchingNextPage}
                    onClick={() => void list.fetchNextPage()}
                  >
                    {t("ui.more")}
                  </Button>
                </Center>
              )}
            </>
          );
        }}
      </Answer>
      <Modal opened={isAdding} onClose={dialog.close} title={t("suppressed.add")}>
        <AddForm onDone={dialog.close} />
      </Modal>
    </Card>
  );
}

function AddressTable({ addresses, mayEdit }: { addresses: SuppressedAddress[]; mayEdit: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const release = useRelease();
  return (
    <WideTable label={t("suppressed.title")} minWidth={640} verticalSpacing={7}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("suppressed.column.address")}</Table.Th>
          <Table.Th>{t("suppressed.column.channel")}</Table.Th>
          <Table.Th>{t("suppressed.column.reason")}</Table.Th>
          <Table.Th>{t("suppressed.column.since")}</Table.Th>
          {mayEdit && <Table.Th aria-label={t("settings.actions")} />}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {addresses.map(({ message_channel, address, reason, actor, at }) => (
          <Table.Tr key={`${message_channel} ${address}`}>
            <Table.Td>
              <Text size="sm" fw={550} style={{ overflowWrap: "anywhere" }}>
                {address}
              </Text>
            </Table.Td>
            <Table.Td>
              <Channel of={message_channel} />
            </Table.Td>
            <Table.Td>{suppressionText(t, reason)}</Table.Td>
            <Table.Td className="nowrap">
              {format.date(at)}
              <Text size="xs" c="dimmed">
                {actor}
              </Text>
            </Table.Td>
            {mayEdit && (
              <Table.Td ta="right">
                <RemoveButton
                  label={t("suppressed.release", { address })}
                  question={t("suppressed.release_question", { address })}
                  onRemove={() => release.mutate({ message_channel, addresses: [address] })}
                />
              </Table.Td>
            )}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function AddForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const suppress = useSuppress();
  const [channel, setChannel] = useState<TemplateChannel>("email");
  const [reason, setReason] = useState<(typeof SUPPRESSIONS)[number]>("manual");
  const [typed, setTyped] = useState("");
  const addresses = typed
    .split(/[\n,;]/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (0 < addresses.length) suppress.mutate({ message_channel: channel, addresses, reason }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Select
          label={t("suppressed.column.channel")}
          allowDeselect={false}
          data={TEMPLATE_CHANNELS.map((value) => ({ value, label: t(`message.channel.${value}`) }))}
          value={channel}
          onChange={(value) => setChannel(readTemplateChannel(value) ?? "email")}
        />
        <Textarea
          label={t("suppressed.addresses")}
          description={t("suppressed.addresses_hint")}
          autosize
          minRows={3}
          maxRows={10}
          required
          data-autofocus
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Select
          label={t("suppressed.column.reason")}
          allowDeselect={false}
          data={SUPPRESSIONS.map((value) => ({ value, label: t(`message.suppression.${value}`) }))}
          value={reason}
          onChange={(value) => setReason(SUPPRESSIONS.find((each) => each === value) ?? "manual")}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={suppress.isPending} disabled={addresses.length === 0}>
            {t("suppressed.add_action", { count: addresses.length })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
