import { Button, Menu } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconCircleMinus,
  IconCopy,
  IconFolderMinus,
  IconFolderPlus,
  IconPlus,
  IconTrash,
} from "@tabler/icons-react";
import { Fragment, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { clauseText } from "../sentence";
import { useSpeech } from "../useSpeech";
import classes from "./Tree.module.css";
import { ConditionFields } from "./ConditionFields";
import {
  canMove,
  CONDITIONS_MAX,
  conditionsOf,
  isGroup,
  JOINS,
  newCondition,
  newGroup,
  ruleOf,
  type DraftCondition,
  type DraftGroup,
  type DraftNode,
} from "./draft";
import { focusOn, useEditing } from "./editing";
import { Choice, Tool } from "./fields";
import { blank, KIND_GROUPS, KIND_ICONS } from "./kinds";
import { problemsOf } from "./problems";

/** A rule as groups of conditions, each a line that is read like a sentence. */
export function RuleTree() {
  const { root } = useEditing();
  return <Group group={root} />;
}

function Group({ group }: { group: DraftGroup }) {
  const { t } = useTranslation();
  const { root, onChange } = useEditing();
  const between = t(group.join === "all" || group.join === "not_all" ? "segments.and" : "segments.or");
  const isRoot = group.key === root.key;
  return (
    <div
      className={classes.group}
      data-node={group.key}
      data-root={isRoot || undefined}
      role="group"
      aria-label={t(isRoot ? "segments.group_root" : "segments.group", { join: t(`segments.join.${group.join}`) })}
      onKeyDown={isRoot ? undefined : movesBy(group.key)}
    >
      <div className={classes.groupHead}>
        <Choice
          name={t("segments.field.join")}
          value={group.join}
          values={JOINS}
          labelOf={(join) => t(`segments.join.${join}`)}
          className={classes.join}
          action="first"
          onChange={(join) => onChange({ do: "join", key: group.key, join })}
        />
        {!isRoot && <NodeTools node={group} />}
      </div>
      <div className={classes.nodes}>
        {group.nodes.length === 0 && <p className={classes.empty}>{t("segments.group_empty")}</p>}
        {group.nodes.map((node, at) => (
          <div key={node.key} className={classes.node} data-between={at === 0 ? undefined : between}>
            {isGroup(node) ? <Group group={node} /> : <ConditionRow node={node} />}
          </div>
        ))}
        <AddTools group={group} />
      </div>
    </div>
  );

  function movesBy(key: number) {
    return (event: KeyboardEvent) => {
      if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
      event.preventDefault();
      event.stopPropagation();
      onChange({ do: "move", key, by: event.key === "ArrowUp" ? "up" : "down" });
      focusOn(key, actionOf(event.target));
    };
  }
}

/** Which of a line's places has the focus. */
const actionOf = (target: EventTarget) =>
  (target instanceof HTMLElement && target.closest<HTMLElement>("[data-action]")?.dataset.action) || "first";

function ConditionRow({ node }: { node: DraftCondition }) {
  const { t } = useTranslation();
  const speech = useSpeech();
  const { tells, onChange } = useEditing();
  const { condition, holds, key } = node;
  const problems = problemsOf(condition);
  const wrong = (place: string) => {
    const problem = problems.find((each) => each.place === place && (tells === "all" || each.sort === "wrong"));
    return problem && t(`segments.problem.${problem.why}`);
  };
  const Picture = KIND_ICONS[condition.if];
  return (
    <div
      className={classes.condition}
      data-node={key}
      data-holds={holds}
      role="group"
      aria-label={clauseText(ruleOf(node), speech)}
      aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
      onKeyDown={(event) => {
        if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
        event.preventDefault();
        event.stopPropagation();
        onChange({ do: "move", key, by: event.key === "ArrowUp" ? "up" : "down" });
        focusOn(key, actionOf(event.target));
      }}
    >
      <span className={classes.kind} title={t(`segments.kind.${condition.if}`)}>
        <Picture size={16} aria-hidden />
      </span>
      <div className={classes.fields}>
        <Choice
          name={t("segments.field.holds")}
          value={holds}
          values={["yes", "no"]}
          labelOf={(value) => t(`segments.holds.${condition.if}.${value}`)}
          className={classes.holds}
          action="first"
          onChange={(next) => onChange({ do: "hold", key, holds: next })}
        />
        <ConditionFields
          condition={condition}
          wrong={wrong}
          onChange={(next) => onChange({ do: "set", key, condition: next })}
        />
        <NodeTools node={node} />
      </div>
    </div>
  );
}

/** Moves, copies, wraps and removes; after each the focus is where one goes on. */
function NodeTools({ node }: { node: DraftNode }) {
  const { t } = useTranslation();
  const { root, onChange } = useEditing();
  const { key } = node;
  const move = (by: "up" | "down") => {
    onChange({ do: "move", key, by });
    focusOn(key, by);
  };
  const remove = (how: "remove" | "unwrap") => {
    onChange({ do: how, key });
    const home = parentOf(root, key);
    if (home) focusOn(home.key, "add");
  };
  return (
    <div className={classes.tools}>
      <Tool
        icon={IconArrowUp}
        name={t("segments.tool.up")}
        action="up"
        disabled={!canMove(root, key, "up")}
        onClick={() => move("up")}
      />
      <Tool
        icon={IconArrowDown}
        name={t("segments.tool.down")}
        action="down"
        disabled={!canMove(root, key, "down")}
        onClick={() => move("down")}
      />
      <Tool
        icon={IconCopy}
        name={t("segments.tool.duplicate")}
        action="duplicate"
        disabled={CONDITIONS_MAX <= conditionsOf(root).length}
        onClick={() => onChange({ do: "duplicate", key })}
      />
      {isGroup(node) ? (
        <Tool
          icon={IconFolderMinus}
          name={t("segments.tool.unwrap")}
          action="unwrap"
          onClick={() => remove("unwrap")}
        />
      ) : (
        <Tool
          icon={IconFolderPlus}
          name={t("segments.tool.wrap")}
          action="wrap"
          onClick={() => {
            onChange({ do: "wrap", key });
            focusOn(key, "first");
          }}
        />
      )}
      <Tool icon={IconTrash} name={t("segments.tool.remove")} action="remove" onClick={() => remove("remove")} />
    </div>
  );
}

function parentOf(group: DraftGroup, key: number): DraftGroup | null {
  for (const node of group.nodes) {
    if (node.key === key) return group;
    const found = isGroup(node) ? parentOf(node, key) : null;
    if (found) return found;
  }
  return null;
}

function AddTools({ group }: { group: DraftGroup }) {
  const { t } = useTranslation();
  const { root, without = [], onChange } = useEditing();
  const isFull = CONDITIONS_MAX <= conditionsOf(root).length;
  const add = (node: DraftNode, action: string) => {
    onChange({ do: "add", to: group.key, node });
    focusOn(node.key, action);
  };
  return (
    <div className={classes.adds}>
      <Menu
        position="bottom-start"
        width="min(480px, 92vw)"
        transitionProps={{ duration: 0 }}
        withInitialFocusPlaceholder={false}
      >
        <Menu.Target>
          <Button
            size="compact-sm"
            variant="light"
            data-action="add"
            disabled={isFull}
            leftSection={<IconPlus size={14} aria-hidden />}
          >
            {t("segments.add_condition")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={classes.kinds}>
          {(["behaviour", "known", "business", "people"] as const)
            .map((name) => ({ name, kinds: KIND_GROUPS[name].filter((kind) => !without.includes(kind)) }))
            .filter(({ kinds }) => 0 < kinds.length)
            .map(({ name, kinds }) => (
              <div key={name} role="group" aria-label={t(`segments.kind_group.${name}`)}>
                <div className={classes.kindGroup} aria-hidden>
                  {t(`segments.kind_group.${name}`)}
                </div>
                {kinds.map((kind) => {
                  const Picture = KIND_ICONS[kind];
                  return (
                    <Fragment key={kind}>
                      <Menu.Item
                        leftSection={<Picture size={16} aria-hidden />}
                        onClick={() => add(newCondition(blank(kind)), "first")}
                      >
                        {t(`segments.kind.${kind}`)}
                      </Menu.Item>
                      {kind === "did" && (
                        <Menu.Item
                          leftSection={<IconCircleMinus size={16} aria-hidden />}
                          onClick={() => add(newCondition(blank(kind), "no"), "first")}
                        >
                          {t("segments.kind_did_not")}
                        </Menu.Item>
                      )}
                    </Fragment>
                  );
                })}
              </div>
            ))}
        </Menu.Dropdown>
      </Menu>
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconFolderPlus size={14} aria-hidden />}
        onClick={() => add(newGroup(group.join === "any" ? "all" : "any"), "add")}
      >
        {t("segments.add_group")}
      </Button>
    </div>
  );
}
