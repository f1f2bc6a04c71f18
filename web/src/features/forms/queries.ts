import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { FormBody, SavedForm } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const formsQuery = queryOptions({
  queryKey: ["forms"],
  queryFn: () => body(api.GET("/api/forms")),
  refetchInterval: 15_000,
});

/** A form as it is to be; `isNew` while there is none at its address. */
export type FormWish = { formId: string; form: FormBody; isNew: boolean };

export function useSaveForm(onSaved: (saved: SavedForm) => void) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ formId, form, isNew }: FormWish) =>
      body(
        isNew
          ? api.POST("/api/forms", { body: { form_id: formId, form } })
          : api.PUT("/api/forms/{id}", { params: { path: { id: formId } }, body: form }),
      ),
    onSuccess: async (saved) => {
      await queryClient.invalidateQueries({ queryKey: formsQuery.queryKey });
      toastDone(t("forms.saved"));
      onSaved(saved);
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useNewSecret() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => body(api.POST("/api/forms/{id}/webhook-secret", { params: { path: { id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: formsQuery.queryKey }),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export function useTryWebhook() {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: (id: string) => body(api.POST("/api/forms/{id}/try-webhook", { params: { path: { id } } })),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
