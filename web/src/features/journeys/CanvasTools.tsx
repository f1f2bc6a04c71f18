import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowsMaximize, IconMinus, IconPlus, IconSitemap } from "@tabler/icons-react";
import { Panel, useReactFlow } from "@xyflow/react";
import { useTranslation } from "react-i18next";
import { useBench } from "./bench";
import classes from "./Canvas.module.css";
import { ENTRY, placed } from "./graph";
import { laidOut } from "./layout";

/** How large the drawing is shown, and its tidying. */
export function CanvasTools() {
  const { t } = useTranslation();
  const { mode, change } = useBench();
  const { zoomIn, zoomOut, fitView } = useReactFlow();
  const showAll = () => void fitView({ padding: 0.12, maxZoom: 1, duration: 250 });
  const tidy = () => {
    change((journey) => {
      const spots = laidOut(journey);
      spots.delete(ENTRY);
      return placed(journey, spots);
    });
    window.setTimeout(showAll, 60);
  };
  const tools = [
    ...(mode === "edit" ? [{ icon: IconSitemap, name: t("journeys.tool.tidy"), onClick: tidy }] : []),
    { icon: IconArrowsMaximize, name: t("journeys.tool.fit"), onClick: showAll },
    { icon: IconPlus, name: t("journeys.tool.zoom_in"), onClick: () => void zoomIn({ duration: 150 }) },
    { icon: IconMinus, name: t("journeys.tool.zoom_out"), onClick: () => void zoomOut({ duration: 150 }) },
  ];
  return (
    <Panel position="bottom-left" className={classes.tools}>
      {tools.map(({ icon: Picture, name, onClick }) => (
        <Tooltip key={name} label={name} position="right">
          <ActionIcon
            variant="subtle"
            color="gray"
            c="var(--mantine-color-text)"
            size={32}
            aria-label={name}
            onClick={onClick}
          >
            <Picture size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
      ))}
    </Panel>
  );
}
