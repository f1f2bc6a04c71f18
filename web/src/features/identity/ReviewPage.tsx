import { Badge, Button, SegmentedControl, Skeleton, Stack, Tabs, Text, UnstyledButton } from "@mantine/core";
import { IconChecks, IconUsers } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Duplicate } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import { FindDuplicates } from "./FindDuplicates";
import classes from "./Identity.module.css";
import { PairView } from "./PairView";
import { duplicatesQuery } from "./queries";
import { ANSWERED, PAIR_STATES, type PairState } from "./search";
import { Thresholds } from "./Thresholds";

const route = getRouteApi("/shell/identity/review");

/** Pairs of profiles that may be one person: one after another, each compared column by column, until somebody says. */
export function ReviewPage() {
  const { t } = useTranslation();
  const { state = "open", pair } = route.useSearch();
  const navigate = route.useNavigate();
  const pairs = useInfiniteQuery(duplicatesQuery(state));
  const choose = (state: PairState) => void navigate({ search: state === "open" ? {} : { state } });
  const tab = state === "open" || state === "later" ? state : "answered";
  return (
    <div className={classes.review}>
      <Card flush className={classes.queue}>
        <Tabs value={tab} onChange={(value) => choose(value === "answered" ? "same" : stateOf(value))}>
          <Tabs.List className={classes.queueTabs} aria-label={t("review.which")}>
            <Tabs.Tab value="open">{t("review.tab.open")}</Tabs.Tab>
            <Tabs.Tab value="later">{t("review.tab.later")}</Tabs.Tab>
            <Tabs.Tab value="answered">{t("review.tab.answered")}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value={tab} pt="sm">
            {tab === "answered" && (
              <SegmentedControl
                mx="md"
                mb="sm"
                size="xs"
                aria-label={t("review.tab.answered")}
                data={ANSWERED.map((value) => ({ value, label: t(`review.state.${value}`) }))}
                value={state}
                onChange={(value) => choose(stateOf(value))}
              />
            )}
            <Answer query={pairs} skeleton={<QueueSkeleton />}>
              {({ pages }) => (
                <Queue
                  pairs={pages.flatMap(({ pairs }) => pairs)}
                  total={pages[0]?.total ?? 0}
                  state={state}
                  chosen={pair}
                  onChoose={(pair) =>
                    void navigate({
                      search: { ...(state !== "open" && { state }), ...(pair && { pair }) },
                      replace: true,
                    })
                  }
                  onMore={pairs.hasNextPage ? () => void pairs.fetchNextPage() : undefined}
                  isLoading={pairs.isFetchingNextPage}
                />
              )}
            </Answer>
          </Tabs.Panel>
        </Tabs>
      </Card>
      <aside className={classes.reviewSide}>
        <FindDuplicates />
        <Thresholds />
      </aside>
    </div>
  );
}

const stateOf = (value: string | null): PairState => PAIR_STATES.find((known) => known === value) ?? "open";

/** The pair that is looked at, and the others as a list to choose from. */
function Queue({
  pairs,
  total,
  state,
  chosen,
  onChoose,
  onMore,
  isLoading,
}: {
  pairs: Duplicate[];
  total: number;
  state: PairState;
  chosen: string | undefined;
  onChoose: (pair: string | undefined) => void;
  onMore: (() => void) | undefined;
  isLoading: boolean;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  // A pair that has been answered meanwhile gives way to the first.
  const at = Math.max(
    0,
    pairs.findIndex(({ id }) => id === chosen),
  );
  const pair = pairs[at];
  if (!pair) return <Nobody state={state} />;
  const step = (by: number) => {
    const next = pairs[at + by];
    if (next) onChoose(next.id);
    else if (0 < by) onMore?.();
  };
  return (
    <>
      <PairView
        key={pair.id}
        pair={pair}
        place={{ at: at + 1, total }}
        onStep={step}
        onAnswered={() => onChoose((pairs[at + 1] ?? pairs[at - 1])?.id)}
      />
      <section className={classes.others} aria-label={t("review.list")}>
        {pairs.map((each) => (
          <UnstyledButton
            key={each.id}
            className={classes.other}
            aria-current={each.id === pair.id}
            onClick={() => onChoose(each.id)}
          >
            <Text size="sm" fw={550} className="ellipsis">
              {[each.one, each.other].map((side) => nameOf(side) ?? t("review.gone")).join(" · ")}
            </Text>
            <Badge variant="light" size="sm" className="num">
              {format.percent(each.probability)}
            </Badge>
          </UnstyledButton>
        ))}
        {onMore && (
          <Button m="sm" variant="default" size="xs" loading={isLoading} onClick={onMore}>
            {t("ui.more")}
          </Button>
        )}
      </section>
    </>
  );
}

const nameOf = (side: Duplicate["one"]) => side && (side.name ?? side.email ?? side.phone);

function Nobody({ state }: { state: PairState }) {
  const { t } = useTranslation();
  const isOpen = state === "open";
  return (
    <Empty
      icon={isOpen ? IconChecks : IconUsers}
      title={isOpen ? t("review.empty.title") : t("review.empty.none")}
      hint={isOpen ? t("review.empty.hint") : undefined}
    />
  );
}

function QueueSkeleton() {
  return (
    <Stack p="md" gap="md">
      <Skeleton height={110} radius="md" />
      <Skeleton height={220} radius="md" />
    </Stack>
  );
}
