import { Table, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { FlowReport } from "../../api/types";
import sheet from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import type { Crowd } from "./queries";
import { useWords } from "./words";

/** The numbers of the ageing bars: a row a stage, a column a class of waiting times. */
export function AgeTable({ report, onCrowd }: { report: FlowReport; onCrowd: (crowd: Crowd) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { ageName } = useWords(report.ages_s, []);
  return (
    <WideTable label={t("flow.ages")} minWidth={720} horizontalSpacing="xs" verticalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("flow.column.stage")}</Table.Th>
          {Array.from({ length: report.ages_s.length + 1 }, (_, age) => (
            <Table.Th key={age} className="num">
              {ageName(age)}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {report.stages.slice(0, -1).map((stage, at) => (
          <Table.Tr key={at}>
            <Table.Th scope="row">{label("event", stage.event)}</Table.Th>
            {stage.ages.map((count, age) => (
              <Table.Td key={age} className="num">
                <UnstyledButton
                  className={sheet.figure}
                  onClick={() => onCrowd({ stage: at + 1, outcome: "waits", age })}
                >
                  {format.integer(count)}
                </UnstyledButton>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}
