import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Import } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Figures } from "./Figures";
import { useAct } from "./queries";

/** The import under way: how far, and the means to stop it. */
export function RunStep({ held }: { held: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  const act = useAct(held.id);
  const known = 0 < held.total;
  const share = known ? Math.min(1, held.done / held.total) : null;
  const isOurs = held.by === "upload";
  return (
    <Card title={t(`imports.run.${runState(held)}`)} hint={t("imports.run.hint")}>
      <Stack gap="lg">
        <div role="status">
          <Progress
            size="lg"
            value={share === null ? 100 : share * 100}
            striped={held.state === "running"}
            animated={held.state === "running"}
            color={held.state === "paused" ? "amber" : undefined}
            aria-label={t("imports.run.progress")}
          />
          {share !== null && (
            <Text size="sm" c="dimmed" mt={6} className="num">
              {format.percent(share)}
            </Text>
          )}
        </div>
        <Figures rows={held.rows} accepted={held.accepted} refused={held.refused} />
        {isOurs ? (
          <Group gap="sm">
            {held.state === "paused" ? (
              <Button
                leftSection={<IconPlayerPlay size={16} aria-hidden />}
                loading={act.isPending}
                onClick={() => act.mutate("resume")}
              >
                {t("imports.run.resume")}
              </Button>
            ) : (
              <Button
                variant="default"
                leftSection={<IconPlayerPause size={16} aria-hidden />}
                loading={act.isPending}
                disabled={held.wanted !== null}
                onClick={() => act.mutate("pause")}
              >
                {t("imports.run.pause")}
              </Button>
            )}
            <Button
              variant="subtle"
              color="red"
              c="var(--fc-bad)"
              leftSection={<IconX size={16} aria-hidden />}
              disabled={act.isPending || held.wanted === "cancel"}
              onClick={() => act.mutate("cancel")}
            >
              {t("imports.run.cancel")}
            </Button>
            <Text size="xs" c="dimmed">
              {t("imports.run.cancel_hint")}
            </Text>
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            {t("imports.run.by_command")}
          </Text>
        )}
      </Stack>
    </Card>
  );
}

function runState({ state, wanted }: Import) {
  if (state === "running" && wanted === "pause") return "pausing" as const;
  if (state === "running" && wanted === "cancel") return "cancelling" as const;
  if (state === "paused" || state === "queued") return state;
  return "running" as const;
}
