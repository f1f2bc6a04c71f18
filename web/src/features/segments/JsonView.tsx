import { Button, Group, Text, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useState } from "react";
import { isRule, type Rule } from "../../segment/rule";
import { CodeBlock } from "../../ui/CodeBlock";

/** The rule as programs read it, to be copied; another can be pasted in its place. */
export function JsonView({ rule, onPaste }: { rule: Rule; onPaste?: (rule: Rule) => void }) {
  const { t } = useTranslation();
  const [pasted, setPasted] = useState("");
  const read = readRule(pasted);
  return (
    <>
      <CodeBlock code={JSON.stringify(rule, null, 2)} label={t("segments.json.title")} />
      {onPaste && (
        <>
          <Textarea
            mt="sm"
            size="xs"
            autosize
            minRows={2}
            maxRows={12}
            label={t("segments.json.paste")}
            description={t("segments.json.paste_hint")}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
            value={pasted}
            error={pasted !== "" && !read && t("segments.json.wrong")}
            onChange={(event) => setPasted(event.currentTarget.value)}
          />
          <Group mt="xs" gap="xs">
            <Button
              size="xs"
              variant="default"
              disabled={!read}
              onClick={() => {
                if (!read) return;
                onPaste(read);
                setPasted("");
              }}
            >
              {t("segments.json.take")}
            </Button>
            <Text size="xs" c="dimmed">
              {t("segments.json.take_hint")}
            </Text>
          </Group>
        </>
      )}
    </>
  );
}

/** A rule from text: by itself, or as a part of a whole segment. */
export function readRule(text: string): Rule | null {
  try {
    const value: unknown = JSON.parse(text);
    const rule =
      typeof value === "object" && value !== null && "rule" in value && !("if" in value) ? value.rule : value;
    return isRule(rule) ? rule : null;
  } catch {
    return null;
  }
}
