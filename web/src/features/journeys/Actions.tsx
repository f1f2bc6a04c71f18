import { ActionIcon, Button, Group, Menu, Modal, Text, Tooltip } from "@mantine/core";
import {
  IconDeviceFloppy,
  IconDots,
  IconDownload,
  IconFileImport,
  IconLock,
  IconLockOpen,
  IconPlayerStop,
  IconRocket,
} from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { JourneyDetail, LifeStep, Problem } from "./api";
import { useBench } from "./bench";
import { saveJson } from "./download";
import { ImportButton } from "./ImportButton";
import type { Journey } from "./journey";
import { useLifeStep } from "./queries";
import { entryText } from "./sentence";

type Asked = "publish" | "close" | "stop";

/** Keeps, publishes, closes and stops; brings in and gives out. */
export function Actions({
  draft,
  detail,
  isChanged,
  isSaving,
  problems,
  onSave,
  onImport,
}: {
  draft: Journey;
  detail: JourneyDetail | null;
  isChanged: boolean;
  isSaving: boolean;
  problems: Problem[];
  onSave: () => Promise<Journey | null>;
  onImport: (journey: Journey) => void;
}) {
  const { t } = useTranslation();
  const mayEdit = may(useMe().role, "edit_definitions");
  const step = useLifeStep();
  const [asked, setAsked] = useState<Asked | null>(null);
  const importing = useRef<(() => void) | null>(null);
  const go = (wish: LifeStep) => step.mutate({ id: draft.journey_id, step: wish });
  const confirm = async (wish: Asked) => {
    setAsked(null);
    if (wish !== "publish") return go(wish);
    const kept = isChanged ? await onSave() : draft;
    if (kept) step.mutate({ id: kept.journey_id, step: "publish" });
  };
  const state = detail?.state ?? "draft";
  const canPublish = isChanged || !detail?.is_published;
  return (
    <>
      {mayEdit && (
        <Button
          variant="default"
          leftSection={<IconDeviceFloppy size={16} aria-hidden />}
          disabled={!isChanged}
          loading={isSaving}
          onClick={() => void onSave()}
        >
          {t("journeys.save_draft")}
        </Button>
      )}
      {mayEdit && state === "closed" && (
        <Button
          variant="default"
          leftSection={<IconLockOpen size={16} aria-hidden />}
          loading={step.isPending}
          onClick={() => go("reopen")}
        >
          {t("journeys.step.reopen")}
        </Button>
      )}
      {mayEdit && canPublish && (
        <Tooltip label={t("journeys.problems.blocked")} disabled={problems.length === 0}>
          <Button
            leftSection={<IconRocket size={16} aria-hidden />}
            data-disabled={0 < problems.length || undefined}
            aria-disabled={0 < problems.length}
            loading={step.isPending}
            onClick={() => problems.length === 0 && setAsked("publish")}
          >
            {t("journeys.publish")}
          </Button>
        </Tooltip>
      )}
      <ImportButton onJourney={onImport}>
        {({ onClick }) => {
          importing.current = onClick;
          return null;
        }}
      </ImportButton>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label={t("journeys.tool.more")}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => saveJson(`${draft.journey_id || "journey"}.json`, draft)}
          >
            {t("journeys.export")}
          </Menu.Item>
          {mayEdit && (
            <Menu.Item leftSection={<IconFileImport size={16} aria-hidden />} onClick={() => importing.current?.()}>
              {t("journeys.import_over")}
            </Menu.Item>
          )}
          {mayEdit && (state === "live" || state === "closed") && <Menu.Divider />}
          {mayEdit && state === "live" && (
            <Menu.Item leftSection={<IconLock size={16} aria-hidden />} onClick={() => setAsked("close")}>
              {t("journeys.step.close")}
            </Menu.Item>
          )}
          {mayEdit && (state === "live" || state === "closed") && (
            <Menu.Item
              color="red"
              c="var(--fc-bad)"
              leftSection={<IconPlayerStop size={16} aria-hidden />}
              onClick={() => setAsked("stop")}
            >
              {t("journeys.step.stop")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Confirm
        asked={asked}
        name={draft.name}
        onClose={() => setAsked(null)}
        onConfirm={(wish) => void confirm(wish)}
      />
    </>
  );
}

/** Says what a step means for those who are on the way, before it is taken. */
function Confirm({
  asked,
  name,
  onClose,
  onConfirm,
}: {
  asked: Asked | null;
  name: string;
  onClose: () => void;
  onConfirm: (asked: Asked) => void;
}) {
  const { t } = useTranslation();
  const { journey, speech } = useBench();
  return (
    <Modal opened={asked !== null} onClose={onClose} title={asked && t(`journeys.confirm.${asked}_title`, { name })}>
      {asked && (
        <>
          {asked === "publish" && (
            <Text size="sm" mb="xs">
              {t("journeys.confirm.publish_enters", { entry: entryText(journey.entry, speech) })}
            </Text>
          )}
          <Text size="sm" mb="md">
            {t(`journeys.confirm.${asked}`)}
          </Text>
          <Group gap="xs" justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus>
              {t("journeys.confirm.keep")}
            </Button>
            <Button color={asked === "stop" ? "red" : undefined} onClick={() => onConfirm(asked)}>
              {t(`journeys.step.${asked}`)}
            </Button>
          </Group>
        </>
      )}
    </Modal>
  );
}
