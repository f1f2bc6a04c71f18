import { Alert, Badge, Button, Group, Progress, Skeleton, Stack, Switch, Table, Text } from "@mantine/core";
import { IconAlertTriangle, IconChartHistogram, IconSparkles } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { RemoveButton } from "../../ui/RemoveButton";
import { Answer, Empty } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import type { Scores, Version } from "./api";
import { LearnDialog } from "./LearnDialog";
import classes from "./LeadScores.module.css";
import { leadScoresQuery, usePublish, useRemove, useSetRecalibrates, useWithdraw } from "./queries";
import { VersionDetail } from "./VersionDetail";
import { isAlarming } from "./watch";

/** Scores that were learned from the own leads: how good each is, which one is in force, and how it does since. */
export function LeadScoresPage() {
  const scores = useQuery(leadScoresQuery);
  return (
    <Answer query={scores} skeleton={<Skeleton height={420} radius="lg" />}>
      {(held) => <Held scores={held} />}
    </Answer>
  );
}

function Held({ scores }: { scores: Scores }) {
  const mayEdit = may(useMe().role, "edit_definitions");
  const [chosen, setChosen] = useState<number | null>(null);
  const { versions, in_force } = scores;
  const shown =
    versions.find(({ version }) => version === chosen) ??
    versions.find(({ version }) => version === in_force) ??
    versions[0];
  return (
    <Stack gap="md">
      <InForce scores={scores} mayEdit={mayEdit} />
      {0 < versions.length && shown && (
        <>
          <Versions versions={versions} shown={shown.version} onShow={setChosen} mayEdit={mayEdit} />
          <VersionDetail key={shown.version} version={shown} />
        </>
      )}
    </Stack>
  );
}

/** By what leads are scored now, and the way to another score. */
function InForce({ scores, mayEdit }: { scores: Scores; mayEdit: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [isAsking, setIsAsking] = useState(false);
  const withdraw = useWithdraw();
  const setRecalibrates = useSetRecalibrates();
  const { in_force, published_at, published_by, learning, learned_percent, failure, versions } = scores;
  const held = versions.find(({ version }) => version === in_force);
  return (
    <Card
      title={in_force === null ? t("lead_scores.by_points") : t("lead_scores.by_version", { version: in_force })}
      hint={
        in_force === null || published_at === null
          ? t("lead_scores.by_points_hint")
          : t("lead_scores.by_version_hint", { time: format.dateTime(published_at), name: published_by })
      }
      actions={
        mayEdit && (
          <Group gap="xs">
            {in_force !== null && (
              <Button size="xs" variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
                {t("lead_scores.withdraw")}
              </Button>
            )}
            <Button
              size="xs"
              leftSection={<IconSparkles size={15} aria-hidden />}
              disabled={learning !== null}
              onClick={() => setIsAsking(true)}
            >
              {t("lead_scores.learn")}
            </Button>
          </Group>
        )
      }
    >
      <Stack gap="sm">
        {learning !== null && (
          <div role="status">
            <Text size="sm" mb={6}>
              {t("lead_scores.learning", { percent: format.percent(learned_percent / 100) })}
            </Text>
            <Progress value={learned_percent} aria-label={t("lead_scores.learn")} animated />
          </div>
        )}
        {failure !== null && learning === null && (
          <Alert color="orange" icon={<IconAlertTriangle size={18} />} title={t("lead_scores.failed")}>
            {failure}
          </Alert>
        )}
        {held?.watch && isAlarming(held.watch) && (
          <Alert color="red" icon={<IconAlertTriangle size={18} />} title={t("lead_scores.alarm.title")}>
            {t("lead_scores.alarm.text")}
          </Alert>
        )}
        {versions.length === 0 && failure === null && learning === null && (
          <Empty icon={IconChartHistogram} title={t("lead_scores.none.title")} hint={t("lead_scores.none.hint")} />
        )}
        <Switch
          checked={scores.recalibrates}
          disabled={!mayEdit || setRecalibrates.isPending}
          label={t("lead_scores.recalibrates")}
          description={t("lead_scores.recalibrates_hint")}
          onChange={(event) => setRecalibrates.mutate(event.currentTarget.checked)}
        />
      </Stack>
      {isAsking && <LearnDialog onClose={() => setIsAsking(false)} />}
    </Card>
  );
}

type VersionsProps = { versions: Version[]; shown: number; onShow: (version: number) => void; mayEdit: boolean };

/** All that were learned, beside each other. */
function Versions({ versions, shown, onShow, mayEdit }: VersionsProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const publish = usePublish();
  const remove = useRemove();
  const figure = (value: number | undefined) => (value === undefined ? t("ui.none") : format.fine(value));
  return (
    <Card title={t("lead_scores.versions")} hint={t("lead_scores.versions_hint")} flush>
      <WideTable label={t("lead_scores.versions")} minWidth={860}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("lead_scores.column.version")}</Table.Th>
            <Table.Th>{t("lead_scores.column.made")}</Table.Th>
            <Table.Th>{t("lead_scores.column.leads")}</Table.Th>
            <Table.Th>{t("lead_scores.column.forward")}</Table.Th>
            <Table.Th>{t("lead_scores.column.folds")}</Table.Th>
            <Table.Th>{t("lead_scores.column.log_loss")}</Table.Th>
            <Table.Th>{t("lead_scores.column.ece")}</Table.Th>
            <Table.Th aria-label={t("lead_scores.column.actions")} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {versions.map(({ version, made_at, made_by, made_from, is_in_force, report }) => (
            <Table.Tr key={version} data-shown={version === shown} className={classes.version}>
              <Table.Td>
                <button
                  type="button"
                  className={classes.open}
                  aria-pressed={version === shown}
                  onClick={() => onShow(version)}
                >
                  {t("lead_scores.version", { version })}
                </button>{" "}
                {is_in_force && (
                  <Badge size="sm" variant="light">
                    {t("lead_scores.in_force")}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                {format.dateTime(made_at)}
                <Text size="xs" c="dimmed">
                  {made_from === null
                    ? `${t(`lead_scores.learner.${report.learner === "boosting" ? "boosting" : "logistic"}`)}${made_by && ` · ${made_by}`}`
                    : t("lead_scores.made_from", { version: made_from })}
                </Text>
              </Table.Td>
              <Table.Td className="num">
                {format.integer(report.leads)}
                <Text size="xs" c="dimmed">
                  {t("lead_scores.won", { share: format.share(report.won / Math.max(1, report.leads)) })}
                </Text>
              </Table.Td>
              <Table.Td className="num">
                <b>{figure(report.forward?.figures.auc)}</b>
              </Table.Td>
              <Table.Td className="num">
                {figure(report.folds.auc)}
                <Text size="xs" c="dimmed">
                  {t("lead_scores.give_or_take", { value: figure(report.folds_sd.auc) })}
                </Text>
              </Table.Td>
              <Table.Td className="num">{figure((report.forward?.figures ?? report.folds).log_loss)}</Table.Td>
              <Table.Td className="num">{figure((report.forward?.figures ?? report.folds).ece)}</Table.Td>
              <Table.Td>
                {mayEdit && !is_in_force && (
                  <Group gap={4} justify="flex-end" wrap="nowrap">
                    <Button
                      size="compact-xs"
                      variant="light"
                      loading={publish.isPending && publish.variables === version}
                      onClick={() => publish.mutate(version)}
                    >
                      {t("lead_scores.publish")}
                    </Button>
                    <RemoveButton
                      label={t("lead_scores.remove", { version })}
                      question={t("lead_scores.remove_question", { version })}
                      onRemove={() => remove.mutate(version)}
                    />
                  </Group>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </Card>
  );
}
