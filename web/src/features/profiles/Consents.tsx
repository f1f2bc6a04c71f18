import { Badge, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { gateQuery } from "../../message/gate";
import { readChannel } from "../../message/channels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Profiles.module.css";

/** What a person said of being written to; `*` stands for all. */
export type Consent = {
  purpose: string;
  message_channel: string;
  controller: string;
  is_given: boolean;
  at: string;
  source: string;
};

/** What a profile says of consent, once the server tells; nothing before. */
export function consentsOf(profile: object): Consent[] | undefined {
  return "consents" in profile && Array.isArray(profile.consents) ? (profile.consents as Consent[]) : undefined;
}

/** To what the person agreed, and what they do not want. */
export function Consents({ consents }: { consents: Consent[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data: gate } = useQuery({ ...gateQuery, enabled: may(useMe().role, "see_reports") });
  const purposes = new Map(gate?.purposes.map(({ purpose_id, name }) => [purpose_id, name]));
  const isAll = (part: string) => part === "*" || part === "";
  return (
    <Card title={t("profiles.consents.title")}>
      {consents.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("profiles.consents.empty")}
        </Text>
      )}
      {consents.map(({ purpose, message_channel, controller, is_given, at, source }) => {
        const channel = readChannel(message_channel);
        const about = [
          channel
            ? t(`message.channel.${channel}`)
            : isAll(message_channel)
              ? t("profiles.consents.all_channels")
              : message_channel,
          isAll(controller) ? null : controller,
        ];
        return (
          <div key={`${purpose} ${message_channel} ${controller}`} className={classes.consent}>
            <div>
              <Text size="sm" fw={550}>
                {isAll(purpose) ? t("profiles.consents.all_purposes") : (purposes.get(purpose) ?? purpose)}
              </Text>
              <Text size="xs" c="dimmed">
                {[...about, format.date(at), source].filter(Boolean).join(" · ")}
              </Text>
            </div>
            <Badge size="sm" variant="light" color={is_given ? "green" : "red"}>
              {t(is_given ? "profiles.consents.given" : "profiles.consents.withdrawn")}
            </Badge>
          </div>
        );
      })}
    </Card>
  );
}
