import type { Role } from "./types";

/** What a role may do, as far as pages show or hide something by it. The server decides: crates/api/src/caller.rs. */
const ALLOWED = {
  see_reports: ["admin", "marketer", "analyst", "operator"],
  watch_ingest: ["admin", "marketer", "analyst", "operator"],
  mend_ingest: ["admin", "marketer"],
  manage_sources: ["admin", "marketer"],
  edit_profiles: ["admin", "marketer", "operator"],
  answer_people: ["admin"],
  import_files: ["admin", "marketer"],
  export_people: ["admin", "marketer"],
  manage_accounts: ["admin"],
  see_forms: ["admin", "marketer", "analyst", "operator"],
  manage_forms: ["admin", "marketer"],
  see_deliveries: ["admin", "marketer", "operator"],
  retry_deliveries: ["admin", "marketer"],
  manage_sending: ["admin"],
  operate: ["admin"],
  manage_installation: ["admin"],
  edit_definitions: ["admin", "marketer"],
  work_leads: ["admin", "marketer", "operator", "dealer"],
  manage_dealers: ["admin", "marketer"],
  work_at_dealer: ["dealer"],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof ALLOWED;

export function may(role: Role, permission: Permission): boolean {
  const roles: readonly Role[] = ALLOWED[permission];
  return roles.includes(role);
}
