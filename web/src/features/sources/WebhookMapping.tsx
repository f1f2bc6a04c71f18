import { Alert, Button, Code, Group, Select, Skeleton, Stack, Table, Text, Textarea, TextInput } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeBlock } from "../../ui/CodeBlock";
import { Answer } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { useSaveMapping, useTryMapping, webhookQuery, type Mapping, type Tried } from "./webhookQueries";

/** Another program posts here: its fields are mapped once, by a body that came. */
export function WebhookMapping({ id, mayChange }: { id: string; mayChange: boolean }) {
  const { t } = useTranslation();
  const webhook = useQuery(webhookQuery(id));
  return (
    <Answer query={webhook} skeleton={<Skeleton height={220} radius="md" />}>
      {({ path, mapping, targets, waiting, samples }) => (
        <Stack gap="md">
          <div>
            <Text size="sm" mb={6}>
              {t("sources.webhook.hint")}
            </Text>
            <CodeBlock code={window.location.origin + path} label={t("sources.webhook.address")} />
          </div>
          {0 < waiting && (
            <Alert color="amber" icon={<IconInbox size={18} />}>
              {t("sources.webhook.waiting", { count: waiting })}
            </Alert>
          )}
          {mayChange && <Mapper id={id} held={mapping} targets={targets} sample={samples[0] ?? ""} />}
        </Stack>
      )}
    </Answer>
  );
}

type MapperProps = { id: string; held: Mapping | null; targets: string[]; sample: string };

function Mapper({ id, held, targets, sample }: MapperProps) {
  const { t } = useTranslation();
  const [text, setText] = useState<string | null>(null);
  const [tried, setTried] = useState<Tried | null>(null);
  const attempt = useTryMapping(id);
  const save = useSaveMapping(id);
  const body = text ?? sample;
  const look = (mapping: Mapping | null) => attempt.mutate({ body, mapping }, { onSuccess: setTried });
  return (
    <Stack gap="md">
      <Textarea
        label={t("sources.webhook.body")}
        description={t("sources.webhook.body_hint")}
        autosize
        minRows={3}
        maxRows={8}
        value={body}
        onChange={(event) => setText(event.currentTarget.value)}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12.5 } }}
      />
      <Group gap="xs">
        <Button
          size="xs"
          variant={tried ? "default" : "filled"}
          disabled={body.trim() === ""}
          loading={attempt.isPending && !tried}
          onClick={() => look(held)}
        >
          {t("sources.webhook.read")}
        </Button>
        {held && (
          <Button size="xs" variant="subtle" color="gray" loading={save.isPending} onClick={() => save.mutate(null)}>
            {t("sources.webhook.remove")}
          </Button>
        )}
      </Group>
      {tried && (
        <>
          <TextInput
            label={t("sources.webhook.event")}
            description={t("sources.webhook.event_hint")}
            value={tried.mapping.event}
            onChange={(event) =>
              setTried({ ...tried, mapping: { ...tried.mapping, event: event.currentTarget.value.trim() } })
            }
            onBlur={() => look(tried.mapping)}
          />
          <Fields tried={tried} targets={targets} onChange={look} />
          <Constants mapping={tried.mapping} onChange={look} />
          {tried.problem ? (
            <Alert color="red">{tried.problem}</Alert>
          ) : (
            <CodeBlock code={JSON.stringify(tried.calls[0], null, 2)} label={t("sources.webhook.becomes")} />
          )}
          <Group>
            <Button
              loading={save.isPending}
              disabled={tried.problem !== null || attempt.isPending}
              onClick={() => save.mutate(tried.mapping)}
            >
              {t("sources.webhook.save")}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}

type FieldsProps = { tried: Tried; targets: string[]; onChange: (mapping: Mapping) => void };

/** Each field of the body, with what it holds and what it becomes. */
function Fields({ tried: { fields, mapping }, targets, onChange }: FieldsProps) {
  const { t } = useTranslation();
  const own = (path: string) => `property:${path.split(".").at(-1) ?? path}`;
  const set = (from: string, to: string | null) => {
    // What becomes the same as another takes its place.
    const others = mapping.fields.filter((field) => field.from !== from && field.to !== to);
    onChange({ ...mapping, fields: to === null ? others : [...others, { from, to }] });
  };
  return (
    <WideTable label={t("sources.webhook.fields")} minWidth={520}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("sources.webhook.field")}</Table.Th>
          <Table.Th>{t("sources.webhook.value")}</Table.Th>
          <Table.Th>{t("sources.webhook.target")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {fields.map(({ path, value }) => {
          const held = mapping.fields.find(({ from }) => from === path)?.to ?? null;
          const options = [
            ...targets.map((target) => ({
              value: target,
              label: t(`sources.webhook.to.${target}`, { defaultValue: target }),
            })),
            { value: own(path), label: t("sources.webhook.own", { name: own(path).slice("property:".length) }) },
          ];
          if (held !== null && !options.some((option) => option.value === held))
            options.push({ value: held, label: held });
          return (
            <Table.Tr key={path}>
              <Table.Td>
                <Code>{path}</Code>
              </Table.Td>
              <Table.Td style={{ maxWidth: 200, overflowWrap: "anywhere" }}>{String(value).slice(0, 80)}</Table.Td>
              <Table.Td>
                <Select
                  size="xs"
                  searchable
                  clearable
                  aria-label={t("sources.webhook.target_of", { path })}
                  placeholder={t("sources.webhook.left_out")}
                  data={options}
                  value={held}
                  onChange={(to) => set(path, to)}
                  clearButtonProps={{ "aria-label": t("sources.webhook.left_out") }}
                />
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </WideTable>
  );
}

/** By which leads of all bodies come. */
const ALWAYS = ["utm_source", "utm_medium"] as const;

/** What no body says, and holds for all of them. */
function Constants({ mapping, onChange }: { mapping: Mapping; onChange: (mapping: Mapping) => void }) {
  const { t } = useTranslation();
  const set = (to: string, text: string) => {
    const others = mapping.fields.filter((field) => field.to !== to);
    onChange({ ...mapping, fields: text === "" ? others : [...others, { from: `=${text}`, to }] });
  };
  return (
    <Group grow align="flex-end">
      {ALWAYS.map((to) => {
        const held = mapping.fields.find((field) => field.to === to)?.from ?? "";
        return (
          <TextInput
            // What is chosen in the table above shows here, and the other way round.
            key={`${to} ${held}`}
            size="xs"
            label={t("sources.webhook.always", { name: t(`sources.webhook.to.${to}`) })}
            placeholder={t("sources.webhook.always_none")}
            defaultValue={held.startsWith("=") ? held.slice(1) : ""}
            onBlur={(event) => {
              const text = event.currentTarget.value.trim();
              if (`=${text}` !== held && !(text === "" && !held.startsWith("="))) set(to, text);
            }}
          />
        );
      })}
    </Group>
  );
}
