import { ask } from "../../../api/client";
import type { components } from "../../../api/schema";

export type AdGate = components["schemas"]["AdGate"];
export type Cell = components["schemas"]["AdGateCell"];
export type GateSwitch = components["schemas"]["AdGateSwitch"];
export type GateRules = components["schemas"]["GateRulesFields"];
export type Trial = components["schemas"]["GateTrialOutcome"];

export const STATES = ["open", "probe", "closed"] as const;
export type State = (typeof STATES)[number];

export const stateOf = (name: string): State => STATES.find((known) => known === name) ?? "open";

export const adGateCalls = {
  get: () => ask<AdGate>("GET", "/api/ad-gate"),
  put: (body: { rules: GateRules; new_secret: boolean }) => ask<AdGate>("PUT", "/api/ad-gate/rules", { body }),
  pin: (body: { region: string; channel: string; state: State | null; note: string }) =>
    ask<AdGate>("POST", "/api/ad-gate/pin", { body }),
  switches: () => ask<{ switches: GateSwitch[] }>("GET", "/api/ad-gate/switches"),
  simulate: (body: { rules: GateRules; days: number }) => ask<Trial>("POST", "/api/ad-gate/simulate", { body }),
};

export const EXPORT_PATH = "/api/ad-gate/export?format=csv";
