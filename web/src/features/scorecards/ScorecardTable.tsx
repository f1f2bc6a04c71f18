import { Button, Group, Select, Table, Text } from "@mantine/core";
import { IconFileDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { dealersQuery } from "../../lead/queries";
import { csv, saveCsv } from "../../ui/csv";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { WideTable } from "../../ui/WideTable";
import type { Scorecard, Scorecards, Share } from "./api";
import { axisEnd, byRank, rankText } from "./rank";
import classes from "./Scorecards.module.css";
import { Whisker } from "./Whisker";

const RATES = ["contact_rate", "test_drive_rate", "contract_rate"] as const;

/** A line a dealer, the first place first; below them all dealers together. */
export function ScorecardTable({
  cards,
  region,
  onRegion,
}: {
  cards: Scorecards;
  region: string | undefined;
  onRegion: (region: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const network = useQuery(dealersQuery).data?.dealers ?? [];
  const regions = [...new Set([...network.map((dealer) => dealer.region), ...(region ? [region] : [])])]
    .filter(Boolean)
    .toSorted();
  const ranked = byRank(cards.dealers);
  const ends = Object.fromEntries(
    RATES.map((rate) => [rate, axisEnd([...ranked, cards.all], (card) => card[rate])]),
  ) as Record<(typeof RATES)[number], number>;
  return (
    <Card
      title={t("scorecards.table")}
      hint={t("scorecards.table_hint")}
      flush
      actions={
        <Group gap="xs">
          <Select
            clearable
            size="xs"
            w={170}
            aria-label={t("scorecards.column.region")}
            placeholder={t("scorecards.all_regions")}
            data={regions}
            value={region ?? null}
            onChange={(value) => onRegion(value ?? undefined)}
          />
          <Button
            size="xs"
            variant="default"
            leftSection={<IconFileDownload size={15} aria-hidden />}
            onClick={() => saveCsv("scorecards.csv", csv(cells([...ranked, cards.all])))}
          >
            {t("scorecards.csv")}
          </Button>
        </Group>
      }
    >
      <WideTable label={t("scorecards.table")} minWidth={1120} horizontalSpacing="sm" verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th className="num">{t("scorecards.column.rank")}</Table.Th>
            <Table.Th>{t("scorecards.column.dealer")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.leads")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.accept")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.contact")}</Table.Th>
            {RATES.map((rate) => (
              <Table.Th key={rate} className="num">
                {t(`scorecards.column.${rate}`)}
              </Table.Th>
            ))}
            <Table.Th className="num">{t("scorecards.column.adjusted")}</Table.Th>
            <Table.Th className="num">{t("scorecards.column.lost_early")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ranked.map((card) => (
            <Row key={card.dealer_id} card={card} ends={ends} all={cards.all} />
          ))}
        </Table.Tbody>
        <Table.Tfoot>
          <Row card={cards.all} ends={ends} all={null} />
        </Table.Tfoot>
      </WideTable>
    </Card>
  );
}

function Row({
  card,
  ends,
  all,
}: {
  card: Scorecard;
  ends: Record<(typeof RATES)[number], number>;
  all: Scorecard | null;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const place = rankText(card);
  const share = (count: number) => (card.leads === 0 ? t("ui.none") : format.share(count / card.leads));
  return (
    <Table.Tr className={all === null ? classes.total : undefined}>
      <Table.Td className="num nowrap">
        {all !== null && (
          <b title={card.ties === 0 ? undefined : t("scorecards.tied", { count: card.ties })}>
            {place ?? t("ui.none")}
          </b>
        )}
      </Table.Td>
      <Table.Th scope="row" className={classes.dealer}>
        {all === null ? t("scorecards.all_dealers") : card.name || card.dealer_id}
        {card.region && (
          <Text size="xs" c="dimmed" fw={400}>
            {card.region}
          </Text>
        )}
      </Table.Th>
      <Table.Td className="num">
        {format.integer(card.leads)}
        {0 < card.expired && (
          <Text size="xs" c="dimmed" className="num nowrap">
            {t("scorecards.expired", { count: card.expired })}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="num nowrap">
        <Times median={card.accept_median_s} p90={card.accept_p90_s} />
      </Table.Td>
      <Table.Td className="num nowrap">
        <Times median={card.contact_median_s} p90={card.contact_p90_s} open={card.contact_median_open_s} />
      </Table.Td>
      {RATES.map((rate) => (
        <Table.Td key={rate} className="num">
          <Whisker share={card[rate]} end={ends[rate]} all={all === null ? null : all[rate].rate} />
        </Table.Td>
      ))}
      <Table.Td className="num">
        {card.contract_rate_adjusted === null ? t("ui.none") : format.share(card.contract_rate_adjusted)}
      </Table.Td>
      <Table.Td className="num">
        {share(card.lost_early)}
        <Text size="xs" c="dimmed" className="num nowrap" title={t("scorecards.of_lost_hint")}>
          {t("scorecards.of_lost", { count: card.lost_early, of: format.integer(card.lost) })}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

/** Half of all within, nine in ten within; and half by the clock of business hours. */
function Times({ median, p90, open = null }: { median: number | null; p90: number | null; open?: number | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (median === null) return t("ui.none");
  return (
    <>
      {format.duration(median)}
      {p90 !== null && (
        <Text size="xs" c="dimmed" className="num">
          {t("scorecards.most", { time: format.duration(p90) })}
        </Text>
      )}
      {open !== null && (
        <Text size="xs" c="dimmed" className="num">
          {t("scorecards.open_hours", { time: format.duration(open) })}
        </Text>
      )}
    </>
  );
}

/** The figures as they came, for a spreadsheet. */
function cells(cards: Scorecard[]): string[][] {
  const text = (value: number | null) => (value === null ? "" : String(value));
  const rate = ({ count, of, rate, low, high }: Share) => [count, of, rate, low, high].map(text);
  const rateNames = RATES.flatMap((name) => ["count", "of", "rate", "low", "high"].map((part) => `${name}_${part}`));
  const times = [
    "accept_median_s",
    "accept_p90_s",
    "contact_median_s",
    "contact_p90_s",
    "contact_median_open_s",
  ] as const;
  const counts = ["leads", "accepted", "expired", "never_contacted", "lost", "lost_early"] as const;
  return [
    ["dealer_id", "name", "region", "rank", "ties", ...counts, ...times, ...rateNames, "contract_rate_adjusted"],
    ...cards.map((card) => [
      card.dealer_id ?? "",
      card.name,
      card.region,
      text(card.rank),
      text(card.ties),
      ...counts.map((name) => text(card[name])),
      ...times.map((name) => text(card[name])),
      ...RATES.flatMap((name) => rate(card[name])),
      text(card.contract_rate_adjusted),
    ]),
  ];
}
