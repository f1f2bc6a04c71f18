import type { TemplateToSave } from "../../message/template";

type Missing = "name" | "subject" | "title" | "body" | "text";

/** What has still to be filled in before a template can be kept. */
export function missing({ name, message_channel, content }: TemplateToSave): Missing[] {
  const isEmpty = (text: string) => text.trim() === "";
  const lacks: Missing[] = isEmpty(name) ? ["name"] : [];
  if (message_channel === "email") {
    if (isEmpty(content.subject)) lacks.push("subject");
    if (isEmpty(content.body)) lacks.push("body");
    return lacks;
  }
  if (message_channel === "web_push" && isEmpty(content.subject)) lacks.push("title");
  if (isEmpty(content.text)) lacks.push("text");
  return lacks;
}

export type Told = (field: Missing) => string | undefined;
