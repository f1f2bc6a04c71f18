import { Skeleton } from "@mantine/core";
import { IconFile } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { CHANNEL_ICONS, TEMPLATE_CHANNELS, type TemplateChannel } from "../../message/channels";
import { templateQuery, type TemplateToSave } from "../../message/template";
import { Card, Page } from "../../ui/Page";
import { BackLink, TemplateEditor } from "./TemplateEditor";
import { Gallery, useLanguage } from "./Gallery";
import { EMPTY, startContent } from "./starts";
import classes from "./Templates.module.css";

const route = getRouteApi("/shell/templates/new");

/** A new template: first by which way and from what, then its editor. */
export function NewTemplatePage() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { channel = "email", start, copy } = route.useSearch();
  const copied = useQuery({ ...templateQuery(copy ?? ""), enabled: copy !== undefined });
  const blank: TemplateToSave = {
    template_id: "",
    name: "",
    folder: "",
    message_channel: channel,
    language,
    brand_id: "",
    is_archived: false,
    content: EMPTY,
  };
  if (copy !== undefined) {
    if (copied.isPending)
      return (
        <Page title={t("templates.new")}>
          <Skeleton height={480} radius="lg" />
        </Page>
      );
    if (copied.data) {
      const { name, folder, message_channel, language, brand_id, content } = copied.data;
      const begin = { ...blank, folder, message_channel, language, brand_id, content };
      return (
        <TemplateEditor
          key={copy}
          title={t("templates.new")}
          sort="new"
          saved={{ ...blank, message_channel }}
          begin={{ ...begin, name: t("templates.copy_of", { name }) }}
        />
      );
    }
  }
  if (!start) return <Beginning channel={channel} />;
  const begin =
    start === "blank"
      ? blank
      : { ...blank, name: t(`templates.start.${start}.name`), content: startContent(start, channel, language) };
  return (
    <TemplateEditor key={`${channel} ${start}`} title={t("templates.new")} sort="new" saved={blank} begin={begin} />
  );
}

function Beginning({ channel }: { channel: TemplateChannel }) {
  const { t } = useTranslation();
  return (
    <Page title={t("templates.new")} subtitle={<BackLink />}>
      <Card title={t("templates.by_which_way")} hint={t("templates.by_which_way_hint")}>
        <ul className={classes.channels}>
          {TEMPLATE_CHANNELS.map((each) => {
            const Picture = CHANNEL_ICONS[each];
            return (
              <li key={each}>
                <Link
                  to="/templates/new"
                  search={{ channel: each }}
                  replace
                  className={classes.channel}
                  aria-current={each === channel}
                >
                  <Picture size={19} stroke={1.7} aria-hidden />
                  {t(`message.channel.${each}`)}
                </Link>
              </li>
            );
          })}
        </ul>
      </Card>
      <div className={classes.below}>
        <Card title={t("templates.starts")} hint={t("templates.starts_hint")}>
          <Gallery channel={channel} />
          <Link
            to="/templates/new"
            search={{ channel, start: "blank" }}
            className={classes.channel}
            style={{ marginTop: 16 }}
          >
            <IconFile size={18} stroke={1.7} aria-hidden />
            {t("templates.start_blank")}
          </Link>
        </Card>
      </div>
    </Page>
  );
}
