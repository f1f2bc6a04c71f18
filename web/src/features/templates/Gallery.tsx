import { useElementSize } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { TemplateChannel } from "../../message/channels";
import { LANGUAGES, previewQuery, type Language } from "../../message/template";
import { inScheme } from "./darkMail";
import { START_KEYS, START_WORDS, type StartKey } from "./startWords";
import { startContent } from "./starts";
import classes from "./Templates.module.css";

/** The language that new templates begin in: the editor's own. */
export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return LANGUAGES.find((known) => i18n.language.startsWith(known)) ?? "en";
}

/** In px: what e-mails are written for. */
const MAIL_WIDTH = 600;

/** What a dealer writes first, to begin with. */
export function Gallery({ channel }: { channel: TemplateChannel }) {
  const { t } = useTranslation();
  return (
    <ul className={classes.gallery} aria-label={t("templates.starts")}>
      {START_KEYS.map((start) => (
        <li key={start}>
          <Link to="/templates/new" search={{ channel, start }} className={classes.start}>
            <Picture start={start} channel={channel} />
            <b>{t(`templates.start.${start}.name`)}</b>
            <span>{t(`templates.start.${start}.hint`)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Picture({ start, channel }: { start: StartKey; channel: TemplateChannel }) {
  const language = useLanguage();
  const { ref, width } = useElementSize();
  const content = startContent(start, channel, language);
  const trial = { message_channel: channel, language, brand_id: "", content, profile_id: null };
  const preview = useQuery({ ...previewQuery(trial), staleTime: Number.POSITIVE_INFINITY });
  if (channel !== "email")
    return (
      <div className={classes.bubblePicture}>
        <p>{preview.data?.text || START_WORDS[language][start].text}</p>
      </div>
    );
  return (
    <div ref={ref} className={classes.picturePage}>
      {preview.data && (
        <iframe
          sandbox=""
          srcDoc={inScheme(preview.data.html, "light")}
          style={{ transform: `scale(${width / MAIL_WIDTH})` }}
          tabIndex={-1}
          aria-hidden
          loading="lazy"
          title={START_WORDS[language][start].title}
        />
      )}
    </div>
  );
}
