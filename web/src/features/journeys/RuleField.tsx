import { Button, Group, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { useReducer } from "react";
import { useTranslation } from "react-i18next";
import type { Kind, Rule } from "../../segment/rule";
import { Sentence } from "../../segment/Sentence";
import { changed, draftOf, ruleOf, type Change } from "../../segment/tree/draft";
import { EditingProvider, useEditing } from "../../segment/tree/editing";
import { RuleTree } from "../../segment/tree/RuleTree";
import { useBench } from "./bench";
import classes from "./Panel.module.css";

// Conditions on events are a segment's: a journey knows people only as they are now.
const WITHOUT: readonly Kind[] = ["did", "value", "sequence", "seen"];

/** A rule as a sentence; its builder has a window of its own, for it is wider than the panel. */
export function RuleField({ label, rule, onChange }: { label: string; rule: Rule; onChange: (rule: Rule) => void }) {
  const { t } = useTranslation();
  const { speech, mode } = useBench();
  const [isOpen, builder] = useDisclosure(false);
  return (
    <div className={classes.rule}>
      <p>
        <Sentence rule={rule} speech={speech} />
      </p>
      {mode === "edit" && (
        <Button
          size="compact-sm"
          variant="light"
          leftSection={<IconPencil size={14} aria-hidden />}
          onClick={builder.open}
        >
          {t("journeys.rule.edit")}
        </Button>
      )}
      <Modal opened={isOpen} onClose={builder.close} title={label} size="min(940px, 94vw)">
        {isOpen && (
          <Builder
            rule={rule}
            onDone={(next) => {
              onChange(next);
              builder.close();
            }}
          />
        )}
      </Modal>
    </div>
  );
}

function Builder({ rule, onDone }: { rule: Rule; onDone: (rule: Rule) => void }) {
  const { t } = useTranslation();
  const { speech } = useBench();
  const outer = useEditing();
  const [root, change] = useReducer(
    (held: ReturnType<typeof draftOf>, next: Change) => changed(held, next),
    rule,
    draftOf,
  );
  return (
    <>
      <EditingProvider value={{ ...outer, root, without: WITHOUT, onChange: change }}>
        <RuleTree />
      </EditingProvider>
      <p className={classes.reads}>
        <Sentence rule={ruleOf(root)} speech={speech} />
      </p>
      <Group justify="flex-end">
        <Button onClick={() => onDone(ruleOf(root))}>{t("journeys.rule.done")}</Button>
      </Group>
    </>
  );
}
