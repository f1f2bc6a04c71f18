import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { LeadAct, LeadItem } from "../../api/leads";
import { meQuery } from "../../api/session";
import type { Outbox } from "./outbox";

/** Does something with a lead, now or once there is a line. */
export function useAct(lead: LeadItem, outbox: Outbox) {
  const queryClient = useQueryClient();
  const { lead_id, name, phone, email } = lead;
  return useMutation({
    mutationFn: async (act: LeadAct) => {
      // What changes something shows the session's token: it comes with the answer to who one is.
      await queryClient
        .fetchQuery({ ...meQuery, networkMode: "always", staleTime: Number.POSITIVE_INFINITY })
        .catch(() => null);
      return outbox.act({ lead_id, name: name ?? phone ?? email ?? "" }, act);
    },
    networkMode: "always",
    onSuccess: (came) => (came === "done" ? queryClient.invalidateQueries({ queryKey: ["portal"] }) : undefined),
  });
}
