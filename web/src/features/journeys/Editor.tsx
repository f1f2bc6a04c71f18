import { Group, Tabs, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChartLine, IconPlayerTrackNext, IconRoute, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useReducer, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { idOf } from "../../ui/idOf";
import { LeaveDialog } from "../../ui/LeaveDialog";
import { Page } from "../../ui/Page";
import { toastDone, toastFailed } from "../../ui/toast";
import { Actions } from "./Actions";
import type { JourneyDetail, Problem } from "./api";
import { BenchProvider, crowdOf, type Bench } from "./bench";
import { CanvasTab } from "./CanvasTab";
import { inserted, removed } from "./graph";
import { acted, begun, type Act, type History } from "./history";
import { blank, type Journey } from "./journey";
import classes from "./Journeys.module.css";
import { BackLink } from "./JourneyPage";
import { StateBadge } from "./JourneyState";
import { roomBehind } from "./layout";
import { PeopleTab } from "./PeopleTab";
import { checkQuery, countsQuery, journeysQuery, useSaveJourney } from "./queries";
import { ReportTab } from "./ReportTab";
import { isSame } from "./same";
import { TABS, type JourneySearch, type Tab } from "./search";
import { SimulateTab } from "./SimulateTab";
import { useJourneySpeech } from "./useJourneySpeech";

const CHECK_AFTER_MS = 700;
const PURPOSE = "marketing";
const PICTURES = { canvas: IconRoute, people: IconUsers, report: IconChartLine, simulate: IconPlayerTrackNext };

const reduce = (history: History<Journey>, act: Act<Journey>) => acted(history, act);

/** What is to be mended, by step; what is about the whole stands with the entry. */
function byStep(problems: Problem[], entry: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { step_id, says } of problems) {
    const at = step_id ?? entry;
    found.set(at, [...(found.get(at) ?? []), says]);
  }
  return found;
}

/**
 * A journey being worked on, with its people and what came of it.
 *
 * * `saved`: what is kept, for telling whether anything is changed; `begin`: what the work begins with.
 */
export function Editor({
  sort,
  saved,
  begin,
  detail,
}: {
  sort: "new" | "changed";
  saved: Journey;
  begin: Journey;
  detail: JourneyDetail | null;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search: JourneySearch = useSearch({ strict: false });
  const tab = search.tab ?? "canvas";
  const speech = useJourneySpeech();
  const mayEdit = may(useMe().role, "edit_definitions");
  const list = useQuery({ ...journeysQuery, refetchInterval: false });
  const [history, act] = useReducer(reduce, begin, begun);
  const [selected, setSelected] = useState<readonly string[]>([]);
  const [shown, setShown] = useState<"draft" | "live">(mayEdit ? "draft" : "live");
  const save = useSaveJourney(sort);
  // Read when the way out is taken, which is before the page is drawn anew.
  const isDone = useRef(false);

  const draft = history.now;
  const live = detail?.live ?? null;
  const isLive = shown === "live" && live !== null;
  const journey = isLive ? live : draft;
  const isChanged = !isSame(draft, saved);
  const [asked] = useDebouncedValue(draft, CHECK_AFTER_MS);
  // A drawing gets its id when it is kept; until then it is looked over under another one.
  const check = useQuery(checkQuery(mayEdit ? { ...asked, journey_id: asked.journey_id || "new" } : null));
  const isLookedOver = asked === draft && check.isSuccess && !check.isPlaceholderData;
  const counts = useQuery(countsQuery(detail && detail.version !== null ? draft.journey_id : null)).data;
  const found = check.data?.problems ?? detail?.problems ?? [];
  const crowd = useMemo(() => (counts ? crowdOf(counts) : null), [counts]);

  const open = () =>
    window.setTimeout(() => {
      const panel = document.querySelector("[data-panel] fieldset");
      panel?.querySelector<HTMLElement>("input, textarea, button")?.focus();
    }, 80);
  const bench: Bench = {
    journey,
    mode: isLive || !mayEdit ? "read" : "edit",
    speech,
    problems: byStep(isLive ? [] : found, "@entry"),
    crowd,
    selected,
    lit: null,
    change: (to, of) => act({ do: "change", to, ...(of && { of, at: Date.now() }) }),
    select: setSelected,
    add: (place, kind) => {
      const { journey: roomy, at } = roomBehind(draft, place.from, place.way);
      const next = inserted(roomy, place, blank(kind, PURPOSE), at);
      act({ do: "change", to: () => next.journey });
      setSelected([next.id]);
      open();
    },
    remove: (ids) => {
      act({ do: "change", to: (held) => removed(held, ids) });
      setSelected([]);
    },
    open,
    showPeople: detail
      ? (id) =>
          void navigate({
            to: "/journeys/$journeyId",
            params: { journeyId: draft.journey_id },
            search: { tab: "people", state: "running", ...(id !== "@entry" && { step: id }) },
          })
      : null,
  };
  const named = (): Journey | null => {
    if (draft.name.trim() === "") {
      setSelected([]);
      toastFailed(t("journeys.name_first"));
      open();
      return null;
    }
    const taken = list.data?.journeys.map(({ journey_id }) => journey_id) ?? [];
    const name = draft.name.trim();
    return { ...draft, name, journey_id: draft.journey_id || idOf(name, taken, "journey") };
  };
  /** Keeps the draft; the journey as it is kept, or nothing where it could not be. */
  const keep = async (): Promise<Journey | null> => {
    const wish = named();
    if (!wish) return null;
    try {
      await save.mutateAsync(wish);
    } catch {
      return null;
    }
    toastDone(t("journeys.saved"));
    if (sort === "new") {
      isDone.current = true;
      void navigate({ to: "/journeys/$journeyId", params: { journeyId: wish.journey_id }, replace: true });
    }
    return wish;
  };
  const tabs: readonly Tab[] = detail ? TABS : ["canvas", "simulate"];
  const goTo = (next: string | null) => {
    const known = TABS.find((each) => each === next);
    const to: JourneySearch = known && known !== "canvas" ? { tab: known } : {};
    if (detail) void navigate({ to: "/journeys/$journeyId", params: { journeyId: draft.journey_id }, search: to });
    else setNewTab(known ?? "canvas");
  };
  // What is not kept yet has no address whose search could hold the tab.
  const [newTab, setNewTab] = useState<Tab>("canvas");
  const current = detail ? tab : newTab;
  return (
    <BenchProvider value={bench}>
      <Page
        title={draft.name.trim() || t("journeys.new")}
        subtitle={
          <Group gap="sm">
            <BackLink />
            {detail && <StateBadge state={detail.state} isPublished={detail.is_published} />}
            {detail?.version != null && <span>{t("journeys.version", { count: detail.version })}</span>}
            {isChanged && (
              <Text span size="sm" c="var(--fc-code-place)">
                {t("journeys.unsaved")}
              </Text>
            )}
          </Group>
        }
        actions={
          <Actions
            draft={draft}
            detail={detail}
            isChanged={isChanged || sort === "new"}
            isSaving={save.isPending}
            problems={found}
            onSave={keep}
            onImport={(brought) => {
              act({ do: "replace", with: { ...brought, journey_id: draft.journey_id } });
              setSelected([]);
              toastDone(t("journeys.imported"));
            }}
          />
        }
      >
        <Tabs value={current} onChange={goTo} keepMounted={false}>
          <Tabs.List mb="md" className={classes.tabs}>
            {tabs.map((each) => {
              const Picture = PICTURES[each];
              return (
                <Tabs.Tab key={each} value={each} leftSection={<Picture size={16} aria-hidden />}>
                  {t(`journeys.tab.${each}`)}
                </Tabs.Tab>
              );
            })}
          </Tabs.List>
          <Tabs.Panel value="canvas">
            <CanvasTab
              history={history}
              act={act}
              problems={found}
              isLookedOver={isLookedOver}
              isInForce={!isChanged && (detail?.is_published ?? false)}
              shown={live && mayEdit ? { value: isLive ? "live" : "draft", onChange: setShown } : null}
            />
          </Tabs.Panel>
          {detail && (
            <Tabs.Panel value="people">
              <PeopleTab journey={live ?? draft} search={search} mayEnter={mayEdit && detail.state === "live"} />
            </Tabs.Panel>
          )}
          {detail && (
            <Tabs.Panel value="report">
              <ReportTab journey={live ?? draft} days={search.days ?? 30} />
            </Tabs.Panel>
          )}
          <Tabs.Panel value="simulate">
            <SimulateTab journey={draft} />
          </Tabs.Panel>
        </Tabs>
        <LeaveDialog isChanged={isChanged} isDone={isDone} />
      </Page>
    </BenchProvider>
  );
}
