import {
  IconBell,
  IconBrandTelegram,
  IconBrandWhatsapp,
  IconMail,
  IconMessage2,
  IconPhoneCall,
  IconWebhook,
  type Icon,
} from "@tabler/icons-react";

/** The ways a message goes out. */
export const MESSAGE_CHANNELS = ["email", "sms", "viber", "whatsapp", "telegram", "web_push", "webhook"] as const;
export type MessageChannel = (typeof MESSAGE_CHANNELS)[number];

/** Those that have templates: a webhook carries what happened, in no words of ours. */
export const TEMPLATE_CHANNELS = ["email", "sms", "viber", "whatsapp", "telegram", "web_push"] as const;
export type TemplateChannel = (typeof TEMPLATE_CHANNELS)[number];

export const CHANNEL_ICONS: Record<MessageChannel, Icon> = {
  email: IconMail,
  sms: IconMessage2,
  viber: IconPhoneCall,
  whatsapp: IconBrandWhatsapp,
  telegram: IconBrandTelegram,
  web_push: IconBell,
  webhook: IconWebhook,
};

export const readChannel = (value: unknown) => MESSAGE_CHANNELS.find((known) => known === value);
export const readTemplateChannel = (value: unknown) => TEMPLATE_CHANNELS.find((known) => known === value);
