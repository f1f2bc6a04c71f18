import { Button, Center, Group, Popover, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowMerge, IconArrowsSplit, IconBan, IconListSearch, type Icon } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { ledgerParts, sideText } from "../../api/ledger";
import type { LedgerLine, LedgerSide } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import classes from "./Identity.module.css";
import { ledgerQuery, useUndo } from "./queries";
import { ACTS, REASONS, RULES, type LedgerSearch } from "./search";

const route = getRouteApi("/shell/identity/ledger");

/** Who became one person, who did not although there is evidence, and who was parted: a sentence each, latest first. */
export function LedgerPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const ledger = useInfiniteQuery(ledgerQuery(search));
  return (
    <Card title={t("ledger.title")} hint={t("ledger.hint")} flush>
      <Filters search={search} onSearch={(search) => void navigate({ search, replace: true })} />
      <Answer query={ledger} skeleton={<RowsSkeleton rows={9} height={40} />}>
        {({ pages }) => {
          const lines = pages.flatMap(({ lines }) => lines);
          if (lines.length === 0)
            return <Empty icon={IconListSearch} title={t("ledger.empty.title")} hint={t("ledger.empty.hint")} />;
          return (
            <>
              <ol className={classes.ledger} data-stale={ledger.isPlaceholderData} aria-label={t("ledger.title")}>
                {lines.map((line) => (
                  <Line key={line.id} line={line} />
                ))}
              </ol>
              {ledger.hasNextPage && (
                <Center p="md">
                  <Button
                    variant="default"
                    size="xs"
                    loading={ledger.isFetchingNextPage}
                    onClick={() => void ledger.fetchNextPage()}
                  >
                    {t("ui.more")}
                  </Button>
                </Center>
              )}
            </>
          );
        }}
      </Answer>
    </Card>
  );
}

function Filters({ search, onSearch }: { search: LedgerSearch; onSearch: (search: LedgerSearch) => void }) {
  const { t } = useTranslation();
  const set = (change: LedgerSearch) =>
    onSearch(Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value)));
  return (
    <Group gap="xs" className={classes.filters}>
      <SegmentedControl
        size="xs"
        aria-label={t("ledger.act")}
        data={[
          { value: "", label: t("ledger.acts.all") },
          ...ACTS.map((value) => ({ value, label: t(`ledger.acts.${value}`) })),
        ]}
        value={search.act ?? ""}
        onChange={(value) => set({ act: ACTS.find((known) => known === value) })}
      />
      <Select
        size="xs"
        w={230}
        clearable
        aria-label={t("ledger.rule")}
        placeholder={t("ledger.any_rule")}
        data={RULES.map((value) => ({ value, label: label("rule", value) }))}
        value={search.rule ?? null}
        onChange={(rule) => set({ rule: rule ?? undefined })}
      />
      <Select
        size="xs"
        w={230}
        clearable
        aria-label={t("ledger.why")}
        placeholder={t("ledger.any_why")}
        data={REASONS.map((value) => ({ value, label: label("why", value) }))}
        value={search.why ?? null}
        onChange={(why) => set({ why: why ?? undefined })}
      />
    </Group>
  );
}

const LOOKS: Record<string, Icon> = { merged: IconArrowMerge, refused: IconBan, parted: IconArrowsSplit };

function Line({ line }: { line: LedgerLine }) {
  const { t } = useTranslation();
  const format = useFormat();
  const Picture = LOOKS[line.act] ?? IconArrowMerge;
  const { one, other } = line;
  const profileNow = one.profile_now !== null && one.profile_now === other.profile_now ? one.profile_now : null;
  const isUndoable = line.act === "merged" && one.fragment_id !== other.fragment_id;
  return (
    <li className={classes.line} data-act={line.act}>
      <Picture size={18} stroke={1.7} aria-hidden className={classes.lineIcon} />
      <div className={classes.lineText}>
        <Text size="sm" component="div" className={classes.sentence}>
          {ledgerParts(t, line).map((part, at) => (typeof part === "string" ? part : <Side key={at} side={part} />))}
        </Text>
        <Text size="xs" c="dimmed" className="num">
          {[
            format.dateTime(line.at),
            line.actor ? t("ledger.said_by", { actor: line.actor }) : t("ledger.by_itself"),
          ].join(" · ")}
        </Text>
      </div>
      {isUndoable && profileNow !== null && <Undo profileId={profileNow} one={one} other={other} />}
    </li>
  );
}

function Side({ side }: { side: LedgerSide }) {
  const { t } = useTranslation();
  if (side.profile_now === null) return <b>{sideText(t, side)}</b>;
  return (
    <Link to="/profiles/$profileId" params={{ profileId: side.profile_now }} search={{ tab: "identity" }}>
      {sideText(t, side)}
    </Link>
  );
}

/** Asks once before what was joined is parted. */
function Undo({ profileId, one, other }: { profileId: string; one: LedgerSide; other: LedgerSide }) {
  const { t } = useTranslation();
  const undo = useUndo();
  const [opened, popover] = useDisclosure(false);
  const names = { one: sideText(t, one), other: sideText(t, other) };
  return (
    <Popover opened={opened} onChange={(open) => !open && popover.close()} position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button
          className={classes.undo}
          size="compact-xs"
          variant="default"
          loading={undo.isPending}
          aria-label={t("ledger.undo_of", names)}
          onClick={popover.open}
        >
          {t("ledger.undo")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown maw={320}>
        <Stack gap="sm">
          <Text size="sm">{t("ledger.undo_question", names)}</Text>
          <Group gap="xs">
            <Button
              size="xs"
              onClick={() => {
                popover.close();
                undo.mutate({ profileId, one: one.fragment_id, other: other.fragment_id });
              }}
            >
              {t("ledger.undo_confirm")}
            </Button>
            <Button size="xs" variant="default" onClick={popover.close}>
              {t("ui.cancel")}
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
