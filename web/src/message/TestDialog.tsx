import { Alert, Button, Code, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../ui/errorText";
import { templateCalls, type Trial } from "./template";

/** Sends one message at once to an address, and tells what the other side said. */
export function TestDialog({
  trial,
  to: first,
  onClose,
}: {
  /** What is sent; nothing is open while there is none. */
  trial: Trial | null;
  /** The address that stands there to begin with. */
  to: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={trial !== null} onClose={onClose} title={t("message.test.title")} size="md">
      {trial && <TestForm trial={trial} first={first} />}
    </Modal>
  );
}

function TestForm({ trial, first }: { trial: Trial; first: string }) {
  const { t } = useTranslation();
  const isMail = trial.message_channel === "email";
  const [to, setTo] = useState(isMail ? first : "");
  const attempt = useMutation({ mutationFn: (to: string) => templateCalls.test({ ...trial, to }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (to.trim()) attempt.mutate(to.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={t(`message.test.address.${trial.message_channel}`)}
          description={t("message.test.hint")}
          type={isMail ? "email" : "text"}
          required
          data-autofocus
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button type="submit" leftSection={<IconSend size={15} aria-hidden />} loading={attempt.isPending}>
            {t("message.test.action")}
          </Button>
        </Group>
        <div aria-live="polite">
          {attempt.isError && (
            <Alert color="red" variant="light" title={t("message.test.not_taken")}>
              {errorText(t, attempt.error)}
            </Alert>
          )}
          {attempt.data && (
            <Alert
              color={attempt.data.is_taken ? "green" : "red"}
              variant="light"
              title={t(attempt.data.is_taken ? "message.test.taken" : "message.test.not_taken")}
            >
              <Stack gap="xs">
                {attempt.data.detail && <Text size="sm">{attempt.data.detail}</Text>}
                {attempt.data.status !== null && (
                  <Text size="sm">{t("message.test.status", { status: attempt.data.status })}</Text>
                )}
                {attempt.data.answer && <Code block>{attempt.data.answer}</Code>}
              </Stack>
            </Alert>
          )}
        </div>
      </Stack>
    </form>
  );
}
