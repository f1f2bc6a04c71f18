import { Button, Group, Modal, SegmentedControl, Stack, TagsInput, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { LEARNERS, type Learner } from "./api";
import { useLearn } from "./queries";

/** How to learn: most people only press the button. */
export function LearnDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const learn = useLearn();
  const [learner, setLearner] = useState<Learner>("auto");
  const [leaveOut, setLeaveOut] = useState<string[]>([]);
  const [allow, setAllow] = useState<string[]>([]);
  const start = () => learn.mutate({ learner, leave_out: leaveOut, allow }, { onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title={t("lead_scores.dialog.title")} size="md">
      <Stack gap="md">
        <Text size="sm">{t("lead_scores.dialog.text")}</Text>
        <div>
          <Text size="sm" fw={600} mb={4} id="lead-score-learner">
            {t("lead_scores.dialog.learner")}
          </Text>
          <SegmentedControl
            fullWidth
            aria-labelledby="lead-score-learner"
            value={learner}
            onChange={(value) => setLearner(LEARNERS.find((each) => each === value) ?? "auto")}
            data={LEARNERS.map((value) => ({ value, label: t(`lead_scores.learner.${value}`) }))}
          />
        </div>
        <TagsInput
          label={t("lead_scores.dialog.leave_out")}
          description={t("lead_scores.dialog.leave_out_hint")}
          value={leaveOut}
          onChange={setLeaveOut}
        />
        <TagsInput
          label={t("lead_scores.dialog.allow")}
          description={t("lead_scores.dialog.allow_hint")}
          value={allow}
          onChange={setAllow}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
          <Button loading={learn.isPending} onClick={start} data-autofocus>
            {t("lead_scores.learn")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
