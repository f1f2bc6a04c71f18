import { queryOptions, useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import { meQuery } from "../../api/session";
import type { Brand, ConversionDefinition, CurrencyRate, Role, RuleFields } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastDone, toastFailed } from "../../ui/toast";

export const ROLES: Role[] = ["admin", "marketer", "analyst", "operator", "dealer"];

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: () => body(api.GET("/api/users")),
});

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: () => body(api.GET("/api/tokens")),
});

export type NewUser = { email: string; name: string; role: Role; dealer: string | null; password: string };
export type NewToken = { name: string; role: Role; dealer: string | null };

export const useAddUser = () =>
  useListChange(usersQuery.queryKey, (user: NewUser) => body(api.POST("/api/users", { body: user })));

export const useRemoveUser = () =>
  useListChange(usersQuery.queryKey, (id: string) => api.DELETE("/api/users/{id}", { params: { path: { id } } }));

/** Takes a second factor away from somebody who lost it; their sessions end. */
export const useResetSecondFactor = () =>
  useListChange(usersQuery.queryKey, (id: string) =>
    api.DELETE("/api/users/{id}/second-factor", { params: { path: { id } } }),
  );

/** A one-time link that sets a new password. */
export const useResetLink = () =>
  useListChange(usersQuery.queryKey, (id: string) =>
    body(api.POST("/api/users/{id}/reset-link", { params: { path: { id } } })),
  );

export const useAddToken = () =>
  useListChange(tokensQuery.queryKey, (token: NewToken) => body(api.POST("/api/tokens", { body: token })));

export const useRemoveToken = () =>
  useListChange(tokensQuery.queryKey, (id: string) => api.DELETE("/api/tokens/{id}", { params: { path: { id } } }));

export type UserChange = { name: string; role: Role; dealer: string | null } | { disabled: boolean };

export const useChangeUser = () =>
  useListChange(usersQuery.queryKey, ({ id, change }: { id: string; change: UserChange }) =>
    body(api.PATCH("/api/users/{id}", { params: { path: { id } }, body: change })),
  );

export const brandsQuery = queryOptions({
  queryKey: ["brands"],
  queryFn: () => body(api.GET("/api/brands")),
});

export const useSaveBrand = () =>
  useListChange(brandsQuery.queryKey, ({ id, wish }: { id: string | undefined; wish: Omit<Brand, "id"> }) =>
    body(
      id
        ? api.PUT("/api/brands/{id}", { params: { path: { id } }, body: wish })
        : api.POST("/api/brands", { body: wish }),
    ),
  );

export const useRemoveBrand = () =>
  useListChange(brandsQuery.queryKey, (id: string) => api.DELETE("/api/brands/{id}", { params: { path: { id } } }));

export const alertsQuery = queryOptions({
  queryKey: ["alerts"],
  queryFn: () => body(api.GET("/api/alerts")),
  refetchInterval: ({ state }) => (state.data?.notices.some(({ state }) => state === "pending") ? 2_000 : 30_000),
});

/** Names to choose from, by the ids that rules hold. */
export const sourceNamesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: () => body(api.GET("/api/sources")),
});

type RuleWish = { id: string | undefined; enabled: boolean; rule: RuleFields };

export const useSaveRule = () =>
  useListChange(alertsQuery.queryKey, ({ id, ...wish }: RuleWish) =>
    body(
      id
        ? api.PUT("/api/alerts/rules/{id}", { params: { path: { id } }, body: wish })
        : api.POST("/api/alerts/rules", { body: wish }),
    ),
  );

export const useRemoveRule = () =>
  useListChange(alertsQuery.queryKey, (id: string) =>
    api.DELETE("/api/alerts/rules/{id}", { params: { path: { id } } }),
  );

export type TargetsWish = { emails: string[]; webhook_url: string; language: string; new_secret: boolean };

export const useSaveTargets = () =>
  useListChange(alertsQuery.queryKey, (wish: TargetsWish) => body(api.PUT("/api/alerts/targets", { body: wish })));

export const useTestTargets = () => useListChange(alertsQuery.queryKey, () => body(api.POST("/api/alerts/test")));

/** Everything that is on screen is written in the new zone and currency at once. */
export function useChangeInstallation() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (change: { name: string; time_zone: string; currency: string }) =>
      body(api.PATCH("/api/installation", { body: change })),
    onSuccess: async (installation) => {
      queryClient.setQueryData(meQuery.queryKey, (me) => me && { ...me, installation });
      await queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "me" });
      toastDone(t("settings.saved"));
    },
    onError: (error) => toastFailed(errorText(t, error)),
  });
}

export const ratesQuery = queryOptions({
  queryKey: ["rates"],
  queryFn: () => body(api.GET("/api/currencies/rates")),
});

export const usePutRates = () =>
  useListChange(ratesQuery.queryKey, (rates: CurrencyRate[]) => api.POST("/api/currencies/rates", { body: { rates } }));

export const useRemoveRate = () =>
  useListChange(ratesQuery.queryKey, ({ base, currency, day }: CurrencyRate) =>
    api.DELETE("/api/currencies/rates/{base}/{currency}/{day}", { params: { path: { base, currency, day } } }),
  );

export const conversionsQuery = queryOptions({
  queryKey: ["conversions"],
  queryFn: () => body(api.GET("/api/conversions")),
  staleTime: 30_000,
});

export const catalogueQuery = queryOptions({
  queryKey: ["catalogue"],
  queryFn: () => body(api.GET("/api/catalogue")),
  staleTime: 60_000,
});

/** Without an id a new conversion. */
export const useSaveConversion = () =>
  useListChange(
    conversionsQuery.queryKey,
    ({ id, definition }: { id: string | null; definition: ConversionDefinition }) =>
      id === null
        ? body(api.POST("/api/conversions", { body: definition }))
        : body(api.PUT("/api/conversions/{id}", { params: { path: { id } }, body: definition })),
  );

export const useRemoveConversion = () =>
  useListChange(conversionsQuery.queryKey, (id: string) =>
    api.DELETE("/api/conversions/{id}", { params: { path: { id } } }),
  );

/** A change after which a list is asked for again. */
function useListChange<Wish, Done>(list: QueryKey, change: (wish: Wish) => Promise<Done>) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: list }),
    onError: (error) => toastFailed(errorText(t, error)),
  });
}
