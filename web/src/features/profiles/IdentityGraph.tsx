import { Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { identifierText } from "../../api/ledger";
import type { ProfileIdentity } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { drawing, type OtherPlace, type OwnPlace, type Placed, type Tie } from "./drawing";
import classes from "./Identity.module.css";
import { RoleMark } from "./RoleMark";

/** In px. A label stands above each box, inside its row. */
const BOX = { height: 46, label: 20 };
const ROW = BOX.height + BOX.label + 14;
/** Up to this many columns there is room for wide boxes. */
const FEW_COLUMNS = 3;

type Widths = { box: number; column: number };

function widthsOf(columns: number, isNarrow: boolean): Widths {
  if (isNarrow) return { box: 196, column: 196 + 34 };
  return columns <= FEW_COLUMNS ? { box: 290, column: 290 + 76 } : { box: 228, column: 228 + 56 };
}

/**
 * Who is who as a drawing: boxes by what they name, whole lines for what joined, broken ones for what did not.
 *
 * The lists below it say the same in words, so the lines are hidden from those who listen.
 */
export function IdentityGraph({ identity }: { identity: ProfileIdentity }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { placed, otherTies, columns, rows, left } = useMemo(() => drawing(identity), [identity]);
  const widths = widthsOf(columns, useMediaQuery("(max-width: 48em)") ?? false);
  const at = new Map(placed.map((each) => [each.place.key, each]));
  const name = (key: string) => {
    const place = at.get(key)?.place;
    return place ? placeText(t, place) : "";
  };
  const said = (tie: Tie) => `${name(tie.one)} – ${name(tie.other)}: ${tieText(t, tie)}`;
  const size = { width: (columns - 1) * widths.column + widths.box, height: rows * ROW };
  return (
    <>
      <div className={classes.graph} role="group" tabIndex={0} aria-label={t("profiles.why.drawing")}>
        <div className={classes.canvas} style={size}>
          <svg width={size.width} height={size.height} aria-hidden>
            {otherTies.map((tie) => (
              <TieLine key={`${tie.one} ${tie.other}`} tie={tie} at={at} widths={widths} title={said(tie)} isBeside />
            ))}
            {placed.map(
              ({ place, tie }) =>
                tie && <TieLine key={place.key} tie={tie} at={at} widths={widths} title={said(tie)} to={place.key} />,
            )}
          </svg>
          <ul>
            {placed.map(({ place, column, row, tie }) => (
              <li key={place.key} style={{ left: column * widths.column, top: row * ROW, width: widths.box }}>
                <div className={classes.tie} data-joins={tie?.joins} title={tie ? said(tie) : undefined}>
                  {tie
                    ? `${tieText(t, tie, "short")} · ${format.date(tie.evidence.map(({ at }) => at).sort()[0] ?? "")}`
                    : t("profiles.why.first")}
                </div>
                {place.sort === "own" ? <OwnBox place={place} /> : <OtherBox place={place} />}
              </li>
            ))}
          </ul>
        </div>
      </div>
      <div className={classes.legend} aria-hidden>
        {(["person", "device", "nobody"] as const).map((role) => (
          <span key={role}>
            <i data-role={role} />
            {t(`profiles.why.mark.${role}`)}
          </span>
        ))}
        <span>
          <i data-role="shared" />
          {t("profiles.why.mark.shared")}
        </span>
        <span>
          <i data-role="other" />
          {t("profiles.why.mark.other")}
        </span>
        <span>
          <i data-line="joins" />
          {t("profiles.why.mark.joins")}
        </span>
        <span>
          <i data-line="refused" />
          {t("profiles.why.mark.refused")}
        </span>
      </div>
      {0 < left && (
        <Text size="xs" c="dimmed" mt="xs">
          {t("profiles.why.left", { count: left, places: format.integer(left) })}
        </Text>
      )}
    </>
  );
}

function OwnBox({ place }: { place: OwnPlace }) {
  const { t } = useTranslation();
  return (
    <div className={classes.box} data-role={place.role} data-shared={place.isShared} title={identifierText(place)}>
      <RoleMark role={place.role} isShared={place.isShared} />
      <div className={classes.boxText}>
        <div className={classes.kind}>
          {label("identifier", place.kind)}
          {place.isShared && ` · ${t("profiles.why.mark.shared")}`}
        </div>
        <div className="ellipsis">{place.value}</div>
      </div>
    </div>
  );
}

function OtherBox({ place }: { place: OtherPlace }) {
  const { t } = useTranslation();
  return (
    <Link
      to="/profiles/$profileId"
      params={{ profileId: place.profileId }}
      search={{ tab: "identity" }}
      className={classes.box}
      data-role="other"
      data-shared={place.isShared}
      title={place.identifiers.join(", ")}
    >
      <div className={classes.boxText}>
        <div className={classes.kind}>
          {t("profiles.why.mark.other")}
          {place.isShared && ` · ${t("profiles.why.mark.shared")}`}
        </div>
        <div className="ellipsis">{placeText(t, place)}</div>
      </div>
    </Link>
  );
}

/** * `to`: the place that the line leads to; without it the line leads from left to right, or bows out on one side. */
function TieLine({
  tie,
  at,
  widths,
  title,
  to,
  isBeside = false,
}: {
  tie: Tie;
  at: Map<string, Placed>;
  widths: Widths;
  title: string;
  to?: string;
  isBeside?: boolean;
}) {
  const [one, other] = [at.get(tie.one), at.get(tie.other)];
  if (!one || !other) return null;
  const isTurned = to === undefined ? other.column < one.column : to === tie.one;
  const path = isTurned ? curve(other, one, widths) : curve(one, other, widths);
  return (
    <g className={classes.line} data-joins={tie.joins} data-beside={isBeside}>
      <title>{title}</title>
      <path d={path} className={classes.reach} />
      <path d={path} />
    </g>
  );
}

function curve(from: Placed, to: Placed, widths: Widths): string {
  const middle = BOX.label + BOX.height / 2;
  const [y1, y2] = [from.row * ROW + middle, to.row * ROW + middle];
  const x1 = from.column * widths.column + widths.box;
  if (from.column === to.column) return `M ${x1} ${y1} C ${x1 + 42} ${y1}, ${x1 + 42} ${y2}, ${x1} ${y2}`;
  const x2 = to.column * widths.column;
  const bow = Math.max(26, (x2 - x1) / 2);
  return `M ${x1} ${y1} C ${x1 + bow} ${y1}, ${x2 - bow} ${y2}, ${x2} ${y2}`;
}

function placeText(t: TFunction, place: OwnPlace | OtherPlace): string {
  if (place.sort === "own") return identifierText(place);
  return place.name ?? place.identifiers[0] ?? t("profiles.nameless");
}

/** How it is known, or why it did not join. */
function tieText(t: TFunction, { joins, evidence }: Tie, extent: "whole" | "short" = "whole"): string {
  const words = evidence.map(({ rule, why }) =>
    joins ? label("rule", rule) : t("profiles.why.not_joined", { why: label("why", why ?? "") }),
  );
  const [first, ...more] = new Set(words);
  if (extent === "short") return 0 < more.length ? `${first} +${more.length}` : (first ?? "");
  return [first, ...more].join(", ");
}
