import { Badge, Table, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { incidentText, incidentTitle } from "../../api/incidents";
import type { Incident, Notice } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Empty } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";

const NOTICE_STATES = ["pending", "sending", "sent", "failed", "unknown"] as const;
const NOTICE_COLOR = { pending: "blue", sending: "blue", sent: "green", failed: "red", unknown: "amber" } as const;
const NOTICE_KINDS = ["opened", "closed", "test"] as const;

/** What was wrong, and what became of the notices. */
export function AlertHistory({ incidents, notices }: { incidents: Incident[]; notices: Notice[] }) {
  const { t } = useTranslation();
  return (
    <>
      <Card title={t("alerts.history.title")} flush>
        {incidents.length === 0 ? (
          <Empty icon={IconCircleCheck} title={t("alerts.history.empty")} />
        ) : (
          <Incidents incidents={incidents} />
        )}
      </Card>
      {notices.length !== 0 && (
        <Card title={t("alerts.notices.title")} flush>
          <Notices notices={notices} />
        </Card>
      )}
    </>
  );
}

function Incidents({ incidents }: { incidents: Incident[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <WideTable label={t("alerts.history.title")} minWidth={640} verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("alerts.history.what")}</Table.Th>
          <Table.Th className="num">{t("alerts.history.began")}</Table.Th>
          <Table.Th className="num">{t("alerts.history.lasted")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {incidents.map((incident) => (
          <Table.Tr key={incident.id}>
            <Table.Td>
              <Text size="sm" fw={550}>
                {incidentTitle(t, incident)}
              </Text>
              <Text size="xs" c="dimmed">
                {incidentText(t, format, incident)}
              </Text>
            </Table.Td>
            <Table.Td className="num nowrap">{format.dateTime(incident.opened_at)}</Table.Td>
            <Table.Td className="num nowrap">
              {incident.closed_at ? (
                format.duration((Date.parse(incident.closed_at) - Date.parse(incident.opened_at)) / 1000)
              ) : (
                <Badge size="sm" color="red" variant="light">
                  {t("alerts.history.open")}
                </Badge>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Notices({ notices }: { notices: Notice[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const known = <Word extends string>(words: readonly Word[], word: string, otherwise: Word) =>
    words.find((known) => known === word) ?? otherwise;
  return (
    <WideTable label={t("alerts.notices.title")} minWidth={640} verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("alerts.notices.to")}</Table.Th>
          <Table.Th>{t("alerts.notices.kind")}</Table.Th>
          <Table.Th>{t("alerts.notices.state")}</Table.Th>
          <Table.Th className="num">{t("alerts.notices.at")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {notices.map((notice) => {
          const state = known(NOTICE_STATES, notice.state, "unknown");
          return (
            <Table.Tr key={notice.id}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{notice.target}</Table.Td>
              <Table.Td>{t(`alerts.notices.kinds.${known(NOTICE_KINDS, notice.kind, "opened")}`)}</Table.Td>
              <Table.Td>
                <Badge size="sm" variant="light" color={NOTICE_COLOR[state]}>
                  {t(`alerts.notices.states.${state}`)}
                </Badge>
                {notice.told && state !== "sent" && (
                  <Text size="xs" c="dimmed">
                    {notice.told}
                  </Text>
                )}
              </Table.Td>
              <Table.Td className="num nowrap">{format.dateTime(notice.updated_at)}</Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </WideTable>
  );
}
