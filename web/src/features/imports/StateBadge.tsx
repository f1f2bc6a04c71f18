import { Badge, Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Import } from "../../api/types";
import classes from "./Imports.module.css";

const COLORS: Record<Import["state"], string> = {
  draft: "gray",
  checking: "blue",
  queued: "blue",
  running: "blue",
  paused: "amber",
  done: "green",
  failed: "red",
  cancelled: "gray",
};

export function StateBadge({ held }: { held: Import }) {
  const { t } = useTranslation();
  const known = 0 < held.total;
  return (
    <div className={classes.meter}>
      <Badge variant="light" color={COLORS[held.state]}>
        {t(`imports.state.${held.state}`)}
      </Badge>
      {(held.state === "running" || held.state === "checking") && (
        <Progress
          mt={6}
          size="sm"
          value={known ? Math.min(100, (held.done / held.total) * 100) : 100}
          striped={!known}
          animated={!known}
          aria-label={t(`imports.state.${held.state}`)}
        />
      )}
    </div>
  );
}
