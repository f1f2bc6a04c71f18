import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  Modal,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import type { ChannelCondition } from "../../api/types";
import { isWhole, MARKS, takesValues, TESTS, type DraftRule } from "./draft";
import classes from "./ChannelRules.module.css";
import { markName, ruleName } from "./RuleList";

/** One rule in a window: its name, its conditions, its channel. `null` for no window. */
export function RuleEditor({
  rule,
  channels,
  onClose,
  onKeep,
}: {
  rule: DraftRule | null;
  channels: string[];
  onClose: () => void;
  onKeep: (rule: DraftRule) => void;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={rule !== null} onClose={onClose} size="lg" title={t("channel_rules.rule")}>
      {rule && <RuleForm rule={rule} channels={channels} onClose={onClose} onKeep={onKeep} />}
    </Modal>
  );
}

function RuleForm({
  rule: given,
  channels,
  onClose,
  onKeep,
}: {
  rule: DraftRule;
  channels: string[];
  onClose: () => void;
  onKeep: (rule: DraftRule) => void;
}) {
  const { t } = useTranslation();
  const [rule, setRule] = useState(() => ({ ...given, name: ruleName(t, given.name) }));
  const conditions = rule.conditions ?? [];
  const change = (at: number, condition: ChannelCondition) =>
    setRule({ ...rule, conditions: conditions.map((held, place) => (place === at ? condition : held)) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // A name that was only shown in the reader's language stays what it is.
    onKeep(rule.name === ruleName(t, given.name) ? { ...rule, name: given.name ?? "" } : rule);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={t("channel_rules.name")}
          value={rule.name}
          maxLength={200}
          onChange={(event) => setRule({ ...rule, name: event.currentTarget.value })}
          data-autofocus
        />
        <div>
          <Text size="sm" fw={500}>
            {t("channel_rules.conditions")}
          </Text>
          <Text size="xs" c="dimmed" mb="xs">
            {conditions.length === 0 ? t("channel_rules.always_hint") : t("channel_rules.conditions_hint")}
          </Text>
          <Stack gap="sm">
            {conditions.map((condition, at) => (
              <ConditionFields
                // Conditions have no identity of their own: their place is all there is.
                key={at}
                condition={condition}
                onChange={(changed) => change(at, changed)}
                onRemove={() => setRule({ ...rule, conditions: conditions.filter((_, place) => place !== at) })}
              />
            ))}
            <Button
              size="compact-sm"
              variant="subtle"
              leftSection={<IconPlus size={14} aria-hidden />}
              style={{ alignSelf: "start" }}
              onClick={() =>
                setRule({ ...rule, conditions: [...conditions, { mark: "utm_medium", test: "is", values: [] }] })
              }
            >
              {t("channel_rules.add_condition")}
            </Button>
          </Stack>
        </div>
        <Autocomplete
          label={t("channel_rules.channel")}
          description={t("channel_rules.channel_hint")}
          data={channels}
          value={rule.channel}
          maxLength={50}
          onChange={(channel) => setRule({ ...rule, channel })}
          required
        />
        <Group gap="xs" justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
          <Button type="submit" disabled={!isWhole(rule)}>
            {t("channel_rules.keep")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ConditionFields({
  condition,
  onChange,
  onRemove,
}: {
  condition: ChannelCondition;
  onChange: (condition: ChannelCondition) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  return (
    <div className={classes.condition}>
      <Select
        aria-label={t("channel_rules.mark_label")}
        data={MARKS.map((value) => ({ value, label: markName(t, value) }))}
        value={condition.mark}
        allowDeselect={false}
        onChange={(value) => onChange({ ...condition, mark: MARKS.find((mark) => mark === value) ?? condition.mark })}
      />
      <Select
        aria-label={t("channel_rules.test_label")}
        data={TESTS.map((value) => ({ value, label: t(`channel_rules.test.${value}`) }))}
        value={condition.test}
        allowDeselect={false}
        onChange={(value) => onChange({ ...condition, test: TESTS.find((test) => test === value) ?? condition.test })}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label={t("channel_rules.remove_condition")}
        onClick={onRemove}
      >
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
      {takesValues(condition.test) && (
        <TagsInput
          className={classes.values}
          aria-label={t("channel_rules.values")}
          placeholder={(condition.values ?? []).length === 0 ? t("channel_rules.values_hint") : undefined}
          data={condition.mark === "click_id" ? ["gclid", "gbraid", "wbraid", "yclid", "fbclid", "ttclid"] : []}
          value={condition.values ?? []}
          splitChars={[",", " "]}
          acceptValueOnBlur
          onChange={(values) => onChange({ ...condition, values })}
        />
      )}
    </div>
  );
}
