import { Alert, Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { dealerCalls } from "../../api/dealers";
import { CodeBlock } from "../../ui/CodeBlock";
import { errorText } from "../../ui/errorText";
import { toastFailed } from "../../ui/toast";

/** What a dealer's system checks our signatures with: made anew, and shown this once. */
export function WebhookSecret({ dealerId }: { dealerId: string }) {
  const { t } = useTranslation();
  const make = useMutation({
    mutationFn: () => dealerCalls.newSecret(dealerId),
    onError: (error) => toastFailed(errorText(t, error)),
  });
  if (make.data)
    return (
      <Alert variant="light" title={t("dealers.secret.title")}>
        <CodeBlock code={make.data.webhook_secret} label={t("dealers.secret.title")} />
      </Alert>
    );
  return (
    <div>
      <Text size="xs" c="dimmed" mb={6}>
        {t("dealers.secret.hint")}
      </Text>
      <Button size="xs" variant="default" loading={make.isPending} onClick={() => make.mutate()}>
        {t("dealers.secret.make")}
      </Button>
    </div>
  );
}
