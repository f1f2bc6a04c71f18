import { Button, Center, Loader } from "@mantine/core";
import { IconRoad } from "@tabler/icons-react";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Empty, LoadError } from "../../ui/states";

export function RoutePending() {
  const { t } = useTranslation();
  return (
    <Center py={120} aria-busy="true">
      <Loader aria-label={t("ui.loading")} />
    </Center>
  );
}

export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Center mih="60vh" component="main">
      <LoadError error={error} onRetry={retry} />
    </Center>
  );
}

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Center mih="60vh" component="main">
      <Empty
        icon={IconRoad}
        title={t("shell.not_found.title")}
        hint={t("shell.not_found.hint")}
        action={
          <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
            {t("shell.not_found.home")}
          </Button>
        }
      />
    </Center>
  );
}
