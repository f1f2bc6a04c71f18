import type { FormBody, FormFieldKind, FormLanguage } from "../../api/types";

export const LANGUAGES: FormLanguage[] = ["en", "ru", "zh"];
export const FIELD_KINDS: FormFieldKind[] = ["phone", "name", "email", "comment"];

/** What visitors read in a new form, in the form's language: it may differ from the reader's own. */
type Words = Pick<FormBody, "title" | "intro" | "button" | "thanks" | "consent"> & {
  sms: string;
  fields: Record<FormFieldKind, string>;
};

export const WORDS: Record<FormLanguage, Words> = {
  en: {
    title: "Request a call",
    intro: "Leave your number, and we call you back.",
    button: "Call me",
    thanks: "Thank you! We will call you soon.",
    consent: "I agree that my data is used to call me back.",
    sms: "{name}, thank you! We have your request and will call you soon.",
    fields: { phone: "Phone", name: "Name", email: "E-mail", comment: "What is it about?" },
  },
  ru: {
    title: "Заказать звонок",
    intro: "Оставьте номер, и мы вам перезвоним.",
    button: "Позвоните мне",
    thanks: "Спасибо! Мы скоро вам позвоним.",
    consent: "Я согласен на обработку персональных данных, чтобы мне перезвонили.",
    sms: "{name}, спасибо! Мы получили вашу заявку и скоро перезвоним.",
    fields: { phone: "Телефон", name: "Имя", email: "Эл. почта", comment: "По какому вопросу?" },
  },
  zh: {
    title: "预约回电",
    intro: "留下您的号码，我们会给您回电。",
    button: "请给我回电",
    thanks: "谢谢！我们会尽快给您回电。",
    consent: "我同意使用我的信息以便回电。",
    sms: "{name}，感谢您！我们已收到您的请求，会尽快回电。",
    fields: { phone: "电话", name: "姓名", email: "电子邮箱", comment: "咨询内容" },
  },
};

/** A form to begin with. */
export function newForm(language: FormLanguage, name: string): FormBody {
  const { sms, fields, ...texts } = WORDS[language];
  return {
    name,
    language,
    enabled: true,
    ...texts,
    fields: [
      { kind: "phone", label: fields.phone, required: true },
      { kind: "name", label: fields.name, required: false },
    ],
    dealer: null,
    open_to_programs: false,
    sms,
    webhook: null,
  };
}

/** The form in another language: texts that were never changed are taken from it, others are left alone. */
export function inLanguage(form: FormBody, language: FormLanguage): FormBody {
  const [from, to] = [WORDS[form.language], WORDS[language]];
  const text = (key: "title" | "intro" | "button" | "thanks" | "consent") =>
    form[key] === from[key] ? to[key] : form[key];
  return {
    ...form,
    language,
    title: text("title"),
    intro: text("intro"),
    button: text("button"),
    thanks: text("thanks"),
    consent: text("consent"),
    sms: form.sms === from.sms ? to.sms : form.sms,
    fields: form.fields.map((field) =>
      field.label === from.fields[field.kind] ? { ...field, label: to.fields[field.kind] } : field,
    ),
  };
}

/** `Call back, Kazan` → `call-back-kazan`: what may stand in an address; empty where nothing of it may. */
export function addressOf(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
}

// The alphabet of SMS (GSM 03.38); a single other letter makes the whole text travel as UCS-2.
const GSM =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_ESCAPED = "^{}\\[~]|€";

/** How many characters a text has, and how many SMS it is paid as. */
export function smsSize(text: string): { characters: number; parts: number } {
  const isGsm = [...text].every((letter) => GSM.includes(letter) || GSM_ESCAPED.includes(letter));
  const units = isGsm
    ? [...text].reduce((sum, letter) => sum + (GSM_ESCAPED.includes(letter) ? 2 : 1), 0)
    : text.length;
  const [one, more] = isGsm ? [160, 153] : [70, 67];
  return { characters: [...text].length, parts: units <= one ? 1 : Math.ceil(units / more) };
}

/** The text as a person called `name` gets it. */
export function smsPreview(template: string, name: string): string {
  return template.replaceAll("{name}", name).replaceAll("{phone}", "+7 912 345-67-89");
}

/** The tag that puts a form into a page. */
export function embedTag(origin: string, formId: string): string {
  return `<script src="${origin}/f/${formId}.js" async></script>`;
}
