import { Button, SegmentedControl, Tabs, Text, TextInput } from "@mantine/core";
import { useRef, useState, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { Content, Language } from "../../message/template";
import { Card } from "../../ui/Page";
import { blockText } from "./blocks";
import { BlockMenu, VariableMenu } from "./InsertMenu";
import { MarkupEditor, type EditorHandle, type Mistake } from "./MarkupEditor";
import type { Told } from "./missing";
import classes from "./Templates.module.css";
import { useVariables } from "./useVariables";

const PARTS = ["body", "text", "amp"] as const;
type Part = (typeof PARTS)[number];
const readPart = (value: string | null): Part => PARTS.find((part) => part === value) ?? "body";

/** What both kinds of content are worked on with. */
export type ContentProps = {
  content: Content;
  language: Language;
  mistake: Mistake | null;
  told: Told;
  editor: RefObject<EditorHandle | null>;
  onChange: (part: Partial<Content>) => void;
};

/** The texts of an e-mail. */
export function MailContent({ content, language, mistake, told, editor, onChange }: ContentProps) {
  const { t } = useTranslation();
  const { variables, filters } = useVariables();
  const [part, setPart] = useState<Part>("body");
  // Where a variable goes: the field that was typed in last.
  const field = useRef<{ name: "subject" | "preheader"; input: HTMLInputElement } | null>(null);

  // A mistake of which nothing more is said is the body's.
  const at = mistake && (mistake.part ?? "body");
  const elsewhere = PARTS.find((each) => each === at);
  const insert = (name: string) => {
    const text = `{{ ${name} }}`;
    const held = field.current;
    if (!held) return editor.current?.insert(text);
    const { name: of, input } = held;
    const at = input.selectionStart ?? input.value.length;
    onChange({ [of]: input.value.slice(0, at) + text + input.value.slice(input.selectionEnd ?? at) });
    // Once the new text is drawn, the cursor stands behind what was put in.
    window.setTimeout(() => {
      input.focus();
      input.setSelectionRange(at + text.length, at + text.length);
    }, 60);
  };
  const line = (name: "subject" | "preheader") => ({
    value: content[name],
    onFocus: (event: { currentTarget: HTMLInputElement }) => {
      field.current = { name, input: event.currentTarget };
    },
    onChange: (event: { currentTarget: HTMLInputElement }) => onChange({ [name]: event.currentTarget.value }),
  });
  return (
    <Card flush>
      <div className={classes.fields} style={{ padding: "14px 16px" }}>
        <TextInput
          label={t("templates.field.subject")}
          required
          error={told("subject") ?? (at === "subject" && mistake?.message)}
          {...line("subject")}
        />
        <TextInput
          label={t("templates.field.preheader")}
          description={t("templates.preheader_hint")}
          error={at === "preheader" && mistake?.message}
          {...line("preheader")}
        />
      </div>
      <Tabs value={part} onChange={(value) => setPart(readPart(value))} keepMounted={false}>
        <Tabs.List px="sm">
          {PARTS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {t(`templates.part.${each}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <div className={classes.bar}>
          <div style={{ display: "flex", gap: 8, flexWrap: "wrap" }}>
            <VariableMenu variables={variables} onPick={insert} />
            {part === "body" && (
              <BlockMenu onPick={(block) => editor.current?.insert(blockText(block, content.markup, language))} />
            )}
          </div>
          {part === "body" && (
            <SegmentedControl
              size="xs"
              aria-label={t("templates.field.markup")}
              data={[
                { value: "mjml", label: "MJML" },
                { value: "html", label: "HTML" },
              ]}
              value={content.markup}
              onChange={(value) => onChange({ markup: value === "html" ? "html" : "mjml" })}
            />
          )}
        </div>
        {PARTS.map((each) => (
          <Tabs.Panel key={each} value={each} className={classes.editor}>
            <MarkupEditor
              value={content[each]}
              label={t(`templates.part.${each}`)}
              variables={variables}
              filters={filters}
              mistake={each === at ? mistake : null}
              height={["340px", "56vh"]}
              onChange={(value) => onChange({ [each]: value })}
              onReady={(handle) => {
                editor.current = handle;
              }}
              onFocus={() => {
                field.current = null;
              }}
            />
          </Tabs.Panel>
        ))}
        {part !== "body" && <div className={classes.hint}>{t(`templates.part_hint.${part}`)}</div>}
        {part === "body" && told("body") && (
          <Text size="sm" c="var(--fc-bad)" p="sm" role="alert">
            {told("body")}
          </Text>
        )}
      </Tabs>
      {elsewhere && elsewhere !== part && (
        <div className={classes.hint}>
          <Button size="compact-xs" variant="subtle" color="red" onClick={() => setPart(elsewhere)}>
            {t("templates.mistake_in", { part: t(`templates.part.${elsewhere}`) })}
          </Button>
        </div>
      )}
    </Card>
  );
}
