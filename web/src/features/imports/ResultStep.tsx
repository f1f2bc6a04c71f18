import { Alert, Button, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconCheck, IconDownload, IconRepeat } from "@tabler/icons-react";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Import } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { FoundWarnings } from "./CheckStep";
import { Figures, Reasons } from "./Figures";
import { useAgain } from "./queries";

const route = getRouteApi("/shell/imports/$importId");

/** What came of an import. */
export function ResultStep({ held }: { held: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = route.useNavigate();
  const again = useAgain(({ id }) => void navigate({ to: "/imports/$importId", params: { importId: id }, search: {} }));
  return (
    <Card>
      <Stack gap="lg">
        {held.state === "done" && (
          <Group gap="sm" wrap="nowrap" role="status">
            <ThemeIcon size={40} radius="xl" variant="light" color="green">
              <IconCheck size={22} aria-hidden />
            </ThemeIcon>
            <div>
              <Text fw={650} size="lg">
                {t("imports.result.done")}
              </Text>
              <Text size="sm" c="dimmed">
                {held.refused === 0
                  ? t("imports.result.all", { count: held.accepted, rows: format.integer(held.accepted) })
                  : t("imports.result.some", {
                      accepted: format.integer(held.accepted),
                      refused: format.integer(held.refused),
                    })}
              </Text>
            </div>
          </Group>
        )}
        {held.state === "failed" && (
          <Alert color="red" role="alert" title={t("imports.result.failed")}>
            <Text size="sm">{held.message}</Text>
            <Text size="sm" mt={6}>
              {t("imports.result.kept")}
            </Text>
          </Alert>
        )}
        {held.state === "cancelled" && (
          <Alert color="gray" role="status" title={t("imports.result.cancelled")}>
            {t("imports.result.kept")}
          </Alert>
        )}
        <Figures rows={held.rows} accepted={held.accepted} refused={held.refused} />
        {held.outcome && <Reasons outcome={held.outcome} />}
        {held.outcome && <FoundWarnings found={held.outcome} />}
        <Group gap="sm">
          {held.has_rejected && (
            <Button
              component="a"
              href={`/api/imports/${held.id}/rejected`}
              download
              leftSection={<IconDownload size={16} aria-hidden />}
            >
              {t("imports.rejected")}
            </Button>
          )}
          {held.has_file && (
            <Button
              variant="default"
              leftSection={<IconRepeat size={16} aria-hidden />}
              loading={again.isPending}
              onClick={() => again.mutate(held.id)}
            >
              {t("imports.result.again")}
            </Button>
          )}
          <Button component={Link} to="/imports" variant="default">
            {t("imports.result.next")}
          </Button>
        </Group>
        {held.has_rejected && (
          <Text size="xs" c="dimmed">
            {t("imports.result.rejected_hint")}
          </Text>
        )}
      </Stack>
    </Card>
  );
}
