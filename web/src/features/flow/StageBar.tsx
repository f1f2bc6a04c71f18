import { Box, Text, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { FlowReport } from "../../api/types";
import sheet from "../../report/Report.module.css";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Flow.module.css";
import { Share } from "./Share";
import type { Crowd } from "./queries";

/** The stages in order: who stands at each, filled by their number, and which share moves on in time. */
export function StageBar({ report, onCrowd }: { report: FlowReport; onCrowd: (crowd: Crowd) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const last = report.stages.length - 1;
  // Whoever has arrived waits for nothing: that number would press the others together.
  const fullest = Math.max(1, ...report.stages.slice(0, last).map(({ stock }) => stock));
  const within = format.duration(report.within_s);
  return (
    <ol className={classes.stages}>
      {report.stages.map((stage, at) => (
        <Box
          component="li"
          key={at}
          className={classes.stage}
          style={{ "--fill": at === last ? "0%" : `${Math.round((stage.stock / fullest) * 100)}%` }}
        >
          <span className={classes.name}>{label("event", stage.event)}</span>
          <UnstyledButton
            className={`${sheet.figure} ${classes.stock}`}
            onClick={() => onCrowd({ stage: at + 1, outcome: "waits" })}
          >
            {format.integer(stage.stock)}
          </UnstyledButton>
          <Text size="xs" c="dimmed">
            {t(at === last ? "flow.arrived" : "flow.waiting")}
          </Text>
          {at < last && (
            <div className={classes.within}>
              {t("flow.moves_on", { within })}
              <div>
                <Share of={stage.within} />
              </div>
            </div>
          )}
        </Box>
      ))}
    </ol>
  );
}
