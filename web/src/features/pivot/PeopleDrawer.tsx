import { Drawer } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { personLink } from "../../api/people";
import type { PivotReport, PivotSpec } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { LinkList } from "../../ui/LinkList";
import { peopleQuery, type Crowd } from "./queries";
import { measureName, valueName } from "./words";

/** The people behind a number. */
export function PeopleDrawer({
  spec,
  report,
  crowd,
  onClose,
}: {
  spec: PivotSpec;
  report: PivotReport;
  crowd: Crowd | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const title = () => {
    if (!crowd) return "";
    const measure = report.measures.find((each) => each.measure === crowd.measure);
    const place = Object.entries(crowd.place).map(([name, value]) => valueName(t, format, name, value));
    return [measureName(t, crowd.measure, measure?.title ?? null), ...place].join(" · ");
  };
  return (
    <Drawer opened={crowd !== null} onClose={onClose} position="right" size="md" title={title()}>
      {crowd && <People spec={spec} crowd={crowd} />}
    </Drawer>
  );
}

function People({ spec, crowd }: { spec: PivotSpec; crowd: Crowd }) {
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
