import { ActionIcon, Drawer, Group, SegmentedControl, Skeleton, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconAlertTriangle, IconArrowBackUp, IconArrowForwardUp, IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { catalogueQuery } from "../../report/queries";
import { fieldsQuery } from "../../segment/queries";
import { newGroup } from "../../segment/tree/draft";
import { EditingProvider } from "../../segment/tree/editing";
import { Answer } from "../../ui/states";
import type { Problem } from "./api";
import { BenchProvider, useBench } from "./bench";
import { Canvas } from "./Canvas";
import { ENTRY } from "./graph";
import type { Act, History } from "./history";
import type { Journey } from "./journey";
import classes from "./Journeys.module.css";
import { Outline } from "./Outline";
import { StepPanel } from "./Panel";
import { stepName } from "./sentence";
import { useCanvasKeys } from "./useCanvasKeys";

type Shown = { value: "draft" | "live"; onChange: (shown: "draft" | "live") => void };

const NOTHING = newGroup("all");

/** The drawing or the list of steps, and beside it what is chosen. */
export function CanvasTab({
  history,
  act,
  problems,
  isLookedOver,
  isInForce,
  shown,
}: {
  history: History<Journey>;
  act: (act: Act<Journey>) => void;
  problems: Problem[];
  /** Whether the problems are of the drawing as it stands. */
  isLookedOver: boolean;
  /** Whether what stands here is what people go by: then there is nothing to publish. */
  isInForce: boolean;
  shown: Shown | null;
}) {
  const { t } = useTranslation();
  const bench = useBench();
  const { installation } = useMe();
  const narrow = useMediaQuery("(max-width: 62em)", undefined, { getInitialValueInEffect: false }) ?? false;
  const [view, setView] = useState<"drawing" | "list">("drawing");
  const [isOpen, setOpen] = useState(false);
  const fields = useQuery(fieldsQuery);
  const catalogue = useQuery(catalogueQuery).data;
  useCanvasKeys(act);
  // What is gone cannot be chosen any more.
  const { journey, selected, select } = bench;
  useEffect(() => {
    const known = new Set([ENTRY, ...journey.steps.map(({ step_id }) => step_id)]);
    if (selected.some((id) => !known.has(id))) select(selected.filter((id) => known.has(id)));
  }, [journey, selected, select]);
  const open = (id: string) => {
    setOpen(true);
    // A window takes the focus by itself, without opening a list of choices.
    if (!narrow) bench.open(id);
  };
  const add: typeof bench.add = (place, kind) => {
    bench.add(place, kind);
    setOpen(true);
  };
  const remove: typeof bench.remove = (ids) => {
    bench.remove(ids);
    setOpen(false);
  };
  return (
    <BenchProvider value={{ ...bench, open, add, remove }}>
      <div className={classes.bar}>
        {bench.mode === "edit" && <Undo history={history} act={act} />}
        {shown && (
          <SegmentedControl
            size="xs"
            aria-label={t("journeys.tool.which")}
            data={[
              { value: "draft", label: t("journeys.tool.draft") },
              { value: "live", label: t("journeys.tool.in_force") },
            ]}
            value={shown.value}
            onChange={(value) => shown.onChange(value === "live" ? "live" : "draft")}
          />
        )}
        {bench.mode === "edit" && !(isInForce && problems.length === 0) && (
          <Problems problems={problems} isLookedOver={isLookedOver} onStep={open} />
        )}
        {!narrow && (
          <SegmentedControl
            size="xs"
            ml="auto"
            aria-label={t("journeys.tool.view")}
            data={[
              { value: "drawing", label: t("journeys.tool.drawing") },
              { value: "list", label: t("journeys.tool.list") },
            ]}
            value={view}
            onChange={(value) => setView(value === "list" ? "list" : "drawing")}
          />
        )}
      </div>
      <Answer query={fields} skeleton={<Skeleton height={560} radius="lg" />}>
        {(offered) => (
          <EditingProvider
            value={{
              root: NOTHING,
              fields: offered,
              dimensions: catalogue?.dimensions ?? {},
              tz: installation.time_zone,
              segmentId: null,
              tells: "wrong",
              onChange: () => {},
            }}
          >
            <div className={classes.bench}>
              <div className={classes.drawing}>{narrow || view === "list" ? <Outline /> : <Canvas />}</div>
              {!narrow && (
                <div className={classes.side}>
                  <StepPanel turn={history.turn} />
                </div>
              )}
            </div>
            {narrow && (
              <Drawer.Root opened={isOpen} onClose={() => setOpen(false)} position="bottom" size="88%">
                <Drawer.Overlay />
                <Drawer.Content aria-label={t("journeys.panel.journey")}>
                  <Drawer.Body p={0}>
                    <StepPanel turn={history.turn} onClose={() => setOpen(false)} />
                  </Drawer.Body>
                </Drawer.Content>
              </Drawer.Root>
            )}
          </EditingProvider>
        )}
      </Answer>
    </BenchProvider>
  );
}

function Undo({ history, act }: { history: History<Journey>; act: (act: Act<Journey>) => void }) {
  const { t } = useTranslation();
  const tools = [
    { icon: IconArrowBackUp, name: t("journeys.tool.undo"), act: { do: "undo" }, isOff: history.past.length === 0 },
    {
      icon: IconArrowForwardUp,
      name: t("journeys.tool.redo"),
      act: { do: "redo" },
      isOff: history.future.length === 0,
    },
  ] as const;
  return (
    <Group gap={2}>
      {tools.map(({ icon: Picture, name, act: wish, isOff }) => (
        <Tooltip key={name} label={name}>
          <ActionIcon
            variant="subtle"
            color="gray"
            c={isOff ? undefined : "var(--mantine-color-text)"}
            size={32}
            aria-label={name}
            disabled={isOff}
            className={classes.undo}
            onClick={() => act(wish)}
          >
            <Picture size={18} />
          </ActionIcon>
        </Tooltip>
      ))}
    </Group>
  );
}

/** How much is to be mended, each with the step that it is about. */
function Problems({
  problems,
  isLookedOver,
  onStep,
}: {
  problems: Problem[];
  isLookedOver: boolean;
  onStep: (id: string) => void;
}) {
  const { t } = useTranslation();
  const { journey, speech, select } = useBench();
  if (problems.length === 0 && !isLookedOver) return <span role="status" />;
  if (problems.length === 0)
    return (
      <span className={classes.fine} role="status">
        <IconCircleCheck size={16} aria-hidden />
        {t("journeys.problems.none")}
      </span>
    );
  return (
    <details className={classes.problems}>
      <summary>
        <IconAlertTriangle size={15} aria-hidden />
        {t("journeys.problems.count", { count: problems.length })}
      </summary>
      <ul>
        {problems.map(({ step_id, says }, at) => (
          <li key={at}>
            <button
              type="button"
              onClick={(event) => {
                event.currentTarget.closest("details")?.removeAttribute("open");
                select(step_id ? [step_id] : []);
                onStep(step_id ?? ENTRY);
              }}
            >
              <b>{step_id ? stepName(journey, step_id, speech) : t("journeys.problems.of_journey")}</b>
              {says}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
