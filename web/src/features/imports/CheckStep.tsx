import { Alert, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconDownload, IconTestPipe } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Import, ImportOutcome } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Figures, Reasons } from "./Figures";
import classes from "./Imports.module.css";
import { kindOf } from "./kinds";
import { useAct } from "./queries";

/** The dry run: what would happen, in plain sentences, before anything does. */
export function CheckStep({ held, onBack }: { held: Import; onBack: () => void }) {
  const { t } = useTranslation();
  const act = useAct(held.id);
  const found = held.checked;
  return (
    <Card
      flush
      title={t("imports.check.title")}
      hint={t("imports.check.hint")}
      foot={
        <>
          <Button variant="default" onClick={onBack} disabled={held.state !== "draft"}>
            {t("imports.check.back")}
          </Button>
          {found && (
            <Button
              onClick={() => act.mutate("start")}
              loading={act.isPending}
              disabled={held.state !== "draft" || found.accepted === 0}
            >
              {t("imports.check.start")}
            </Button>
          )}
        </>
      }
    >
      <Stack gap="lg" p="md">
        {held.state === "checking" && <Checking held={held} onCancel={() => act.mutate("cancel")} />}
        {held.state === "draft" && held.message && (
          <Alert color="red" role="alert" title={t("imports.check.failed")}>
            {held.message}
          </Alert>
        )}
        {held.state === "draft" && !found && (
          <Group>
            <Button
              leftSection={<IconTestPipe size={16} aria-hidden />}
              loading={act.isPending}
              onClick={() => act.mutate("check")}
            >
              {t("imports.check.action")}
            </Button>
          </Group>
        )}
        {held.state === "draft" && found && <Found held={held} found={found} />}
      </Stack>
    </Card>
  );
}

function Checking({ held, onCancel }: { held: Import; onCancel: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const known = 0 < held.total;
  return (
    <div role="status">
      <Text size="sm" mb={8}>
        {t("imports.check.under_way", { rows: format.integer(held.rows) })}
      </Text>
      <Progress
        value={known ? Math.min(100, (held.done / held.total) * 100) : 100}
        striped
        animated
        aria-label={t("imports.state.checking")}
      />
      <Button variant="default" size="xs" mt="sm" onClick={onCancel}>
        {t("ui.cancel")}
      </Button>
    </div>
  );
}

function Found({ held, found }: { held: Import; found: ImportOutcome }) {
  const { t } = useTranslation();
  return (
    <>
      <Figures rows={found.rows} accepted={found.accepted} refused={found.refused} />
      <Sentences held={held} found={found} />
      <Reasons outcome={found} />
      <FoundWarnings found={found} />
      {held.has_rejected && (
        <Group>
          <Button
            component="a"
            href={`/api/imports/${held.id}/rejected`}
            download
            variant="default"
            size="xs"
            leftSection={<IconDownload size={15} aria-hidden />}
          >
            {t("imports.rejected")}
          </Button>
        </Group>
      )}
    </>
  );
}

function Sentences({ held, found }: { held: Import; found: ImportOutcome }) {
  const { t } = useTranslation();
  const format = useFormat();
  const kind = kindOf(held.kind);
  const number = (count: number) => format.integer(count);
  const { known, profiles } = found;
  const told = [
    known && t("imports.told.new", { count: known.new, rows: number(known.new) }),
    known && 0 < known.known && t("imports.told.known", { count: known.known, rows: number(known.known) }),
    known && 0 < known.changed && t("imports.told.changed", { count: known.changed, rows: number(known.changed) }),
    known && 0 < known.repeated && t("imports.told.repeated", { count: known.repeated, rows: number(known.repeated) }),
    known && !known.complete && t("imports.told.first_rows"),
    profiles &&
      kind !== "costs" &&
      t("imports.told.profiles", { made: number(profiles.new), met: number(profiles.known) }),
    found.from && found.to && t("imports.told.span", { from: format.date(found.from), to: format.date(found.to) }),
    found.starts === 0
      ? t("imports.told.starts_nothing")
      : t("imports.told.starts", { count: found.starts, rows: number(found.starts) }),
  ];
  return (
    <ul className={classes.sentences}>
      {told.filter(Boolean).map((sentence) => (
        <li key={String(sentence)}>{sentence}</li>
      ))}
    </ul>
  );
}

export function FoundWarnings({ found }: { found: ImportOutcome }) {
  const { t } = useTranslation();
  if (found.warnings.length === 0) return null;
  return (
    <Alert
      color="amber"
      icon={<IconAlertTriangle aria-hidden />}
      title={t("imports.warnings", { count: found.warnings.length })}
    >
      <ul className={classes.sentences}>
        {found.warnings.map(({ code, column, message }) => (
          <li key={`${code} ${column} ${message}`}>{message}</li>
        ))}
      </ul>
    </Alert>
  );
}
