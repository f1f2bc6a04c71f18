import { Alert, Group, List, Progress, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconCheck, IconDots, IconHourglass, IconUserOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { erasuresQuery, type Erasure } from "../../api/erasures";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Empty } from "../../ui/states";
import { ERASURE_STEPS } from "./erasure";

/** In the place of a profile that is not there: who may know it is told how far its erasure has come. */
export function Gone({ profileId }: { profileId: string }) {
  const { t } = useTranslation();
  const mayKnow = may(useMe().role, "answer_people");
  const { data } = useQuery({ ...erasuresQuery, enabled: mayKnow });
  const erasure = data?.erasures.find(({ profile_id }) => profile_id === profileId);
  return (
    <Card>
      {erasure ? (
        <Erased erasure={erasure} />
      ) : (
        <Empty icon={IconUserOff} title={t("profiles.gone.title")} hint={t("profiles.gone.hint")} />
      )}
    </Card>
  );
}

function Erased({ erasure }: { erasure: Erasure }) {
  const { t } = useTranslation();
  const format = useFormat();
  const isDone = erasure.step === "done";
  const at = ERASURE_STEPS.findIndex((step) => step === erasure.step);
  return (
    <Stack gap="md" aria-live="polite">
      <Empty
        icon={IconUserOff}
        title={t("profiles.erased.title")}
        hint={t(isDone ? "profiles.erased.done" : "profiles.erased.under_way", {
          at: format.dateTime(erasure.erased_at),
          by: erasure.by,
        })}
      />
      {!isDone && (
        <Progress
          value={(100 * (at + (0 < erasure.total ? erasure.done / erasure.total : 0))) / ERASURE_STEPS.length}
          animated
          aria-label={t("profiles.erased.progress")}
        />
      )}
      <List spacing="xs" size="sm" center>
        {ERASURE_STEPS.map((step, place) => (
          <List.Item key={step} icon={<Mark state={isDone || place < at ? "done" : place === at ? "now" : "later"} />}>
            {t(`profiles.erased.step.${step}`)}
          </List.Item>
        ))}
      </List>
      {erasure.trouble && <Alert color="red">{erasure.trouble}</Alert>}
      <Group gap="lg">
        <Text size="xs" c="dimmed">
          {t("profiles.erased.counted", {
            records: format.integer(erasure.records),
            events: format.integer(erasure.events),
            messages: format.integer(erasure.messages),
          })}
        </Text>
      </Group>
    </Stack>
  );
}

function Mark({ state }: { state: "done" | "now" | "later" }) {
  const { t } = useTranslation();
  const Picture = { done: IconCheck, now: IconHourglass, later: IconDots }[state];
  return (
    <ThemeIcon
      size={20}
      radius="xl"
      variant="light"
      color={state === "done" ? "petrol" : "gray"}
      aria-label={t(`profiles.erased.mark.${state}`)}
      role="img"
    >
      <Picture size={13} />
    </ThemeIcon>
  );
}
