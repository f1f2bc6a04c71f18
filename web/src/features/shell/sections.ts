import { IconActivity, IconFilter, IconGauge, IconPlugConnected, IconSettings, IconUsers, type Icon } from "@tabler/icons-react";

export type Section = {
  key: "overview" | "live" | "profiles" | "funnel" | "sources" | "settings";
  to: "/" | "/live" | "/profiles" | "/funnel" | "/sources" | "/settings";
  icon: Icon;
  keys: string;
};

/** The rooms of the house in the order of the navigation, each with the keys that lead there. */
export const SECTIONS: Section[] = [
  { key: "overview", to: "/", icon: IconGauge, keys: "g o" },
  { key: "live", to: "/live", icon: IconActivity, keys: "g l" },
  { key: "profiles", to: "/profiles", icon: IconUsers, keys: "g p" },
  { key: "funnel", to: "/funnel", icon: IconFilter, keys: "g f" },
  { key: "sources", to: "/sources", icon: IconPlugConnected, keys: "g s" },
  { key: "settings", to: "/settings", icon: IconSettings, keys: "g ," },
];
