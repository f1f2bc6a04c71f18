import { Alert, Badge, Drawer, Group, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { LiveEvent } from "../../api/types";
import { CodeBlock } from "../../ui/CodeBlock";
import { useFormat } from "../../ui/FormatContext";

/** Everything about one event, down to what its sender wrote. */
export function EventDrawer({ event, onClose }: { event: LiveEvent | null; onClose: () => void }) {
  return (
    <Drawer
      opened={event !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={event && label("event", event.event || event.type)}
    >
      {event && <EventFacts event={event} />}
    </Drawer>
  );
}

function EventFacts({ event }: { event: LiveEvent }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Badge
          variant="light"
          color={event.verdict === "refused" ? "red" : event.verdict === "duplicate" ? "gray" : "green"}
        >
          {t(`live.verdict.${event.verdict}`)}
        </Badge>
        <Text size="sm" c="dimmed">
          {t("live.happened", { time: `${format.date(event.ts)} ${format.timeSeconds(event.ts)}` })}
        </Text>
      </Group>
      {event.reason && (
        <Alert color={event.verdict === "refused" ? "red" : "gray"} variant="light">
          {event.reason}
        </Alert>
      )}
      <Stack gap={4}>
        {event.identifiers.map(({ kind, value }) => (
          <Group key={`${kind} ${value}`} gap="xs" wrap="nowrap">
            <Text size="sm" c="dimmed" miw={120}>
              {label("identifier", kind)}
            </Text>
            <Text size="sm" className="ellipsis">
              {value}
            </Text>
          </Group>
        ))}
      </Stack>
      {event.profile_id && (
        <Link to="/profiles/$profileId" params={{ profileId: event.profile_id }}>
          {t("live.open_profile")}
        </Link>
      )}
      <CodeBlock code={JSON.stringify(event.raw, null, 2)} label={t("live.raw")} />
    </Stack>
  );
}
