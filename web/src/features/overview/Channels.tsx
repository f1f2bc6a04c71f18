import { Table, Text, Tooltip } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Overview } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Empty } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import classes from "./Overview.module.css";

type Channel = Overview["channels"][number];

/** What each channel brought and what it cost. */
export function Channels({ channels, currency }: { channels: Channel[]; currency: string }) {
  const { t } = useTranslation();
  const most = Math.max(1, ...channels.map(({ leads }) => leads));
  const rows = channels.toSorted((a, b) => b.leads - a.leads);
  return (
    <Card title={t("overview.channels.title")} flush={0 < rows.length}>
      {rows.length === 0 ? (
        <Empty icon={IconRoute} title={t("overview.channels.empty")} />
      ) : (
        <WideTable label={t("overview.channels.title")} minWidth={620} verticalSpacing={7} highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("dimension.channel")}</Table.Th>
              <Table.Th className="num">{t("overview.metric.leads")}</Table.Th>
              <Table.Th className="num">{t("overview.metric.sales")}</Table.Th>
              <Table.Th className="num">{t("overview.metric.revenue")}</Table.Th>
              <Table.Th className="num">{t("overview.channels.cost")}</Table.Th>
              <Explained name={t("overview.channels.cpl")} hint={t("overview.channels.cpl_hint")} />
              <Explained name={t("overview.channels.romi")} hint={t("overview.channels.romi_hint")} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <ChannelRow key={row.channel} row={row} most={most} currency={currency} />
            ))}
          </Table.Tbody>
        </WideTable>
      )}
    </Card>
  );
}

function Explained({ name, hint }: { name: string; hint: string }) {
  return (
    <Table.Th className="num">
      <Tooltip label={hint} multiline w={220}>
        <Text span inherit tabIndex={0} td="underline dotted">
          {name}
        </Text>
      </Tooltip>
    </Table.Th>
  );
}

function ChannelRow({ row, most, currency }: { row: Channel; most: number; currency: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const none = (
    <Text span c="dimmed" inherit>
      {t("ui.none")}
    </Text>
  );
  const romi = 0 < row.cost ? (row.revenue - row.cost) / row.cost : null;
  return (
    <Table.Tr>
      <Table.Td className="nowrap">
        {row.channel ? label("channel", row.channel) : t("overview.channels.unknown")}
      </Table.Td>
      <Table.Td className="num nowrap">
        <span className={classes.cellBar} style={{ width: `${(row.leads / most) * 64}px`, marginRight: 8 }} />
        {format.integer(row.leads)}
      </Table.Td>
      <Table.Td className="num">{format.integer(row.sales)}</Table.Td>
      <Table.Td className="num nowrap">{format.moneyCompact(row.revenue, currency)}</Table.Td>
      <Table.Td className="num nowrap">{0 < row.cost ? format.moneyCompact(row.cost, currency) : none}</Table.Td>
      <Table.Td className="num nowrap">
        {0 < row.cost && 0 < row.leads ? format.money(row.cost / row.leads, currency) : none}
      </Table.Td>
      <Table.Td className="num nowrap">
        {romi === null ? (
          none
        ) : (
          <Text span inherit fw={600} c={romi < 0 ? "var(--fc-bad)" : "var(--fc-good)"}>
            {format.change(Math.round(romi * 100) / 100)}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
