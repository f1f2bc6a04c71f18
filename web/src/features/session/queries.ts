import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { meQuery } from "../../api/session";
import type { Role, SsoSettings } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastFailed } from "../../ui/toast";

export const ssoOffer = queryOptions({
  queryKey: ["sso"],
  queryFn: () => body(api.GET("/api/auth/sso")),
  retry: false,
});

export const accountQuery = queryOptions({
  queryKey: ["account"],
  queryFn: () => body(api.GET("/api/account")),
});

export const sessionsQuery = queryOptions({
  queryKey: ["account", "sessions"],
  queryFn: () => body(api.GET("/api/account/sessions")),
});

export const policyQuery = queryOptions({
  queryKey: ["security", "policy"],
  queryFn: () => body(api.GET("/api/security/policy")),
});

export const ssoSettingsQuery = queryOptions({
  queryKey: ["security", "sso"],
  queryFn: () => body(api.GET("/api/security/sso")),
});

/** Makes a secret for the authenticator app; the password where the account has one. */
export const useBeginSecondFactor = () =>
  useMutation({
    mutationFn: (password: string | null) => body(api.POST("/api/account/second-factor", { body: { password } })),
  });

export const useConfirmSecondFactor = () =>
  useMutation({
    mutationFn: (code: string) => body(api.POST("/api/account/second-factor/confirm", { body: { code } })),
  });

export const useRenewRecoveryCodes = () =>
  useAccountChange((code: string) => body(api.POST("/api/account/second-factor/recovery-codes", { body: { code } })));

export const useRemoveSecondFactor = () =>
  useAccountChange((code: string) => api.POST("/api/account/second-factor/remove", { body: { code } }));

export const useChangePassword = () =>
  useAccountChange((change: { current: string; new: string }) => api.POST("/api/account/password", { body: change }));

export const useEndSession = () =>
  useAccountChange((id: string) => api.DELETE("/api/account/sessions/{id}", { params: { path: { id } } }), true);

export const useEndOtherSessions = () => useAccountChange((_: null) => api.DELETE("/api/account/sessions"), true);

export function useSetPolicy() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (roles: Role[]) =>
      api.PUT("/api/security/policy", { body: { second_factor_required_for: roles } }).then(() => roles),
    onSuccess: async (roles) => {
      queryClient.setQueryData(policyQuery.queryKey, { second_factor_required_for: roles });
      // Whoever has just bound their own role is asked to enrol next.
      await queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export type SsoChange = SsoSettings & { client_secret: string | null };

export function useSetSso() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (change: SsoChange) => api.PUT("/api/security/sso", { body: change }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ssoSettingsQuery.queryKey }),
  });
}

/** A change of one's own account; forms show their own errors, lists tell them aside. */
function useAccountChange<Wish, Done>(change: (wish: Wish) => Promise<Done>, tellsAside = false) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: accountQuery.queryKey }),
    onError: (error) => tellsAside && toastFailed(errorText(t, error)),
  });
}
