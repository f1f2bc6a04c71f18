import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Contribution } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Identity.module.css";

/** Column by column what both say, how alike that is, and how much it speaks for their being one person or against. */
export function Agreement({ contributions }: { contributions: Contribution[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const ordered = contributions.toSorted((a, b) => b.weight - a.weight);
  const most = Math.max(1, ...contributions.map(({ weight }) => Math.abs(weight)));
  const signed = (weight: number) =>
    `${weight < 0 ? "−" : weight === 0 ? "" : "+"}${format.decimal(Math.abs(Math.round(weight * 10) / 10))}`;
  return (
    <div className={classes.agreement} role="table" aria-label={t("review.agreement")}>
      <div role="row" className={classes.agreementHead}>
        <span role="columnheader">{t("review.column")}</span>
        <span role="columnheader">{t("review.values")}</span>
        <span role="columnheader" className={classes.scale}>
          <span>{t("review.against")}</span>
          <span>{t("review.for")}</span>
        </span>
        <span role="columnheader" className={classes.weight}>
          {t("review.weight")}
        </span>
      </div>
      {ordered.map(({ column, one, other, level, weight }) => (
        <div key={column} role="row" className={classes.agreementRow}>
          <span role="rowheader">
            <Text span size="sm" fw={550} display="block">
              {label("agreement", column)}
            </Text>
            <Text span size="xs" c="dimmed">
              {label("agreement_level", level)}
            </Text>
          </span>
          <span role="cell" className={classes.values}>
            <span>{one || t("ui.none")}</span>
            <span>{other || t("ui.none")}</span>
          </span>
          <span role="cell" className={classes.bar}>
            <i
              aria-hidden
              data-speaks={weight < 0 ? "against" : "for"}
              style={{ width: `${(50 * Math.abs(weight)) / most}%` }}
            />
          </span>
          <span role="cell" className={`num ${classes.weight}`}>
            {signed(weight)}
          </span>
        </div>
      ))}
    </div>
  );
}
