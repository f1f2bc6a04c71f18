import {
  Alert,
  Button,
  FileButton,
  Group,
  Modal,
  NumberInput,
  Stack,
  Table,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconClipboardText, IconCoins, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { CurrencyRate } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { toastDone } from "../../ui/toast";
import { ratesQuery, usePutRates, useRemoveRate } from "./queries";
import { readRates } from "./rates";
import { RemoveButton } from "../../ui/RemoveButton";
import { WideTable } from "../../ui/WideTable";

/** Lines shown of each pair before the rest is asked for. */
const SHOWN = 20;

/** What currencies were worth on which day. */
export function Currencies() {
  const { t } = useTranslation();
  const format = useFormat();
  const rates = useQuery(ratesQuery);
  const [adding, add] = useDisclosure(false);
  const [pasting, paste] = useDisclosure(false);
  return (
    <Card
      title={t("settings.currencies.title")}
      hint={t("settings.currencies.hint", { currency: format.currency })}
      actions={
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            leftSection={<IconClipboardText size={15} aria-hidden />}
            onClick={paste.open}
          >
            {t("settings.currencies.paste")}
          </Button>
          <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={add.open}>
            {t("settings.currencies.add")}
          </Button>
        </Group>
      }
      flush
    >
      <Answer query={rates} skeleton={<RowsSkeleton rows={4} />}>
        {({ rates }) =>
          rates.length === 0 ? (
            <Empty
              icon={IconCoins}
              title={t("settings.currencies.empty.title")}
              hint={t("settings.currencies.empty.hint", { currency: format.currency })}
            />
          ) : (
            <RateTable rates={rates} />
          )
        }
      </Answer>
      <Modal opened={adding} onClose={add.close} title={t("settings.currencies.add")} centered>
        <RateForm onDone={add.close} />
      </Modal>
      <Modal opened={pasting} onClose={paste.close} title={t("settings.currencies.paste")} size="lg" centered>
        <PasteForm onDone={paste.close} />
      </Modal>
    </Card>
  );
}

function RateTable({ rates }: { rates: CurrencyRate[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const remove = useRemoveRate();
  const [shown, setShown] = useState(SHOWN);
  return (
    <>
      <WideTable label={t("settings.currencies.title")} minWidth={460} verticalSpacing={7}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("settings.currencies.day")}</Table.Th>
            <Table.Th>{t("settings.currencies.says")}</Table.Th>
            <Table.Th aria-label={t("ui.remove")} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rates.slice(0, shown).map((rate) => (
            <Table.Tr key={`${rate.base} ${rate.currency} ${rate.day}`}>
              <Table.Td className="nowrap">{format.dayLong(rate.day)}</Table.Td>
              <Table.Td className="nowrap">{sentence(rate, format.language)}</Table.Td>
              <Table.Td ta="right">
                <RemoveButton
                  label={t("settings.currencies.remove", { rate: sentence(rate, format.language) })}
                  question={t("settings.currencies.remove_question", { day: format.dayLong(rate.day) })}
                  onRemove={() => remove.mutate(rate)}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
      {shown < rates.length && (
        <Group justify="center" p="sm">
          <Button size="xs" variant="default" onClick={() => setShown(shown + 100)}>
            {t("ui.more")}
          </Button>
        </Group>
      )}
    </>
  );
}

/** `1 EUR = 1.08 USD` */
function sentence({ base, currency, rate }: CurrencyRate, language: string): string {
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 7 }).format(rate);
  return `1 ${base} = ${number} ${currency}`;
}

function RateForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const put = usePutRates();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name)).trim();
    const rate = {
      base: text("base").toUpperCase(),
      currency: text("currency").toUpperCase(),
      day: text("day"),
      rate: Number(text("rate")),
    };
    put.mutate([rate], { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group grow align="flex-start">
          <TextInput
            name="base"
            label={t("settings.currencies.base")}
            defaultValue={format.currency}
            required
            maxLength={3}
            pattern="[A-Za-z]{3}"
          />
          <TextInput
            name="currency"
            label={t("settings.currencies.currency")}
            required
            maxLength={3}
            pattern="[A-Za-z]{3}"
            data-autofocus
          />
        </Group>
        <Group grow align="flex-start">
          <TextInput
            type="date"
            name="day"
            label={t("settings.currencies.day")}
            defaultValue={format.dayOf(new Date())}
            required
          />
          <NumberInput
            name="rate"
            label={t("settings.currencies.rate")}
            required
            min={0}
            decimalScale={10}
            hideControls
          />
        </Group>
        <Text size="xs" c="dimmed">
          {t("settings.currencies.rate_hint")}
        </Text>
        <Button type="submit" loading={put.isPending}>
          {t("ui.save")}
        </Button>
      </Stack>
    </form>
  );
}

function PasteForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const put = usePutRates();
  const [text, setText] = useState("");
  const { rates, bad } = readRates(text);
  const save = () =>
    put.mutate(rates, {
      onSuccess: () => {
        toastDone(t("settings.currencies.saved", { count: rates.length, rates: format.integer(rates.length) }));
        onDone();
      },
    });
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t("settings.currencies.paste_hint")}
      </Text>
      <Textarea
        aria-label={t("settings.currencies.paste")}
        placeholder={"EUR,USD,2026-01-02,1.0423\nEUR,CNY,2026-01-02,7.61"}
        rows={8}
        ff="monospace"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      {0 < bad.length && (
        <Alert color="red" variant="light">
          {bad.slice(0, 3).map(({ line, text }) => (
            <div key={line}>{t("settings.currencies.bad_line", { line, text })}</div>
          ))}
        </Alert>
      )}
      <Group justify="space-between">
        <FileButton accept=".csv,.txt,text/csv,text/plain" onChange={(file) => void file?.text().then(setText)}>
          {(button) => (
            <Button variant="default" size="sm" {...button}>
              {t("settings.currencies.file")}
            </Button>
          )}
        </FileButton>
        <Button disabled={rates.length === 0 || 0 < bad.length} loading={put.isPending} onClick={save}>
          {t("settings.currencies.save", { count: rates.length, rates: format.integer(rates.length) })}
        </Button>
      </Group>
    </Stack>
  );
}
