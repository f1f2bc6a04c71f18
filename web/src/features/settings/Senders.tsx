import {
  Badge,
  Button,
  Drawer,
  NumberInput,
  PasswordInput,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPencil, IconSend } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { ChannelPicture } from "../../message/Channel";
import { TEMPLATE_CHANNELS } from "../../message/channels";
import { LANGUAGES, type Trial } from "../../message/template";
import { TestDialog } from "../../message/TestDialog";
import { Copy } from "../../ui/Copy";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import classes from "./Gate.module.css";
import { sendersQuery, useSetSender, type Sender } from "./gateQueries";
import {
  firstSettings,
  SENDER_FIELDS,
  settingAt,
  settingsToSave,
  withSetting,
  type SenderField,
  type SenderSettings,
  type SenderShape,
} from "./senderFields";

/** How each channel is reached, and whether it is. */
export function Senders() {
  const { t } = useTranslation();
  const senders = useQuery(sendersQuery);
  const [editing, setEditing] = useState<Sender | null>(null);
  const [trial, setTrial] = useState<Trial | null>(null);
  const { email } = useMe();
  const makeTrial = useTrial();
  return (
    <Answer
      query={senders}
      skeleton={
        <Card>
          <RowsSkeleton rows={6} />
        </Card>
      }
    >
      {({ senders }) => (
        <>
          <div className={classes.senders}>
            {TEMPLATE_CHANNELS.map((channel) => {
              const found = senders.find(({ message_channel }) => message_channel === channel);
              return (
                <SenderCard
                  key={channel}
                  sender={
                    found ?? {
                      message_channel: channel,
                      settings: null,
                      has_secret: false,
                      is_ready: false,
                      problem: "",
                      receipts_path: null,
                    }
                  }
                  onEdit={setEditing}
                  onTest={() => setTrial(makeTrial())}
                />
              );
            })}
          </div>
          <Drawer
            opened={editing !== null}
            onClose={() => setEditing(null)}
            position="right"
            size="md"
            title={editing && t(`message.channel.${editing.message_channel}`)}
          >
            {editing && <SenderForm key={editing.message_channel} sender={editing} onDone={() => setEditing(null)} />}
          </Drawer>
          <TestDialog trial={trial} to={email} onClose={() => setTrial(null)} />
        </>
      )}
    </Answer>
  );
}

/** A short e-mail in the reader's language that tells that it arrived. */
function useTrial(): () => Trial {
  const { t, i18n } = useTranslation();
  const language = LANGUAGES.find((known) => i18n.language.startsWith(known)) ?? "en";
  const [subject, text] = [t("senders.trial.subject"), t("senders.trial.text")];
  return () => ({
    message_channel: "email",
    language,
    brand_id: "",
    profile_id: null,
    content: { subject, preheader: "", markup: "html", body: `<p>${text}</p>`, text, amp: "", url: "", button: "" },
  });
}

function SenderCard({
  sender,
  onEdit,
  onTest,
}: {
  sender: Sender;
  onEdit: (sender: Sender) => void;
  onTest: () => void;
}) {
  const { t } = useTranslation();
  const { message_channel: channel, is_ready, problem, settings, receipts_path } = sender;
  // What was never set up has no problem yet.
  const state = is_ready ? "ready" : settings ? "problem" : "none";
  const color = { ready: "green", problem: "red", none: "gray" }[state];
  const receipts = receipts_path && `${window.location.origin}${receipts_path}`;
  const from = ["from", "name", "phone_number_id", "subject"].map((name) => settings?.[name]).find(Boolean);
  return (
    <section className={classes.sender} aria-label={t(`message.channel.${channel}`)}>
      <div className={classes.senderHead}>
        <span className={classes.picture}>
          <ChannelPicture of={channel} />
        </span>
        {t(`message.channel.${channel}`)}
        <Badge size="sm" variant="light" color={color}>
          {t(`senders.state.${state}`)}
        </Badge>
      </div>
      <Text size="sm" c="dimmed">
        {from ? String(from) : t(`senders.needs.${channel}`, { defaultValue: "" })}
      </Text>
      {state === "problem" && problem && (
        <Text size="sm" c="var(--fc-bad)">
          {problem}
        </Text>
      )}
      {receipts && (
        <div>
          <Text size="xs" c="dimmed">
            {t(channel === "email" ? "senders.bounces" : "senders.receipts")}
          </Text>
          <div className={classes.receipts}>
            <code title={receipts}>{receipts}</code>
            <Copy value={receipts} />
          </div>
        </div>
      )}
      <div className={classes.acts}>
        {channel === "sms" ? (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPencil size={14} aria-hidden />}
            renderRoot={(props) => (
              <Link to="/settings/$section" params={{ section: "sending" }} search={{}} {...props} />
            )}
          >
            {t("senders.sms")}
          </Button>
        ) : (
          <Button
            size="xs"
            variant={is_ready ? "default" : "filled"}
            leftSection={<IconPencil size={14} aria-hidden />}
            onClick={() => onEdit(sender)}
          >
            {t(settings ? "senders.change" : "senders.set_up")}
          </Button>
        )}
        {channel === "email" && is_ready && (
          <Button size="xs" variant="default" leftSection={<IconSend size={14} aria-hidden />} onClick={onTest}>
            {t("message.test.open")}
          </Button>
        )}
      </div>
    </section>
  );
}

const NO_SHAPE: SenderShape = { fields: [], secret: "token" };

function SenderForm({ sender, onDone }: { sender: Sender; onDone: () => void }) {
  const { t } = useTranslation();
  const { message_channel: channel, has_secret } = sender;
  const shape = SENDER_FIELDS[channel] ?? NO_SHAPE;
  // What the server keeps beside the fields of the form goes back as it came.
  const [settings, setSettings] = useState<SenderSettings>(() => ({ ...firstSettings(shape), ...sender.settings }));
  const [secret, setSecret] = useState("");
  const set = useSetSender();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set.mutate({ channel, settings: settingsToSave(settings), ...(secret && { secret }) }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t(`senders.needs.${channel}`, { defaultValue: "" })}
        </Text>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" style={{ alignItems: "start" }}>
          {shape.fields.map((field) => (
            <div key={field.name} style={field.isWide && { gridColumn: "1 / -1" }}>
              <Field
                field={field}
                value={settingAt(settings, field.name)}
                onChange={(value) => setSettings(withSetting(settings, field.name, value))}
              />
            </div>
          ))}
        </SimpleGrid>
        <PasswordInput
          label={t(`senders.secret.${shape.secret}`)}
          description={t(has_secret ? "senders.secret_kept" : "senders.secret_none")}
          placeholder={has_secret ? "••••••••" : ""}
          autoComplete="new-password"
          required={!has_secret && shape.secret !== "password"}
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
        <Button type="submit" loading={set.isPending}>
          {t("ui.save")}
        </Button>
      </Stack>
    </form>
  );
}

function Field({
  field: { name, kind, isRequired, choices = [], example },
  value,
  onChange,
}: {
  field: SenderField;
  value: unknown;
  onChange: (value: string | number | null) => void;
}) {
  const { t } = useTranslation();
  const words = {
    label: t(`senders.field.${name.replaceAll(".0.", "_")}`, { defaultValue: name }),
    required: isRequired === true,
  };
  if (kind === "choice")
    return (
      <Select
        {...words}
        allowDeselect={false}
        data={choices.map((choice) => ({
          value: choice,
          label: t(`senders.choice.${choice}`, { defaultValue: choice }),
        }))}
        value={String(value ?? "")}
        onChange={(choice) => choice && onChange(choice)}
      />
    );
  if (kind === "number")
    return (
      <NumberInput
        {...words}
        hideControls
        min={1}
        max={100_000}
        allowDecimal={false}
        value={Number(value) || ""}
        onChange={(number) => onChange(Number(number) || null)}
      />
    );
  return (
    <TextInput
      {...words}
      type={kind}
      placeholder={example}
      value={String(value ?? "")}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
