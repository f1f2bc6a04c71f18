import { Anchor, Button, Select, Skeleton, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowLeft, IconCode } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useReducer, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { catalogueQuery } from "../../report/queries";
import type { Fields, Segment } from "../../segment/api";
import { fieldsQuery, segmentsQuery } from "../../segment/queries";
import type { Rule } from "../../segment/rule";
import { idOf } from "../../ui/idOf";
import { LeaveDialog } from "../../ui/LeaveDialog";
import { Card, Page } from "../../ui/Page";
import { Answer } from "../../ui/states";
import { toastFailed } from "../../ui/toast";
import { UnsavedBar } from "../../ui/UnsavedBar";
import classes from "./Builder.module.css";
import {
  changed,
  conditionsOf,
  draftOf,
  isSameRule,
  ruleOf,
  type Change,
  type DraftGroup,
} from "../../segment/tree/draft";
import { EditingProvider } from "../../segment/tree/editing";
import { EXAMPLES } from "./examples";
import { JsonView } from "./JsonView";
import { Preview } from "./Preview";
import { canAsk, wholePart } from "../../segment/tree/problems";
import { segmentQuery, useSaveSegment } from "./queries";
import { RuleTree } from "../../segment/tree/RuleTree";

const newRoute = getRouteApi("/shell/segments/new");
const editRoute = getRouteApi("/shell/segments/$segmentId/edit");

const NAME_CHARS_MAX = 120;
const DESCRIPTION_CHARS_MAX = 2_000;
const NOTHING: Rule = { if: "all", rules: [] };

/** A new segment: empty, as an example, or as a copy. */
export function NewSegmentPage() {
  const { t } = useTranslation();
  const { installation } = useMe();
  const { example, copy } = newRoute.useSearch();
  const copied = useQuery({ ...segmentQuery(copy ?? ""), enabled: copy !== undefined, refetchInterval: false });
  const blank = { segment_id: "", name: "", description: "", tz: installation.time_zone, rule: NOTHING };
  if (copy !== undefined && copied.isPending) return <BuilderSkeleton title={t("segments.new")} />;
  const { name, description, tz, rule } = copied.data ?? blank;
  const begin: Segment = copied.data
    ? { segment_id: "", name: t("segments.copy_of", { name }), description, tz, rule }
    : example
      ? { ...blank, name: t(`segments.example.${example}.name`), rule: EXAMPLES[example] }
      : blank;
  return <Builder key={`${example} ${copy}`} title={t("segments.new")} sort="new" saved={blank} begin={begin} />;
}

export function EditSegmentPage() {
  const { t } = useTranslation();
  const { segmentId } = editRoute.useParams();
  const segment = useQuery({ ...segmentQuery(segmentId), refetchInterval: false });
  return (
    <Answer query={segment} skeleton={<BuilderSkeleton title={t("segments.edit")} />}>
      {({ segment_id, name, description, tz, rule }) => {
        const saved = { segment_id, name, description, tz, rule };
        return (
          <Builder
            key={segment_id}
            title={t("segments.edit_named", { name })}
            sort="changed"
            saved={saved}
            begin={saved}
          />
        );
      }}
    </Answer>
  );
}

function BuilderSkeleton({ title }: { title: string }) {
  return (
    <Page title={title}>
      <div className={classes.bench} aria-busy="true">
        <Skeleton height={420} radius="lg" />
        <Skeleton height={260} radius="lg" />
      </div>
    </Page>
  );
}

type About = Omit<Segment, "rule" | "segment_id">;

/**
 * A segment being worked on.
 *
 * * `saved`: what it was, for telling whether anything is changed; `begin`: what the work begins with.
 */
function Builder({
  title,
  sort,
  saved,
  begin,
}: {
  title: string;
  sort: "new" | "changed";
  saved: Segment;
  begin: Segment;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const fields = useQuery(fieldsQuery);
  const list = useQuery({ ...segmentsQuery, refetchInterval: false });
  const [first] = useState(() => saved);
  const [about, setAbout] = useState<About>(() => aboutOf(begin));
  const [root, change] = useReducer(
    (held: DraftGroup, next: Change | { do: "replace"; rule: Rule }) =>
      next.do === "replace" ? draftOf(next.rule) : changed(held, next),
    begin.rule,
    draftOf,
  );
  const [tells, setTells] = useState<"wrong" | "all">("wrong");
  const form = useRef<HTMLDivElement>(null);
  // Read when the way out is taken, which is before the page is drawn anew.
  const isDone = useRef(false);

  const rule = ruleOf(root);
  const isChanged = !isSameRule(rule, first.rule) || JSON.stringify(about) !== JSON.stringify(aboutOf(first));
  const leave = (segmentId: string) => {
    isDone.current = true;
    void navigate({ to: "/segments/$segmentId", params: { segmentId } });
  };
  const save = useSaveSegment(sort, leave);
  const nameProblem = about.name.trim() === "" ? t("segments.problem.name") : undefined;

  const trySave = () => {
    setTells("all");
    if (nameProblem || !canAsk(root)) {
      toastFailed(t(conditionsOf(root).length === 0 ? "segments.problem.nothing" : "segments.problem.unfinished"));
      window.setTimeout(() => form.current?.querySelector<HTMLElement>('input[aria-invalid="true"]')?.focus(), 0);
      return;
    }
    const taken = list.data?.segments.map(({ segment_id }) => segment_id) ?? [];
    save.mutate({
      segment_id: first.segment_id || idOf(about.name, taken, "segment"),
      ...about,
      name: about.name.trim(),
      rule,
    });
  };
  return (
    <Page
      title={title}
      subtitle={
        <Anchor
          size="sm"
          renderRoot={(props) =>
            sort === "new" ? (
              <Link to="/segments" {...props} />
            ) : (
              <Link to="/segments/$segmentId" params={{ segmentId: first.segment_id }} {...props} />
            )
          }
        >
          <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
          {sort === "new" ? t("segments.back") : t("segments.back_to_segment")}
        </Anchor>
      }
    >
      <Answer query={fields} skeleton={<Skeleton height={420} radius="lg" />}>
        {(offered) => (
          <div className={classes.bench} ref={form}>
            <div className={classes.main}>
              <Card>
                <AboutFields
                  about={about}
                  error={tells === "all" ? nameProblem : undefined}
                  isNew={sort === "new"}
                  onChange={setAbout}
                />
              </Card>
              <RuleCard
                root={root}
                rule={rule}
                fields={offered}
                tz={about.tz}
                segmentId={first.segment_id || null}
                tells={tells}
                onChange={change}
                onPaste={(pasted) => change({ do: "replace", rule: pasted })}
              />
            </div>
            <div className={classes.side}>
              <Preview rule={rule} asked={wholePart(root)} tz={about.tz} />
            </div>
          </div>
        )}
      </Answer>
      {isChanged && (
        <UnsavedBar
          className={classes.unsaved}
          isSaving={save.isPending}
          onSave={trySave}
          onDiscard={() => {
            setAbout(aboutOf(first));
            setTells("wrong");
            change({ do: "replace", rule: first.rule });
          }}
        />
      )}
      <LeaveDialog isChanged={isChanged} isDone={isDone} />
    </Page>
  );
}

const aboutOf = ({ name, description, tz }: Segment): About => ({ name, description, tz });

function AboutFields({
  about,
  error,
  isNew,
  onChange,
}: {
  about: About;
  error: string | undefined;
  isNew: boolean;
  onChange: (about: About) => void;
}) {
  const { t } = useTranslation();
  const zones = Intl.supportedValuesOf("timeZone");
  return (
    <div className={classes.about}>
      <TextInput
        label={t("segments.field.name")}
        placeholder={t("segments.field.name_hint")}
        maxLength={NAME_CHARS_MAX}
        required
        autoFocus={isNew && about.name === ""}
        value={about.name}
        error={error}
        onChange={(event) => onChange({ ...about, name: event.currentTarget.value })}
      />
      <Textarea
        label={t("segments.field.description")}
        autosize
        minRows={1}
        maxRows={6}
        maxLength={DESCRIPTION_CHARS_MAX}
        value={about.description}
        onChange={(event) => onChange({ ...about, description: event.currentTarget.value })}
      />
      <Select
        label={t("segments.field.tz")}
        searchable
        allowDeselect={false}
        limit={60}
        comboboxProps={{ width: 240, position: "bottom-end" }}
        data={[...new Set([about.tz, "UTC", ...zones])]}
        value={about.tz}
        onChange={(tz) => tz && onChange({ ...about, tz })}
      />
    </div>
  );
}

function RuleCard({
  root,
  rule,
  fields,
  tz,
  segmentId,
  tells,
  onChange,
  onPaste,
}: {
  root: DraftGroup;
  rule: Rule;
  fields: Fields;
  tz: string;
  segmentId: string | null;
  tells: "wrong" | "all";
  onChange: (change: Change) => void;
  onPaste: (rule: Rule) => void;
}) {
  const { t } = useTranslation();
  const { data: catalogue } = useQuery(catalogueQuery);
  const [isJson, json] = useDisclosure(false);
  return (
    <Card
      title={t("segments.rule")}
      hint={t("segments.rule_hint")}
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconCode size={15} aria-hidden />}
          aria-expanded={isJson}
          onClick={json.toggle}
        >
          {t("segments.json.toggle")}
        </Button>
      }
    >
      <EditingProvider
        value={{ root, fields, dimensions: catalogue?.dimensions ?? {}, tz, segmentId, tells, onChange }}
      >
        <RuleTree />
      </EditingProvider>
      {isJson && (
        <div style={{ paddingTop: 16 }}>
          <JsonView rule={rule} onPaste={onPaste} />
        </div>
      )}
    </Card>
  );
}
