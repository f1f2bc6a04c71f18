import { Alert, Button, Group, Kbd, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { IconAlertTriangle, IconDatabase, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SqlRows } from "../../api/types";
import { ExportMenu } from "../../report/ExportMenu";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Empty } from "../../ui/states";
import { AnswerChart, AnswerTable } from "./Answer";
import { Connect } from "./Connect";
import { Editor, type EditorHandle } from "./Editor";
import { EXAMPLES } from "./examples";
import { loadHistory, remember, saveHistory, type Asked } from "./history";
import { answerQuery, tablesQuery } from "./queries";
import { Side } from "./Side";
import classes from "./Sql.module.css";

const route = getRouteApi("/shell/sql");
const RUN_KEYS = ["Ctrl", "Enter"];

/** Any question, in SQL: read only, within what the caller may see. */
export function SqlPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const client = useQueryClient();
  const [text, setText] = useState(search.q ?? "");
  const [history, setHistory] = useState(loadHistory);
  // What an address brings is asked at once: whoever follows a link wants the answer.
  const [asked, setAsked] = useState<Asked | null>(() => (search.q ? { sql: search.q, at: 0 } : null));
  const editor = useRef<EditorHandle | null>(null);
  const tables = useQuery(tablesQuery);
  const answer = useQuery(answerQuery(asked));

  const run = (sql = text) => {
    if (sql.trim() === "") return;
    const next = { sql, at: Date.now() };
    setAsked(next);
    setHistory((held) => {
      const kept = remember(held, next);
      saveHistory(kept);
      return kept;
    });
    void navigate({ search: (held) => ({ ...held, q: sql }), replace: true });
  };
  const open = (sql: string) => {
    setText(sql);
    run(sql);
  };

  return (
    <Page title={t("sql.title")} subtitle={t("sql.subtitle")} actions={<Connect />}>
      <div className={classes.bench}>
        <div className={classes.side}>
          <Side tables={tables} history={history} onOpen={open} onInsert={(name) => editor.current?.insert(name)} />
        </div>
        <div className={classes.main}>
          <Card flush>
            <Editor
              value={text}
              tables={tables.data ?? []}
              label={t("sql.editor")}
              example={EXAMPLES[0].sql}
              onChange={setText}
              onRun={() => run()}
              onReady={(handle) => {
                editor.current = handle;
              }}
            />
            <div className={classes.foot}>
              {answer.isFetching ? (
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<IconPlayerStop size={14} aria-hidden />}
                  onClick={() => void client.cancelQueries({ queryKey: answerQuery(asked).queryKey })}
                >
                  {t("sql.stop")}
                </Button>
              ) : (
                <Button
                  size="xs"
                  leftSection={<IconPlayerPlay size={14} aria-hidden />}
                  disabled={text.trim() === ""}
                  onClick={() => run()}
                >
                  {t("sql.run")}
                </Button>
              )}
              <Text size="xs" c="dimmed" visibleFrom="sm">
                {RUN_KEYS.map((key) => (
                  <Kbd key={key} size="xs" mr={4}>
                    {key}
                  </Kbd>
                ))}
              </Text>
            </div>
          </Card>
          {answer.isError && (
            <Alert color="red" icon={<IconAlertTriangle size={18} aria-hidden />} title={t("sql.refused")} role="alert">
              <Text size="sm" style={{ whiteSpace: "pre-wrap" }}>
                {errorText(t, answer.error)}
              </Text>
            </Alert>
          )}
          {answer.isFetching && <Skeleton height={220} radius="lg" />}
          {answer.data && asked && !answer.isFetching && (
            <Result
              sql={asked.sql}
              answer={answer.data}
              view={search.view ?? "table"}
              onView={(view) =>
                void navigate({
                  search: (held) => ({ ...held, view: view === "chart" ? "chart" : undefined }),
                  replace: true,
                })
              }
            />
          )}
          {asked === null && (
            <Card>
              <Empty icon={IconDatabase} title={t("sql.empty.title")} hint={t("sql.empty.hint")} />
            </Card>
          )}
        </div>
      </div>
    </Page>
  );
}

function Result({
  sql,
  answer,
  view,
  onView,
}: {
  sql: string;
  answer: SqlRows;
  view: "table" | "chart";
  onView: (view: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = t("sql.rows", { count: answer.rows.length, rows: format.integer(answer.rows.length) });
  const took = t("sql.took", { time: format.integer(answer.elapsed_ms) });
  return (
    <Card
      flush={view === "table"}
      title={t("sql.answer")}
      hint={
        <span aria-live="polite">
          {answer.truncated ? t("sql.cut", { rows: format.integer(answer.rows.length) }) : rows} · {took}
        </span>
      }
      actions={
        <Group gap={6}>
          <SegmentedControl
            size="xs"
            aria-label={t("sql.view.label")}
            data={[
              { value: "table", label: t("sql.view.table") },
              { value: "chart", label: t("sql.view.chart") },
            ]}
            value={view}
            onChange={onView}
          />
          <ExportMenu of={{ sql }} />
        </Group>
      }
    >
      {view === "chart" ? <AnswerChart answer={answer} /> : <AnswerTable answer={answer} />}
    </Card>
  );
}
