import { ActionIcon, Autocomplete, Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp, IconPlayerPlay, IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { Retention } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import classes from "./Privacy.module.css";
import { expiredQuery, useRetention, useRunRetention } from "./queries";

/** How a name with a star looks. */
const EXAMPLE = "page_*";

type Rule = Retention["rules"][number];

/** For how long events are kept: rules in order, with what they would take out. */
export function RetentionRules({ saved }: { saved: Retention }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(saved);
  const save = useRetention();
  const run = useRunRetention();
  const isChanged = JSON.stringify(draft) !== JSON.stringify(saved);
  const isWhole = draft.rules.every(({ event }) => event.trim() !== "");
  const setRules = (rules: Rule[]) => setDraft({ ...draft, rules });
  return (
    <Card
      title={t("privacy.retention.title")}
      hint={t("privacy.retention.hint")}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconPlayerPlay size={15} aria-hidden />}
          disabled={isChanged}
          loading={run.isPending}
          onClick={() => run.mutate()}
        >
          {t("privacy.retention.run")}
        </Button>
      }
    >
      <Stack gap="md">
        {draft.rules.length === 0 && (
          <Text size="sm" c="dimmed">
            {t("privacy.retention.for_ever")}
          </Text>
        )}
        {draft.rules.map((rule, at) => (
          <RuleRow
            // Rules have no name but their place.
            key={at}
            rule={rule}
            at={at}
            last={draft.rules.length - 1}
            onChange={(changed) => setRules(draft.rules.map((other, place) => (place === at ? changed : other)))}
            onMove={(to) => setRules(moved(draft.rules, at, to))}
            onRemove={() => setRules(draft.rules.filter((_, place) => place !== at))}
          />
        ))}
        <Group>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={15} aria-hidden />}
            onClick={() => setRules([...draft.rules, { event: "", days: 365 }])}
          >
            {t("privacy.retention.add")}
          </Button>
        </Group>
        <NumberInput
          maw={320}
          label={t("privacy.retention.log_days")}
          description={t("privacy.retention.log_hint")}
          placeholder={t("privacy.retention.log_size")}
          min={1}
          max={36525}
          allowDecimal={false}
          value={draft.log_days ?? ""}
          onChange={(days) => setDraft({ ...draft, log_days: typeof days === "number" ? days : null })}
        />
        {isWhole && <WouldGo retention={draft} />}
        {isChanged && (
          <Group gap="xs">
            <Button disabled={!isWhole} loading={save.isPending} onClick={() => save.mutate(draft)}>
              {t("privacy.retention.save")}
            </Button>
            <Button variant="default" onClick={() => setDraft(saved)}>
              {t("ui.cancel")}
            </Button>
          </Group>
        )}
      </Stack>
    </Card>
  );
}

function moved(rules: Rule[], from: number, to: number): Rule[] {
  const rest = rules.filter((_, at) => at !== from);
  return [...rest.slice(0, to), ...rules.slice(from, from + 1), ...rest.slice(to)];
}

function RuleRow({
  rule,
  at,
  last,
  onChange,
  onMove,
  onRemove,
}: {
  rule: Rule;
  at: number;
  last: number;
  onChange: (rule: Rule) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const names = useQuery({ queryKey: ["catalogue"], queryFn: () => body(api.GET("/api/catalogue")) });
  const number = at + 1;
  return (
    <div className={classes.rule} role="group" aria-label={t("privacy.retention.rule", { number })}>
      <Autocomplete
        label={t("privacy.retention.event")}
        placeholder={EXAMPLE}
        data={names.data?.events.map(({ event }) => event) ?? []}
        limit={12}
        value={rule.event}
        onChange={(event) => onChange({ ...rule, event })}
      />
      <NumberInput
        label={t("privacy.retention.days")}
        placeholder={t("privacy.retention.ever")}
        min={1}
        max={36525}
        allowDecimal={false}
        value={rule.days ?? ""}
        onChange={(days) => onChange({ ...rule, days: typeof days === "number" ? days : null })}
      />
      <Group gap={2} wrap="nowrap">
        <ActionIcon
          variant="subtle"
          color="gray"
          disabled={at === 0}
          aria-label={t("privacy.retention.up", { number })}
          onClick={() => onMove(at - 1)}
        >
          <IconArrowUp size={16} />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          disabled={at === last}
          aria-label={t("privacy.retention.down", { number })}
          onClick={() => onMove(at + 1)}
        >
          <IconArrowDown size={16} />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("privacy.retention.remove", { number })}
          onClick={onRemove}
        >
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
    </div>
  );
}

/** What the rules as they stand would take out. */
function WouldGo({ retention }: { retention: Retention }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [settled] = useDebouncedValue(retention, 400);
  const expired = useQuery(expiredQuery(settled));
  if (settled.rules.length === 0) return null;
  return (
    <div className={classes.would} role="status">
      <Answer query={expired} skeleton={<RowsSkeleton rows={2} />}>
        {({ total, events }) => {
          const most = Math.max(1, ...events.map(({ count }) => count));
          return (
            <Stack gap={8}>
              <Text size="sm" fw={600}>
                {t("privacy.retention.would_go", { count: total, events: format.integer(total) })}
              </Text>
              {events.slice(0, 8).map(({ event, count, before }) => (
                <div key={event} className={classes.gone}>
                  <span className="ellipsis">{event}</span>
                  <span className={classes.bar}>
                    <span style={{ width: `${(100 * count) / most}%` }} />
                  </span>
                  <span className="num">{format.integer(count)}</span>
                  <span className={classes.before}>{t("privacy.retention.before", { date: format.date(before) })}</span>
                </div>
              ))}
            </Stack>
          );
        }}
      </Answer>
    </div>
  );
}
