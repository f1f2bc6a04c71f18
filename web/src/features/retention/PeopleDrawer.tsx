import { Drawer } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { personLink } from "../../api/people";
import type { RetentionSpec } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { LinkList } from "../../ui/LinkList";
import { peopleQuery, type Crowd } from "./queries";
import { useWords } from "./words";

/** The people behind a cell. */
export function PeopleDrawer({
  spec,
  crowd,
  onClose,
}: {
  spec: RetentionSpec;
  crowd: Crowd | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { cohortName, periodName } = useWords(spec.grain);
  const title = crowd && {
    cohort: cohortName(crowd.cohort),
    period: periodName(crowd.period),
  };
  return (
    <Drawer
      opened={crowd !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={crowd && title && t(`retention.people.${crowd.outcome}`, title)}
    >
      {crowd && <People spec={spec} crowd={crowd} />}
    </Drawer>
  );
}

function People({ spec, crowd }: { spec: RetentionSpec; crowd: Crowd }) {
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
