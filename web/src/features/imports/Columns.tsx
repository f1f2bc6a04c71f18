import { Badge, Group, Select, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Look, LookColumn } from "../../api/types";
import { ColumnOptions } from "./ColumnOptions";
import classes from "./Imports.module.css";
import { assign, type Mapping, pickOf, type Target, targetOf, withPick } from "./mapping";

type Props = { look: Look; mapping: Mapping; onChange: (mapping: Mapping) => void };

/** The columns of the file, each with what it says. */
export function Columns({ look, mapping, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <div role="list" aria-label={t("imports.map.title")}>
      {look.columns.map((column) => (
        <Column key={column.name} column={column} look={look} mapping={mapping} onChange={onChange} />
      ))}
    </div>
  );
}

function Column({ column, look, mapping, onChange }: Props & { column: LookColumn }) {
  const { t } = useTranslation();
  const targets = useTargets(look, column.name);
  const target = targetOf(mapping, column.name);
  const pick = pickOf(mapping, target);
  const suggested = targetOf(look.mapping as Mapping, column.name);
  const isSuggested = target.to !== "ignore" && target.to !== "rest" && valueOf(target) === valueOf(suggested);
  const warnings = look.warnings.filter((warning) => warning.column === column.name);

  return (
    <div className={classes.row} role="listitem">
      <div>
        <div className={classes.column}>{column.name}</div>
        <Group gap={6} mt={2}>
          <Text size="xs" c="dimmed">
            {t(`imports.guess.${guessOf(column.guess)}`)}
          </Text>
          {0 < warnings.length && (
            <Badge size="xs" variant="light" color="amber" title={warnings.map(({ message }) => message).join("\n")}>
              {t("imports.damage")}
            </Badge>
          )}
        </Group>
      </div>
      <div className={classes.samples} title={column.samples.slice(0, 8).join("\n")}>
        {column.samples.slice(0, 3).join(" · ") || t("imports.map.no_values")}
      </div>
      <Select
        aria-label={t("imports.map.target_of", { column: column.name })}
        data={targets}
        value={valueOf(target)}
        allowDeselect={false}
        searchable
        nothingFoundMessage={t("imports.map.no_field")}
        maxDropdownHeight={320}
        rightSection={isSuggested ? undefined : null}
        description={isSuggested ? t("imports.map.suggested") : undefined}
        inputWrapperOrder={["input", "description"]}
        onChange={(value) =>
          value && onChange(assign(mapping, look.columns, column.name, targetFrom(value, column.name)))
        }
      />
      {pick && (
        <ColumnOptions
          column={column}
          target={target}
          pick={pick}
          onChange={(pick) => onChange(withPick(mapping, target, pick))}
        />
      )}
    </div>
  );
}

const WHO = ["user_id", "anonymous_id", "email", "phone"];
const WHEN = ["timestamp", "day"];
const WHENCE = ["channel", "source", "medium", "campaign", "region", "dealer"];
const PERSON = ["name", "first_name", "last_name", "city", "birthday"];
const KEYS = ["crm_id", "dms_id"];

function useTargets(look: Look, column: string) {
  const { t } = useTranslation();
  const names = look.fields.map(({ name }) => name);
  const needed = new Set(look.fields.filter(({ needed }) => needed).map(({ name }) => name));
  const field = (name: string) => ({
    value: `field:${name}`,
    label: needed.has(name)
      ? t("imports.map.needed", { field: label("import_field", name) })
      : label("import_field", name),
  });
  const group = (key: "who" | "when" | "whence", of: string[]) => ({
    group: t(`imports.group.${key}`),
    items: of.filter((name) => names.includes(name)).map(field),
  });
  const others = names.filter((name) => ![...WHO, ...WHEN, ...WHENCE].includes(name));
  const isCost = look.kind === "costs";
  const keys = [...new Set([...KEYS, column])];
  return [
    {
      group: t("imports.group.rest"),
      items: [
        { value: "ignore", label: t("imports.target.ignore") },
        ...(isCost
          ? []
          : [
              { value: "rest", label: t("imports.target.rest") },
              { value: "property", label: t("imports.target.property", { name: column }) },
              { value: "trait", label: t("imports.target.trait", { name: column }) },
            ]),
      ],
    },
    group("who", WHO),
    group("when", WHEN),
    { group: t("imports.group.what"), items: others.map(field) },
    group("whence", WHENCE),
    ...(isCost
      ? []
      : [
          {
            group: t("imports.group.person"),
            items: PERSON.filter((name) => name !== column).map((name) => ({
              value: `trait:${name}`,
              label: label("import_field", name),
            })),
          },
          {
            group: t("imports.group.keys"),
            items: keys.map((name) => ({ value: `external:${name}`, label: t("imports.target.external", { name }) })),
          },
        ]),
  ].filter(({ items }) => 0 < items.length);
}

function valueOf(target: Target): string {
  switch (target.to) {
    case "ignore":
    case "rest":
      return target.to;
    default:
      return `${target.to}:${target.name}`;
  }
}

function targetFrom(value: string, column: string): Target {
  if (value === "ignore" || value === "rest") return { to: value };
  if (value === "property" || value === "trait") return { to: value, name: column };
  const at = value.indexOf(":");
  const [to, name] = [value.slice(0, at), value.slice(at + 1)];
  return to === "trait" || to === "external" || to === "property" ? { to, name } : { to: "field", name };
}

const GUESSES = ["empty", "email", "phone", "time", "number", "flag", "url", "text"] as const;

function guessOf(guess: string): (typeof GUESSES)[number] {
  return GUESSES.find((known) => known === guess) ?? "text";
}
