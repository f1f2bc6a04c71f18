import { LEAD_STAGES, QUEUES, type Queue } from "../../api/leads";

/** Which leads are shown; without a queue, those that the reader's role looks at first. */
export type LeadsSearch = {
  queue?: Queue;
  dealer?: string;
  band?: string;
  stage?: string;
  q?: string;
  mine?: true;
  register?: true;
};

const text = (value: unknown) =>
  (typeof value === "string" || typeof value === "number") && value !== "" ? String(value) : undefined;

export function readLeads(search: Record<string, unknown>): LeadsSearch {
  const queue = QUEUES.find((known) => known === search.queue);
  const stage = LEAD_STAGES.find((known) => known === search.stage);
  const [dealer, band, q] = [text(search.dealer), text(search.band), text(search.q)];
  return {
    ...(queue && { queue }),
    ...(dealer && { dealer }),
    ...(band && { band }),
    ...(stage && { stage }),
    ...(q && { q }),
    ...(search.mine === true && { mine: true }),
    ...(search.register === true && { register: true }),
  };
}
