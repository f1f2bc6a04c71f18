import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import type { AnswerFormat, ReportToExport } from "../api/types";
import { saveFile } from "../ui/csv";
import { errorText } from "../ui/errorText";
import { toastFailed } from "../ui/toast";

/** As they are called everywhere. */
const FORMATS: [AnswerFormat, string][] = [
  ["csv", "CSV"],
  ["xlsx", "XLSX"],
  ["parquet", "Parquet"],
];

/** What is taken away: a report's rows, or the whole answer to SQL. */
export type Exported = { report: ReportToExport["report"]; spec: object } | { sql: string };

/** The rows behind a table, as a file. */
export function ExportMenu({ of }: { of: Exported }) {
  const { t } = useTranslation();
  const fetched = useMutation({
    mutationFn: async (format: AnswerFormat) => {
      const file =
        "sql" in of
          ? await body(api.POST("/api/query/export", { body: { sql: of.sql, format }, parseAs: "blob" }))
          : await body(
              api.POST("/api/reports/export", {
                body: { report: of.report, spec: of.spec as ReportToExport["spec"], format },
                parseAs: "blob",
              }),
            );
      saveFile(`${"sql" in of ? "answer" : of.report}.${format}`, file as unknown as Blob);
    },
    // The menu has closed by then.
    onError: (error) => toastFailed(errorText(t, error)),
  });
  return (
    <Menu position="bottom-end" width={160}>
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          loading={fetched.isPending}
          leftSection={<IconDownload size={14} aria-hidden />}
        >
          {t("report.export.action")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map(([format, name]) => (
          <Menu.Item key={format} onClick={() => fetched.mutate(format)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
