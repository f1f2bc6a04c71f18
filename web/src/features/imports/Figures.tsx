import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { ImportOutcome } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Imports.module.css";

/** Counts side by side. */
export function Figures({ rows, accepted, refused }: { rows: number; accepted: number; refused: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const tiles = [
    { name: t("imports.count.rows"), value: rows, bad: false },
    { name: t("imports.count.accepted"), value: accepted, bad: false },
    { name: t("imports.count.refused"), value: refused, bad: 0 < refused },
  ];
  return (
    <div className={classes.tiles}>
      {tiles.map(({ name, value, bad }) => (
        <div key={name} className={classes.tile}>
          <Text size="xs" c="dimmed">
            {name}
          </Text>
          <div className={`${classes.figure} num`} style={bad ? { color: "var(--fc-bad)" } : undefined}>
            {format.integer(value)}
          </div>
        </div>
      ))}
    </div>
  );
}

/** Why rows were, or would be, refused: as bars, the most frequent first. */
export function Reasons({ outcome }: { outcome: ImportOutcome }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = Math.max(1, ...outcome.reasons.map(({ count }) => count));
  const reasons = [...outcome.reasons].sort((a, b) => b.count - a.count);
  if (reasons.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600} mb={6}>
        {t("imports.reasons")}
      </Text>
      {reasons.map(({ code, count }) => (
        <div
          key={code}
          style={{
            display: "grid",
            gridTemplateColumns: "minmax(140px, 260px) 1fr auto",
            gap: 12,
            alignItems: "center",
            padding: "3px 0",
          }}
        >
          <Text size="sm">{label("refusal", code)}</Text>
          <div
            style={{
              height: 8,
              borderRadius: 4,
              width: `${(count / most) * 100}%`,
              background: "var(--fc-bad)",
              opacity: 0.75,
            }}
          />
          <Text size="sm" className="num">
            {format.integer(count)}
          </Text>
        </div>
      ))}
    </div>
  );
}
