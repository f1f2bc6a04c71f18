import { Button, Group, Modal, Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";

/**
 * Asks before somebody leaves a page with changes that are not saved.
 *
 * * `isDone`: read when the way out is taken, which is before the page is drawn anew.
 */
export function LeaveDialog({ isChanged, isDone }: { isChanged: boolean; isDone: RefObject<boolean> }) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    // The way past the navigation stays on the page.
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && isChanged && !isDone.current,
    enableBeforeUnload: () => isChanged && !isDone.current,
    withResolver: true,
  });
  return (
    <Modal opened={blocker.status === "blocked"} onClose={() => blocker.reset?.()} title={t("ui.leave.title")}>
      <Text size="sm" mb="md">
        {t("ui.leave.question")}
      </Text>
      <Group gap="xs" justify="flex-end">
        <Button variant="default" onClick={() => blocker.reset?.()} data-autofocus>
          {t("ui.leave.stay")}
        </Button>
        <Button color="red" onClick={() => blocker.proceed?.()}>
          {t("ui.leave.go")}
        </Button>
      </Group>
    </Modal>
  );
}
