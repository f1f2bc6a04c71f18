import type { Content, Language } from "../../message/template";

export const BLOCK_KEYS = ["hero", "text", "button", "car", "columns", "condition", "loop", "footer"] as const;
export type BlockKey = (typeof BLOCK_KEYS)[number];

type BlockWords = {
  title: string;
  text: string;
  button: string;
  price: string;
  left: string;
  right: string;
  owners: string;
  why: string;
  unsubscribe: string;
};

const WORDS: Record<Language, BlockWords> = {
  en: {
    title: "A headline in a few words",
    text: "One thought, in one or two sentences.",
    button: "Find out more",
    price: "from",
    left: "What is on the left",
    right: "What is on the right",
    owners: "Only owners of an Aster see this.",
    why: "You get this e-mail because you are a customer of {{ brand.name }}.",
    unsubscribe: "Unsubscribe",
  },
  ru: {
    title: "Заголовок в несколько слов",
    text: "Одна мысль в одном-двух предложениях.",
    button: "Узнать больше",
    price: "от",
    left: "То, что слева",
    right: "То, что справа",
    owners: "Это видят только владельцы Aster.",
    why: "Вы получили это письмо, потому что вы клиент {{ brand.name }}.",
    unsubscribe: "Отписаться",
  },
  zh: {
    title: "几个字的标题",
    text: "用一两句话说明一件事。",
    button: "了解更多",
    price: "起价",
    left: "左侧内容",
    right: "右侧内容",
    owners: "只有 Aster 车主会看到这段内容。",
    why: "您是 {{ brand.name }} 的客户，因此收到这封邮件。",
    unsubscribe: "退订",
  },
};

/** A ready block in a template's own markup, to be put where the cursor is. */
export function blockText(key: BlockKey, markup: Content["markup"], language: Language): string {
  return markup === "mjml" ? mjml(key, WORDS[language]) : html(key, WORDS[language]);
}

// What decides stands in `mj-raw`, so that it is kept as it is between elements.
function mjml(key: BlockKey, words: BlockWords): string {
  switch (key) {
    case "hero":
      return `<mj-section background-color="#0d2b2e" border-radius="18px" padding="46px 0 30px">
  <mj-column>
    <mj-text color="#ffffff" font-size="34px" line-height="40px" font-weight="700" padding="0 36px 12px">${words.title}</mj-text>
    <mj-text color="#d5dddf" font-size="18px" line-height="27px" padding="0 36px 20px">${words.text}</mj-text>
  </mj-column>
</mj-section>
`;
    case "text":
      return `<mj-section background-color="#ffffff" padding="24px 0 0">
  <mj-column>
    <mj-text font-size="16px" line-height="26px" padding="0 36px 18px">${words.text}</mj-text>
  </mj-column>
</mj-section>
`;
    case "button":
      return `<mj-section background-color="#ffffff" padding="0">
  <mj-column>
    <mj-button href="{{ vars.url }}" background-color="#0b7771" color="#ffffff" font-size="16px" font-weight="600" border-radius="10px" inner-padding="15px 30px">${words.button}</mj-button>
  </mj-column>
</mj-section>
`;
    case "car":
      return `<mj-section background-color="#ffffff" border-radius="18px" padding="0 0 24px">
  <mj-column>
    <mj-image src="{{ vars.car.image }}" alt="{{ vars.car.name }}" padding="0" border-radius="18px 18px 0 0" />
    <mj-text font-size="22px" line-height="28px" font-weight="700" padding="22px 36px 4px">{{ vars.car.name }}</mj-text>
    <mj-text font-size="16px" color="#66727c" padding="0 36px 16px">${words.price} {{ vars.car.price | money('EUR') }}</mj-text>
    <mj-button href="{{ vars.car.url }}" align="left" background-color="#0b7771" border-radius="10px" inner-padding="13px 26px" padding="0 36px">${words.button}</mj-button>
  </mj-column>
</mj-section>
`;
    case "columns":
      return `<mj-section background-color="#ffffff" padding="20px 12px">
  <mj-column>
    <mj-text font-size="16px" line-height="26px">${words.left}</mj-text>
  </mj-column>
  <mj-column>
    <mj-text font-size="16px" line-height="26px">${words.right}</mj-text>
  </mj-column>
</mj-section>
`;
    case "condition":
      return `<mj-raw>{% if profile.model == "Aster" %}</mj-raw>
<mj-section background-color="#ffffff" padding="20px 0">
  <mj-column>
    <mj-text font-size="16px" line-height="26px" padding="0 36px">${words.owners}</mj-text>
  </mj-column>
</mj-section>
<mj-raw>{% endif %}</mj-raw>
`;
    case "loop":
      return `<mj-raw>{% for item in vars.items %}</mj-raw>
<mj-section background-color="#ffffff" padding="12px 0">
  <mj-column width="35%">
    <mj-image src="{{ item.image }}" alt="{{ item.name }}" border-radius="10px" padding="0 12px 0 36px" />
  </mj-column>
  <mj-column width="65%">
    <mj-text font-size="17px" font-weight="600" padding="4px 36px 2px 12px">{{ item.name }}</mj-text>
    <mj-text font-size="15px" color="#66727c" padding="0 36px 4px 12px">{{ item.price | money('EUR') }}</mj-text>
  </mj-column>
</mj-section>
<mj-raw>{% endfor %}</mj-raw>
`;
    case "footer":
      return `<mj-section padding="24px 0 36px">
  <mj-column>
    <mj-text align="center" font-size="13px" line-height="20px" color="#6d7780">
      ${words.why}<br />
      <a href="{{ unsubscribe_url }}" style="color: #6d7780;">${words.unsubscribe}</a>
    </mj-text>
  </mj-column>
</mj-section>
`;
  }
}

function html(key: BlockKey, words: BlockWords): string {
  const button = (href: string) =>
    `<a href="${href}" style="display: inline-block; padding: 14px 28px; border-radius: 10px; background: #0b7771; color: #ffffff; font-weight: 600; text-decoration: none;">${words.button}</a>`;
  switch (key) {
    case "hero":
      return `<div style="padding: 46px 36px; border-radius: 18px; background: #0d2b2e;">
  <h1 style="margin: 0 0 12px; color: #ffffff; font-size: 34px; line-height: 40px;">${words.title}</h1>
  <p style="margin: 0; color: #d5dddf; font-size: 18px; line-height: 27px;">${words.text}</p>
</div>
`;
    case "text":
      return `<p style="margin: 0 0 18px; font-size: 16px; line-height: 26px;">${words.text}</p>
`;
    case "button":
      return `<p style="margin: 0 0 24px;">${button("{{ vars.url }}")}</p>
`;
    case "car":
      return `<div style="border-radius: 18px; overflow: hidden; background: #ffffff;">
  <img src="{{ vars.car.image }}" alt="{{ vars.car.name }}" width="600" style="display: block; width: 100%;" />
  <h2 style="margin: 22px 36px 4px; font-size: 22px;">{{ vars.car.name }}</h2>
  <p style="margin: 0 36px 16px; color: #66727c;">${words.price} {{ vars.car.price | money('EUR') }}</p>
  <p style="margin: 0 36px 24px;">${button("{{ vars.car.url }}")}</p>
</div>
`;
    case "columns":
      return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
  <tr>
    <td width="50%" valign="top" style="padding: 12px;">${words.left}</td>
    <td width="50%" valign="top" style="padding: 12px;">${words.right}</td>
  </tr>
</table>
`;
    case "condition":
      return `{% if profile.model == "Aster" %}
<p style="margin: 0 0 18px; font-size: 16px; line-height: 26px;">${words.owners}</p>
{% endif %}
`;
    case "loop":
      return `{% for item in vars.items %}
<p style="margin: 0 0 8px;"><b>{{ item.name }}</b>, {{ item.price | money('EUR') }}</p>
{% endfor %}
`;
    case "footer":
      return `<p style="margin: 24px 0; text-align: center; font-size: 13px; line-height: 20px; color: #6d7780;">
  ${words.why}<br />
  <a href="{{ unsubscribe_url }}" style="color: #6d7780;">${words.unsubscribe}</a>
</p>
`;
  }
}
