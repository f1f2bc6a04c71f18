import { useMantineColorScheme } from "@mantine/core";
import {
  IconBolt,
  IconBookmark,
  IconFileText,
  IconKeyboard,
  IconLanguage,
  IconMoon,
  IconPlugConnected,
  IconPlus,
  IconShoppingCart,
  IconSun,
  IconTargetArrow,
  IconUser,
  type Icon,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Findings } from "../../api/types";
import { chooseLanguage, LANGUAGES } from "../../i18n";
import { identityPagesOf, sectionsOf, settingsOf } from "../../navigation";
import { useOpenView } from "./openView";

/** Something that the palette leads to or does. */
export type Choice = { key: string; label: string; hint?: string; icon: Icon; keys?: string; run: () => void };
export type Group = { key: string; title: string; choices: Choice[] };

/** What is always there: pages, settings, actions. */
export function useRooms({ onHelp }: { onHelp: () => void }): Group[] {
  const { t, i18n } = useTranslation();
  const { role } = useMe();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();

  const pages = sectionsOf(role).map(({ key, to, icon, keys }) => ({
    key,
    label: t(`shell.section.${key}`),
    icon,
    keys,
    run: () => void navigate({ to }),
  }));
  // The section itself stands among the pages.
  const identity = identityPagesOf(role)
    .slice(1)
    .map(({ key, to, icon }) => ({
      key,
      label: t(`shell.section.${key}`),
      hint: t("shell.section.identity"),
      icon,
      run: () => void navigate({ to }),
    }));
  const settings = settingsOf(role).map(({ key, icon }) => ({
    key,
    label: t(`settings.section.${key}`),
    hint: t("settings.title"),
    icon,
    run: () => void navigate({ to: "/settings/$section", params: { section: key }, search: {} }),
  }));
  const scheme = colorScheme === "dark" ? "light" : "dark";
  const actions: Choice[] = [
    ...(may(role, "manage_sources")
      ? [
          {
            key: "create_source",
            label: t("palette.action.create_source"),
            icon: IconPlus,
            run: () => void navigate({ to: "/sources", search: { create: true } }),
          },
        ]
      : []),
    {
      key: "theme",
      label: t("palette.action.theme", { scheme: t(`shell.scheme.${scheme}`) }),
      icon: scheme === "dark" ? IconMoon : IconSun,
      run: () => setColorScheme(scheme),
    },
    ...LANGUAGES.filter((language) => language !== i18n.language).map((language) => ({
      key: language,
      label: t("palette.action.language", { language: t(`shell.language_name.${language}`) }),
      icon: IconLanguage,
      run: () => void chooseLanguage(language),
    })),
    { key: "help", label: t("shell.shortcuts.title"), icon: IconKeyboard, keys: "?", run: onHelp },
    {
      key: "openapi",
      label: t("settings.about.openapi"),
      icon: IconFileText,
      run: () => window.location.assign("/api/openapi.json"),
    },
  ];
  return [
    { key: "pages", title: t("palette.group.pages"), choices: [...pages, ...identity] },
    { key: "settings", title: t("palette.group.settings"), choices: settings },
    { key: "actions", title: t("palette.group.actions"), choices: actions },
  ];
}

/** What the server found. */
export function useFound(findings: Findings | undefined): Group[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const openView = useOpenView();
  if (!findings) return [];
  const person = (profileId: string) => () => void navigate({ to: "/profiles/$profileId", params: { profileId } });
  return [
    {
      key: "profiles",
      title: t("palette.group.profiles"),
      choices: findings.profiles.map(({ profile_id, name, email, phone }) => ({
        key: profile_id,
        label: name ?? email ?? phone ?? t("profiles.nameless"),
        hint: [name && email, phone].filter(Boolean).join(" · ") || undefined,
        icon: IconUser,
        run: person(profile_id),
      })),
    },
    {
      key: "leads",
      title: t("palette.group.leads"),
      choices: findings.leads.map(({ id, profile_id, state, dealer }) => ({
        key: id,
        label: id,
        hint: [label("stage", state), dealer].filter(Boolean).join(" · "),
        icon: IconTargetArrow,
        run: person(profile_id),
      })),
    },
    {
      key: "orders",
      title: t("palette.group.orders"),
      choices: findings.orders.map(({ id, profile_id, state, dealer }) => ({
        key: id,
        label: id,
        hint: [label("order_status", state), dealer].filter(Boolean).join(" · "),
        icon: IconShoppingCart,
        run: person(profile_id),
      })),
    },
    {
      key: "views",
      title: t("views.title"),
      choices: findings.views.map((view) => ({
        key: view.id,
        label: view.name,
        icon: IconBookmark,
        run: () => openView(view),
      })),
    },
    {
      key: "sources",
      title: t("shell.section.sources"),
      choices: findings.sources.map(({ id, name }) => ({
        key: id,
        label: name,
        icon: IconPlugConnected,
        run: () => void navigate({ to: "/sources", search: { source: id } }),
      })),
    },
    {
      key: "events",
      title: t("palette.group.events"),
      choices: findings.events.map((event) => ({
        key: event,
        label: label("event", event),
        hint: event,
        icon: IconBolt,
        run: () => void navigate({ to: "/catalogue", search: { event } }),
      })),
    },
  ];
}

/** The groups with the choices that the question is part of; without a question the pages alone. */
export function matching(groups: Group[], q: string): Group[] {
  if (q === "") return groups.filter(({ key }) => key !== "settings");
  const words = q.toLowerCase().split(/\s+/);
  const holds = ({ key, label, hint }: Choice) => {
    const text = `${label} ${hint ?? ""} ${key}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return groups.map((group) => ({ ...group, choices: group.choices.filter(holds) }));
}
