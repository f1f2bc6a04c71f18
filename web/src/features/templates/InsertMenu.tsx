import { Button, Menu, ScrollArea, TextInput } from "@mantine/core";
import { IconBlocks, IconBraces, IconChevronDown, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { BLOCK_KEYS, type BlockKey } from "./blocks";
import type { Variable } from "./completion";
import classes from "./InsertMenu.module.css";

const SEARCHED_FROM = 10;

/** Puts what is filled in for each person where the cursor is. */
export function VariableMenu({ variables, onPick }: { variables: Variable[]; onPick: (name: string) => void }) {
  const { t } = useTranslation();
  const [q, setQ] = useState("");
  const plain = q.trim().toLowerCase();
  const shown = variables.filter(({ name }) => `${name} ${wordsOf(name)}`.toLowerCase().includes(plain));
  return (
    <Menu position="bottom-start" withArrow width={290} onClose={() => setQ("")}>
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconBraces size={15} aria-hidden />}
          rightSection={<IconChevronDown size={13} aria-hidden />}
        >
          {t("templates.insert.variable")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {SEARCHED_FROM < variables.length && (
          <TextInput
            size="xs"
            m={4}
            type="search"
            leftSection={<IconSearch size={14} aria-hidden />}
            aria-label={t("templates.insert.search")}
            placeholder={t("templates.insert.search")}
            value={q}
            onChange={(event) => setQ(event.currentTarget.value)}
          />
        )}
        <ScrollArea.Autosize mah={340} type="auto">
          {(["person", "message", "brand"] as const).map((group) => {
            const ofGroup = shown.filter((each) => each.group === group);
            if (ofGroup.length === 0) return null;
            return (
              <div key={group}>
                <Menu.Label>{t(`templates.insert.group.${group}`)}</Menu.Label>
                {ofGroup.map(({ name }) => (
                  <Menu.Item key={name} onClick={() => onPick(name)}>
                    <span className={classes.variable}>
                      <span>{wordsOf(name)}</span>
                      <code>{name}</code>
                    </span>
                  </Menu.Item>
                ))}
              </div>
            );
          })}
        </ScrollArea.Autosize>
      </Menu.Dropdown>
    </Menu>
  );

  function wordsOf(name: string): string {
    if (name.startsWith("profile.")) return label("trait", name.slice("profile.".length));
    return t(`templates.variable.${name.replaceAll(".", "_")}`, { defaultValue: name });
  }
}

export function BlockMenu({ onPick }: { onPick: (block: BlockKey) => void }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-start" withArrow width={300}>
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconBlocks size={15} aria-hidden />}
          rightSection={<IconChevronDown size={13} aria-hidden />}
        >
          {t("templates.insert.block")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {BLOCK_KEYS.map((block) => (
          <Menu.Item key={block} onClick={() => onPick(block)}>
            <span className={classes.block}>
              <b>{t(`templates.block.${block}.name`)}</b>
              <span>{t(`templates.block.${block}.hint`)}</span>
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
