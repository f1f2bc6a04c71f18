import { beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../api/client";
import { Outbox } from "./outbox";

const LEAD = { lead_id: "lead-1", name: "Ana" };
const NO_LINE = new ApiError(0, "network", "");

beforeEach(() => {
  const held = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
  });
});

/** A server that can be cut off, and that remembers what came. */
function server() {
  const came: string[] = [];
  const line = { error: null as Error | null };
  const send = (_: string, act: { act: string }) => {
    if (line.error) return Promise.reject(line.error);
    came.push(act.act);
    return Promise.resolve();
  };
  return { came, line, send };
}

test("what is done with a line is done at once", async () => {
  const { came, send } = server();
  const outbox = new Outbox("acts", send);
  expect(await outbox.act(LEAD, { act: "accept" })).toBe("done");
  expect(came).toEqual(["accept"]);
  expect(outbox.snapshot().waiting).toEqual([]);
});

test("what is done without a line waits, outlives the page, and is sent in order", async () => {
  const { came, line, send } = server();
  line.error = NO_LINE;
  const before = new Outbox("acts", send);
  expect(await before.act(LEAD, { act: "accept" })).toBe("waits");
  expect(await before.act(LEAD, { act: "contact", by: "call", reached: true })).toBe("waits");
  const outbox = new Outbox("acts", send);
  expect(await outbox.flush()).toBe(0);
  line.error = null;
  // The line is back, yet what is new goes behind what waits.
  expect(await outbox.act(LEAD, { act: "note", text: "Tomorrow" })).toBe("waits");
  expect(await outbox.flush()).toBe(3);
  expect(came).toEqual(["accept", "contact", "note"]);
  expect(new Outbox("acts", send).snapshot().waiting).toEqual([]);
});

test("what the server refuses late is told and does not hold up the rest", async () => {
  const { line, send } = server();
  line.error = NO_LINE;
  const outbox = new Outbox("acts", send);
  await outbox.act(LEAD, { act: "accept" });
  line.error = new ApiError(409, "refused", "The lead went to another dealer.");
  expect(await outbox.flush()).toBe(1);
  const { waiting, refused } = outbox.snapshot();
  expect(waiting).toEqual([]);
  expect(refused.map(({ reason }) => reason)).toEqual(["The lead went to another dealer."]);
  outbox.dismiss(refused[0]?.id ?? "");
  expect(outbox.snapshot().refused).toEqual([]);
});

test("what must be decided now does not wait", async () => {
  const { line, send } = server();
  line.error = NO_LINE;
  const outbox = new Outbox("acts", send);
  await expect(outbox.act(LEAD, { act: "return", reason: "Too far" })).rejects.toBe(NO_LINE);
  line.error = new ApiError(503, "busy", "");
  await expect(outbox.act(LEAD, { act: "accept" })).rejects.toBe(line.error);
  expect(outbox.snapshot().waiting).toEqual([]);
});
