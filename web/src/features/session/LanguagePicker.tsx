import { NativeSelect } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { chooseLanguage, LANGUAGES } from "../../i18n";

export function LanguagePicker() {
  const { t, i18n } = useTranslation();
  const choose = (wish: string) => {
    const language = LANGUAGES.find((language) => language === wish);
    if (language) void chooseLanguage(language);
  };
  return (
    <NativeSelect
      size="xs"
      aria-label={t("shell.language")}
      value={i18n.language}
      onChange={(event) => choose(event.currentTarget.value)}
      data={LANGUAGES.map((language) => ({ value: language, label: t(`shell.language_name.${language}`) }))}
    />
  );
}
