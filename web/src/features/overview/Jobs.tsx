import { Alert, Group, Progress, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Job } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";

/** Work under way, and what failed of it; what is done needs no place here. */
export function Jobs({ jobs }: { jobs: Job[] }) {
  return jobs.map((job) => {
    if (job.state === "running") return <Running key={job.id} job={job} />;
    if (job.state === "failed") return <Failed key={job.id} job={job} />;
    return null;
  });
}

function Running({ job }: { job: Job }) {
  const { t } = useTranslation();
  const format = useFormat();
  // How much there is may not be known yet: then only what is done is told.
  const share = 0 < job.total ? Math.min(1, job.done / job.total) : null;
  const title = jobTitle(t, job);
  return (
    <Card>
      <Group justify="space-between" gap="xs" mb={8}>
        <Text fw={600} size="sm">
          {title}
        </Text>
        <Text size="sm" c="dimmed" className="num">
          {share === null
            ? format.integer(job.done)
            : job.unit === "%"
              ? format.percent(share)
              : t("overview.job.progress", {
                  done: format.integer(job.done),
                  total: format.integer(job.total),
                  share: format.percent(share),
                })}
        </Text>
      </Group>
      <Progress value={share === null ? 100 : share * 100} striped animated aria-label={title} />
      {job.message && !isForMachines(job) && (
        <Text size="xs" c="dimmed" mt={6}>
          {job.message}
        </Text>
      )}
    </Card>
  );
}

function Failed({ job }: { job: Job }) {
  const { t } = useTranslation();
  return (
    <Alert
      color="red"
      icon={<IconAlertTriangle aria-hidden />}
      title={t("overview.job.failed", { title: jobTitle(t, job) })}
    >
      {job.message}
    </Alert>
  );
}

/** The message of a trial holds what is tried, and then what came of it: the page that began it reads it. */
const isForMachines = ({ kind }: Job) => kind === "identity_preview";

/** What we begin ourselves is told in the reader's words. */
function jobTitle(t: TFunction, job: Job): string {
  if (job.kind === "demo_seed") return t("overview.job.demo_seed");
  if (job.kind === "retention") return t("overview.job.retention");
  if (job.kind === "identity") return t("overview.job.identity");
  if (job.kind === "identity_preview") return t("overview.job.identity_preview");
  if (job.kind === "duplicates") return t("overview.job.duplicates");
  return job.title;
}
