import {
  IconActivity,
  IconFilter,
  IconGauge,
  IconPlugConnected,
  IconSettings,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import { may, type Permission } from "../../api/permissions";
import type { Role } from "../../api/types";

export type Section = {
  key: "overview" | "live" | "profiles" | "funnel" | "sources" | "settings";
  to: "/" | "/live" | "/profiles" | "/funnel" | "/sources" | "/settings";
  icon: Icon;
  keys: string;
  needs?: Permission;
};

/** The rooms of the house in the order of the navigation, each with the keys that lead there. */
const SECTIONS: Section[] = [
  { key: "overview", to: "/", icon: IconGauge, keys: "g o", needs: "see_reports" },
  { key: "live", to: "/live", icon: IconActivity, keys: "g l", needs: "watch_ingest" },
  { key: "profiles", to: "/profiles", icon: IconUsers, keys: "g p" },
  { key: "funnel", to: "/funnel", icon: IconFilter, keys: "g f" },
  { key: "sources", to: "/sources", icon: IconPlugConnected, keys: "g s", needs: "watch_ingest" },
  { key: "settings", to: "/settings", icon: IconSettings, keys: "g ," },
];

/** The rooms that a role may enter. */
export function sectionsOf(role: Role): Section[] {
  return SECTIONS.filter(({ needs }) => !needs || may(role, needs));
}
