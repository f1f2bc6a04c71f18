import { Alert, Button, Group, Progress, Text, ThemeIcon } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import type { Import } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Imports.module.css";
import { mebibytes, useUpload } from "./upload";

const ENDINGS = ".csv,.tsv,.txt,.xlsx,.jsonl,.ndjson,.json,.parquet,.gz";

/** Takes a file that is dropped on it, or chosen. */
export function DropZone({ bytesMax, onDone }: { bytesMax: number | undefined; onDone: (next: Import) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const { upload, share, abort } = useUpload(bytesMax, onDone);
  const take = (files: FileList | null) => {
    const file = files?.[0];
    if (file && !upload.isPending) upload.mutate(file);
  };
  const aborted = upload.error instanceof ApiError && upload.error.code === "aborted";

  return (
    <div
      className={classes.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
    >
      <ThemeIcon size={48} radius="xl" variant="light">
        <IconFileImport size={26} stroke={1.6} aria-hidden />
      </ThemeIcon>
      <div className={classes.dropText}>
        <Text fw={600}>{t("imports.upload.title")}</Text>
        <Text size="sm" c="dimmed">
          {t("imports.upload.hint")}
          {bytesMax !== undefined && ` ${t("imports.upload.limit", { size: mebibytes(bytesMax) })}`}
        </Text>
      </div>
      <input
        ref={input}
        type="file"
        accept={ENDINGS}
        className={classes.file}
        tabIndex={-1}
        aria-label={t("imports.upload.choose")}
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
      {upload.isPending ? (
        <Group gap="sm" className={classes.dropAction} wrap="nowrap">
          <div style={{ flex: 1, minWidth: 120 }}>
            <Progress
              value={share * 100}
              animated={share === 1}
              striped={share === 1}
              aria-label={t("imports.upload.sending")}
            />
            <Text size="xs" c="dimmed" mt={4} className="num" role="status">
              {share < 1 ? t("imports.upload.sent", { share: format.percent(share) }) : t("imports.upload.reading")}
            </Text>
          </div>
          <Button variant="default" size="xs" onClick={abort}>
            {t("ui.cancel")}
          </Button>
        </Group>
      ) : (
        <Button className={classes.dropAction} onClick={() => input.current?.click()}>
          {t("imports.upload.choose")}
        </Button>
      )}
      {upload.isError && !aborted && (
        <Alert color="red" className={classes.dropError} role="alert">
          {errorText(t, upload.error)}
        </Alert>
      )}
    </div>
  );
}
