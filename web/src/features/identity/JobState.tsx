import { Alert, Progress, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Job } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";

/** How far a job is, that it failed, or when it was done last. */
export function JobState({ job, running, failed, done }: { job: Job; running: string; failed: string; done: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (job.state === "running") {
    const share = job.total ? job.done / job.total : 0;
    return (
      <div>
        <Progress value={job.total ? 100 * share : 100} striped animated aria-label={running} />
        <Text size="xs" c="dimmed" mt={4} className="num">
          {t("identity.running", { what: running, share: format.percent(share) })}
        </Text>
      </div>
    );
  }
  if (job.state === "failed")
    return (
      <Alert color="red" variant="light" title={failed}>
        {job.message}
      </Alert>
    );
  return (
    <Text size="xs" c="dimmed" role="status">
      {done}
    </Text>
  );
}
