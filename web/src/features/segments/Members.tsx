import { Button, Center, Menu, Table, Text } from "@mantine/core";
import { IconDownload, IconUsersMinus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { personLink } from "../../api/people";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Member, SegmentDetail } from "../../segment/api";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { membersQuery } from "./queries";
import classes from "./Segments.module.css";

/** Who is in it, and since when. */
export function Members({ segment, isComputed }: { segment: SegmentDetail; isComputed: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  // Once a rule comes into force its people are others.
  const people = useInfiniteQuery({
    ...membersQuery(segment.segment_id, segment.state === "live" ? segment.version : -segment.version),
    enabled: isComputed,
  });
  return (
    <Card
      title={t("segments.people")}
      hint={isComputed && t("people.count", { count: segment.size, people: format.integer(segment.size) })}
      actions={isComputed && may(role, "export_people") && <ExportMenu segmentId={segment.segment_id} />}
      flush
    >
      {!isComputed ? (
        <Empty icon={IconUsersMinus} title={t("segments.people_later")} />
      ) : (
        <Answer query={people} skeleton={<RowsSkeleton rows={8} />}>
          {({ pages }) => {
            const rows = pages.flatMap(({ profiles }) => profiles);
            if (rows.length === 0) return <Empty icon={IconUsersMinus} title={t("people.empty")} />;
            return (
              <>
                <WideTable label={t("segments.people")} minWidth={0} verticalSpacing={8} highlightOnHover>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t("segments.column.person")}</Table.Th>
                      <Table.Th className="num">{t("segments.column.since")}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {rows.map((row) => (
                      <MemberRow key={row.profile_id} row={row} />
                    ))}
                  </Table.Tbody>
                </WideTable>
                {people.hasNextPage && (
                  <Center p="md">
                    <Button
                      variant="default"
                      size="xs"
                      loading={people.isFetchingNextPage}
                      onClick={() => void people.fetchNextPage()}
                    >
                      {t("ui.more")}
                    </Button>
                  </Center>
                )}
              </>
            );
          }}
        </Answer>
      )}
    </Card>
  );
}

/** The people of the segment, as a file. */
function ExportMenu({ segmentId }: { segmentId: string }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconDownload size={15} aria-hidden />}>
          {t("profiles.export.action")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(["csv", "xlsx"] as const).map((format) => (
          <Menu.Item
            key={format}
            component="a"
            href={`/api/profiles/export?${new URLSearchParams({ format, segment: segmentId }).toString()}`}
            download
          >
            {t(`profiles.export.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function MemberRow({ row }: { row: Member }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { title, detail, link } = personLink(t, format, row);
  return (
    <Table.Tr className={classes.row}>
      <Table.Td>
        <Link {...link} className={classes.name}>
          {title}
        </Link>
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {detail}
        </Text>
      </Table.Td>
      <Table.Td className="num nowrap" title={format.dateTime(row.entered_at)}>
        {format.date(row.entered_at)}
      </Table.Td>
    </Table.Tr>
  );
}
