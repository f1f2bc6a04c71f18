import type { TemplateChannel } from "../../message/channels";
import type { Content, Language } from "../../message/template";
import { FRAME_WORDS, START_WORDS, type StartKey } from "./startWords";

export const EMPTY: Content = {
  subject: "",
  preheader: "",
  markup: "mjml",
  body: "",
  text: "",
  amp: "",
  url: "",
  button: "",
};

/** The colours of a starting point: its panel, what stands out on it, its button. */
const COLOURS: Record<StartKey, { panel: string; bright: string; accent: string }> = {
  welcome: { panel: "#0d2b2e", bright: "#7fd8cd", accent: "#0b7771" },
  test_drive: { panel: "#13203a", bright: "#9cc0ff", accent: "#2b5fc4" },
  silent: { panel: "#2b1a2e", bright: "#e7a8d8", accent: "#8f3f80" },
  service: { panel: "#1f2a1a", bright: "#bcdc8a", accent: "#4d7a1f" },
  delivery: { panel: "#2e1f0a", bright: "#f5c36b", accent: "#a3640a" },
};

/** A starting point for a channel, in the language of those who will read it. */
export function startContent(key: StartKey, channel: TemplateChannel, language: Language): Content {
  const words = START_WORDS[language][key];
  if (channel === "email")
    return { ...EMPTY, subject: words.subject, preheader: words.preheader, body: startBody(key, language) };
  if (channel === "sms") return { ...EMPTY, text: words.text };
  const text = words.text.replace(/[:：]?\s*\{\{ vars\.url \}\}$/, ".").replace(/([.。])\.$/, "$1");
  const link = { url: "{{ vars.url }}", button: words.button };
  return channel === "web_push" ? { ...EMPTY, ...link, subject: words.title, text } : { ...EMPTY, ...link, text };
}

/** The e-mail of a starting point, in MJML: a dark panel, the letter, its facts, a foot. */
export function startBody(key: StartKey, language: Language): string {
  const { kicker, title, lead, body, button, facts, note } = START_WORDS[language][key];
  const frame = FRAME_WORDS[language];
  const { panel, bright, accent } = COLOURS[key];
  const rows = facts
    .map(
      ([name, value]) => `          <tr>
            <td class="quiet" style="padding: 12px 0; color: #66727c; border-top: 1px solid #e3e7ea;">${name}</td>
            <td class="ink" style="padding: 12px 0 12px 16px; text-align: right; font-weight: 600; color: #14191e; border-top: 1px solid #e3e7ea;">${value}</td>
          </tr>`,
    )
    .join("\n");
  return `<mjml>
  <mj-head>
    <mj-attributes>
      <mj-all font-family="Inter, -apple-system, 'Segoe UI', 'PingFang SC', Arial, sans-serif" />
      <mj-text font-size="16px" line-height="26px" color="#2b333b" padding="0 36px 18px" />
      <mj-button background-color="${accent}" color="#ffffff" font-size="16px" font-weight="600" border-radius="10px" inner-padding="15px 30px" align="left" padding="6px 36px 30px" />
      <mj-section padding="0" />
    </mj-attributes>
    <mj-style>
      :root { color-scheme: light dark; }
      @media (max-width: 480px) {
        .panel h1 { font-size: 30px !important; line-height: 36px !important; }
      }
      @media (prefers-color-scheme: dark) {
        body, .canvas { background: #0f1316 !important; }
        .paper, .paper > table { background: #1a2025 !important; }
        .paper div, .paper .ink { color: #e6eaed !important; }
        .paper .quiet { color: #98a4ad !important; }
        .paper td { border-color: #313a41 !important; }
      }
    </mj-style>
  </mj-head>
  <mj-body width="600px" background-color="#eef0ee" css-class="canvas">

    <mj-section padding="26px 0 18px">
      <mj-column>
        <mj-text align="center" font-size="13px" line-height="18px" font-weight="600" letter-spacing="2.5px" color="#6d7780" padding="0">{{ brand.name | upper }}</mj-text>
      </mj-column>
    </mj-section>

    <mj-section background-color="${panel}" border-radius="18px 18px 0 0" padding="46px 0 30px" css-class="panel">
      <mj-column>
        <mj-text color="${bright}" font-size="14px" line-height="20px" font-weight="600" padding="0 36px 10px">${kicker}</mj-text>
        <mj-text color="#ffffff" padding="0 36px 14px"><h1 style="margin: 0; font-size: 38px; line-height: 44px; font-weight: 700; letter-spacing: -0.8px;">${title}</h1></mj-text>
        <mj-text color="#d5dddf" font-size="18px" line-height="27px" padding="0 36px 14px">${lead}</mj-text>
      </mj-column>
    </mj-section>

    <mj-section background-color="#ffffff" padding="34px 0 0" css-class="paper">
      <mj-column>
        <mj-text>{% if profile.first_name %}${frame.hello}{% else %}${frame.hello_nobody}{% endif %}</mj-text>
        <mj-text>${body}</mj-text>
        <mj-button href="{{ vars.url | default('https://example.com') }}">${button}</mj-button>
      </mj-column>
    </mj-section>

    <mj-section background-color="#ffffff" css-class="paper">
      <mj-column>
        <mj-table padding="0 36px 26px" font-size="15px" line-height="22px">
${rows}
        </mj-table>
      </mj-column>
    </mj-section>

    <mj-section background-color="#ffffff" border-radius="0 0 18px 18px" padding="0 0 18px" css-class="paper">
      <mj-column>
        <mj-text padding="0 36px 16px"><span class="quiet" style="color: #66727c;">${note}</span></mj-text>
        <mj-text font-weight="600">${frame.regards}</mj-text>
      </mj-column>
    </mj-section>

    <mj-section padding="24px 0 36px">
      <mj-column>
        <mj-text align="center" font-size="13px" line-height="20px" color="#6d7780" padding="0 36px">
          ${frame.why}<br />
          <a href="{{ unsubscribe_url }}" style="color: #6d7780;">${frame.unsubscribe}</a>
        </mj-text>
      </mj-column>
    </mj-section>

  </mj-body>
</mjml>
`;
}
