import { Button, Center, Skeleton, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconCloudOff, type Icon } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "./errorText";

/** A query's answer, or what stands in its place until there is one. Old data stays while new data loads. */
export function Answer<T>({
  query,
  skeleton,
  children,
}: {
  query: UseQueryResult<T>;
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <LoadError error={query.error} onRetry={() => void query.refetch()} />;
  return <div aria-busy="true">{skeleton}</div>;
}

export function LoadError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <Center py="xl" px="md" role="alert">
      <Stack align="center" gap="sm" maw={420}>
        <ThemeIcon size={48} radius="xl" variant="light" color="red">
          <IconCloudOff size={26} aria-hidden />
        </ThemeIcon>
        <Text fw={600}>{t("ui.error.title")}</Text>
        <Text size="sm" c="dimmed" ta="center">
          {errorText(t, error)}
        </Text>
        <Button variant="default" size="xs" onClick={onRetry}>
          {t("ui.error.retry")}
        </Button>
      </Stack>
    </Center>
  );
}

export function Empty({
  icon: Picture,
  title,
  hint,
  action,
}: {
  icon: Icon;
  title: string;
  hint?: string;
  action?: ReactNode;
}) {
  return (
    <Center py={48} px="md">
      <Stack align="center" gap={6} maw={440}>
        <ThemeIcon size={52} radius="xl" variant="light" mb={6}>
          <Picture size={28} stroke={1.6} aria-hidden />
        </ThemeIcon>
        <Text fw={600} ta="center">
          {title}
        </Text>
        {hint && (
          <Text size="sm" c="dimmed" ta="center">
            {hint}
          </Text>
        )}
        {action && <div style={{ marginTop: 8 }}>{action}</div>}
      </Stack>
    </Center>
  );
}

export function RowsSkeleton({ rows = 8, height = 22 }: { rows?: number; height?: number }) {
  return (
    <Stack gap={14} p="md">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="sm" width={`${100 - ((row * 7) % 23)}%`} />
      ))}
    </Stack>
  );
}
