import { Anchor, Button, Skeleton } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { gateQuery, type Gate } from "../../message/gate";
import { idOf } from "../../ui/idOf";
import { LeaveDialog } from "../../ui/LeaveDialog";
import { Page } from "../../ui/Page";
import { Answer } from "../../ui/states";
import { toastDone, toastFailed } from "../../ui/toast";
import { UnsavedBar } from "../../ui/UnsavedBar";
import type { Broadcast } from "./api";
import classes from "./Builder.module.css";
import { Clauses } from "./Clauses";
import { blankDraft, broadcastIn, broadcastOf, draftOf, problemsOf, type Draft } from "./draft";
import { DryRunPanel } from "./DryRunPanel";
import { broadcastQuery, broadcastsQuery, useSaveBroadcast, useStep } from "./queries";

const route = getRouteApi("/shell/broadcasts/new");

export function BackLink() {
  const { t } = useTranslation();
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/broadcasts" {...props} />}>
      <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
      {t("broadcasts.back")}
    </Anchor>
  );
}

/** A new broadcast: empty, for a segment, or as a copy. */
export function NewBroadcastPage() {
  const { t } = useTranslation();
  const { copy, segment } = route.useSearch();
  const { installation } = useMe();
  const gate = useQuery(gateQuery);
  const copied = useQuery({ ...broadcastQuery(copy ?? ""), enabled: copy !== undefined, refetchInterval: false });
  if (!gate.data || (copy !== undefined && copied.isPending))
    return (
      <Page title={t("broadcasts.new")} subtitle={<BackLink />}>
        <Answer query={gate} skeleton={<BuilderSkeleton />}>
          {() => <BuilderSkeleton />}
        </Answer>
      </Page>
    );
  const blank = { ...blankDraft(gate.data.purposes[0]?.purpose_id ?? ""), segmentId: segment ?? null };
  const begin = copied.data
    ? {
        ...draftOf(broadcastIn(copied.data), installation.time_zone),
        id: "",
        name: t("broadcasts.copy_of", { name: copied.data.name }),
        start: { kind: "now" as const },
      }
    : blank;
  return (
    <BroadcastBuilder
      key={`${copy} ${segment}`}
      title={t("broadcasts.new")}
      sort="new"
      gate={gate.data}
      saved={null}
      begin={begin}
    />
  );
}

function BuilderSkeleton() {
  return (
    <div className={classes.bench} aria-busy="true">
      <Skeleton height={620} radius="lg" />
      <Skeleton height={380} radius="lg" />
    </div>
  );
}

/** A broadcast that has not begun, open to be changed. */
export function DraftPage({ broadcast }: { broadcast: Broadcast }) {
  const { t } = useTranslation();
  const { installation } = useMe();
  const gate = useQuery(gateQuery);
  if (!gate.data)
    return (
      <Page title={broadcast.name} subtitle={<BackLink />}>
        <Answer query={gate} skeleton={<BuilderSkeleton />}>
          {() => null}
        </Answer>
      </Page>
    );
  const saved = broadcastIn(broadcast);
  return (
    <BroadcastBuilder
      key={JSON.stringify(saved)}
      title={broadcast.name || t("broadcasts.title")}
      sort="changed"
      gate={gate.data}
      saved={saved}
      begin={draftOf(saved, installation.time_zone)}
    />
  );
}

/**
 * A broadcast being worked on, beside what would come of it.
 *
 * * `saved`: what it was; `null` of a new one.
 */
function BroadcastBuilder({
  title,
  sort,
  gate,
  saved,
  begin,
}: {
  title: string;
  sort: "new" | "changed";
  gate: Gate;
  saved: Broadcast | null;
  begin: Draft;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { installation } = useMe();
  const zone = installation.time_zone;
  const list = useQuery({ ...broadcastsQuery, refetchInterval: false });
  const [first] = useState(begin);
  const [draft, setDraft] = useState(begin);
  const [tells, setTells] = useState<"nothing" | "all">("nothing");
  const isDone = useRef(false);
  const page = useRef<HTMLDivElement>(null);
  const save = useSaveBroadcast(sort);
  const step = useStep();

  const broadcast = broadcastOf(draft, zone);
  const isChanged = JSON.stringify(broadcast) !== JSON.stringify(saved ?? broadcastOf(first, zone));
  const problems = problemsOf(draft, zone, new Date());

  /** Tells what is missing; whether nothing is. */
  const isWhole = (): boolean => {
    setTells("all");
    const [problem] = problems;
    if (!problem) return true;
    toastFailed(t(`broadcasts.problem.${problem}`));
    window.setTimeout(() => page.current?.querySelector<HTMLElement>('input[aria-invalid="true"]')?.focus(), 0);
    return false;
  };
  const named = (): Broadcast => {
    const taken = list.data?.broadcasts.map(({ broadcast_id }) => broadcast_id) ?? [];
    return { ...broadcast, broadcast_id: draft.id || idOf(draft.name, taken, "broadcast") };
  };
  const leaveTo = (broadcastId: string) => {
    isDone.current = true;
    void navigate({ to: "/broadcasts/$broadcastId", params: { broadcastId }, replace: sort === "new" });
  };
  const trySave = () => {
    if (!isWhole()) return;
    const wish = named();
    save.mutate(wish, {
      onSuccess: () => {
        toastDone(t("broadcasts.saved"));
        if (sort === "new") leaveTo(wish.broadcast_id);
      },
    });
  };
  const start = async () => {
    const wish = named();
    try {
      if (isChanged || sort === "new") await save.mutateAsync(wish);
      isDone.current = true;
      await step.mutateAsync({ id: wish.broadcast_id, step: "start" });
    } catch {
      // Both have said so; what was saved is opened as a draft.
    }
    if (sort === "new" && isDone.current) leaveTo(wish.broadcast_id);
  };
  return (
    <Page title={title} subtitle={<BackLink />} actions={sort === "changed" && <Cancel id={draft.id} />}>
      <div className={classes.bench} ref={page}>
        <Clauses
          draft={draft}
          gate={gate}
          zone={zone}
          problems={tells === "all" ? problems : problems.filter((problem) => problem === "starts_past")}
          isNew={sort === "new"}
          onChange={setDraft}
        />
        <DryRunPanel
          draft={draft}
          broadcast={broadcast}
          zone={zone}
          isStarting={save.isPending || step.isPending}
          isWhole={isWhole}
          onStart={() => void start()}
        />
      </div>
      {isChanged && (
        <UnsavedBar
          className={classes.unsaved}
          isSaving={save.isPending}
          onSave={trySave}
          onDiscard={() => {
            setTells("nothing");
            setDraft(first);
          }}
        />
      )}
      <LeaveDialog isChanged={isChanged} isDone={isDone} />
    </Page>
  );
}

/** A draft is given up. */
function Cancel({ id }: { id: string }) {
  const { t } = useTranslation();
  const step = useStep();
  return (
    <Button size="xs" variant="default" loading={step.isPending} onClick={() => step.mutate({ id, step: "cancel" })}>
      {t("broadcasts.step.cancel_draft")}
    </Button>
  );
}
