import { Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { WAYS, type Band } from "./api";
import { Add, Channels, Figure, Remove } from "./fields";
import classes from "./LeadRules.module.css";
import { inOrder } from "./problems";

const SCORE_MAX = 100;

/** Stretches of scores, and the way that the leads of each go. */
export function BandsEditor({ bands, onChange }: { bands: Band[]; onChange: (bands: Band[]) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const add = () => {
    const [first] = bands;
    const from = first ? Math.min(SCORE_MAX, Math.round((first.from + SCORE_MAX) / 2)) : 0;
    onChange(inOrder([{ band: "", from, channels: [], way: "dealer" }, ...bands]));
  };
  return (
    <Card
      title={t("lead_rules.bands.title")}
      hint={t("lead_rules.bands.hint")}
      actions={<Add name={t("lead_rules.bands.add")} onClick={add} />}
    >
      <Scale bands={bands} />
      {bands.map((band, at) => {
        const isLast = at === bands.length - 1;
        const set = (part: Partial<Band>) => onChange(bands.with(at, { ...band, ...part }));
        const top = at === 0 ? SCORE_MAX : (bands[at - 1]?.from ?? SCORE_MAX) - 1;
        return (
          // A band that is new has nothing of its own but its place.
          <div key={at} className={classes.band}>
            <TextInput
              size="xs"
              aria-label={t("lead_rules.bands.name")}
              placeholder={t("lead_rules.bands.name")}
              value={band.band}
              onChange={(event) => set({ band: event.currentTarget.value })}
            />
            <span className={classes.range}>
              {isLast ? (
                <span className="num">{format.integer(0)}</span>
              ) : (
                <Figure
                  label={t("lead_rules.bands.from")}
                  value={band.from}
                  max={SCORE_MAX}
                  width={64}
                  onChange={(from) => set({ from })}
                />
              )}
              <span className="num">{t("lead_rules.bands.to", { to: format.integer(top) })}</span>
            </span>
            <Select
              size="xs"
              allowDeselect={false}
              aria-label={t("lead_rules.bands.way")}
              data={WAYS.map((value) => ({ value, label: t(`lead_rules.way.${value}`) }))}
              value={band.way}
              onChange={(value) => set({ way: WAYS.find((each) => each === value) ?? "dealer" })}
            />
            <Channels channels={band.channels} onChange={(channels) => set({ channels })} />
            <Remove
              name={t("lead_rules.remove", { name: band.band })}
              isDisabled={bands.length === 1}
              onClick={() => onChange(inOrder(bands.toSpliced(at, 1)))}
            />
          </div>
        );
      })}
    </Card>
  );
}

/** The bands beside each other, as long as they are. */
function Scale({ bands }: { bands: Band[] }) {
  const rising = bands.toReversed();
  return (
    <div className={classes.scale} aria-hidden>
      {rising.map(({ band, from, way }, at) => {
        const next = rising[at + 1]?.from ?? SCORE_MAX;
        return (
          <div key={at} data-way={way} style={{ flexGrow: Math.max(0, next - from) }}>
            <span className="ellipsis">{band}</span>
          </div>
        );
      })}
    </div>
  );
}
