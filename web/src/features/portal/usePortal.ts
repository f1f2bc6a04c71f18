import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { ApiError } from "../../api/client";
import { leadCalls, type LeadItem } from "../../api/leads";
import { meQuery } from "../../api/session";
import type { Me } from "../../api/types";
import { forgetAll, keepDetail, keepInbox, keepMe, keptInbox, keptMe } from "./kept";
import { byDeadline, withWaiting } from "./lists";
import { outboxOf, useOutbox, type Outbox } from "./outbox";

const LIVE_MS = 5_000;
const LISTED = "200";
const TRIED_AGAIN_MS = 15_000;

const isSignedOut = (error: unknown) => error instanceof ApiError && error.status === 401;

/**
 * Who looks at the portal: as the server says, or, until it has answered and while there is no line, as it said last;
 * `null` as long as nobody knows.
 */
export function usePortalMe(): { me: Me | null; error: Error | null } {
  const { data, error } = useQuery({ ...meQuery, networkMode: "always", refetchOnReconnect: "always" });
  useEffect(() => {
    if (data) keepMe(data);
  }, [data]);
  const isOut = isSignedOut(error);
  useEffect(() => {
    if (!isOut) return;
    forgetAll();
    location.assign(`/sign-in?${new URLSearchParams({ to: "/portal" }).toString()}`);
  }, [isOut]);
  const before = useMemo(keptMe, []);
  const me = data ?? (isOut ? null : before);
  return { me, error: me || isOut ? null : error };
}

export type Inbox = {
  leads: LeadItem[] | null;
  /** When they were seen, while there is no line. */
  offlineSince: string | null;
  error: Error | null;
};

/** The dealer's leads: fresh, or as they were seen last; what waits to be sent is shown as done. */
export function useInbox(email: string, outbox: Outbox): Inbox {
  const { waiting } = useOutbox(outbox);
  const { data, error, dataUpdatedAt } = useQuery({
    queryKey: ["portal", "leads", email],
    queryFn: async () => (await leadCalls.list({ queue: "dealer" }, "", LISTED)).leads,
    networkMode: "always",
    retry: false,
    refetchInterval: LIVE_MS,
  });
  const before = useMemo(() => keptInbox(email), [email]);
  useEffect(() => {
    if (data) keepInbox(email, data);
  }, [data, email]);
  useEffect(() => {
    if (isSignedOut(error)) location.assign("/sign-in?to=/portal");
  }, [error]);
  const known = data ?? before?.leads ?? null;
  const leads = useMemo(() => known && byDeadline(withWaiting(known, waiting)), [known, waiting]);
  const isOffline = error !== null;
  const seenAt = data ? new Date(dataUpdatedAt).toISOString() : (before?.at ?? null);
  return { leads, offlineSince: isOffline && known ? seenAt : null, error: known ? null : error };
}

/** Leads that are over; asked for once somebody wants to see them. */
export function useDone(isShown: boolean) {
  return useQuery({
    queryKey: ["portal", "done"],
    queryFn: async () => (await leadCalls.list({ queue: "closed" })).leads,
    enabled: isShown,
    networkMode: "always",
    retry: false,
  });
}

/** All of one lead; while there is no line, as it was seen last. */
export function useDetail(email: string, leadId: string) {
  const query = useQuery({
    queryKey: ["portal", "lead", leadId],
    queryFn: () => leadCalls.get(leadId),
    networkMode: "always",
    retry: false,
    refetchInterval: LIVE_MS,
  });
  const { data } = query;
  useEffect(() => {
    if (data) keepDetail(email, data);
  }, [data, email]);
  const before = useMemo(() => keptInbox(email)?.details[leadId] ?? null, [email, leadId]);
  return { detail: data ?? before, isLooking: query.isPending };
}

/** Sends what waits as soon as there may be a line again. */
export function useSending(outbox: Outbox) {
  const queryClient = useQueryClient();
  const hasWaiting = 0 < useOutbox(outbox).waiting.length;
  useEffect(() => {
    if (!hasWaiting) return;
    const send = async () => {
      // The token for changes may be of a session before the line was gone.
      await queryClient.refetchQueries({ queryKey: meQuery.queryKey });
      const gone = await outbox.flush();
      if (0 < gone) await queryClient.invalidateQueries({ queryKey: ["portal"] });
    };
    const listen = () => void send();
    void send();
    window.addEventListener("online", listen);
    const timer = setInterval(listen, TRIED_AGAIN_MS);
    return () => {
      window.removeEventListener("online", listen);
      clearInterval(timer);
    };
  }, [outbox, queryClient, hasWaiting]);
}

export const usePortalOutbox = (email: string) => useMemo(() => outboxOf(email), [email]);
