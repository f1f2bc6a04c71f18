import { Skeleton } from "@mantine/core";
import { IconTemplate } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { templateQuery } from "../../message/template";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty } from "../../ui/states";
import { BackLink, TemplateEditor } from "./TemplateEditor";

const route = getRouteApi("/shell/templates/$templateId");

/** One template, open to be changed. */
export function TemplatePage() {
  const { t } = useTranslation();
  const { templateId } = route.useParams();
  const template = useQuery(templateQuery(templateId));
  if (template.error instanceof ApiError && template.error.status === 404)
    return (
      <Page title={t("templates.gone.title")} subtitle={<BackLink />}>
        <Card>
          <Empty icon={IconTemplate} title={t("templates.gone.title")} hint={t("templates.gone.hint")} />
        </Card>
      </Page>
    );
  if (!template.data)
    return (
      <Page title={t("templates.title")} subtitle={<BackLink />}>
        <Answer query={template} skeleton={<Skeleton height={480} radius="lg" />}>
          {() => null}
        </Answer>
      </Page>
    );
  const { template_id, name, folder, message_channel, language, brand_id, is_archived, content } = template.data;
  const saved = { template_id, name, folder, message_channel, language, brand_id, is_archived, content };
  return (
    <TemplateEditor
      key={`${template_id} ${template.data.version}`}
      title={name}
      sort="changed"
      saved={saved}
      begin={saved}
      usedBy={template.data.used_by}
    />
  );
}
