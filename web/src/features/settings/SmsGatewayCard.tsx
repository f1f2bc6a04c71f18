import {
  Accordion,
  Alert,
  Button,
  Code,
  Group,
  PasswordInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Sending, SmsGateway } from "../../api/types";
import { Copy } from "../../ui/Copy";
import { useSetGateway, useTrySms } from "./sendingQueries";

/** A common gateway to begin with: JSON, a bearer token, an id in the answer. */
const FIRST: SmsGateway = {
  url: "",
  method: "post",
  headers: [{ name: "Authorization", value: "Bearer {secret}" }],
  body: "json",
  template: '{ "to": "{phone}", "text": "{text}", "reference": "{id}" }',
  success_contains: "",
  answer_id: "id",
  receipt_id: "id",
  receipt_state: "status",
  delivered_states: ["delivered"],
  undelivered_states: ["undelivered", "failed", "rejected", "expired"],
};

const BODIES = ["json", "form", "none"] as const;
const METHODS = ["post", "get"] as const;

/** How the gateway is spoken to, its secret, and a way to see that it works. */
export function SmsGatewayCard({ sending }: { sending: Sending }) {
  const { t } = useTranslation();
  const [gateway, setGateway] = useState<SmsGateway>(sending.sms_gateway ?? FIRST);
  const [headers, setHeaders] = useState(() => headerLines(gateway));
  const [secret, setSecret] = useState("");
  const set = useSetGateway();
  const change = (part: Partial<SmsGateway>) => setGateway({ ...gateway, ...part });
  const save = () =>
    set.mutate(
      { gateway: { ...gateway, headers: readHeaders(headers) }, ...(secret && { secret }) },
      { onSuccess: () => setSecret("") },
    );
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <TextInput
          style={{ gridColumn: "span 2" }}
          label={t("sending.sms.url")}
          placeholder={t("sending.sms.example")}
          required
          value={gateway.url}
          onChange={(event) => change({ url: event.currentTarget.value })}
        />
        <Select
          label={t("sending.sms.method")}
          data={METHODS.map((value) => ({ value, label: value.toUpperCase() }))}
          value={gateway.method}
          allowDeselect={false}
          onChange={(value) => change({ method: value === "get" ? "get" : "post" })}
        />
      </SimpleGrid>
      <Textarea
        label={t("sending.sms.headers")}
        description={t("sending.sms.headers_hint", { secret: "{secret}" })}
        autosize
        value={headers}
        styles={MONOSPACE}
        spellCheck={false}
        onChange={(event) => setHeaders(event.currentTarget.value)}
      />
      <SimpleGrid cols={{ base: 1, sm: 3 }} style={{ alignItems: "end" }}>
        <Select
          label={t("sending.sms.body")}
          data={BODIES.map((value) => ({ value, label: t(`sending.sms.body_kind.${value}`) }))}
          value={gateway.body}
          allowDeselect={false}
          onChange={(value) => change({ body: BODIES.find((known) => known === value) ?? "json" })}
        />
        <PasswordInput
          style={{ gridColumn: "span 2" }}
          label={t("sending.sms.secret")}
          description={sending.has_sms_secret ? t("sending.sms.secret_kept") : t("sending.sms.secret_none")}
          placeholder={sending.has_sms_secret ? "••••••••" : ""}
          autoComplete="new-password"
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
      </SimpleGrid>
      {gateway.body !== "none" && (
        <Textarea
          label={t("sending.sms.template")}
          description={t("sending.sms.places", {
            places: "{phone} {digits} {text} {id} {secret}",
          })}
          autosize
          minRows={3}
          value={gateway.template}
          styles={MONOSPACE}
          spellCheck={false}
          onChange={(event) => change({ template: event.currentTarget.value })}
        />
      )}
      <Answers gateway={gateway} receiptsPath={sending.receipts_path} onChange={change} />
      <Group>
        <Button loading={set.isPending} onClick={save}>
          {t("ui.save")}
        </Button>
      </Group>
      {sending.sms_gateway && <Trial />}
    </Stack>
  );
}

/** What the gateway's answers and receipts mean. */
function Answers({
  gateway,
  receiptsPath,
  onChange,
}: {
  gateway: SmsGateway;
  receiptsPath: string | null;
  onChange: (part: Partial<SmsGateway>) => void;
}) {
  const { t } = useTranslation();
  return (
    <Accordion variant="separated">
      <Accordion.Item value="answers">
        <Accordion.Control>{t("sending.sms.answers")}</Accordion.Control>
        <Accordion.Panel>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label={t("sending.sms.success_contains")}
              description={t("sending.sms.success_contains_hint")}
              value={gateway.success_contains}
              onChange={(event) => onChange({ success_contains: event.currentTarget.value })}
            />
            <TextInput
              label={t("sending.sms.answer_id")}
              description={t("sending.sms.answer_id_hint")}
              value={gateway.answer_id}
              onChange={(event) => onChange({ answer_id: event.currentTarget.value })}
            />
          </SimpleGrid>
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="receipts">
        <Accordion.Control>{t("sending.sms.receipts")}</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="sm">
            {receiptsPath ? (
              <Group gap="xs" wrap="nowrap">
                <Code style={{ overflowWrap: "anywhere" }}>{`${window.location.origin}${receiptsPath}`}</Code>
                <Copy value={`${window.location.origin}${receiptsPath}`} />
              </Group>
            ) : (
              <Text size="sm" c="dimmed">
                {t("sending.sms.receipts_after")}
              </Text>
            )}
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <TextInput
                label={t("sending.sms.receipt_id")}
                value={gateway.receipt_id}
                onChange={(event) => onChange({ receipt_id: event.currentTarget.value })}
              />
              <TextInput
                label={t("sending.sms.receipt_state")}
                value={gateway.receipt_state}
                onChange={(event) => onChange({ receipt_state: event.currentTarget.value })}
              />
              <TextInput
                label={t("sending.sms.delivered")}
                description={t("sending.sms.by_comma")}
                value={gateway.delivered_states.join(", ")}
                onChange={(event) => onChange({ delivered_states: words(event.currentTarget.value) })}
              />
              <TextInput
                label={t("sending.sms.undelivered")}
                description={t("sending.sms.by_comma")}
                value={gateway.undelivered_states.join(", ")}
                onChange={(event) => onChange({ undelivered_states: words(event.currentTarget.value) })}
              />
            </SimpleGrid>
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

/** One SMS at once, and what the gateway said. */
function Trial() {
  const { t } = useTranslation();
  const [phone, setPhone] = useState("");
  const attempt = useTrySms();
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="xs">
        <TextInput
          label={t("sending.try.phone")}
          description={t("sending.try.hint")}
          type="tel"
          value={phone}
          onChange={(event) => setPhone(event.currentTarget.value)}
        />
        <Button
          variant="default"
          leftSection={<IconSend size={15} aria-hidden />}
          disabled={phone.trim() === ""}
          loading={attempt.isPending}
          onClick={() => attempt.mutate({ phone, text: t("sending.try.text") })}
        >
          {t("sending.try.action")}
        </Button>
      </Group>
      {attempt.data && (
        <Alert
          color={attempt.data.is_taken ? "green" : "red"}
          variant="light"
          role="status"
          title={attempt.data.is_taken ? t("sending.try.taken") : t("sending.try.not_taken")}
        >
          <Stack gap="xs">
            {attempt.data.detail && <Text size="sm">{attempt.data.detail}</Text>}
            {attempt.data.status !== null && (
              <Text size="sm">{t("sending.try.status", { status: attempt.data.status })}</Text>
            )}
            {attempt.data.answer && <Code block>{attempt.data.answer}</Code>}
          </Stack>
        </Alert>
      )}
    </Stack>
  );
}

const MONOSPACE = { input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } };

function words(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function headerLines(gateway: SmsGateway): string {
  return gateway.headers.map(({ name, value }) => `${name}: ${value}`).join("\n");
}

function readHeaders(lines: string): SmsGateway["headers"] {
  return lines
    .split("\n")
    .filter((line) => line.includes(":"))
    .map((line) => ({
      name: line.slice(0, line.indexOf(":")).trim(),
      value: line.slice(line.indexOf(":") + 1).trim(),
    }));
}
