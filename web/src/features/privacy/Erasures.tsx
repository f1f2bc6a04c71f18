import { Anchor, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { erasuresQuery } from "../../api/erasures";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";

/** Who was erased, when, by whom, and how far it has come; no name is kept. */
export function Erasures() {
  const { t } = useTranslation();
  const format = useFormat();
  const erasures = useQuery(erasuresQuery);
  return (
    <Answer query={erasures} skeleton={<RowsSkeleton rows={3} />}>
      {({ erasures, suppressed }) => (
        <Card
          title={t("privacy.erasures.title")}
          hint={t("privacy.erasures.suppressed", { count: suppressed, items: format.integer(suppressed) })}
          flush={erasures.length !== 0}
        >
          {erasures.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t("privacy.erasures.none")}
            </Text>
          ) : (
            <WideTable label={t("privacy.erasures.title")} minWidth={560} verticalSpacing={8}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("privacy.erasures.at")}</Table.Th>
                  <Table.Th>{t("privacy.erasures.by")}</Table.Th>
                  <Table.Th className="num">{t("privacy.erasures.records")}</Table.Th>
                  <Table.Th className="num">{t("privacy.erasures.events")}</Table.Th>
                  <Table.Th>{t("privacy.erasures.state")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {erasures.map((erasure) => (
                  <Table.Tr key={erasure.erased_at + erasure.profile_id}>
                    <Table.Td>
                      <Anchor
                        size="sm"
                        renderRoot={(props) => (
                          <Link to="/profiles/$profileId" params={{ profileId: erasure.profile_id }} {...props} />
                        )}
                      >
                        {format.dateTime(erasure.erased_at)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{erasure.by}</Table.Td>
                    <Table.Td className="num">{format.integer(erasure.records)}</Table.Td>
                    <Table.Td className="num">{format.integer(erasure.events)}</Table.Td>
                    <Table.Td>
                      {erasure.finished_at
                        ? t("privacy.erasures.finished", { at: format.dateTime(erasure.finished_at) })
                        : t("privacy.erasures.under_way")}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </WideTable>
          )}
        </Card>
      )}
    </Answer>
  );
}
