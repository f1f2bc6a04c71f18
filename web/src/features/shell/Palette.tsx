import { Kbd, Loader, Modal, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useId, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Palette.module.css";
import { matching, useFound, useRooms, type Choice } from "./choices";
import { QUESTION_CHARS_MIN, searchQuery } from "./queries";

const DEBOUNCE_MS = 120;
/** As it stands on the key, in every language. */
const ESCAPE = "esc";

/** One field that leads everywhere: pages, settings, actions, people, leads, orders, sources, events and saved views. */
export function Palette({ opened, onClose, onHelp }: { opened: boolean; onClose: () => void; onHelp: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal.Root opened={opened} onClose={onClose} size={600} yOffset="10vh" transitionProps={{ duration: 90 }}>
      <Modal.Overlay backgroundOpacity={0.35} blur={1} />
      <Modal.Content aria-label={t("palette.title")} radius="lg">
        <Modal.Body p={0}>
          <Field onClose={onClose} onHelp={onHelp} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Field({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const { t } = useTranslation();
  const list = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const q = typed.trim();
  const [asked] = useDebouncedValue(q, DEBOUNCE_MS);
  const search = useQuery(searchQuery(asked));
  const rooms = useRooms({ onHelp });
  const found = useFound(QUESTION_CHARS_MIN <= q.length ? search.data : undefined);
  const groups = [...matching(rooms, q), ...found].filter(({ choices }) => choices.length !== 0);
  const choices = groups.flatMap((group) => group.choices);
  const current = Math.min(at, choices.length - 1);

  const run = (choice: Choice | undefined) => {
    if (!choice) return;
    onClose();
    choice.run();
  };
  const press = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowDown: (current + 1) % Math.max(1, choices.length),
      ArrowUp: (current - 1 + choices.length) % Math.max(1, choices.length),
      PageDown: Math.min(current + 8, choices.length - 1),
      PageUp: Math.max(current - 8, 0),
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setAt(next);
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(choices[current]);
    }
  };

  const isWaiting = QUESTION_CHARS_MIN <= q.length && (q !== asked || search.isFetching);
  let number = 0;
  return (
    <>
      <TextInput
        className={classes.field}
        variant="unstyled"
        size="lg"
        leftSection={<IconSearch size={20} aria-hidden />}
        rightSection={isWaiting ? <Loader size={16} aria-hidden /> : <Kbd size="xs">{ESCAPE}</Kbd>}
        role="combobox"
        aria-label={t("palette.title")}
        aria-expanded={choices.length !== 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={choices.length === 0 ? undefined : `${list}-${current}`}
        placeholder={t("palette.placeholder")}
        value={typed}
        // At once: the letters of who types on while the window still opens are not lost.
        autoFocus
        data-autofocus
        onKeyDown={press}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
      />
      <div id={list} role="listbox" aria-label={t("palette.title")} className={classes.list} data-waiting={isWaiting}>
        {groups.map((group) => (
          <div key={group.key} role="group" aria-label={group.title}>
            <div className={classes.group} aria-hidden>
              {group.title}
            </div>
            {group.choices.map((choice) => {
              const place = number++;
              const { icon: Picture } = choice;
              return (
                <div
                  key={choice.key}
                  id={`${list}-${place}`}
                  role="option"
                  aria-selected={place === current}
                  className={classes.choice}
                  onMouseMove={() => setAt(place)}
                  onClick={() => run(choice)}
                >
                  <Picture size={18} stroke={1.7} aria-hidden />
                  <span className="ellipsis">{choice.label}</span>
                  {choice.hint && <span className={`${classes.hint} ellipsis`}>{choice.hint}</span>}
                  {choice.keys && (
                    <span className={classes.keys} aria-hidden>
                      {choice.keys.split(" ").map((key) => (
                        <Kbd key={key} size="xs">
                          {key}
                        </Kbd>
                      ))}
                    </span>
                  )}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      {choices.length === 0 && !isWaiting && (
        <Text size="sm" c="dimmed" p="lg" ta="center" role="status">
          {search.isError ? t("palette.failed") : t("palette.nothing", { q })}
        </Text>
      )}
    </>
  );
}
