import { Button, Drawer, Group, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../../api/labels";
import { may } from "../../../api/permissions";
import { useMe } from "../../../api/session";
import { useFormat } from "../../../ui/FormatContext";
import { Whisker } from "../Whisker";
import classes from "./AdGate.module.css";
import { Mark } from "./AdGateTab";
import { STATES, stateOf, type AdGate, type Cell, type State } from "./api";
import { usePin } from "./queries";
import { useReason } from "./words";

/** One gate: why it stands so, what is known, and a person's hand on it. */
export function CellDrawer({ cell, gate, onClose }: { cell: Cell | null; gate: AdGate; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={cell !== null}
      onClose={onClose}
      position="right"
      closeButtonProps={{ "aria-label": t("ui.close") }}
      title={cell && `${cell.region} × ${label("channel", cell.channel)}`}
    >
      {cell && <Detail key={`${cell.region}/${cell.channel}`} cell={cell} gate={gate} />}
    </Drawer>
  );
}

function Detail({ cell, gate }: { cell: Cell; gate: AdGate }) {
  const { t } = useTranslation();
  const format = useFormat();
  const me = useMe();
  const reason = useReason(gate.currency);
  const drr = cell.drr ?? null;
  const share = (percent: number | null | undefined) =>
    percent === null || percent === undefined ? t("ui.none") : format.share(percent / 100);
  return (
    <Stack gap="md">
      <div>
        <Group gap="xs">
          <Mark state={stateOf(cell.state)} />
          <Text size="sm" c="dimmed">
            {t("ad_gate.since", { day: format.day(cell.since) })}
          </Text>
        </Group>
        <Text size="sm" mt={6}>
          {reason(cell)}
        </Text>
      </div>
      <dl className={classes.facts}>
        <dt>{t("ad_gate.fact.quality")}</dt>
        <dd>
          <Whisker share={cell.quality} end={1} all={gate.rules.quality_close / 100} />
        </dd>
        <dt>{t("ad_gate.fact.drr")}</dt>
        <dd>
          <b className="num">{share(drr?.percent)}</b>
          {drr && <small>{t("ad_gate.fact.drr_between", { low: share(drr.low), high: share(drr.high) })}</small>}
        </dd>
        <dt>{t("ad_gate.fact.cost")}</dt>
        <dd className="num">{format.money(cell.cost, gate.currency)}</dd>
        <dt>{t("ad_gate.fact.revenue")}</dt>
        <dd className="num">
          {format.money(cell.revenue, gate.currency)}
          <small>{t("ad_gate.fact.sales", { count: cell.sales, sales: format.integer(cell.sales) })}</small>
        </dd>
        <dt>{t("ad_gate.fact.budget")}</dt>
        <dd className="num">
          {cell.budget_per_day === null || cell.budget_per_day === undefined
            ? t("ad_gate.fact.no_limit")
            : format.money(cell.budget_per_day, gate.currency)}
        </dd>
      </dl>
      {may(me.role, "edit_definitions") && <Hand cell={cell} />}
    </Stack>
  );
}

function Hand({ cell }: { cell: Cell }) {
  const { t } = useTranslation();
  const pin = usePin();
  const [state, setState] = useState<State>(stateOf(cell.state));
  const [note, setNote] = useState("");
  const { region, channel, is_pinned } = cell;
  const send = (wanted: State | null) =>
    pin.mutate({ region, channel, state: wanted, note }, { onSuccess: () => setNote("") });
  return (
    <section className={classes.hand}>
      <h3>{t("ad_gate.hand.title")}</h3>
      <Text size="xs" c="dimmed" mb="xs">
        {t(is_pinned ? "ad_gate.hand.is_pinned" : "ad_gate.hand.hint")}
      </Text>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t("ad_gate.hand.title")}
        value={state}
        onChange={(next) => setState(stateOf(next))}
        data={STATES.map((value) => ({ value, label: t(`ad_gate.state.${value}`) }))}
      />
      <TextInput
        mt="xs"
        size="sm"
        label={t("ad_gate.hand.note")}
        value={note}
        maxLength={300}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Group mt="sm" gap="xs">
        <Button size="xs" disabled={!note.trim()} loading={pin.isPending} onClick={() => send(state)}>
          {t("ad_gate.hand.hold")}
        </Button>
        {is_pinned && (
          <Button
            size="xs"
            variant="default"
            disabled={!note.trim()}
            loading={pin.isPending}
            onClick={() => send(null)}
          >
            {t("ad_gate.hand.release")}
          </Button>
        )}
      </Group>
    </section>
  );
}
