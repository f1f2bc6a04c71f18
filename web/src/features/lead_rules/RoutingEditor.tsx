import { Group, Slider, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { usePalette } from "../../ui/palette";
import { WEIGHTS, type Routing, type Weight } from "./api";
import { Figure } from "./fields";
import classes from "./LeadRules.module.css";

/** How much each thing counts when a dealer is chosen, and what that comes to. */
export function RoutingEditor({ routing, onChange }: { routing: Routing; onChange: (routing: Routing) => void }) {
  const { t } = useTranslation();
  const set = (part: Partial<Routing>) => onChange({ ...routing, ...part });
  return (
    <Card title={t("lead_rules.routing.title")} hint={t("lead_rules.routing.hint")}>
      <Shares routing={routing} />
      <div className={classes.weights}>
        {WEIGHTS.map((weight) => (
          <div key={weight} className={classes.weight}>
            <div className={classes.weightName}>
              <b>{t(`lead_rules.weight.${weight}`)}</b>
              <span className="num">{routing[weight]}</span>
            </div>
            <Slider
              size="sm"
              label={null}
              thumbLabel={t(`lead_rules.weight.${weight}`)}
              value={routing[weight]}
              onChange={(value) => set({ [weight]: value })}
            />
            <small>{t(`lead_rules.weight_hint.${weight}`)}</small>
          </div>
        ))}
      </div>
      <Group gap="xs" className={classes.sentence} mt="md">
        <span>{t("lead_rules.routing.distance_max")}</span>
        <Figure
          label={t("lead_rules.routing.distance_max")}
          value={routing.distance_max_km}
          onChange={(distance_max_km) => set({ distance_max_km })}
        />
        <span>{t("lead_rules.routing.km")}</span>
      </Group>
      <Group gap="xs" className={classes.sentence} mt="xs">
        <span>{t("lead_rules.routing.tie")}</span>
        <Figure
          label={t("lead_rules.routing.tie")}
          value={routing.tie_points}
          onChange={(tie_points) => set({ tie_points })}
        />
        <span>{t("lead_rules.routing.tie_rest", { count: routing.tie_points })}</span>
      </Group>
    </Card>
  );
}

/** The weights as parts of all points, and in words. */
function Shares({ routing }: { routing: Routing }) {
  const { t } = useTranslation();
  const format = useFormat();
  const palette = usePalette();
  const total = WEIGHTS.reduce((sum, weight) => sum + routing[weight], 0);
  const colour = (weight: Weight) => palette.series[WEIGHTS.indexOf(weight)] ?? palette.accent;
  const name = (weight: Weight) => t(`lead_rules.weight.${weight}`);
  const ranked = WEIGHTS.filter((weight) => 0 < routing[weight]).toSorted(
    (one, other) => routing[other] - routing[one],
  );
  const [first, second] = ranked;
  if (!first || total === 0)
    return (
      <Text size="sm" mb="md" role="status">
        {t("lead_rules.routing.nothing")}
      </Text>
    );
  const share = (weight: Weight) => format.percent(routing[weight] / total);
  // What is nothing to the strongest even all together is worth a word.
  const others = total - routing[first];
  return (
    <div className={classes.shares}>
      <div className={classes.shareBar} aria-hidden>
        {WEIGHTS.filter((weight) => 0 < routing[weight]).map((weight) => (
          <div
            key={weight}
            title={`${name(weight)}: ${share(weight)}`}
            style={{ flexGrow: routing[weight], background: colour(weight) }}
          />
        ))}
      </div>
      <ul className={classes.legend}>
        {ranked.map((weight) => (
          <li key={weight}>
            <span style={{ background: colour(weight) }} />
            {name(weight)} <b className="num">{share(weight)}</b>
          </li>
        ))}
      </ul>
      <Text size="sm" role="status">
        {[
          second
            ? t("lead_rules.routing.says", {
                first: name(first),
                firstPoints: format.integer(routing[first]),
                second: name(second),
                secondPoints: format.integer(routing[second]),
              })
            : t("lead_rules.routing.says_only", { first: name(first) }),
          others < routing[first] && second && t("lead_rules.routing.alone", { first: name(first) }),
          second && t("lead_rules.routing.tie_says", { points: format.integer(routing.tie_points) }),
        ]
          .filter(Boolean)
          .join(" ")}
      </Text>
    </div>
  );
}
