import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, body, rememberCsrf } from "./client";
import type { Me } from "./types";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async () => welcome(await body(api.GET("/api/me"))),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

/** Who is signed in. Only below the shell, which has asked before it draws. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** `code`: of the second factor, once the server has asked for it. */
export type Credentials = { email: string; password: string; code: string | null };

export async function signIn(credentials: Credentials): Promise<Me> {
  return welcome(await body(api.POST("/api/auth/login", { body: credentials })));
}

export async function setUp(token: string, email: string, password: string, name: string): Promise<Me> {
  return welcome(await body(api.POST("/api/auth/setup", { body: { token, email, password, name } })));
}

export async function signOut(): Promise<void> {
  await api.POST("/api/auth/logout");
}

function welcome(me: Me): Me {
  rememberCsrf(me.csrf);
  return me;
}
