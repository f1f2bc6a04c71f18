import { queryOptions, useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, body } from "../../api/client";
import type { Role } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { toastFailed } from "../../ui/toast";

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
