import { queryOptions, skipToken, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { templateCalls, templatesQuery, type TemplateToSave } from "../../message/template";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

const FOUND_MAX = 8;

export const brandsQuery = queryOptions({
  queryKey: ["brands"],
  queryFn: () => body(api.GET("/api/brands")),
  staleTime: 60_000,
});

/** People to look at a message as; `null` asks for nobody. */
export const peopleQuery = (q: string | null) =>
  queryOptions({
    queryKey: ["profiles", "some", q],
    queryFn:
      q === null ? skipToken : () => body(api.GET("/api/profiles", { params: { query: { q, limit: FOUND_MAX } } })),
    staleTime: 30_000,
  });

/** Makes a template, or its next version. */
export function useSaveTemplate(sort: "new" | "changed", onSaved: (saved: TemplateToSave) => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (template: TemplateToSave) =>
      sort === "new" ? templateCalls.create(template) : templateCalls.change(template),
    onSuccess: async (_, template) => {
      toastDone(t("templates.saved"));
      onSaved(template);
      await queryClient.invalidateQueries({ queryKey: ["template", template.template_id] });
      await queryClient.invalidateQueries({ queryKey: templatesQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

/** Takes a template out of what is offered, or gives it back. */
export function useArchiveTemplate() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async ({ templateId, isArchived }: { templateId: string; isArchived: boolean }) => {
      const { template_id, name, folder, message_channel, language, brand_id, content } =
        await templateCalls.get(templateId);
      const template = { template_id, name, folder, message_channel, language, brand_id, content };
      return templateCalls.change({ ...template, is_archived: isArchived });
    },
    onSuccess: async (_, { templateId, isArchived }) => {
      toastDone(t(isArchived ? "templates.archived" : "templates.given_back"));
      await queryClient.invalidateQueries({ queryKey: ["template", templateId] });
      await queryClient.invalidateQueries({ queryKey: templatesQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
