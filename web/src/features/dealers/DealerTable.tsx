import { Badge, Switch, Table, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { DealerItem } from "../../api/dealers";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { WideTable } from "../../ui/WideTable";
import classes from "./Dealers.module.css";
import { fieldsOf } from "./draft";
import { isOpen } from "../../lead/hours";
import { useSaveDealer } from "./queries";

/** A line a dealer; the switch takes it out of the distribution at once. */
export function DealerTable({ dealers }: { dealers: DealerItem[] }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  return (
    <WideTable label={t("dealers.title")} minWidth={narrow ? 0 : 980} verticalSpacing={9} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("dealers.column.dealer")}</Table.Th>
          <Table.Th className={classes.wide}>{t("dealers.column.franchise")}</Table.Th>
          <Table.Th className={classes.wide}>{t("dealers.column.capacity")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("dealers.column.today")}</Table.Th>
          <Table.Th className={classes.wide}>{t("dealers.column.open")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("dealers.column.quality")}</Table.Th>
          <Table.Th>{t("dealers.column.takes_leads")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {dealers.map((dealer) => (
          <Row key={dealer.dealer_id} dealer={dealer} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Row({ dealer }: { dealer: DealerItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  const mayEdit = may(useMe().role, "manage_dealers");
  const save = useSaveDealer();
  const { dealer_id, name, region, group, brands, models, quality, takes_leads, leads_today, leads_a_day_max } = dealer;
  const isOpenNow = isOpen(dealer.hours, dealer.holidays, dealer.tz, new Date());
  return (
    <Table.Tr className={classes.row}>
      <Table.Td>
        <Link
          to="/dealers"
          search={(before) => ({ ...before, dealer: dealer_id })}
          className={classes.name}
          resetScroll={false}
        >
          {name}
        </Link>
        <Text size="xs" c="dimmed">
          {[region, group].filter(Boolean).join(" · ")}
        </Text>
      </Table.Td>
      <Table.Td className={classes.wide}>
        {brands.join(", ") || t("dealers.all_brands")}
        {0 < models.length && (
          <Text size="xs" c="dimmed" className="ellipsis" maw={200}>
            {models.join(", ")}
          </Text>
        )}
      </Table.Td>
      <Table.Td className={classes.wide}>
        <Capacity dealer={dealer} />
      </Table.Td>
      <Table.Td className={`num ${classes.wide}`}>
        {leads_a_day_max === null
          ? format.integer(leads_today)
          : t("dealers.of", { count: leads_today, most: leads_a_day_max })}
      </Table.Td>
      <Table.Td className={classes.wide}>
        <Badge variant="light" size="sm" color={isOpenNow ? "green" : "gray"}>
          {t(isOpenNow ? "dealers.open" : "dealers.closed")}
        </Badge>
      </Table.Td>
      <Table.Td className={`num ${classes.wide}`}>{format.integer(quality)}</Table.Td>
      <Table.Td className={classes.above}>
        <Switch
          aria-label={t("dealers.takes_leads_of", { name })}
          checked={takes_leads}
          disabled={!mayEdit || save.isPending}
          onChange={(event) => save.mutate({ ...fieldsOf(dealer), takes_leads: event.currentTarget.checked })}
        />
      </Table.Td>
    </Table.Tr>
  );
}

const NEARLY_FULL = 0.9;

/** How many leads are open, of how many that may be. */
function Capacity({ dealer: { open_leads, open_leads_max } }: { dealer: DealerItem }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (open_leads_max === null)
    return (
      <span className="num">{t("dealers.open_leads", { count: open_leads, leads: format.integer(open_leads) })}</span>
    );
  const used = open_leads_max === 0 ? 1 : Math.min(1, open_leads / open_leads_max);
  return (
    <div className={classes.capacity}>
      <div className={classes.track} data-full={NEARLY_FULL <= used}>
        <div style={{ width: `${100 * used}%` }} />
      </div>
      <span className="num">{t("dealers.of", { count: open_leads, most: open_leads_max })}</span>
    </div>
  );
}
