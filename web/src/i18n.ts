import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type en from "./locales/en.json";

export const LANGUAGES = ["en", "ru", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

const STORED = "forecourt-language";

type Texts = Record<Language, () => Promise<{ default: object }>>;

// Each language is its own chunk: a reader loads one.
const ALL: Texts = {
  en: () => import("./locales/en.json"),
  ru: () => import("./locales/ru.json"),
  zh: () => import("./locales/zh.json"),
};

let texts = ALL;

/** Loads the reader's language; a page that stands alone names the words that it needs. */
export async function startTranslations(needed: Texts = ALL) {
  texts = needed;
  await i18next.use(initReactI18next).init({ resources: {}, interpolation: { escapeValue: false } });
  await chooseLanguage(preferred());
}

export async function chooseLanguage(language: Language) {
  if (!i18next.hasResourceBundle(language, "translation")) {
    const { default: bundle } = await texts[language]();
    i18next.addResourceBundle(language, "translation", bundle);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  localStorage.setItem(STORED, language);
}

function preferred(): Language {
  const wishes = [localStorage.getItem(STORED), ...navigator.languages];
  for (const wish of wishes) {
    const language = LANGUAGES.find((language) => wish?.toLowerCase().startsWith(language));
    if (language) return language;
  }
  return "en";
}
