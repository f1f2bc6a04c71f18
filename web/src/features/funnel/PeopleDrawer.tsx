import { Drawer } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { personLink } from "../../api/people";
import type { FunnelSpec } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { LinkList } from "../../ui/LinkList";
import { groupName } from "./groups";
import { peopleQuery, type Crowd } from "./queries";
import { DIMENSIONS } from "./spec";

/** The people behind a bar. */
export function PeopleDrawer({ spec, crowd, onClose }: { spec: FunnelSpec; crowd: Crowd | null; onClose: () => void }) {
  return (
    <Drawer
      opened={crowd !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={crowd && <CrowdTitle spec={spec} crowd={crowd} />}
    >
      {crowd && <People spec={spec} crowd={crowd} />}
    </Drawer>
  );
}

function CrowdTitle({ spec, crowd }: { spec: FunnelSpec; crowd: Crowd }) {
  const { t } = useTranslation();
  const event = label("event", spec.steps[crowd.step - 1]?.event ?? "");
  const dimension = DIMENSIONS.find((known) => known === spec.by?.[0]);
  const group = crowd.by && dimension ? (groupName(crowd.by, dimension) ?? t("funnel.no_value")) : null;
  const title =
    crowd.outcome === "reached" ? t("funnel.people.reached", { event }) : t("funnel.people.dropped", { event });
  return group ? t("funnel.people.of_group", { title, group }) : title;
}

function People({ spec, crowd }: { spec: FunnelSpec; crowd: Crowd }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <LinkList
      query={useInfiniteQuery(peopleQuery(spec, crowd))}
      rows={({ profiles }) => profiles.map((row) => personLink(t, format, row))}
      summary={({ total }) => t("people.count", { count: total, people: format.integer(total) })}
      empty={t("people.empty")}
    />
  );
}
