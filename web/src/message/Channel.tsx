import { useTranslation } from "react-i18next";
import { CHANNEL_ICONS, type MessageChannel } from "./channels";
import classes from "./Message.module.css";

/** A message channel: its picture and its name. */
export function Channel({ of }: { of: MessageChannel }) {
  const { t } = useTranslation();
  const Picture = CHANNEL_ICONS[of];
  return (
    <span className={classes.channel}>
      <Picture size={15} stroke={1.7} aria-hidden />
      {t(`message.channel.${of}`)}
    </span>
  );
}

/** Its picture alone; the name is told to those who cannot see it. */
export function ChannelPicture({ of, size = 18 }: { of: MessageChannel; size?: number }) {
  const { t } = useTranslation();
  const Picture = CHANNEL_ICONS[of];
  return <Picture size={size} stroke={1.7} role="img" aria-label={t(`message.channel.${of}`)} />;
}
