import { Button, Skeleton, Table, Text } from "@mantine/core";
import { IconDownload, IconLock, IconLockOpen2, IconPin, IconTestPipe, IconTrafficLights } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../../api/labels";
import { may } from "../../../api/permissions";
import { useMe } from "../../../api/session";
import { useFormat } from "../../../ui/FormatContext";
import { Card } from "../../../ui/Page";
import { Answer, Empty } from "../../../ui/states";
import { WideTable } from "../../../ui/WideTable";
import classes from "./AdGate.module.css";
import { EXPORT_PATH, STATES, stateOf, type AdGate, type Cell, type GateSwitch, type State } from "./api";
import { CellDrawer } from "./CellDrawer";
import { adGateQuery, switchesQuery } from "./queries";
import { RulesCard } from "./RulesCard";
import { useReason } from "./words";

const ICONS = { open: IconLockOpen2, probe: IconTestPipe, closed: IconLock };

/** Where advertising is worth its money: region by channel, each gate with its reason. */
export function AdGateTab() {
  const gate = useQuery(adGateQuery);
  const me = useMe();
  return (
    <Answer query={gate} skeleton={<Skeleton height={420} radius="lg" />}>
      {(answer) => (
        <div className={classes.page}>
          <Grid gate={answer} />
          {may(me.role, "edit_definitions") && <RulesCard gate={answer} />}
          <Switches currency={answer.currency} />
        </div>
      )}
    </Answer>
  );
}

function Grid({ gate }: { gate: AdGate }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState<Cell | null>(null);
  const { cells, rules } = gate;
  if (cells.length === 0)
    return (
      <Card>
        <Empty icon={IconTrafficLights} title={t("ad_gate.none.title")} hint={t("ad_gate.none.hint")} />
      </Card>
    );
  const regions = [...new Set(cells.map(({ region }) => region))];
  const channels = [...new Set(cells.map(({ channel }) => channel))];
  const at = (region: string, channel: string) =>
    cells.find((cell) => cell.region === region && cell.channel === channel);
  return (
    <Card
      title={t("ad_gate.grid")}
      hint={t(rules.is_on ? "ad_gate.grid_hint" : "ad_gate.off")}
      actions={
        <Button
          component="a"
          href={EXPORT_PATH}
          size="xs"
          variant="default"
          leftSection={<IconDownload size={15} aria-hidden />}
        >
          {t("scorecards.csv")}
        </Button>
      }
    >
      <WideTable
        label={t("ad_gate.grid")}
        minWidth={116 + 112 * channels.length}
        verticalSpacing={4}
        horizontalSpacing={4}
      >
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("scorecards.column.region")}</Table.Th>
            {channels.map((channel) => (
              <Table.Th key={channel}>{label("channel", channel)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {regions.map((region) => (
            <Table.Tr key={region}>
              <Table.Th scope="row" className={classes.region}>
                {region}
              </Table.Th>
              {channels.map((channel) => {
                const cell = at(region, channel);
                return (
                  <Table.Td key={channel}>
                    {cell && <Tile cell={cell} gate={gate} onClick={() => setShown(cell)} />}
                  </Table.Td>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
      <ul className={classes.legend}>
        {STATES.map((state) => {
          const Icon = ICONS[state];
          const count = cells.filter((cell) => cell.state === state).length;
          return (
            <li key={state} data-state={state}>
              <Icon size={14} aria-hidden />
              {t(`ad_gate.state.${state}`)} <b className="num">{count}</b>
            </li>
          );
        })}
      </ul>
      <CellDrawer
        cell={shown && (at(shown.region, shown.channel) ?? shown)}
        gate={gate}
        onClose={() => setShown(null)}
      />
    </Card>
  );
}

function Tile({ cell, gate, onClick }: { cell: Cell; gate: AdGate; onClick: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const state = stateOf(cell.state);
  const Icon = ICONS[state];
  const rate = cell.quality.rate;
  const drr = cell.drr?.percent ?? null;
  return (
    <button
      type="button"
      className={classes.tile}
      data-state={state}
      onClick={onClick}
      aria-label={t("ad_gate.tile", {
        region: cell.region,
        channel: label("channel", cell.channel),
        state: t(`ad_gate.state.${state}`),
      })}
    >
      <span className={classes.word}>
        <Icon size={14} aria-hidden />
        {t(`ad_gate.state.${state}`)}
        {cell.is_pinned && <IconPin size={13} aria-label={t("ad_gate.pinned")} />}
        <span className={classes.rate}>{rate === null ? t("ui.none") : format.percent(rate)}</span>
      </span>
      <span className={classes.small}>
        {drr === null ? t("ui.none") : t("ad_gate.drr_of", { percent: format.share(drr / 100) })}
      </span>
      <span className={classes.small}>{format.moneyCompact(cell.cost, gate.currency)}</span>
    </button>
  );
}

export function Mark({ state }: { state: State }) {
  const { t } = useTranslation();
  const Icon = ICONS[state];
  return (
    <span className={classes.mark} data-state={state}>
      <Icon size={13} aria-hidden />
      {t(`ad_gate.state.${state}`)}
    </span>
  );
}

function Switches({ currency }: { currency: string }) {
  const { t } = useTranslation();
  const switches = useQuery(switchesQuery);
  return (
    <Card title={t("ad_gate.switches.title")} hint={t("ad_gate.switches.hint")} flush>
      <Answer query={switches} skeleton={<Skeleton height={160} m="md" radius="md" />}>
        {({ switches: all }) =>
          all.length === 0 ? (
            <Text size="sm" c="dimmed" p="md">
              {t("ad_gate.switches.none")}
            </Text>
          ) : (
            <SwitchTable switches={all} currency={currency} label={t("ad_gate.switches.title")} />
          )
        }
      </Answer>
    </Card>
  );
}

export function SwitchTable({
  switches,
  currency,
  label: name,
}: {
  switches: GateSwitch[];
  currency: string;
  label: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const reason = useReason(currency);
  return (
    <WideTable label={name} minWidth={640} horizontalSpacing="md" verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("ad_gate.switches.when")}</Table.Th>
          <Table.Th>{t("ad_gate.switches.where")}</Table.Th>
          <Table.Th>{t("ad_gate.switches.to")}</Table.Th>
          <Table.Th>{t("ad_gate.switches.why")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {switches.map((each, at) => (
          <Table.Tr key={at}>
            <Table.Td className={classes.when}>{format.day(each.at.slice(0, 10))}</Table.Td>
            <Table.Td>
              {each.region} × {label("channel", each.channel)}
            </Table.Td>
            <Table.Td>
              <Mark state={stateOf(each.state)} />
            </Table.Td>
            <Table.Td>
              {reason(each)}
              {each.note && (
                <Text size="xs" c="dimmed">
                  {[each.actor, each.note].join(": ")}
                </Text>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}
