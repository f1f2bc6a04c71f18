import { Group, Indicator, Popover, Stack, Switch, Text, UnstyledButton } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { operatorCalls, type Operator } from "../../api/leads";
import { useMe } from "../../api/session";
import { errorText } from "../../ui/errorText";
import { useFormat } from "../../ui/FormatContext";
import { toastFailed } from "../../ui/toast";
import { operatorsQuery } from "./queries";
import classes from "./Verify.module.css";

/** Whether whoever looks is rung, and who else is there; nothing where the contact centre has no lines. */
export function Presence() {
  const { t } = useTranslation();
  const { email } = useMe();
  const operators = useQuery(operatorsQuery);
  const set = useSetPresence();
  if (!operators.data || operators.data.lines.length === 0) return null;
  const all = operators.data.operators;
  const me = all.find((each) => each.email === email);
  const others = all.filter((each) => 0 < each.lines.length);
  return (
    <Group gap="md">
      <Popover position="bottom-end" withArrow shadow="md">
        <Popover.Target>
          <UnstyledButton className={classes.team} aria-label={t("verify.team.title")}>
            <IconUsers size={17} aria-hidden />
            <span className="num">
              {t("verify.team.there", {
                count: others.filter(({ is_present }) => is_present).length,
                all: others.length,
              })}
            </span>
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown>
          <Stack gap={8} component="ul" m={0} p={0}>
            {others.map((each) => (
              <Person key={each.email} person={each} />
            ))}
          </Stack>
        </Popover.Dropdown>
      </Popover>
      {me && 0 < me.lines.length && (
        <Switch
          label={t("verify.present")}
          checked={me.is_present}
          disabled={set.isPending}
          onChange={(event) => set.mutate(event.currentTarget.checked)}
        />
      )}
    </Group>
  );
}

function Person({ person }: { person: Operator }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { email, is_present, since, lead_id, lines } = person;
  const state = lead_id ? "busy" : is_present ? "free" : "away";
  return (
    <Group component="li" gap="sm" wrap="nowrap" style={{ listStyle: "none" }}>
      <Indicator
        inline
        size={9}
        position="middle-center"
        color={{ busy: "amber", free: "green", away: "gray" }[state]}
        w={12}
        h={12}
      />
      <div>
        <Text size="sm">{email}</Text>
        <Text size="xs" c="dimmed">
          {[t(`verify.team.${state}`), since && format.ago(since, new Date()), lines.join(", ")]
            .filter(Boolean)
            .join(" · ")}
        </Text>
      </div>
    </Group>
  );
}

function useSetPresence() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: operatorCalls.setPresence,
    onSettled: () => queryClient.invalidateQueries({ queryKey: operatorsQuery.queryKey }),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
