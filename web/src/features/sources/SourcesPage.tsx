import { Badge, Button, Group, Switch, Table, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlugConnected, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Source } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { MiniBars } from "../../ui/Sparkline";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { CreateSource } from "./CreateSource";
import { sourcesQuery, useEnableSource } from "./queries";
import { SourceDrawer } from "./SourceDrawer";

const route = getRouteApi("/shell/sources");

/** Where events come from. */
export function SourcesPage() {
  const { t } = useTranslation();
  const { role } = useMe();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const sources = useQuery(sourcesQuery);
  const [creating, create] = useDisclosure(search.create === true);
  const mayChange = may(role, "manage_sources");
  const open = (id: string | undefined) => void navigate({ search: id ? { source: id } : {} });

  const createButton = mayChange && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={create.open}>
      {t("sources.create.action")}
    </Button>
  );

  return (
    <Page title={t("sources.title")} subtitle={t("sources.subtitle")} actions={createButton}>
      <Card flush>
        <Answer query={sources} skeleton={<RowsSkeleton rows={5} height={34} />}>
          {({ sources }) =>
            sources.length === 0 ? (
              <Empty
                icon={IconPlugConnected}
                title={t("sources.empty.title")}
                hint={t("sources.empty.hint")}
                action={createButton}
              />
            ) : (
              <SourceTable sources={sources} mayChange={mayChange} onOpen={open} />
            )
          }
        </Answer>
      </Card>
      <CreateSource
        opened={creating}
        onClose={create.close}
        onCreated={(source) => {
          create.close();
          open(source.id);
        }}
      />
      <SourceDrawer
        source={sources.data?.sources.find(({ id }) => id === search.source)}
        mayChange={mayChange}
        onClose={() => open(undefined)}
      />
    </Page>
  );
}

function SourceTable({
  sources,
  mayChange,
  onOpen,
}: {
  sources: Source[];
  mayChange: boolean;
  onOpen: (id: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <WideTable label={t("sources.title")} minWidth={780} verticalSpacing="sm" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("sources.column.name")}</Table.Th>
          <Table.Th w={200}>{t("sources.column.hour")}</Table.Th>
          <Table.Th className="num">{t("sources.column.last_event")}</Table.Th>
          <Table.Th className="num">{t("sources.column.accepted")}</Table.Th>
          <Table.Th className="num">{t("sources.column.refused")}</Table.Th>
          <Table.Th>{t("sources.column.enabled")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {sources.map((source) => (
          <SourceRow key={source.id} source={source} mayChange={mayChange} onOpen={onOpen} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function SourceRow({
  source,
  mayChange,
  onOpen,
}: {
  source: Source;
  mayChange: boolean;
  onOpen: (id: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const enable = useEnableSource();
  const { health } = source;
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <UnstyledButton onClick={() => onOpen(source.id)}>
            <Text size="sm" fw={600} c="var(--fc-accent)">
              {source.name}
            </Text>
          </UnstyledButton>
          <Badge size="sm" variant="light" color="gray">
            {label("source_kind", source.kind)}
          </Badge>
        </Group>
      </Table.Td>
      <Table.Td>
        <MiniBars values={health.per_minute} height={26} label={t("sources.hour_of", { name: source.name })} />
      </Table.Td>
      <Table.Td className="num nowrap">
        {health.last_event_at ? format.ago(health.last_event_at, new Date()) : t("sources.never")}
      </Table.Td>
      <Table.Td className="num">{format.integer(health.accepted_24h)}</Table.Td>
      <Table.Td className="num">
        <Text span inherit c={0 < health.refused_24h ? "var(--fc-bad)" : undefined}>
          {format.integer(health.refused_24h)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Switch
          checked={source.enabled}
          disabled={!mayChange || enable.isPending}
          aria-label={t("sources.enable", { name: source.name })}
          onChange={(event) => enable.mutate({ id: source.id, enabled: event.currentTarget.checked })}
        />
      </Table.Td>
    </Table.Tr>
  );
}
