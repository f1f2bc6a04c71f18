import "@xyflow/react/dist/style.css";

import { useComputedColorScheme } from "@mantine/core";
import {
  applyNodeChanges,
  Background,
  MarkerType,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useNodesInitialized,
  useReactFlow,
  useStore,
  type Connection,
  type NodeChange,
} from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useBench } from "./bench";
import classes from "./Canvas.module.css";
import { CanvasTools } from "./CanvasTools";
import { connected, ENTRY, placed, step as stepOf, waysFrom } from "./graph";
import type { Journey } from "./journey";
import { entrySpot, NODE_PX } from "./layout";
import { entryText, stepName } from "./sentence";
import { StepNode, type StepNodeType } from "./StepNode";
import { WayEdge, type WayEdgeType } from "./WayEdge";

const NODE_TYPES = { step: StepNode };
const EDGE_TYPES = { way: WayEdge };
const FIT = { padding: 0.1, maxZoom: 1, minZoom: 0.2 };
const READABLE = 0.62;
const BEGINNING_ZOOM = 0.74;
const BEGINNING_TOP_PX = 44;
/** With fewer steps all of them are in sight. */
const MINIMAP_FROM = 6;

/** The journey as a drawing. */
export function Canvas() {
  return (
    <ReactFlowProvider>
      <Drawing />
    </ReactFlowProvider>
  );
}

function Drawing() {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const { journey, mode, speech, selected, change, select, open } = useBench();
  const [nodes, setNodes] = useState<StepNodeType[]>([]);
  const drawn = useMemo(
    () =>
      nodesOf(journey).map((node) => ({
        ...node,
        selected: selected.includes(node.id),
        draggable: mode === "edit" && node.id !== ENTRY,
        ariaLabel: node.id === ENTRY ? entryText(journey.entry, speech) : stepName(journey, node.id, speech),
      })),
    [journey, selected, mode, speech],
  );
  // What the drawing has measured of a card stays with it.
  useEffect(() => {
    setNodes((before) => {
      const known = new Map(before.map((node) => [node.id, node]));
      return drawn.map((node) => ({ ...known.get(node.id), ...node }));
    });
  }, [drawn]);
  const edges = useMemo(
    () =>
      edgesOf(journey, mode).map((edge) => ({
        ...edge,
        ariaRole: "group" as const,
        ariaLabel: t("journeys.canvas.leads_to", { step: stepName(journey, edge.target, speech) }),
      })),
    [journey, mode, speech, t],
  );

  const onNodesChange = (changes: NodeChange<StepNodeType>[]) => {
    setNodes((before) => applyNodeChanges(changes, before));
    const chosen = new Set(selected);
    for (const each of changes)
      if (each.type === "select") each.selected ? chosen.add(each.id) : chosen.delete(each.id);
    if (changes.some(({ type }) => type === "select")) select([...chosen]);
    const moved = new Map(
      changes.flatMap((each) => {
        if (each.type !== "position" || each.dragging || !each.position || each.id === ENTRY) return [];
        const at = { x: Math.round(each.position.x), y: Math.round(each.position.y) };
        const before = stepOf(journey, each.id);
        return before && (before.x !== at.x || before.y !== at.y) ? [[each.id, at] as const] : [];
      }),
    );
    if (0 < moved.size) change((held) => placed(held, moved), "places");
  };
  const onConnect = ({ source, sourceHandle, target }: Connection) => {
    if (target !== ENTRY) change((held) => connected(held, { from: source, way: sourceHandle ?? "next" }, target));
  };
  return (
    <div
      className={classes.flow}
      data-mode={mode}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.target instanceof HTMLElement)) return;
        const id = event.target.classList.contains("react-flow__node") ? event.target.dataset.id : undefined;
        if (!id) return;
        event.preventDefault();
        select([id]);
        open(id);
      }}
    >
      <ReactFlow
        colorMode={scheme}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onConnect={onConnect}
        onPaneClick={() => select([])}
        nodesConnectable={mode === "edit"}
        edgesFocusable={false}
        // Taking out bridges the gap, which the drawing knows nothing of: the page does it.
        deleteKeyCode={null}
        multiSelectionKeyCode={["Shift", "Meta", "Control"]}
        selectionKeyCode="Shift"
        minZoom={0.2}
        maxZoom={1.6}
        panOnScroll
        snapToGrid
        snapGrid={[8, 8]}
        connectionRadius={36}
        aria-label={t("journeys.canvas.label")}
        proOptions={{ hideAttribution: false }}
      >
        <Background gap={24} size={1.4} color="var(--fc-line)" />
        <CanvasTools />
        {MINIMAP_FROM <= journey.steps.length && (
          <MiniMap
            pannable
            zoomable
            className={classes.minimap}
            ariaLabel={t("journeys.canvas.minimap")}
            nodeBorderRadius={14}
            nodeClassName={({ id }) => (selected.includes(id) ? "chosen" : "")}
            style={{ width: 150, height: 104 }}
          />
        )}
        <FitOnce />
        <KeepInSight />
      </ReactFlow>
      <p className={classes.keys}>{t("journeys.canvas.keys")}</p>
    </div>
  );
}

/** Shows the whole drawing once its cards are measured; where that could not be read, its beginning. */
function FitOnce() {
  const isReady = useNodesInitialized();
  const isEmpty = useBench().journey.steps.length === 0;
  const height = useStore((state) => state.height);
  const { fitView, getZoom, getNode, setCenter } = useReactFlow();
  const isDone = useRef(false);
  useEffect(() => {
    if (!isReady || height === 0 || isDone.current) return;
    isDone.current = true;
    void fitView(FIT).then(() => {
      const entry = getNode(ENTRY);
      if (!entry || (!isEmpty && READABLE < getZoom())) return;
      const zoom = isEmpty ? 1 : BEGINNING_ZOOM;
      const below = height / 2 / zoom - BEGINNING_TOP_PX;
      const at = { x: entry.position.x + NODE_PX.width / 2, y: entry.position.y + below };
      void setCenter(at.x, at.y, { zoom });
    });
  }, [isReady, isEmpty, height, fitView, getZoom, getNode, setCenter]);
  return null;
}

const SIGHT_PX = 24;

/** Moves the drawing so that what is chosen can be seen: a step that was just put below the edge, above all. */
function KeepInSight() {
  const { selected } = useBench();
  const [width, height] = [useStore((state) => state.width), useStore((state) => state.height)];
  const { getNode, getViewport, setViewport } = useReactFlow();
  const [only] = selected.length === 1 ? selected : [];
  useEffect(() => {
    if (only === undefined || width === 0) return;
    // A card that was just put there has no place yet.
    const timer = window.setTimeout(() => {
      const node = getNode(only);
      if (!node || node.dragging) return;
      const { x, y, zoom } = getViewport();
      const shift = (from: number, length: number, room: number) => {
        if (from < SIGHT_PX) return SIGHT_PX - from;
        return room - SIGHT_PX < from + length ? room - SIGHT_PX - from - length : 0;
      };
      const right = shift(node.position.x * zoom + x, NODE_PX.width * zoom, width);
      // Below the card there is room for the ways out of it.
      const down = shift(node.position.y * zoom + y, (NODE_PX.height + 72) * zoom, height);
      if (right !== 0 || down !== 0) void setViewport({ x: x + right, y: y + down, zoom }, { duration: 220 });
    }, 40);
    return () => window.clearTimeout(timer);
  }, [only, width, height, getNode, getViewport, setViewport]);
  return null;
}

function nodesOf(journey: Journey): StepNodeType[] {
  const card = { type: "step" as const, data: {}, width: NODE_PX.width };
  return [
    { id: ENTRY, position: entrySpot(journey), ...card },
    ...journey.steps.map(({ step_id, x, y }) => ({ id: step_id, position: { x, y }, ...card })),
  ];
}

function edgesOf(journey: Journey, mode: "edit" | "read"): WayEdgeType[] {
  const all = [ENTRY, ...journey.steps.map(({ step_id }) => step_id)].flatMap((from) =>
    waysFrom(journey, from).flatMap(({ way, to }) => (to !== null && stepOf(journey, to) ? [{ from, way, to }] : [])),
  );
  const led = new Map<string, number>();
  for (const { to } of all) led.set(to, (led.get(to) ?? 0) + 1);
  return all.map(({ from, way, to }) => ({
    id: `${from} ${way}`,
    type: "way" as const,
    source: from,
    sourceHandle: way,
    target: to,
    focusable: false,
    selectable: false,
    reconnectable: mode === "edit",
    markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16 },
    data: { from, way, isOnlyOne: led.get(to) === 1 },
  }));
}
