import { lazyRouteComponent } from "@tanstack/react-router";
import type { ComponentType } from "react";
import type { SettingsKey } from "./navigation";

/** What stands in each section of the settings. */
export const SETTINGS_PAGES: Record<SettingsKey, ComponentType> = {
  people: lazyRouteComponent(() => import("./features/settings/People"), "People"),
  security: lazyRouteComponent(() => import("./features/session/SecuritySettings"), "SecuritySettings"),
  account: lazyRouteComponent(() => import("./features/session/AccountSettings"), "AccountSettings"),
  tokens: lazyRouteComponent(() => import("./features/settings/Tokens"), "Tokens"),
  audit: lazyRouteComponent(() => import("./features/audit/AuditLog"), "AuditLog"),
  privacy: lazyRouteComponent(() => import("./features/privacy/Privacy"), "Privacy"),
  messages: lazyRouteComponent(() => import("./features/settings/Gate"), "Gate"),
  sending: lazyRouteComponent(() => import("./features/settings/Sending"), "Sending"),
  channels: lazyRouteComponent(() => import("./features/channels/ChannelRules"), "ChannelRules"),
  identity: lazyRouteComponent(() => import("./features/identity/IdentityRules"), "IdentityRules"),
  backup: lazyRouteComponent(() => import("./features/backup/BackupSettings"), "BackupSettings"),
  brands: lazyRouteComponent(() => import("./features/settings/Brands"), "Brands"),
  conversions: lazyRouteComponent(() => import("./features/settings/Conversions"), "Conversions"),
  leads: lazyRouteComponent(() => import("./features/lead_rules/LeadRules"), "LeadRulesPage"),
  owners: lazyRouteComponent(() => import("./features/owners/Owners"), "OwnersPage"),
  scores: lazyRouteComponent(() => import("./features/lead_scores/LeadScores"), "LeadScoresPage"),
  currencies: lazyRouteComponent(() => import("./features/settings/Currencies"), "Currencies"),
  installation: lazyRouteComponent(() => import("./features/settings/Installation"), "Installation"),
  alerts: lazyRouteComponent(() => import("./features/settings/Alerts"), "Alerts"),
};
