import { Anchor, Skeleton } from "@mantine/core";
import { IconArrowLeft, IconRoute } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import { Editor } from "./Editor";
import { placed } from "./graph";
import { blankJourney, type Journey } from "./journey";
import { isHeap, laidOut } from "./layout";
import { IMPORTED, journeyQuery, journeyTemplatesQuery } from "./queries";

const newRoute = getRouteApi("/shell/journeys/new");
const route = getRouteApi("/shell/journeys/$journeyId");

export function BackLink() {
  const { t } = useTranslation();
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/journeys" {...props} />}>
      <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
      {t("journeys.back")}
    </Anchor>
  );
}

/** What nobody has laid out yet is laid out. */
const drawn = (journey: Journey) => (isHeap(journey) ? placed(journey, laidOut(journey)) : journey);

/** A journey that is not kept yet: empty, from a template, or out of a file. */
export function NewJourneyPage() {
  const { t } = useTranslation();
  const { template, imported } = newRoute.useSearch();
  const templates = useQuery({ ...journeyTemplatesQuery, enabled: template !== undefined });
  const brought = useQueryClient().getQueryData<Journey>(IMPORTED);
  if (template !== undefined && templates.isPending) return <EditorSkeleton title={t("journeys.new")} />;
  const begin = imported
    ? brought
    : templates.data?.templates.find(({ template_id }) => template_id === template)?.journey;
  const journey = begin ? drawn({ ...begin, journey_id: "" }) : blankJourney();
  return <Editor key={`${template} ${imported}`} sort="new" saved={blankJourney()} begin={journey} detail={null} />;
}

export function JourneyPage() {
  const { t } = useTranslation();
  const { journeyId } = route.useParams();
  const journey = useQuery(journeyQuery(journeyId));
  if (journey.error instanceof ApiError && journey.error.status === 404)
    return (
      <Page title={t("journeys.gone.title")} subtitle={<BackLink />}>
        <Card>
          <Empty icon={IconRoute} title={t("journeys.gone.title")} hint={t("journeys.gone.hint")} />
        </Card>
      </Page>
    );
  return (
    <Answer query={journey} skeleton={<EditorSkeleton title={t("journeys.title")} />}>
      {(detail) => {
        const saved = drawn(detail.journey);
        return <Editor key={journeyId} sort="changed" saved={saved} begin={saved} detail={detail} />;
      }}
    </Answer>
  );
}

function EditorSkeleton({ title }: { title: string }) {
  return (
    <Page title={title} subtitle={<BackLink />}>
      <div aria-busy="true">
        <Skeleton height={34} width={360} radius="md" mb="md" />
        <Skeleton height={560} radius="lg" />
      </div>
    </Page>
  );
}
