import { ActionIcon, Anchor, Button, Group, Kbd, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Duplicate, DuplicateAnswer, ProfileRow } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { useShortcuts } from "../../ui/useShortcuts";
import { Agreement } from "./Agreement";
import classes from "./Identity.module.css";
import { useAnswer } from "./queries";

/** As they stand on the keys, in every language. */
const KEYS = { same: "S", not_same: "N", later: "L" } as const;

const ANSWERS = [
  { said: "same", variant: "filled" },
  { said: "not_same", variant: "default" },
  { said: "later", variant: "subtle" },
] as const;

/**
 * Two profiles side by side, what speaks for their being one person and what against, and the three answers.
 *
 * * `place`: which of how many it is, counted from 1.
 */
export function PairView({
  pair,
  place,
  onStep,
  onAnswered,
}: {
  pair: Duplicate;
  place: { at: number; total: number };
  onStep: (by: number) => void;
  onAnswered: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const answer = useAnswer();
  const isOpen = pair.state === "open" || pair.state === "later";
  const isWhole = pair.one !== null && pair.other !== null;
  const say = (said: DuplicateAnswer) => {
    if (!isOpen || !isWhole || answer.isPending) return;
    answer.mutate({ id: pair.id, answer: said }, { onSuccess: ({ done }) => done && onAnswered() });
  };
  // A window over the page has the keys; `g` and another key lead elsewhere.
  const unlessCovered = (action: () => void) => () => {
    if (!document.querySelector('[role="dialog"]')) action();
  };
  const elsewhere = () => undefined;
  useShortcuts({
    s: unlessCovered(() => say("same")),
    n: unlessCovered(() => say("not_same")),
    l: unlessCovered(() => pair.state === "open" && say("later")),
    ArrowLeft: unlessCovered(() => onStep(-1)),
    ArrowRight: unlessCovered(() => onStep(1)),
    "g s": elsewhere,
    "g n": elsewhere,
    "g l": elsewhere,
  });
  return (
    <div className={classes.pairView}>
      <Group justify="space-between" gap="xs" mb="sm">
        <div>
          <Text fw={650} size="lg">
            {t("review.probability", { share: format.percent(pair.probability) })}
          </Text>
          <Text size="xs" c="dimmed">
            {pair.decided_at
              ? t("review.decided", { who: pair.decided_by ?? "", when: format.dateTime(pair.decided_at) })
              : t("review.found", { when: format.dateTime(pair.found_at) })}
          </Text>
        </div>
        <Group gap={6} wrap="nowrap">
          <ActionIcon
            variant="default"
            aria-label={t("review.before")}
            aria-keyshortcuts="ArrowLeft"
            disabled={place.at === 1}
            onClick={() => onStep(-1)}
          >
            <IconChevronLeft size={16} aria-hidden />
          </ActionIcon>
          <Text size="sm" className="num nowrap">
            {t("review.place", { at: format.integer(place.at), total: format.integer(place.total) })}
          </Text>
          <ActionIcon
            variant="default"
            aria-label={t("review.next")}
            aria-keyshortcuts="ArrowRight"
            disabled={place.at === place.total}
            onClick={() => onStep(1)}
          >
            <IconChevronRight size={16} aria-hidden />
          </ActionIcon>
        </Group>
      </Group>
      <div className={classes.sides}>
        <Side side={pair.one} />
        <Side side={pair.other} />
      </div>
      <Agreement contributions={pair.contributions} />
      {isOpen && (
        <Group gap="xs" className={classes.answers}>
          {ANSWERS.filter(({ said }) => said !== "later" || pair.state === "open").map(({ said, variant }) => (
            <AnswerButton
              key={said}
              said={said}
              variant={variant}
              isReady={isWhole}
              isSaying={answer.isPending && answer.variables.answer === said}
              onSay={say}
            />
          ))}
        </Group>
      )}
    </div>
  );
}

function AnswerButton({
  said,
  variant,
  isReady,
  isSaying,
  onSay,
}: {
  said: DuplicateAnswer;
  variant: "filled" | "default" | "subtle";
  isReady: boolean;
  isSaying: boolean;
  onSay: (said: DuplicateAnswer) => void;
}) {
  const { t } = useTranslation();
  return (
    <Button
      variant={variant}
      disabled={!isReady}
      loading={isSaying}
      aria-keyshortcuts={KEYS[said]}
      rightSection={
        <Kbd size="xs" aria-hidden className={classes.key}>
          {KEYS[said]}
        </Kbd>
      }
      onClick={() => onSay(said)}
    >
      {t(`review.answer.${said}`)}
    </Button>
  );
}

function Side({ side }: { side: ProfileRow | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (side === null)
    return (
      <section className={classes.side}>
        <Text size="sm" c="dimmed">
          {t("review.gone")}
        </Text>
      </section>
    );
  return (
    <section className={classes.side}>
      <Anchor
        fw={600}
        renderRoot={(props) => <Link to="/profiles/$profileId" params={{ profileId: side.profile_id }} {...props} />}
      >
        {side.name ?? side.email ?? side.phone ?? t("people.nameless")}
      </Anchor>
      {[side.email, side.phone].map(
        (contact) =>
          contact && (
            <Text key={contact} size="sm" className={`num ${classes.contacts}`}>
              {contact}
            </Text>
          ),
      )}
      <Text size="xs" c="dimmed" className="num">
        {t("review.side", {
          count: side.events,
          events: format.integer(side.events),
          identifiers: format.integer(side.identifiers),
        })}
      </Text>
      <Text size="xs" c="dimmed" className="num">
        {t("review.seen", { first: format.date(side.first_seen), last: format.date(side.last_seen) })}
      </Text>
    </section>
  );
}
