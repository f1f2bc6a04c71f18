import { Alert, Button, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { IconArchive, IconAlertTriangle, IconCircleCheck, IconDatabaseExport, IconHandStop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { components } from "../../api/schema";
import { CodeBlock } from "../../ui/CodeBlock";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { backupJobQuery, backupsQuery, usePauseSending, useStartBackup } from "./queries";

type Backups = components["schemas"]["Backups"];

/** A week without a backup is worth a word. */
const OLD_S = 7 * 86_400;

/** What backups there are, one more, and what waits after a restore. */
export function BackupSettings() {
  const backups = useQuery(backupsQuery);
  return (
    <Answer query={backups} skeleton={<RowsSkeleton rows={5} />}>
      {(backups) => (
        <Stack gap="md">
          {backups.sending_paused && <Paused backups={backups} />}
          <Making backups={backups} />
          <Kept backups={backups} />
          <ByHand />
        </Stack>
      )}
    </Answer>
  );
}

function Paused({ backups: { restored } }: { backups: Backups }) {
  const { t } = useTranslation();
  const format = useFormat();
  const pause = usePauseSending();
  return (
    <Alert color="amber" icon={<IconHandStop aria-hidden />} title={t("backup.paused.title")}>
      <Stack gap="sm" align="flex-start">
        <Text size="sm">
          {restored
            ? t("backup.paused.restored", { taken: format.dateTime(restored.taken_at) })
            : t("backup.paused.hint")}
        </Text>
        <Button size="xs" variant="default" loading={pause.isPending} onClick={() => pause.mutate(false)}>
          {t("backup.paused.go_on")}
        </Button>
      </Stack>
    </Alert>
  );
}

function Making({ backups }: { backups: Backups }) {
  const { t } = useTranslation();
  const format = useFormat();
  const start = useStartBackup();
  const { data: job } = useQuery(backupJobQuery(backups.under_way));
  const isOld = backups.age_s === null || OLD_S < backups.age_s;
  const rhythm =
    backups.every_h === 0
      ? t("backup.by_hand_only")
      : t("backup.rhythm", { every: format.duration(backups.every_h * 3_600), count: backups.keep });
  return (
    <Card
      title={t("backup.title")}
      hint={rhythm}
      actions={
        <Button
          size="xs"
          leftSection={<IconDatabaseExport size={15} aria-hidden />}
          loading={start.isPending}
          disabled={backups.under_way}
          onClick={() => start.mutate(undefined)}
        >
          {t("backup.start")}
        </Button>
      }
    >
      <Stack gap="sm">
        {backups.under_way ? (
          <UnderWay done={job?.state === "running" ? job.done : 0} total={job?.state === "running" ? job.total : 0} />
        ) : (
          <Group gap={8} wrap="nowrap" align="flex-start">
            {isOld ? (
              <IconAlertTriangle size={20} aria-hidden color="var(--fc-bad)" />
            ) : (
              <IconCircleCheck size={20} aria-hidden color="var(--fc-good)" />
            )}
            <Text size="sm">
              {backups.age_s === null ? t("backup.never") : t("backup.age", { age: format.duration(backups.age_s) })}
            </Text>
          </Group>
        )}
        {!backups.under_way && job?.state === "failed" && (
          <Alert color="red" title={t("backup.failed")}>
            {job.message}
          </Alert>
        )}
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {t("backup.folder", { folder: backups.folder })}{" "}
          {t(backups.with_secrets ? "backup.keys_in" : "backup.keys_out")}
        </Text>
      </Stack>
    </Card>
  );
}

function UnderWay({ done, total }: { done: number; total: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const share = 0 < total ? Math.min(1, done / total) : null;
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={8}>
        <Text size="sm">{t("backup.under_way")}</Text>
        <Text size="sm" c="dimmed" className="num">
          {share === null
            ? ""
            : t("backup.progress", {
                done: format.bytes(done),
                total: format.bytes(total),
                share: format.percent(share),
              })}
        </Text>
      </Group>
      <Progress value={share === null ? 100 : share * 100} striped animated aria-label={t("backup.under_way")} />
    </div>
  );
}

function Kept({ backups: { backups } }: { backups: Backups }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (backups.length === 0) {
    return (
      <Card>
        <Empty icon={IconArchive} title={t("backup.empty.title")} hint={t("backup.empty.hint")} />
      </Card>
    );
  }
  return (
    <Card title={t("backup.kept")} flush>
      <WideTable label={t("backup.kept")} minWidth={480} verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("backup.file")}</Table.Th>
            <Table.Th className="num">{t("backup.made")}</Table.Th>
            <Table.Th className="num">{t("backup.size")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {backups.map((kept) => (
            <Table.Tr key={kept.name}>
              <Table.Td>{kept.name}</Table.Td>
              <Table.Td className="num">{format.dateTime(kept.made_at)}</Table.Td>
              <Table.Td className="num">{format.bytes(kept.bytes)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </Card>
  );
}

function ByHand() {
  const { t } = useTranslation();
  return (
    <Card title={t("backup.by_command.title")} hint={t("backup.by_command.hint")}>
      <CodeBlock
        label={t("backup.by_command.title")}
        code={
          "forecourt backup forecourt.tar.zst --data DIR\nforecourt restore forecourt.tar.zst --data NEW_DIR --secrets DIR_WITH_KEYS"
        }
      />
    </Card>
  );
}
