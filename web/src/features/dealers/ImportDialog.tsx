import { Alert, Anchor, Badge, Button, FileButton, Group, Modal, Progress, Stack, Table, Text } from "@mantine/core";
import { IconDownload, IconFileSpreadsheet } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DealerItem } from "../../api/dealers";
import { csv, saveCsv } from "../../ui/csv";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Dealers.module.css";
import { fieldsOf } from "./draft";
import { readTable, TEMPLATE, type Line, type Read } from "./table";
import { useImport, type Sent } from "./useImport";

/** A list of dealers out of a spreadsheet: looked over first, then taken one after another. */
export function ImportDialog({
  opened,
  known,
  onClose,
}: {
  opened: boolean;
  known: DealerItem[];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} size="lg" title={t("dealers.import.title")}>
      {opened && <Importing known={known} onClose={onClose} />}
    </Modal>
  );
}

function Importing({ known, onClose }: { known: DealerItem[]; onClose: () => void }) {
  const { t } = useTranslation();
  const { zone } = useFormat();
  const [read, setRead] = useState<Read | null>(null);
  const { sent, isRunning, run, reset } = useImport();
  const open = async (file: File | null) => {
    if (!file) return;
    reset();
    setRead(readTable(await file.text(), zone, known.map(fieldsOf)));
  };
  const lines = read?.kind === "read" ? read.lines : [];
  const good = lines.filter(({ problems }) => problems.length === 0);
  const isOver = 0 < sent.size && !isRunning;
  return (
    <Stack gap="md">
      <Text size="sm">{t("dealers.import.hint")}</Text>
      <Group gap="sm">
        <FileButton accept=".csv,text/csv,text/plain" onChange={(file) => void open(file)}>
          {(props) => (
            <Button
              variant={lines.length === 0 ? "filled" : "default"}
              leftSection={<IconFileSpreadsheet size={16} aria-hidden />}
              disabled={isRunning}
              {...props}
            >
              {t("dealers.import.choose")}
            </Button>
          )}
        </FileButton>
        <Anchor component="button" type="button" size="sm" onClick={() => saveCsv("dealers.csv", csv(TEMPLATE))}>
          <IconDownload size={14} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
          {t("dealers.import.template")}
        </Anchor>
      </Group>
      {read?.kind === "empty" && (
        <Alert color="red" variant="light">
          {t("dealers.import.empty")}
        </Alert>
      )}
      {read?.kind === "missing" && (
        <Alert color="red" variant="light">
          {t("dealers.import.missing", { columns: read.columns.join(", ") })}
        </Alert>
      )}
      {read?.kind === "read" && (
        <>
          {0 < read.unknown.length && (
            <Alert color="amber" variant="light">
              {t("dealers.import.unknown", { columns: read.unknown.join(", ") })}
            </Alert>
          )}
          <Lines lines={lines} sent={sent} known={known} />
          {0 < sent.size && (
            <Progress
              aria-label={t("dealers.import.title")}
              value={(100 * sent.size) / Math.max(1, good.length)}
              animated={isRunning}
            />
          )}
          <Group justify="space-between" gap="xs">
            <Text size="sm" c="dimmed" className="num" role="status">
              {0 < sent.size
                ? t("dealers.import.progress", { done: sent.size, of: good.length })
                : t("dealers.import.found", { count: good.length, wrong: lines.length - good.length })}
            </Text>
            {isOver ? (
              <Button onClick={onClose}>{t("ui.close")}</Button>
            ) : (
              <Button disabled={good.length === 0} loading={isRunning} onClick={() => void run(good)}>
                {t("dealers.import.run", { count: good.length })}
              </Button>
            )}
          </Group>
        </>
      )}
    </Stack>
  );
}

function Lines({ lines, sent, known }: { lines: Line[]; sent: Map<number, Sent>; known: DealerItem[] }) {
  const { t } = useTranslation();
  const ids = new Set(known.map(({ dealer_id }) => dealer_id));
  return (
    <div className={classes.lines} tabIndex={0} role="group" aria-label={t("dealers.import.title")}>
      <Table verticalSpacing={6} horizontalSpacing="sm" stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th className="num">{t("dealers.import.line")}</Table.Th>
            <Table.Th>{t("dealers.column.dealer")}</Table.Th>
            <Table.Th>{t("dealers.import.state")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map(({ number, dealer, problems }) => (
            <Table.Tr key={number}>
              <Table.Td className="num">{number}</Table.Td>
              <Table.Td miw={170}>
                {dealer.name || dealer.dealer_id}
                <Text size="xs" c="dimmed">
                  {[dealer.dealer_id, dealer.region].filter(Boolean).join(" · ")}
                </Text>
              </Table.Td>
              <Table.Td>
                <State problems={problems} sent={sent.get(number)} isKnown={ids.has(dealer.dealer_id)} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function State({ problems, sent, isKnown }: { problems: Line["problems"]; sent?: Sent; isKnown: boolean }) {
  const { t } = useTranslation();
  const words = problems.map((problem) => t(`dealers.problem.${problem}`)).join(" ");
  const refused = sent && sent.kind === "refused" ? sent.reason : words;
  if (refused)
    return (
      <Text size="sm" c="var(--fc-bad)">
        {refused}
      </Text>
    );
  if (sent)
    return (
      <Badge size="sm" variant="light" color="green">
        {t("dealers.import.done")}
      </Badge>
    );
  return (
    <Badge size="sm" variant="light" color={isKnown ? "gray" : "petrol"}>
      {t(isKnown ? "dealers.import.changes" : "dealers.import.new")}
    </Badge>
  );
}
