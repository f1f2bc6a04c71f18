import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";

/**
 * What the server refused, in its own words.
 *
 * * `code`: the server's machine word for it, e.g. `not_found`; `network` when no answer came.
 * * `message`: tells the reader what to do; shown as it is.
 * * `retryAfterS`: seconds to wait before another try, when the server named them.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
  }
}

let csrfToken = "";

/** Remembers the token that a signed-in browser must show with every change it asks for. */
export function rememberCsrf(token: string) {
  csrfToken = token;
}

const session: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrfToken) request.headers.set("x-csrf-token", csrfToken);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await refusal(response);
    return response;
  },
  onError() {
    return new ApiError(0, "network", "");
  },
};

/** The token that was remembered, for requests that do not go through {@link api}. */
export function csrf(): string {
  return csrfToken;
}

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(session);

/** Waits for a call and hands out its body; a refusal has been thrown before as `ApiError`. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T;
}

/** A call that the document of the API does not describe yet: the caller knows what comes, and says so in one place. */
export async function ask<Answered>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  {
    query = {},
    body,
    signal,
  }: { query?: Record<string, string | undefined>; body?: unknown; signal?: AbortSignal } = {},
): Promise<Answered> {
  const wanted = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const address = wanted.length === 0 ? path : `${path}?${new URLSearchParams(wanted).toString()}`;
  const headers = {
    "content-type": "application/json",
    ...(method !== "GET" && csrfToken && { "x-csrf-token": csrfToken }),
  };
  const response = await fetch(address, {
    method,
    headers,
    credentials: "same-origin",
    signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "network", "");
  });
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as Answered;
}

async function refusal(response: Response): Promise<ApiError> {
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const wait = Number.isNaN(retryAfter) ? null : retryAfter;
  const answer: unknown = await response.json().catch(() => null);
  const error = isErrorBody(answer) ? answer.error : { code: `http_${response.status}`, message: "" };
  return new ApiError(response.status, error.code, error.message, wait);
}

function isErrorBody(answer: unknown): answer is { error: { code: string; message: string } } {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return false;
  const { error } = answer;
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
