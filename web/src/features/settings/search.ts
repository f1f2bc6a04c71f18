export const TABS = ["people", "tokens", "about"] as const;
export type SettingsTab = (typeof TABS)[number];
export type SettingsSearch = { tab?: SettingsTab };

export function readSettings(search: Record<string, unknown>): SettingsSearch {
  const tab = TABS.find((tab) => tab === search.tab);
  return tab && tab !== "people" ? { tab } : {};
}
