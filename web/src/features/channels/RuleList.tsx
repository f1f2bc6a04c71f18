import { ActionIcon, Badge, Group, Text, UnstyledButton } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconGripVertical,
  IconListDetails,
  IconPencil,
  IconTrash,
} from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { ChannelCondition } from "../../api/types";
import { Empty } from "../../ui/states";
import { moved, takesValues, type DraftRule } from "./draft";
import classes from "./ChannelRules.module.css";

/** Values of one condition that are spelled out. */
const VALUES_SHOWN = 6;

/**
 * The rules in their order. They are moved by dragging, by the arrows, or by Alt and an arrow key on a rule.
 *
 * * `decidedBy`: the rule that the visit in the test box met.
 */
export function RuleList({
  draft,
  decidedBy,
  mayEdit,
  onChange,
  onEdit,
}: {
  draft: DraftRule[];
  decidedBy: number | null;
  mayEdit: boolean;
  onChange: (draft: DraftRule[]) => void;
  onEdit: (rule: DraftRule) => void;
}) {
  const { t } = useTranslation();
  const [dragged, setDragged] = useState<number | null>(null);
  if (draft.length === 0)
    return <Empty icon={IconListDetails} title={t("channel_rules.empty.title")} hint={t("channel_rules.empty.hint")} />;
  const onKeyDown = (at: number) => (event: KeyboardEvent) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!mayEdit || !event.altKey || step === undefined) return;
    event.preventDefault();
    onChange(moved(draft, at, at + step));
    keepFocus(event.target);
  };
  return (
    <ol className={classes.list} aria-label={t("channel_rules.title")}>
      {draft.map((rule, at) => (
        <li
          key={rule.key}
          className={classes.rule}
          data-decided={decidedBy === at || undefined}
          data-dragged={dragged === rule.key || undefined}
          draggable={mayEdit}
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = "move";
            setDragged(rule.key);
          }}
          onDragEnd={() => setDragged(null)}
          onDragOver={(event) => {
            const from = draft.findIndex(({ key }) => key === dragged);
            if (from < 0) return;
            event.preventDefault();
            if (from !== at) onChange(moved(draft, from, at));
          }}
          onKeyDown={onKeyDown(at)}
        >
          <span className={classes.handle} aria-hidden>
            {mayEdit && <IconGripVertical size={16} />}
          </span>
          <span className={classes.place}>{at + 1}</span>
          <UnstyledButton
            onClick={() => onEdit(rule)}
            disabled={!mayEdit}
            aria-keyshortcuts={mayEdit ? "Alt+ArrowUp Alt+ArrowDown" : undefined}
          >
            <Text size="sm" fw={550} truncate>
              {ruleName(t, rule.name) || t("channel_rules.unnamed")}
            </Text>
            <Text size="xs" c="dimmed" className={classes.conditions}>
              {(rule.conditions ?? []).length === 0
                ? t("channel_rules.always")
                : (rule.conditions ?? []).map((condition) => conditionText(t, condition)).join(t("channel_rules.and"))}
            </Text>
          </UnstyledButton>
          <Badge variant="light" tt="none" size="md">
            {rule.channel ? label("channel", rule.channel) : "?"}
          </Badge>
          {mayEdit && (
            <Group gap={2} wrap="nowrap" className={classes.actions}>
              <Action
                moves
                icon={IconArrowUp}
                name={t("channel_rules.up", { place: at + 1 })}
                disabled={at === 0}
                onClick={() => onChange(moved(draft, at, at - 1))}
              />
              <Action
                moves
                icon={IconArrowDown}
                name={t("channel_rules.down", { place: at + 1 })}
                disabled={at === draft.length - 1}
                onClick={() => onChange(moved(draft, at, at + 1))}
              />
              <Action
                icon={IconPencil}
                name={t("channel_rules.edit", { place: at + 1 })}
                onClick={() => onEdit(rule)}
              />
              <Action
                icon={IconTrash}
                name={t("channel_rules.remove", { place: at + 1 })}
                onClick={() => onChange(draft.filter(({ key }) => key !== rule.key))}
              />
            </Group>
          )}
        </li>
      ))}
    </ol>
  );
}

/** A row that is moved in the page loses the focus; whoever moves it by the keyboard goes on with it. */
function keepFocus(element: EventTarget) {
  if (element instanceof HTMLElement) requestAnimationFrame(() => element.focus());
}

function Action({
  icon: Picture,
  name,
  disabled = false,
  moves = false,
  onClick,
}: {
  icon: typeof IconArrowUp;
  name: string;
  disabled?: boolean;
  moves?: boolean;
  onClick: () => void;
}) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      c="dimmed"
      size="sm"
      aria-label={name}
      title={name}
      disabled={disabled}
      onClick={(event) => {
        onClick();
        if (moves) keepFocus(event.currentTarget);
      }}
    >
      <Picture size={15} aria-hidden />
    </ActionIcon>
  );
}

/** The names of the rules that every installation begins with are known in each language; people's own stay as they are. */
export const ruleName = (t: TFunction, name: string | undefined): string =>
  name ? t(`channel_rules.built_in.${name.toLowerCase().replaceAll(/[^a-z]+/g, "_")}`, { defaultValue: name }) : "";

/** UTM parameters are called so in every language. */
export function markName(t: TFunction, mark: string): string {
  const names: Record<string, string> = {
    click_id: t("channel_rules.mark.click_id"),
    referrer_host: t("channel_rules.mark.referrer_host"),
    landing_host: t("channel_rules.mark.landing_host"),
  };
  return names[mark] ?? mark;
}

function conditionText(t: TFunction, { mark, test, values = [] }: ChannelCondition): string {
  const head = `${markName(t, mark)} ${t(`channel_rules.test.${test}`)}`;
  if (!takesValues(test)) return head;
  const more = values.length - VALUES_SHOWN;
  const shown = values.slice(0, VALUES_SHOWN).join(", ");
  return `${head} ${shown}${0 < more ? t("channel_rules.more", { values: more }) : ""}`;
}
