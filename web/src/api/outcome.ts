import { ApiError } from "./client";
import type { CommandOutcome } from "./types";

/** A command that was refused is an error with the server's reason; one that is still to come has been taken. */
export async function decided(call: Promise<CommandOutcome>): Promise<CommandOutcome> {
  const outcome = await call;
  if (!outcome.done && !outcome.link) throw new ApiError(409, "refused", outcome.reason ?? "");
  return outcome;
}
