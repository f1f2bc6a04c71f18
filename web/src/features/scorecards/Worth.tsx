import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { WideTable } from "../../ui/WideTable";
import type { DeskReport } from "./api";
import { Figures } from "./Figures";
import { Whisker } from "./Whisker";

/** What a call before the dealer is worth: leads that were called first beside those that went straight. */
export function CalledFirst({ report }: { report: DeskReport["called_first"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = [
    ["called", report.called],
    ["straight", report.straight],
  ] as const;
  const end = (key: "contact_rate" | "contract_rate") =>
    Math.max(0.05, ...rows.map(([, sold]) => sold[key].high ?? sold[key].rate ?? 0));
  return (
    <Card title={t("scorecards.called.title")} hint={t("scorecards.called.hint")} flush>
      <WideTable label={t("scorecards.called.title")} minWidth={380} horizontalSpacing="md" verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th />
            <Table.Th className="num">{t("scorecards.column.leads")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.contact_rate")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.contract_rate")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([key, sold]) => (
            <Table.Tr key={key}>
              <Table.Th scope="row">{t(`scorecards.called.${key}`)}</Table.Th>
              <Table.Td className="num">{format.integer(sold.leads)}</Table.Td>
              <Table.Td className="num">
                <Whisker share={sold.contact_rate} end={end("contact_rate")} all={null} />
              </Table.Td>
              <Table.Td className="num">
                <Whisker share={sold.contract_rate} end={end("contract_rate")} all={null} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </Card>
  );
}

/** Leads whose person came back, and what came of it. */
export function CameBack({ figures }: { figures: DeskReport["came_back"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const share = (count: number) => (figures.leads === 0 ? null : format.share(count / figures.leads));
  const shown = [
    ["leads", figures.leads, null],
    ["contacted", figures.contacted, share(figures.contacted)],
    ["contracts", figures.contracts, share(figures.contracts)],
  ] as const;
  return (
    <Card title={t("scorecards.back.title")} hint={t("scorecards.back.hint")}>
      <Figures
        shown={shown.map(([key, count, hint]) => ({
          name: t(`scorecards.back.${key}`),
          value: format.integer(count),
          hint,
        }))}
      />
    </Card>
  );
}
