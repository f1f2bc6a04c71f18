import { Badge, Button, Center, Group, SegmentedControl, Text, UnstyledButton } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { DeadLetter } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { LetterDrawer } from "./LetterDrawer";
import classes from "./Live.module.css";
import { lettersQuery, openLettersQuery } from "./queries";
import type { LiveSearch } from "./search";

type Searching = { search: LiveSearch; onSearch: (change: Partial<LiveSearch>) => void };

/** Events that were refused: why, and a way to mend and send them again. */
export function Refused({ search, onSearch }: Searching) {
  return (
    <div className={classes.split}>
      <Reasons search={search} onSearch={onSearch} />
      <Letters search={search} onSearch={onSearch} />
    </div>
  );
}

/** What waits for a look, by the reason of its refusal. */
function Reasons({ search, onSearch }: Searching) {
  const { t } = useTranslation();
  const open = useQuery(openLettersQuery);
  return (
    <Card title={t("live.refused.reasons")} flush>
      <Answer query={open} skeleton={<RowsSkeleton rows={4} />}>
        {({ total_open, reasons }) => (
          <>
            <Reason
              name={t("live.refused.all")}
              count={total_open}
              chosen={!search.reason}
              onChoose={() => onSearch({ reason: undefined })}
            />
            {reasons.map(({ code, count }) => (
              <Reason
                key={code}
                name={label("refusal", code)}
                count={count}
                chosen={search.reason === code}
                onChoose={() => onSearch({ reason: code })}
              />
            ))}
          </>
        )}
      </Answer>
    </Card>
  );
}

function Reason({
  name,
  count,
  chosen,
  onChoose,
}: {
  name: string;
  count: number;
  chosen: boolean;
  onChoose: () => void;
}) {
  const format = useFormat();
  return (
    <UnstyledButton className={classes.reason} aria-pressed={chosen} onClick={onChoose}>
      {name}
      <span className="num">{format.integer(count)}</span>
    </UnstyledButton>
  );
}

function Letters({ search, onSearch }: Searching) {
  const { t } = useTranslation();
  const state = search.letters ?? "open";
  const letters = useInfiniteQuery(lettersQuery({ reason: search.reason, state }));
  const [opened, setOpened] = useState<DeadLetter | null>(null);
  return (
    <Card
      flush
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("live.refused.which")}
          data={[
            { value: "open", label: t("live.refused.waiting") },
            { value: "all", label: t("live.refused.also_settled") },
          ]}
          value={state}
          onChange={(value) => onSearch({ letters: value === "all" ? "all" : undefined })}
        />
      }
    >
      <Answer query={letters} skeleton={<RowsSkeleton />}>
        {({ pages }) => {
          const items = pages.flatMap(({ items }) => items);
          if (items.length === 0)
            return (
              <Empty icon={IconCircleCheck} title={t("live.refused.empty.title")} hint={t("live.refused.empty.hint")} />
            );
          return (
            <>
              {items.map((item) => (
                <Letter key={item.id} item={item} onOpen={setOpened} />
              ))}
              {letters.hasNextPage && (
                <Center p="md">
                  <Button
                    variant="default"
                    size="xs"
                    loading={letters.isFetchingNextPage}
                    onClick={() => void letters.fetchNextPage()}
                  >
                    {t("ui.more")}
                  </Button>
                </Center>
              )}
            </>
          );
        }}
      </Answer>
      {opened && <LetterDrawer key={opened.id} letter={opened} onClose={() => setOpened(null)} />}
    </Card>
  );
}

const STATE_COLORS: Record<string, string> = { open: "red", retried: "green", discarded: "gray" };

function Letter({ item, onOpen }: { item: DeadLetter; onOpen: (item: DeadLetter) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <UnstyledButton className={classes.letter} onClick={() => onOpen(item)}>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="sm" fw={550} className="ellipsis">
          {item.reason}
        </Text>
        <Badge size="sm" variant="light" color={STATE_COLORS[item.state]}>
          {label("letter_state", item.state)}
        </Badge>
      </Group>
      <Text size="xs" c="dimmed" className="ellipsis">
        {t("live.refused.where", { time: format.dateTime(item.received_at), source: item.source })}
      </Text>
      <Text size="xs" c="dimmed" ff="monospace" mt={2} className="ellipsis">
        {item.raw.slice(0, 240)}
      </Text>
    </UnstyledButton>
  );
}
