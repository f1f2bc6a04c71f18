import { Button, Group, Kbd, Textarea } from "@mantine/core";
import { IconCircleCheck, IconClockPause, IconPhoneOff, IconPhoneX, IconUserOff, type Icon } from "@tabler/icons-react";
import { useRef, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { VERIFY_OUTCOMES, type VerifyOutcome } from "../../api/leads";
import { useShortcuts } from "../../ui/useShortcuts";
import classes from "./Lead.module.css";
import type { useAct } from "./queries";

const NOTE_CHARS_MAX = 2_000;
const PICTURES: Record<VerifyOutcome, Icon> = {
  qualified: IconCircleCheck,
  no_answer: IconPhoneOff,
  not_now: IconClockPause,
  invalid: IconUserOff,
  declined: IconPhoneX,
};

/** What is said, and what came of the call; keys 1 to 5 answer, `n` leads to the note. */
export function VerifyBox({
  script,
  act,
  onDone,
}: {
  script: string;
  act: ReturnType<typeof useAct>;
  onDone?: () => void;
}) {
  const { t } = useTranslation();
  const [note, setNote] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const answer = (outcome: VerifyOutcome) => {
    if (act.isPending) return;
    act.mutate(
      { act: "verify", outcome, ...(note.trim() && { note: note.trim() }) },
      {
        onSuccess: () => {
          setNote("");
          onDone?.();
        },
      },
    );
  };
  useShortcuts({
    ...Object.fromEntries(VERIFY_OUTCOMES.map((outcome, at) => [String(at + 1), () => answer(outcome)])),
    n: () => field.current?.focus(),
  });
  return (
    <>
      {script && <p className={classes.script}>{script}</p>}
      <Note field={field} note={note} onNote={setNote} />
      <Group gap="xs" mt="sm">
        {VERIFY_OUTCOMES.map((outcome, at) => {
          const Picture = PICTURES[outcome];
          return (
            <Button
              key={outcome}
              variant={outcome === "qualified" ? "filled" : "default"}
              leftSection={<Picture size={17} aria-hidden />}
              rightSection={<Kbd size="xs">{at + 1}</Kbd>}
              aria-keyshortcuts={String(at + 1)}
              loading={act.isPending && act.variables.act === "verify" && act.variables.outcome === outcome}
              disabled={act.isPending}
              onClick={() => answer(outcome)}
            >
              {t(`leads.outcome.${outcome}`)}
            </Button>
          );
        })}
      </Group>
    </>
  );
}

function Note({
  field,
  note,
  onNote,
}: {
  field: RefObject<HTMLTextAreaElement | null>;
  note: string;
  onNote: (note: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <Textarea
      ref={field}
      autosize
      minRows={1}
      maxRows={5}
      maxLength={NOTE_CHARS_MAX}
      aria-label={t("leads.note")}
      placeholder={t("leads.note_hint")}
      value={note}
      onChange={(event) => onNote(event.currentTarget.value)}
      onKeyDown={(event) => {
        // Out of the field the digits answer again.
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
