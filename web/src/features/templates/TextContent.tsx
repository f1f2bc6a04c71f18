import { Text, TextInput } from "@mantine/core";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { TemplateChannel } from "../../message/channels";
import type { Preview } from "../../message/template";
import { Card } from "../../ui/Page";
import { VariableMenu } from "./InsertMenu";
import type { ContentProps } from "./MailContent";
import { MarkupEditor } from "./MarkupEditor";
import classes from "./Templates.module.css";
import { useVariables } from "./useVariables";

/** More parts than this cost more than most would spend on one SMS. */
const PARTS_MANY = 2;

/** What an SMS or a messenger says. */
export function TextContent({
  channel,
  sms,
  content,
  mistake,
  told,
  editor,
  onChange,
}: ContentProps & { channel: TemplateChannel; sms: Preview["sms"] }) {
  const { t } = useTranslation();
  const { variables, filters } = useVariables();
  const title = useRef<HTMLInputElement>(null);
  return (
    <Card flush>
      {channel === "web_push" && (
        <div className={classes.fields} style={{ padding: "14px 16px" }}>
          <TextInput
            ref={title}
            label={t("templates.field.push_title")}
            required
            error={told("title")}
            value={content.subject}
            onChange={(event) => onChange({ subject: event.currentTarget.value })}
          />
        </div>
      )}
      <div className={classes.bar}>
        <VariableMenu variables={variables} onPick={(name) => editor.current?.insert(`{{ ${name} }}`)} />
      </div>
      <div className={classes.editor}>
        <MarkupEditor
          value={content.text}
          label={t("templates.field.text")}
          variables={variables}
          filters={filters}
          mistake={mistake}
          height={["170px", "44vh"]}
          onChange={(text) => onChange({ text })}
          onReady={(handle) => {
            editor.current = handle;
          }}
          onFocus={() => {}}
        />
      </div>
      {told("text") && (
        <Text size="sm" c="var(--fc-bad)" px="md" pb="sm" role="alert">
          {told("text")}
        </Text>
      )}
      {channel === "sms" ? (
        <div className={classes.counter} aria-live="polite" data-long={sms !== null && PARTS_MANY < sms.parts}>
          {sms === null ? (
            <Text size="sm" c="dimmed">
              {t("templates.sms.nothing")}
            </Text>
          ) : (
            <>
              <b>{t("templates.sms.parts", { count: sms.parts })}</b>
              <span>{t("templates.sms.chars", { count: sms.chars })}</span>
              <Text size="sm" c="dimmed" span>
                {t(`templates.sms.encoding.${sms.encoding}`)}
              </Text>
            </>
          )}
        </div>
      ) : (
        <div className={classes.pair} style={{ padding: "12px 16px 16px" }}>
          <TextInput
            label={t(channel === "web_push" ? "templates.field.push_url" : "templates.field.url")}
            value={content.url}
            onChange={(event) => onChange({ url: event.currentTarget.value })}
          />
          {channel !== "web_push" && (
            <TextInput
              label={t("templates.field.button")}
              value={content.button}
              onChange={(event) => onChange({ button: event.currentTarget.value })}
            />
          )}
        </div>
      )}
    </Card>
  );
}
