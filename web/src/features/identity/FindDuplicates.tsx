import { Button, Stack } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { JobState } from "./JobState";
import { jobQuery, useFindDuplicates } from "./queries";

/** Looks for probable duplicates among all profiles, and shows how far that is. */
export function FindDuplicates() {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const queryClient = useQueryClient();
  const find = useFindDuplicates();
  const { data: job } = useQuery(jobQuery("duplicates"));
  const state = job?.state;
  // What was found is asked for once the server is done looking.
  useEffect(() => {
    if (state === "done") void queryClient.invalidateQueries({ queryKey: ["duplicates"] });
  }, [state, queryClient]);
  return (
    <Card title={t("review.find.title")} hint={t("review.find.hint")}>
      <Stack gap="sm">
        {may(role, "edit_definitions") && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconSearch size={15} aria-hidden />}
            loading={find.isPending}
            disabled={state === "running"}
            onClick={() => find.mutate()}
          >
            {t("review.find.action")}
          </Button>
        )}
        {job && (
          <JobState
            job={job}
            running={t("review.find.running")}
            failed={t("review.find.failed")}
            done={t("review.find.done", { when: format.dateTime(job.started_at) })}
          />
        )}
      </Stack>
    </Card>
  );
}
