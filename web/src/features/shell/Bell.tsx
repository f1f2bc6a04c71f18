import { ActionIcon, Indicator, Popover, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconBell, IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { incidentText, incidentTitle } from "../../api/incidents";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Shell.module.css";
import { incidentsQuery } from "./queries";

/** What is wrong now: a count, and behind it the words. */
export function Bell() {
  const { role } = useMe();
  return may(role, "see_reports") ? <Incidents /> : null;
}

function Incidents() {
  const { t } = useTranslation();
  const format = useFormat();
  const [opened, setOpened] = useState(false);
  const { data } = useQuery(incidentsQuery);
  const open = data?.open ?? [];
  return (
    <Popover opened={opened} onChange={setOpened} width={340} position="bottom-start" withArrow shadow="md" trapFocus>
      <Indicator disabled={open.length === 0} label={open.length} size={16} color="red.8" offset={4}>
        <Popover.Target>
          <ActionIcon
            variant="transparent"
            className={classes.bell}
            aria-label={t("alerts.bell", { count: open.length })}
            onClick={() => setOpened((before) => !before)}
          >
            <IconBell size={19} stroke={1.7} />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown>
        <Stack gap="sm">
          {open.length === 0 && (
            <Text size="sm" c="dimmed" className={classes.calm}>
              <IconCircleCheck size={18} aria-hidden />
              {t("alerts.all_well")}
            </Text>
          )}
          {open.map((incident) => (
            <div key={incident.id} className={classes.incident}>
              <IconAlertTriangle size={18} color="var(--fc-bad)" aria-hidden />
              <div>
                <Text size="sm" fw={600}>
                  {incidentTitle(t, incident)}
                </Text>
                <Text size="sm">{incidentText(t, format, incident)}</Text>
                <Text size="xs" c="dimmed">
                  {format.ago(incident.opened_at, new Date())}
                </Text>
              </div>
            </div>
          ))}
          <Link
            to="/settings/$section"
            params={{ section: "alerts" }}
            search={{}}
            className={classes.more}
            onClick={() => setOpened(false)}
          >
            {t("alerts.open_settings")}
          </Link>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
