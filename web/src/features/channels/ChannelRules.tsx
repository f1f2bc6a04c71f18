import { Button, Group } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconRestore } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { ChannelRuleList } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { UnsavedBar } from "../../ui/UnsavedBar";
import { ApplyRules } from "./ApplyRules";
import { draftOf, isSame, isWhole, newRule, rulesOf, type DraftRule } from "./draft";
import classes from "./ChannelRules.module.css";
import { channelRulesQuery, trialQuery, useSaveRules } from "./queries";
import { RuleEditor } from "./RuleEditor";
import { RuleList } from "./RuleList";
import { TryRules } from "./TryRules";

/** By which rules a visit gets its channel: an ordered list, tried out on the spot, applied to history on demand. */
export function ChannelRules() {
  const rules = useQuery(channelRulesQuery);
  return (
    <Answer query={rules} skeleton={<RowsSkeleton rows={10} />}>
      {(list) => <Rules key={list.changed_at ?? "built-in"} list={list} />}
    </Answer>
  );
}

function Rules({ list }: { list: ChannelRuleList }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const mayEdit = may(role, "edit_definitions");
  const save = useSaveRules();
  const [draft, setDraft] = useState<DraftRule[]>(() => draftOf(list.rules));
  const [edited, setEdited] = useState<DraftRule | null>(null);
  const [visit, setVisit] = useState({ url: "", referrer: "" });

  const rules = rulesOf(draft);
  const isChanged = !isSame(rules, list.rules);
  const isReady = rules.every(isWhole);
  const [asked] = useDebouncedValue({ rules, ...visit }, 250);
  const trial = useQuery({
    ...trialQuery(asked.rules, asked.url, asked.referrer),
    enabled: asked.url !== "" && isReady,
  });
  const decided = visit.url === "" ? undefined : trial.data;

  const keep = (rule: DraftRule) => {
    const isKnown = draft.some(({ key }) => key === rule.key);
    // A new rule goes first: below the others it would rarely be asked.
    setDraft(isKnown ? draft.map((held) => (held.key === rule.key ? rule : held)) : [rule, ...draft]);
    setEdited(null);
  };
  return (
    <div className={classes.columns}>
      <Card
        title={t("channel_rules.title")}
        hint={
          list.changed_at
            ? t("channel_rules.changed", { when: format.dateTime(list.changed_at), who: list.changed_by ?? "" })
            : t("channel_rules.hint")
        }
        actions={
          mayEdit && (
            <Group gap="xs">
              <Button
                size="xs"
                variant="default"
                leftSection={<IconRestore size={15} aria-hidden />}
                disabled={isSame(rules, list.built_in)}
                onClick={() => setDraft(draftOf(list.built_in))}
              >
                {t("channel_rules.restore")}
              </Button>
              <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setEdited(newRule())}>
                {t("channel_rules.add")}
              </Button>
            </Group>
          )
        }
        flush
      >
        {isChanged && (
          <UnsavedBar
            className={classes.unsaved}
            isSaving={save.isPending}
            canSave={isReady}
            onSave={() => save.mutate(rules)}
            onDiscard={() => setDraft(draftOf(list.rules))}
          />
        )}
        <RuleList
          draft={draft}
          decidedBy={decided?.channel ? (decided.rule ?? null) : null}
          mayEdit={mayEdit}
          onChange={setDraft}
          onEdit={setEdited}
        />
      </Card>
      <div className={classes.side}>
        <TryRules
          visit={visit}
          onVisit={setVisit}
          verdict={decided}
          ruleName={decided?.rule == null ? undefined : draft[decided.rule]?.name}
          error={visit.url !== "" && trial.isError ? trial.error : undefined}
        />
        <ApplyRules rules={rules} isChanged={isChanged} isReady={isReady} mayEdit={mayEdit} />
      </div>
      <RuleEditor
        key={edited?.key ?? 0}
        rule={edited}
        channels={channelsOf(draft)}
        onClose={() => setEdited(null)}
        onKeep={keep}
      />
    </div>
  );
}

const channelsOf = (draft: DraftRule[]) => [...new Set(draft.map(({ channel }) => channel).filter(Boolean))].sort();
