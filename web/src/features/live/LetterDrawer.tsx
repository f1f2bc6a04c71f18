import { Alert, Button, Drawer, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconAlertTriangle, IconArrowBackUp, IconSend, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { DeadLetter } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { useDiscard, useRetry } from "./queries";

/** A refused event under the pen: edit, send again, or let go. */
export function LetterDrawer({ letter, onClose }: { letter: DeadLetter; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const original = pretty(letter.raw);
  const [raw, setRaw] = useState(original);
  const retry = useRetry(onClose);
  const discard = useDiscard(onClose);
  const refusedAgain = retry.data && !retry.data.accepted ? retry.data.reason : null;

  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={label("refusal", letter.reason_code)}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("live.refused.where", { time: format.dateTime(letter.received_at), source: letter.source })}
        </Text>
        <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} role="status">
          {refusedAgain ? t("live.refused.again", { reason: refusedAgain }) : letter.reason}
        </Alert>
        <Textarea
          label={t("live.refused.edit")}
          error={!isJson(raw) && t("live.refused.not_json")}
          spellCheck={false}
          value={raw}
          onChange={(event) => setRaw(event.currentTarget.value)}
          autosize
          minRows={12}
          maxRows={26}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12.5 } }}
        />
        {letter.state === "open" && may(role, "mend_ingest") && (
          <Group justify="space-between">
            <Group gap="xs">
              <Button
                leftSection={<IconSend size={16} aria-hidden />}
                disabled={!isJson(raw)}
                loading={retry.isPending}
                onClick={() => retry.mutate({ id: letter.id, raw })}
              >
                {t("live.refused.retry")}
              </Button>
              {raw !== original && (
                <Button
                  variant="default"
                  leftSection={<IconArrowBackUp size={16} aria-hidden />}
                  onClick={() => setRaw(original)}
                >
                  {t("live.refused.undo")}
                </Button>
              )}
            </Group>
            <Button
              variant="subtle"
              color="red"
              leftSection={<IconTrash size={16} aria-hidden />}
              loading={discard.isPending}
              onClick={() => discard.mutate(letter.id)}
            >
              {t("live.refused.discard")}
            </Button>
          </Group>
        )}
      </Stack>
    </Drawer>
  );
}

function pretty(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    // Often the very reason why it was refused: shown as it came.
    return raw;
  }
}

function isJson(raw: string): boolean {
  try {
    JSON.parse(raw);
    return true;
  } catch {
    return false;
  }
}
