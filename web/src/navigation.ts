// The map of the house: every page of the navigation and every section of the settings, with who may enter.
// What stands behind a path is said in routes.tsx and settingsPages.ts.
import {
  IconActivity,
  IconArchive,
  IconArrowsSplit2,
  IconBell,
  IconBook2,
  IconBuilding,
  IconBuildingStore,
  IconDeviceMobile,
  IconFileImport,
  IconFingerprint,
  IconFlask,
  IconCar,
  IconChartHistogram,
  IconCoins,
  IconDatabaseSearch,
  IconFilter,
  IconForms,
  IconGauge,
  IconHeadset,
  IconHourglass,
  IconInbox,
  IconKey,
  IconListSearch,
  IconListDetails,
  IconLock,
  IconMessages,
  IconMailForward,
  IconPhoneCall,
  IconPlugConnected,
  IconSend,
  IconRoute,
  IconRoute2,
  IconSettings,
  IconShieldLock,
  IconSpeakerphone,
  IconTag,
  IconTemplate,
  IconTablePlus,
  IconTargetArrow,
  IconTrophy,
  IconUsers,
  IconUsersGroup,
  IconUsersPlus,
  IconUserQuestion,
  type Icon,
} from "@tabler/icons-react";
import { may, type Permission } from "./api/permissions";
import type { Role } from "./api/types";

/** A page of the navigation; its words are `shell.section.<key>`, its keys lead there from anywhere. */
export type Section = {
  key: string;
  to: string;
  icon: Icon;
  keys?: string;
  /** `work`: what people look at every day; `data`: where it comes from. */
  group: "work" | "data" | "settings";
  needs?: Permission;
  /** What is looked at on it can be saved as a view: its whole state is in the address. */
  savable?: true;
};

export const SECTIONS = [
  { key: "portal", to: "/portal", icon: IconDeviceMobile, keys: "g g", group: "work", needs: "work_at_dealer" },
  { key: "overview", to: "/", icon: IconGauge, keys: "g o", group: "work", needs: "see_reports", savable: true },
  { key: "live", to: "/live", icon: IconActivity, keys: "g l", group: "work", needs: "watch_ingest", savable: true },
  { key: "profiles", to: "/profiles", icon: IconUsers, keys: "g p", group: "work", savable: true },
  { key: "leads", to: "/leads", icon: IconInbox, keys: "g n", group: "work", needs: "work_leads" },
  { key: "verify", to: "/leads/verify", icon: IconPhoneCall, keys: "g v", group: "work", needs: "edit_profiles" },
  { key: "segments", to: "/segments", icon: IconUsersPlus, keys: "g e", group: "work", needs: "see_reports" },
  { key: "broadcasts", to: "/broadcasts", icon: IconSpeakerphone, keys: "g b", group: "work", needs: "see_reports" },
  { key: "journeys", to: "/journeys", icon: IconArrowsSplit2, keys: "g j", group: "work", needs: "see_reports" },
  { key: "tasks", to: "/tasks", icon: IconHeadset, keys: "g k", group: "work", needs: "edit_profiles" },
  { key: "templates", to: "/templates", icon: IconTemplate, keys: "g x", group: "work", needs: "see_reports" },
  { key: "funnel", to: "/funnel", icon: IconFilter, keys: "g f", group: "work", savable: true },
  { key: "retention", to: "/retention", icon: IconUsersGroup, keys: "g r", group: "work", savable: true },
  { key: "flow", to: "/flow", icon: IconHourglass, keys: "g h", group: "work", savable: true },
  { key: "paths", to: "/paths", icon: IconRoute2, keys: "g y", group: "work", savable: true },
  { key: "experiments", to: "/experiments", icon: IconFlask, keys: "g 1", group: "work", savable: true },
  {
    key: "deliveries",
    to: "/deliveries",
    icon: IconMailForward,
    keys: "g d",
    group: "work",
    needs: "see_deliveries",
    savable: true,
  },
  { key: "dealers", to: "/dealers", icon: IconBuildingStore, keys: "g z", group: "data", needs: "manage_dealers" },
  { key: "forms", to: "/forms", icon: IconForms, keys: "g m", group: "data", needs: "see_forms" },
  { key: "pivot", to: "/pivot", icon: IconTablePlus, keys: "g a", group: "work", savable: true },
  { key: "attribution", to: "/attribution", icon: IconTargetArrow, keys: "g t", group: "work", savable: true },
  { key: "scorecards", to: "/scorecards", icon: IconTrophy, keys: "g u", group: "work", needs: "see_reports" },
  { key: "sql", to: "/sql", icon: IconDatabaseSearch, keys: "g q", group: "work", needs: "see_reports", savable: true },
  { key: "identity", to: "/identity", icon: IconFingerprint, keys: "g w", group: "work", needs: "see_reports" },
  { key: "sources", to: "/sources", icon: IconPlugConnected, keys: "g s", group: "data", needs: "watch_ingest" },
  { key: "imports", to: "/imports", icon: IconFileImport, keys: "g i", group: "data", needs: "import_files" },
  { key: "catalogue", to: "/catalogue", icon: IconBook2, keys: "g c", group: "data", needs: "see_reports" },
  { key: "settings", to: "/settings", icon: IconSettings, keys: "g ,", group: "settings" },
] as const satisfies Section[];

export type SectionKey = (typeof SECTIONS)[number]["key"];

/** The pages of `/identity`, in the order in which they stand on it; the first is the section itself. */
export const IDENTITY_PAGES = [
  { key: "identity_report", to: "/identity", icon: IconFingerprint, needs: "see_reports" },
  { key: "ledger", to: "/identity/ledger", icon: IconListDetails, needs: "edit_profiles" },
  { key: "review", to: "/identity/review", icon: IconUserQuestion, needs: "edit_profiles" },
] as const satisfies { key: string; to: string; icon: Icon; needs: Permission }[];

/** A section of the settings at `/settings/<key>`; its words are `settings.section.<key>`. */
type SettingsSection = {
  key: string;
  icon: Icon;
  group: "access" | "data" | "sending" | "installation";
  needs?: Permission;
};

/** In the order of the list; each also has an entry in settingsPages.ts, or nothing compiles. */
export const SETTINGS = [
  { key: "people", icon: IconUsers, group: "access", needs: "manage_accounts" },
  { key: "security", icon: IconShieldLock, group: "access", needs: "manage_accounts" },
  { key: "account", icon: IconLock, group: "access" },
  { key: "tokens", icon: IconKey, group: "access", needs: "manage_accounts" },
  { key: "audit", icon: IconListSearch, group: "access", needs: "manage_accounts" },
  { key: "privacy", icon: IconShieldLock, group: "data", needs: "manage_accounts" },
  { key: "messages", icon: IconMessages, group: "sending", needs: "edit_definitions" },
  { key: "sending", icon: IconSend, group: "sending", needs: "manage_sending" },
  { key: "identity", icon: IconFingerprint, group: "data", needs: "see_reports" },
  { key: "channels", icon: IconRoute, group: "data", needs: "see_reports" },
  { key: "brands", icon: IconTag, group: "sending", needs: "see_reports" },
  { key: "conversions", icon: IconTargetArrow, group: "data", needs: "edit_definitions" },
  { key: "leads", icon: IconInbox, group: "data", needs: "edit_definitions" },
  { key: "owners", icon: IconCar, group: "data", needs: "see_reports" },
  { key: "scores", icon: IconChartHistogram, group: "data", needs: "see_reports" },
  { key: "currencies", icon: IconCoins, group: "data", needs: "edit_definitions" },
  { key: "installation", icon: IconBuilding, group: "installation" },
  { key: "backup", icon: IconArchive, group: "installation", needs: "operate" },
  { key: "alerts", icon: IconBell, group: "installation", needs: "see_reports" },
] as const satisfies SettingsSection[];

export type SettingsKey = (typeof SETTINGS)[number]["key"];

/** The pages that a role may enter. */
export function sectionsOf(role: Role) {
  return SECTIONS.filter((page) => !("needs" in page) || may(role, page.needs));
}

/** The pages of `/identity` that a role may enter. */
export function identityPagesOf(role: Role) {
  return IDENTITY_PAGES.filter(({ needs }) => may(role, needs));
}

/** The page at a path, where what is looked at can be saved as a view. */
export function savablePage(path: string) {
  return SECTIONS.find((page) => page.to === path && "savable" in page);
}

/** The sections of the settings that a role may enter. */
export function settingsOf(role: Role) {
  return SETTINGS.filter((section) => !("needs" in section) || may(role, section.needs));
}
