import { Drawer } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { personLink } from "../../api/people";
import type { AttributionSpec } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { LinkList } from "../../ui/LinkList";
import { keyName } from "./figures";
import { peopleQuery, type Key } from "./queries";

/** The people who converted after a touch of a row. */
export function PeopleDrawer({ spec, row, onClose }: { spec: AttributionSpec; row: Key | null; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={row !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={row && t("attribution.people", { key: keyName(t, spec.by ?? [], row) })}
    >
      {row && <People spec={spec} row={row} />}
    </Drawer>
  );
}

function People({ spec, row }: { spec: AttributionSpec; row: Key }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <LinkList
      query={useInfiniteQuery(peopleQuery(spec, row))}
      rows={({ profiles }) => profiles.map((profile) => personLink(t, format, profile))}
      summary={({ total }) => t("people.count", { count: total, people: format.integer(total) })}
      empty={t("people.empty")}
    />
  );
}
