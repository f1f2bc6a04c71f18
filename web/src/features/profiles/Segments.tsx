import { Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { ProfileSegment } from "../../segment/api";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Profiles.module.css";

/** The segments that the person is in; there is nothing to show for nobody's. */
export function Segments({ segments }: { segments: ProfileSegment[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (segments.length === 0) return null;
  return (
    <ul className={classes.chips} aria-label={t("profiles.segments.title")}>
      {segments.map(({ segment_id, name, since }) => {
        const held = t("profiles.segments.since", { since: format.date(since) });
        return (
          <li key={segment_id}>
            <Tooltip label={held}>
              <Link
                to="/segments/$segmentId"
                params={{ segmentId: segment_id }}
                className={classes.chip}
                aria-description={held}
              >
                {name}
                <span>{format.date(since)}</span>
              </Link>
            </Tooltip>
          </li>
        );
      })}
    </ul>
  );
}
