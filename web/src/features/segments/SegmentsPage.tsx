import { Button, Table, Text, TextInput, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconPlus, IconSearch, IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { SegmentItem } from "../../segment/api";
import { segmentsQuery } from "../../segment/queries";
import { sentence } from "../../segment/sentence";
import { useSpeech } from "../../segment/useSpeech";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { WideTable } from "../../ui/WideTable";
import { EXAMPLE_KEYS, EXAMPLES } from "./examples";
import classes from "./Segments.module.css";
import { SegmentState } from "./SegmentState";

const route = getRouteApi("/shell/segments");

/** Named rules over people: how many are in each, who comes and goes. */
export function SegmentsPage() {
  const { t } = useTranslation();
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useQuery(segmentsQuery);
  const mayEdit = may(useMe().role, "edit_definitions");
  return (
    <Page
      title={t("segments.title")}
      subtitle={t("segments.subtitle")}
      actions={
        mayEdit && (
          <Button
            leftSection={<IconPlus size={16} aria-hidden />}
            renderRoot={(props) => <Link to="/segments/new" {...props} />}
          >
            {t("segments.new")}
          </Button>
        )
      }
    >
      <Card flush>
        <Answer query={list} skeleton={<RowsSkeleton rows={8} height={30} />}>
          {({ segments }) => {
            if (segments.length === 0) return <Nothing mayEdit={mayEdit} />;
            const plain = q.trim().toLowerCase();
            const shown = segments.filter(({ name, description, segment_id }) =>
              `${name} ${description} ${segment_id}`.toLowerCase().includes(plain),
            );
            return (
              <>
                <div className={classes.tools}>
                  <TextInput
                    data-search
                    type="search"
                    leftSection={<IconSearch size={16} aria-hidden />}
                    aria-label={t("segments.search")}
                    placeholder={t("segments.search")}
                    value={q}
                    onChange={(event) => {
                      const q = event.currentTarget.value;
                      void navigate({ search: q ? { q } : {}, replace: true });
                    }}
                  />
                </div>
                {shown.length === 0 ? (
                  <Empty icon={IconUsersGroup} title={t("segments.none.title", { q })} hint={t("segments.none.hint")} />
                ) : (
                  <SegmentTable shown={shown} all={segments} />
                )}
              </>
            );
          }}
        </Answer>
      </Card>
    </Page>
  );
}

function SegmentTable({ shown, all }: { shown: SegmentItem[]; all: SegmentItem[] }) {
  const { t } = useTranslation();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const names = new Map(all.map(({ segment_id, name }) => [segment_id, name]));
  return (
    <WideTable label={t("segments.title")} minWidth={narrow ? 0 : 880} verticalSpacing={9} highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("segments.column.name")}</Table.Th>
          <Table.Th className="num">{t("segments.column.size")}</Table.Th>
          <Table.Th className={`num ${classes.wide}`}>{t("segments.column.turns")}</Table.Th>
          <Table.Th className={classes.state}>{t("segments.column.state")}</Table.Th>
          <Table.Th className={classes.wide}>{t("segments.column.used_by")}</Table.Th>
          <Table.Th className={classes.wide}>{t("segments.column.changed")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {shown.map((segment) => (
          <Row key={segment.segment_id} segment={segment} names={names} />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function Row({ segment, names }: { segment: SegmentItem; names: Map<string, string> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useSpeech();
  const reads = sentence(segment.rule, speech);
  return (
    <Table.Tr className={classes.row}>
      <Table.Td>
        <Tooltip label={reads} multiline maw={460} openDelay={400}>
          <Link
            to="/segments/$segmentId"
            params={{ segmentId: segment.segment_id }}
            className={classes.name}
            aria-description={reads}
          >
            {segment.name}
          </Link>
        </Tooltip>
        <div className={classes.reads}>{segment.description || reads}</div>
      </Table.Td>
      <Table.Td className="num">
        {segment.state === "live" || segment.is_changing ? format.integer(segment.size) : t("ui.none")}
      </Table.Td>
      <Table.Td className={`num nowrap ${classes.wide}`}>
        <Turns came={segment.entered_7d} went={segment.left_7d} />
      </Table.Td>
      <Table.Td>
        <SegmentState segment={segment} />
      </Table.Td>
      <Table.Td className={classes.wide}>
        {segment.used_by.map((id) => names.get(id) ?? id).join(", ") || t("ui.none")}
      </Table.Td>
      <Table.Td className={classes.wide} title={format.dateTime(segment.changed_at)}>
        {format.ago(segment.changed_at, new Date())}
        <Text size="xs" c="dimmed" className="ellipsis" maw={180}>
          {segment.changed_by}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

/** How many came and how many went. */
export function Turns({ came, went }: { came: number; went: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (came === 0 && went === 0) return t("ui.none");
  return (
    <>
      <span className={classes.came} title={t("segments.entered")}>
        {format.signed(came)}
      </span>{" "}
      <span className={classes.went} title={t("segments.left")}>
        {format.signed(-went)}
      </span>
    </>
  );
}

function Nothing({ mayEdit }: { mayEdit: boolean }) {
  const { t } = useTranslation();
  const speech = useSpeech();
  return (
    <>
      <Empty
        icon={IconUsersGroup}
        title={t("segments.empty.title")}
        hint={t(mayEdit ? "segments.empty.hint" : "segments.empty.hint_read")}
      />
      {mayEdit && (
        <div className={classes.examples}>
          {EXAMPLE_KEYS.map((key) => (
            <Link key={key} to="/segments/new" search={{ example: key }} className={classes.example}>
              <b>{t(`segments.example.${key}.name`)}</b>
              <span>{sentence(EXAMPLES[key], speech)}</span>
            </Link>
          ))}
        </div>
      )}
    </>
  );
}
