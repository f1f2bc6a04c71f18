import { useSyncExternalStore } from "react";
import { ApiError } from "../../api/client";
import { leadCalls, type LeadAct } from "../../api/leads";
import { read, write } from "./kept";

/** Something done without a line, waiting to be sent. */
export type WaitingAct = { id: string; lead_id: string; name: string; act: LeadAct; at: string };
/** Something that was sent late, and that the server would not have. */
export type RefusedAct = WaitingAct & { reason: string };

type Send = (leadId: string, act: LeadAct) => Promise<unknown>;
type State = { waiting: WaitingAct[]; refused: RefusedAct[] };

/** What may be sent late: what is right whenever it comes, and does no harm where it came already. */
const MAY_WAIT: ReadonlySet<LeadAct["act"]> = new Set(["accept", "contact", "stage", "note", "seen"]);

const isLineGone = (error: unknown) => error instanceof ApiError && error.code === "network";
/** Not an answer to the act: it is tried again. */
const isPassing = (error: unknown) =>
  !(error instanceof ApiError) ||
  isLineGone(error) ||
  error.status === 401 ||
  500 <= error.status ||
  error.status === 429;

/**
 * Acts on their way to the server, in the order in which they were done; what found no line is kept and sent later.
 *
 * * `key`: where they are kept, so that they outlive the page.
 */
export class Outbox {
  private state: State;
  private listeners = new Set<() => void>();
  private isSending = false;

  constructor(
    private readonly key: string,
    private readonly send: Send = leadCalls.act,
  ) {
    this.state = { waiting: read<WaitingAct[]>(key) ?? [], refused: [] };
  }

  snapshot = () => this.state;

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** Does it now, or keeps it: what was kept for the same lead goes first. Throws what the server refused. */
  async act(lead: { lead_id: string; name: string }, act: LeadAct): Promise<"done" | "waits"> {
    const mayWait = MAY_WAIT.has(act.act);
    const isBehind = this.state.waiting.some(({ lead_id }) => lead_id === lead.lead_id);
    if (!isBehind || !mayWait) {
      try {
        await this.send(lead.lead_id, act);
        return "done";
      } catch (error) {
        if (!mayWait || !isLineGone(error)) throw error;
      }
    }
    const waits = { id: crypto.randomUUID(), ...lead, act, at: new Date().toISOString() };
    this.set({ ...this.state, waiting: [...this.state.waiting, waits] });
    return "waits";
  }

  /** Sends what waits, one after another; stops where there is still no line. Returns how many are gone. */
  async flush(): Promise<number> {
    if (this.isSending || this.state.waiting.length === 0) return 0;
    this.isSending = true;
    let gone = 0;
    try {
      for (let [first] = this.state.waiting; first; [first] = this.state.waiting) {
        const { id, lead_id, act } = first;
        const refused: RefusedAct[] = [];
        try {
          await this.send(lead_id, act);
        } catch (error) {
          if (isPassing(error)) break;
          refused.push({ ...first, reason: error instanceof Error ? error.message : "" });
        }
        gone += 1;
        this.set({
          waiting: this.state.waiting.filter((each) => each.id !== id),
          refused: [...this.state.refused, ...refused],
        });
      }
    } finally {
      this.isSending = false;
    }
    return gone;
  }

  dismiss(id: string) {
    this.set({ ...this.state, refused: this.state.refused.filter((each) => each.id !== id) });
  }

  private set(state: State) {
    this.state = state;
    write(this.key, state.waiting);
    for (const listener of this.listeners) listener();
  }
}

const boxes = new Map<string, Outbox>();

/** The one outbox of somebody. */
export function outboxOf(email: string): Outbox {
  const held = boxes.get(email) ?? new Outbox(`forecourt-portal-acts:${email}`);
  boxes.set(email, held);
  return held;
}

export const useOutbox = (outbox: Outbox) => useSyncExternalStore(outbox.subscribe, outbox.snapshot);
