import { describe, expect, test } from "vitest";
import { TEMPLATE_CHANNELS } from "../../message/channels";
import { LANGUAGES } from "../../message/template";
import { BLOCK_KEYS, blockText } from "./blocks";
import { START_KEYS } from "./startWords";
import { startContent } from "./starts";

const opened = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

describe.each(LANGUAGES)("what one begins with in %s", (language) => {
  test.each(START_KEYS)("%s is whole on every channel", (key) => {
    for (const channel of TEMPLATE_CHANNELS) {
      const content = startContent(key, channel, language);
      const whole = Object.values(content).join("\n");
      expect(opened(whole, /\{\{/g)).toBe(opened(whole, /\}\}/g));
      if (channel === "email") {
        expect(content.subject).not.toBe("");
        expect(content.body).toContain("unsubscribe_url");
        expect(content.body).not.toMatch(/undefined|\$\{/);
      } else {
        expect(content.text).not.toBe("");
      }
      if (channel === "web_push") expect(content.subject).not.toBe("");
      if (channel !== "email" && channel !== "sms") {
        expect(content.text).not.toContain("vars.url");
        expect(content.url).toContain("vars.url");
      }
    }
  });

  test.each(BLOCK_KEYS)("the block %s closes what it opens", (key) => {
    for (const markup of ["mjml", "html"] as const) {
      const text = blockText(key, markup, language);
      const opening = opened(text, /<[a-z][\w-]*(?:\s[^<>]*)?(?<!\/)>/g);
      const closing = opened(text, /<\/[a-z]/g);
      expect(opening, text).toBe(closing);
      expect(opened(text, /\{%\s*(if|for)\b/g)).toBe(opened(text, /\{%\s*end(if|for)\b/g));
    }
  });
});
