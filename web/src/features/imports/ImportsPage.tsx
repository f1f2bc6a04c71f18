import { Stack, Table, Text } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Import } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { DropZone } from "./DropZone";
import classes from "./Imports.module.css";
import { kindOf } from "./kinds";
import { importsQuery } from "./queries";
import { SavedMappings } from "./SavedMappings";
import { StateBadge } from "./StateBadge";

const route = getRouteApi("/shell/imports");

/** Files in: a new one, and those that came before. */
export function ImportsPage() {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const imports = useQuery(importsQuery);
  return (
    <Page title={t("imports.title")} subtitle={t("imports.subtitle")}>
      <Stack gap="md">
        <DropZone
          bytesMax={imports.data?.file_bytes_max}
          onDone={({ id }) => void navigate({ to: "/imports/$importId", params: { importId: id } })}
        />
        <Card flush title={t("imports.history.title")}>
          <Answer query={imports} skeleton={<RowsSkeleton rows={5} height={34} />}>
            {({ imports, keep_days }) =>
              imports.length === 0 ? (
                <Empty icon={IconFileImport} title={t("imports.empty.title")} hint={t("imports.empty.hint")} />
              ) : (
                <>
                  <History imports={imports} />
                  <Text size="xs" c="dimmed" px="md" py="sm">
                    {t("imports.history.kept", { count: keep_days })}
                  </Text>
                </>
              )
            }
          </Answer>
        </Card>
        <SavedMappings />
      </Stack>
    </Page>
  );
}

function History({ imports }: { imports: Import[] }) {
  const { t } = useTranslation();
  return (
    <WideTable label={t("imports.history.title")} minWidth={760} verticalSpacing="sm" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("imports.history.file")}</Table.Th>
          <Table.Th>{t("imports.history.state")}</Table.Th>
          <Table.Th className="num">{t("imports.count.rows")}</Table.Th>
          <Table.Th className="num">{t("imports.count.accepted")}</Table.Th>
          <Table.Th className="num">{t("imports.count.refused")}</Table.Th>
          <Table.Th>{t("imports.history.by")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {imports.map((held) => (
          <Row key={held.id} held={held} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Row({ held }: { held: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  const counted = held.state !== "draft" && held.state !== "checking";
  return (
    <Table.Tr>
      <Table.Td>
        <Link to="/imports/$importId" params={{ importId: held.id }} className={classes.name}>
          {held.name}
        </Link>
        <Text size="xs" c="dimmed">
          {t(`imports.kind.${kindOf(held.kind)}`)}
        </Text>
      </Table.Td>
      <Table.Td>
        <StateBadge held={held} />
      </Table.Td>
      <Table.Td className="num">{counted ? format.integer(held.rows) : t("ui.none")}</Table.Td>
      <Table.Td className="num">{counted ? format.integer(held.accepted) : t("ui.none")}</Table.Td>
      <Table.Td className="num">
        <Text span inherit c={counted && 0 < held.refused ? "var(--fc-bad)" : undefined}>
          {counted ? format.integer(held.refused) : t("ui.none")}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{held.by === "command" ? t("imports.history.command") : held.created_by}</Text>
        <Text size="xs" c="dimmed" title={format.dateTime(held.created_at)}>
          {format.ago(held.created_at, new Date())}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
