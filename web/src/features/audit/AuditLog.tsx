import { Badge, Button, Center, Drawer, Group, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconListSearch, IconSearch, IconShieldCheck, IconShieldX } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { AuditItem } from "../../api/types";
import { Copy } from "../../ui/Copy";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, LoadError, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import classes from "./AuditLog.module.css";
import { auditQuery, proofQuery, type AuditSearch } from "./queries";

/** Who did what: found by person, action, object and day, and whether the log is whole. */
export function AuditLog() {
  const { t } = useTranslation();
  const [search, setSearch] = useState<AuditSearch>({});
  const [settled] = useDebouncedValue(search, 250);
  const log = useInfiniteQuery(auditQuery(settled));
  const [opened, setOpened] = useState<AuditItem | null>(null);
  const actions = log.data?.pages[0]?.actions ?? [];
  return (
    <>
      <Proof />
      <Card title={t("audit.title")} hint={t("audit.hint")} flush>
        <Filters search={search} actions={actions} onSearch={setSearch} />
        <Answer query={log} skeleton={<RowsSkeleton />}>
          {({ pages }) => {
            const items = pages.flatMap(({ items }) => items);
            if (items.length === 0)
              return <Empty icon={IconListSearch} title={t("audit.empty.title")} hint={t("audit.empty.hint")} />;
            return (
              <>
                <Rows items={items} onOpen={setOpened} />
                {log.hasNextPage && (
                  <Center p="md">
                    <Button
                      variant="default"
                      size="xs"
                      loading={log.isFetchingNextPage}
                      onClick={() => void log.fetchNextPage()}
                    >
                      {t("ui.more")}
                    </Button>
                  </Center>
                )}
              </>
            );
          }}
        </Answer>
      </Card>
      {opened && <RowDrawer item={opened} onClose={() => setOpened(null)} />}
    </>
  );
}

function Filters({
  search,
  actions,
  onSearch,
}: {
  search: AuditSearch;
  actions: string[];
  onSearch: (search: AuditSearch) => void;
}) {
  const { t } = useTranslation();
  const set = (change: AuditSearch) => {
    const filled = Object.entries({ ...search, ...change }).filter(([, value]) => value);
    onSearch(Object.fromEntries(filled));
  };
  return (
    <div className={classes.filters}>
      <TextInput
        size="xs"
        aria-label={t("audit.actor")}
        placeholder={t("audit.actor")}
        leftSection={<IconSearch size={14} aria-hidden />}
        value={search.actor ?? ""}
        onChange={(event) => set({ actor: event.currentTarget.value })}
      />
      <Select
        size="xs"
        aria-label={t("audit.action")}
        placeholder={t("audit.all_actions")}
        data={actions.map((value) => ({ value, label: label("audit_action", value) }))}
        value={search.action ?? null}
        onChange={(action) => set({ action: action ?? undefined })}
        searchable
        clearable
        clearButtonProps={{ "aria-label": t("audit.all_actions") }}
      />
      <TextInput
        size="xs"
        aria-label={t("audit.object")}
        placeholder={t("audit.object")}
        value={search.object ?? ""}
        onChange={(event) => set({ object: event.currentTarget.value })}
      />
      <TextInput
        size="xs"
        type="date"
        aria-label={t("audit.from")}
        value={search.from ?? ""}
        onChange={(event) => set({ from: event.currentTarget.value })}
      />
      <TextInput
        size="xs"
        type="date"
        aria-label={t("audit.to")}
        value={search.to ?? ""}
        onChange={(event) => set({ to: event.currentTarget.value })}
      />
    </div>
  );
}

const OUTCOME_COLORS: Record<string, string> = { refused: "amber", failed: "red", interrupted: "gray" };

function Rows({ items, onOpen }: { items: AuditItem[]; onOpen: (item: AuditItem) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <WideTable label={t("audit.title")} minWidth={820} verticalSpacing={7} horizontalSpacing="sm" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th className="num">{t("audit.at")}</Table.Th>
          <Table.Th>{t("audit.actor")}</Table.Th>
          <Table.Th>{t("audit.action")}</Table.Th>
          <Table.Th>{t("audit.object")}</Table.Th>
          <Table.Th>{t("audit.address")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((item) => (
          <Table.Tr key={item.number} className={classes.row} onClick={() => onOpen(item)}>
            <Table.Td className="num nowrap">
              {format.date(item.at)} {format.timeSeconds(item.at)}
            </Table.Td>
            <Table.Td>
              <Text size="sm" className={`ellipsis ${classes.actor}`}>
                {item.actor || label("audit_actor", item.actor_kind)}
              </Text>
            </Table.Td>
            <Table.Td className="nowrap">
              <button type="button" className={classes.open} onClick={() => onOpen(item)}>
                {label("audit_action", item.action)}
              </button>
              {item.outcome !== "done" && item.action !== "access_refused" && (
                <Badge size="xs" variant="light" ml={6} color={OUTCOME_COLORS[item.outcome]}>
                  {label("audit_outcome", item.outcome)}
                </Badge>
              )}
            </Table.Td>
            <Table.Td className={classes.object}>
              <Text size="sm" c="dimmed" className="ellipsis" title={item.object}>
                {item.object}
              </Text>
            </Table.Td>
            <Table.Td className="nowrap">
              <Text size="xs" c="dimmed">
                {item.address}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** One row with all that it says. */
function RowDrawer({ item, onClose }: { item: AuditItem; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const facts = [
    [t("audit.at"), `${format.date(item.at)} ${format.timeSeconds(item.at)}`],
    [t("audit.actor"), item.actor],
    [t("audit.actor_kind"), label("audit_actor", item.actor_kind)],
    [t("audit.address"), item.address],
    [t("audit.outcome"), label("audit_outcome", item.outcome)],
    [t("audit.object"), item.object],
    [t("audit.number"), item.number],
    [t("audit.hash"), item.hash],
  ];
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={label("audit_action", item.action)}>
      <Stack gap="lg">
        <dl className={classes.facts}>
          {facts
            .filter(([, value]) => value)
            .map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
        </dl>
        {isChange(item.details) ? (
          <Change before={item.details.before} after={item.details.after} />
        ) : (
          item.details != null && <pre className={classes.json}>{JSON.stringify(item.details, null, 2)}</pre>
        )}
      </Stack>
    </Drawer>
  );
}

function isChange(details: unknown): details is { before: unknown; after: unknown } {
  return typeof details === "object" && details !== null && "before" in details && "after" in details;
}

function Change({ before, after }: { before: unknown; after: unknown }) {
  const { t } = useTranslation();
  return (
    <div className={classes.change}>
      <div>
        <Text size="xs" fw={600} c="dimmed" mb={4}>
          {t("audit.before")}
        </Text>
        <pre className={classes.json}>{JSON.stringify(before, null, 2)}</pre>
      </div>
      <div>
        <Text size="xs" fw={600} c="dimmed" mb={4}>
          {t("audit.after")}
        </Text>
        <pre className={classes.json}>{JSON.stringify(after, null, 2)}</pre>
      </div>
    </div>
  );
}

/** Goes through the chain of hashes when asked to. */
function Proof() {
  const { t } = useTranslation();
  const format = useFormat();
  const proof = useQuery(proofQuery);
  return (
    <Card
      title={t("audit.proof.title")}
      hint={t("audit.proof.hint")}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconShieldCheck size={15} aria-hidden />}
          loading={proof.isFetching}
          onClick={() => void proof.refetch()}
        >
          {t("audit.proof.check")}
        </Button>
      }
      flush={!proof.data && !proof.isError}
    >
      <div role="status">
        {proof.isError && <LoadError error={proof.error} onRetry={() => void proof.refetch()} />}
        {proof.data && (
          <Stack gap={6}>
            <Group gap={8} wrap="nowrap">
              {proof.data.whole ? (
                <IconShieldCheck size={20} color="var(--fc-good)" aria-hidden />
              ) : (
                <IconShieldX size={20} color="var(--mantine-color-red-6)" aria-hidden />
              )}
              <Text size="sm" fw={550}>
                {proof.data.whole
                  ? t("audit.proof.whole", { count: proof.data.rows, rows: format.integer(proof.data.rows) })
                  : t("audit.proof.broken", { reason: proof.data.broken })}
              </Text>
            </Group>
            <Text size="xs" c="dimmed">
              {t("audit.proof.head")}
            </Text>
            <Group gap="xs" wrap="nowrap">
              <code className={classes.head}>{proof.data.head}</code>
              <Copy value={proof.data.head} label={t("audit.proof.copy")} />
            </Group>
          </Stack>
        )}
      </div>
    </Card>
  );
}
