import { Collapse, Tabs, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { EXAMPLES } from "./examples";
import type { Asked } from "./history";
import type { TableColumns } from "./queries";
import classes from "./Sql.module.css";

/** What there is to ask of, what others ask, and what was asked here. */
export function Side({
  tables,
  history,
  onOpen,
  onInsert,
}: {
  tables: UseQueryResult<TableColumns[]>;
  history: Asked[];
  onOpen: (sql: string) => void;
  onInsert: (name: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <Card title={t("sql.tables")} hint={t("sql.tables_hint")} flush>
        <div className={classes.list}>
          <Answer query={tables} skeleton={<RowsSkeleton rows={6} />}>
            {(tables) => tables.map((table) => <Columns key={table.table} {...table} onInsert={onInsert} />)}
          </Answer>
        </div>
      </Card>
      <Card flush>
        <Tabs defaultValue="examples">
          <Tabs.List grow>
            <Tabs.Tab value="examples">{t("sql.examples")}</Tabs.Tab>
            <Tabs.Tab value="history">{t("sql.history")}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="examples" className={classes.list}>
            {EXAMPLES.map(({ key, sql }) => (
              <UnstyledButton key={key} className={classes.item} onClick={() => onOpen(sql)}>
                {t(`sql.example.${key}`)}
              </UnstyledButton>
            ))}
          </Tabs.Panel>
          <Tabs.Panel value="history" className={classes.list}>
            {history.length === 0 && (
              <Text size="xs" c="dimmed" p={8}>
                {t("sql.no_history")}
              </Text>
            )}
            {history.map(({ sql, at }) => (
              <UnstyledButton key={at} className={classes.item} title={sql} onClick={() => onOpen(sql)}>
                <code>{sql.replaceAll(/\s+/g, " ")}</code>
                <Text size="xs" c="dimmed">
                  {format.dateTime(new Date(at).toISOString())}
                </Text>
              </UnstyledButton>
            ))}
          </Tabs.Panel>
        </Tabs>
      </Card>
    </>
  );
}

function Columns({ table, columns, onInsert }: TableColumns & { onInsert: (name: string) => void }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const Chevron = opened ? IconChevronDown : IconChevronRight;
  return (
    <>
      <UnstyledButton className={classes.item} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Chevron size={14} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
        <b>{table}</b>
      </UnstyledButton>
      <Collapse expanded={opened}>
        {opened &&
          columns.map(({ name, type }) => (
            <UnstyledButton
              key={name}
              className={classes.column}
              aria-label={t("sql.insert", { name })}
              onClick={() => onInsert(name)}
            >
              <span>{name}</span>
              <span className={classes.type}>{type}</span>
            </UnstyledButton>
          ))}
      </Collapse>
    </>
  );
}
