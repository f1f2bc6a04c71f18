import { ActionIcon, Button, Group, Stack, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconPlus, IconX, type Icon } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Catalogue } from "../api/types";
import { EventChooser } from "./EventChooser";
import type { Chosen } from "./eventFilter";

/** Several events, each narrowed if that matters; where their order means something they can be moved. */
export function EventList({
  events,
  nameOf,
  add,
  limits: { min, max },
  ordered = false,
  catalogue,
  onChange,
}: {
  events: Chosen[];
  nameOf: (number: number) => string;
  add: string;
  limits: { min: number; max: number };
  ordered?: boolean;
  catalogue: Catalogue;
  onChange: (events: Chosen[]) => void;
}) {
  const { t } = useTranslation();
  const moved = (at: number, to: number) => {
    const event = events[at];
    if (event) onChange(events.toSpliced(at, 1).toSpliced(to, 0, event));
  };
  return (
    <Stack gap={6}>
      {events.map((event, at) => {
        const name = nameOf(at + 1);
        return (
          // An event has no name but its place.
          <Group key={at} gap={2} wrap="nowrap" align="flex-end">
            <div style={{ flex: 1, minWidth: 0 }}>
              <EventChooser
                name={name}
                chosen={event}
                catalogue={catalogue}
                onChange={(next) => onChange(events.with(at, next))}
              />
            </div>
            {ordered && (
              <>
                <Tool
                  icon={IconChevronUp}
                  name={t("report.up", { name })}
                  disabled={at === 0}
                  onClick={() => moved(at, at - 1)}
                />
                <Tool
                  icon={IconChevronDown}
                  name={t("report.down", { name })}
                  disabled={at === events.length - 1}
                  onClick={() => moved(at, at + 1)}
                />
              </>
            )}
            <Tool
              icon={IconX}
              name={t("report.remove", { name })}
              disabled={events.length <= min}
              onClick={() => onChange(events.toSpliced(at, 1))}
            />
          </Group>
        );
      })}
      <Button
        variant="light"
        size="xs"
        leftSection={<IconPlus size={14} aria-hidden />}
        disabled={max <= events.length}
        onClick={() => onChange([...events, { event: "" }])}
      >
        {add}
      </Button>
    </Stack>
  );
}

function Tool({
  icon: Picture,
  name,
  disabled,
  onClick,
}: {
  icon: Icon;
  name: string;
  disabled: boolean;
  onClick: () => void;
}) {
  return (
    <Tooltip label={name}>
      <ActionIcon
        size={22}
        mb={4}
        variant="subtle"
        bg={disabled ? "transparent" : undefined}
        color="gray"
        c={disabled ? undefined : "dimmed"}
        disabled={disabled}
        aria-label={name}
        onClick={onClick}
      >
        <Picture size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
