import { Button, Text } from "@mantine/core";
import { IconFlask } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { QUEUES } from "../../api/leads";
import { humanise } from "../../api/labels";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import type { LeadRules, Simulated } from "./api";
import classes from "./LeadRules.module.css";
import { useSimulate } from "./queries";

const DAYS = 30;

/** What the leads of the last month would have come to by the rules as they stand on the page. */
export function SimulateCard({
  rules,
  isChanged,
  isWhole,
}: {
  rules: LeadRules;
  isChanged: boolean;
  isWhole: boolean;
}) {
  const { t } = useTranslation();
  const simulate = useSimulate();
  // An answer to other rules than those on the page is none.
  const isCurrent = JSON.stringify(simulate.variables?.rules) === JSON.stringify(rules);
  return (
    <Card
      title={t("lead_rules.simulate.title")}
      hint={t(isChanged ? "lead_rules.simulate.hint" : "lead_rules.simulate.hint_same")}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconFlask size={15} aria-hidden />}
          disabled={!isWhole}
          loading={simulate.isPending}
          onClick={() => simulate.mutate({ rules, days: DAYS })}
        >
          {t("lead_rules.simulate.run")}
        </Button>
      }
    >
      {simulate.data ? (
        <div data-stale={!isCurrent} className={classes.simulated}>
          <Result result={simulate.data} isCurrent={isCurrent} />
        </div>
      ) : (
        <Text size="sm" c="dimmed">
          {t("lead_rules.simulate.none")}
        </Text>
      )}
    </Card>
  );
}

function Result({ result, isCurrent }: { result: Simulated; isCurrent: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { leads, moved, by_dealer, by_queue, by_band } = result;
  const queueName = (name: string) => {
    const queue = QUEUES.find((known) => known === name);
    return queue ? t(`lead.queue.${queue}`) : humanise(name);
  };
  const groups = [
    { key: "queue", rows: by_queue.map(({ queue, now, then }) => ({ name: queueName(queue), now, then })) },
    { key: "band", rows: by_band.map(({ band, now, then }) => ({ name: band, now, then })) },
    {
      key: "dealer",
      rows: by_dealer.map(({ name, dealer_id, now, then }) => ({ name: name || dealer_id, now, then })),
    },
  ] as const;
  return (
    <>
      <Text size="sm" mb="sm" role="status">
        {isCurrent
          ? t("lead_rules.simulate.moved", {
              count: moved,
              moved: format.integer(moved),
              leads: format.integer(leads),
              share: format.percent(leads === 0 ? 0 : moved / leads),
            })
          : t("lead_rules.simulate.stale")}
      </Text>
      <div className={classes.groups}>
        {groups.map(({ key, rows }) => (
          <section key={key}>
            <h3>{t(`lead_rules.simulate.by.${key}`)}</h3>
            <Compared rows={rows} />
          </section>
        ))}
      </div>
      <ul className={classes.legend}>
        <li>
          <span data-bar="now" />
          {t("lead_rules.simulate.now")}
        </li>
        <li>
          <span data-bar="then" />
          {t("lead_rules.simulate.then")}
        </li>
      </ul>
    </>
  );
}

function Compared({ rows }: { rows: { name: string; now: number; then: number }[] }) {
  const format = useFormat();
  const most = Math.max(1, ...rows.flatMap(({ now, then }) => [now, then]));
  return (
    <>
      {rows.map(({ name, now, then }) => (
        <div key={name} className={classes.compared}>
          <span className="ellipsis" title={name}>
            {name}
          </span>
          <div>
            <div data-bar="now" style={{ width: `${(100 * now) / most}%` }} />
            <div data-bar="then" style={{ width: `${(100 * then) / most}%` }} />
          </div>
          <span className="num">{`${format.integer(now)} → ${format.integer(then)}`}</span>
          <b className="num" data-change={Math.sign(then - now)}>
            {format.signed(then - now)}
          </b>
        </div>
      ))}
    </>
  );
}
