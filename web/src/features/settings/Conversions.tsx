import {
  ActionIcon,
  Autocomplete,
  Badge,
  Button,
  Code,
  Group,
  Modal,
  NumberInput,
  SegmentedControl,
  Stack,
  Table,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPencil, IconPlus, IconTargetArrow } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Conversion } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { catalogueQuery, conversionsQuery, useRemoveConversion, useSaveConversion } from "./queries";
import { RemoveButton } from "../../ui/RemoveButton";
import { WideTable } from "../../ui/WideTable";

/** What a condition looks like, in every language. */
const CONDITION = "model = 'Aster'";

type Opened = { kind: "closed" } | { kind: "new" } | { kind: "edit"; conversion: Conversion };

/** What counts as a step towards a sale. */
export function Conversions() {
  const { t } = useTranslation();
  const conversions = useQuery(conversionsQuery);
  const [opened, setOpened] = useState<Opened>({ kind: "closed" });
  const title = opened.kind === "edit" ? t("settings.conversions.edit") : t("settings.conversions.add");
  return (
    <Card
      title={t("settings.conversions.title")}
      hint={t("settings.conversions.hint")}
      actions={
        <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setOpened({ kind: "new" })}>
          {t("settings.conversions.add")}
        </Button>
      }
      flush
    >
      <Answer query={conversions} skeleton={<RowsSkeleton rows={4} />}>
        {({ conversions }) =>
          conversions.length === 0 ? (
            <Empty
              icon={IconTargetArrow}
              title={t("settings.conversions.empty.title")}
              hint={t("settings.conversions.empty.hint")}
            />
          ) : (
            <ConversionTable
              conversions={conversions}
              onEdit={(conversion) => setOpened({ kind: "edit", conversion })}
            />
          )
        }
      </Answer>
      <Modal opened={opened.kind !== "closed"} onClose={() => setOpened({ kind: "closed" })} title={title} centered>
        <ConversionForm
          conversion={opened.kind === "edit" ? opened.conversion : null}
          onDone={() => setOpened({ kind: "closed" })}
        />
      </Modal>
    </Card>
  );
}

function ConversionTable({
  conversions,
  onEdit,
}: {
  conversions: Conversion[];
  onEdit: (conversion: Conversion) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const remove = useRemoveConversion();
  return (
    <WideTable label={t("settings.conversions.title")} minWidth={640} verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("settings.conversions.name")}</Table.Th>
          <Table.Th>{t("settings.conversions.kind")}</Table.Th>
          <Table.Th>{t("settings.conversions.event")}</Table.Th>
          <Table.Th className="num">{t("settings.conversions.value")}</Table.Th>
          <Table.Th aria-label={t("ui.remove")} />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {conversions.map((conversion) => (
          <Table.Tr key={conversion.id}>
            <Table.Td>
              <Text size="sm" fw={550}>
                {conversion.name}
              </Text>
              <Text size="xs" c="dimmed" ff="monospace">
                {conversion.id}
              </Text>
            </Table.Td>
            <Table.Td>
              <Badge size="sm" variant="light" color={conversion.kind === "macro" ? "amber" : undefined}>
                {t(`settings.conversions.kind_of.${conversion.kind}`)}
              </Badge>
            </Table.Td>
            <Table.Td>
              {label("event", conversion.event)}
              {conversion.where && (
                <div>
                  <Code>{conversion.where}</Code>
                </div>
              )}
            </Table.Td>
            <Table.Td className="num nowrap">
              {conversion.value === null ? (
                <Text span size="xs" c="dimmed">
                  {t("settings.conversions.own_value")}
                </Text>
              ) : (
                format.money(conversion.value)
              )}
            </Table.Td>
            <Table.Td ta="right" className="nowrap">
              <ActionIcon
                variant="subtle"
                color="gray"
                c="dimmed"
                aria-label={t("settings.conversions.edit_named", { name: conversion.name })}
                onClick={() => onEdit(conversion)}
              >
                <IconPencil size={16} />
              </ActionIcon>
              <RemoveButton
                label={t("settings.conversions.remove", { name: conversion.name })}
                question={t("settings.conversions.remove_question", { name: conversion.name })}
                onRemove={() => remove.mutate(conversion.id)}
              />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function ConversionForm({ conversion, onDone }: { conversion: Conversion | null; onDone: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const save = useSaveConversion();
  const catalogue = useQuery(catalogueQuery);
  const [kind, setKind] = useState<Conversion["kind"]>(conversion?.kind ?? "micro");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? "").trim();
    const value = text("value");
    const definition = {
      name: text("name"),
      kind,
      event: text("event"),
      where: text("where") || null,
      value: value === "" ? null : Number(value),
    };
    save.mutate({ id: conversion?.id ?? null, definition }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <SegmentedControl
          aria-label={t("settings.conversions.kind")}
          data={[
            { value: "micro", label: t("settings.conversions.kind_of.micro") },
            { value: "macro", label: t("settings.conversions.kind_of.macro") },
          ]}
          value={kind}
          onChange={(next) => setKind(next === "macro" ? "macro" : "micro")}
        />
        <Text size="xs" c="dimmed">
          {t(`settings.conversions.kind_hint.${kind}`)}
        </Text>
        <TextInput
          name="name"
          label={t("settings.conversions.name")}
          defaultValue={conversion?.name}
          required
          maxLength={100}
          data-autofocus
        />
        <Autocomplete
          name="event"
          label={t("settings.conversions.event")}
          description={t("settings.conversions.event_hint")}
          data={catalogue.data?.events.map(({ event }) => event) ?? []}
          limit={40}
          defaultValue={conversion?.event}
          required
        />
        <TextInput
          name="where"
          label={t("settings.conversions.where")}
          description={t("settings.conversions.where_hint")}
          placeholder={CONDITION}
          ff="monospace"
          defaultValue={conversion?.where ?? ""}
        />
        <NumberInput
          name="value"
          label={t("settings.conversions.value")}
          description={t("settings.conversions.value_hint", { currency: format.currency })}
          min={0}
          decimalScale={2}
          hideControls
          defaultValue={conversion?.value ?? ""}
        />
        <Group justify="flex-end" mt="xs">
          <Button type="submit" loading={save.isPending}>
            {t("ui.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
