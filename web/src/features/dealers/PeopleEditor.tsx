import { ActionIcon, Button, Switch, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { DealerPerson } from "../../api/dealers";
import classes from "./Dealers.module.css";

/** Who works at a dealer; who is away gets no leads. */
export function PeopleEditor({
  people,
  onChange,
}: {
  people: DealerPerson[];
  onChange: (people: DealerPerson[]) => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      {people.map((person, at) => {
        const set = (part: Partial<DealerPerson>) => onChange(people.with(at, { ...person, ...part }));
        return (
          // A person that is new has nothing of its own but its place.
          <div key={at} className={classes.person}>
            <TextInput
              aria-label={t("dealers.people.name")}
              placeholder={t("dealers.people.name")}
              value={person.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            <TextInput
              type="email"
              aria-label={t("dealers.people.email")}
              placeholder={t("dealers.people.email")}
              value={person.email}
              onChange={(event) => set({ email: event.currentTarget.value.trim() })}
            />
            <Switch
              label={t("dealers.people.is_away")}
              checked={person.is_away}
              onChange={(event) => set({ is_away: event.currentTarget.checked })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              c="dimmed"
              aria-label={t("dealers.people.remove", { name: person.name || person.email })}
              onClick={() => onChange(people.toSpliced(at, 1))}
            >
              <IconX size={16} />
            </ActionIcon>
          </div>
        );
      })}
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconPlus size={15} aria-hidden />}
        onClick={() => onChange([...people, { name: "", email: "", is_away: false }])}
      >
        {t("dealers.people.add")}
      </Button>
    </>
  );
}
