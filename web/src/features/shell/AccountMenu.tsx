import { Avatar, Menu, UnstyledButton, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import {
  IconCheck,
  IconDeviceDesktop,
  IconKeyboard,
  IconLanguage,
  IconLock,
  IconLogout,
  IconMoon,
  IconSelector,
  IconSettings,
  IconSun,
} from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { signOut, useMe } from "../../api/session";
import { chooseLanguage, LANGUAGES } from "../../i18n";
import classes from "./Shell.module.css";

const SCHEMES = [
  { scheme: "light", icon: IconSun },
  { scheme: "dark", icon: IconMoon },
  { scheme: "auto", icon: IconDeviceDesktop },
] as const satisfies { scheme: MantineColorScheme; icon: typeof IconSun }[];

/** Who is signed in, and what is theirs to choose: language, theme, leaving. */
export function AccountMenu({ onHelp, variant }: { onHelp: () => void; variant: "row" | "picture" }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = useSignOut();
  const name = me.name || me.email;

  return (
    <Menu position={variant === "row" ? "top-start" : "bottom-end"} width={232} withinPortal>
      <Menu.Target>
        <UnstyledButton
          className={variant === "row" ? classes.account : undefined}
          aria-label={t("shell.account", { name })}
        >
          <Avatar size={32} radius="xl" name={name} color="amber.4" variant="filled" alt="" />
          {variant === "row" && (
            <>
              <span className={classes.who}>
                <span className={`${classes.accountName} ellipsis`} style={{ display: "block" }}>
                  {name}
                </span>
                <span className={classes.accountRole}>{t(`role.${me.role}`)}</span>
              </span>
              <IconSelector size={16} aria-hidden />
            </>
          )}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("shell.theme")}</Menu.Label>
        {SCHEMES.map(({ scheme, icon: Picture }) => (
          <Menu.Item
            key={scheme}
            leftSection={<Picture size={16} aria-hidden />}
            rightSection={colorScheme === scheme && <IconCheck size={14} aria-hidden />}
            aria-current={colorScheme === scheme}
            onClick={() => setColorScheme(scheme)}
          >
            {t(`shell.scheme.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("shell.language")}</Menu.Label>
        {LANGUAGES.map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            leftSection={<IconLanguage size={16} aria-hidden />}
            rightSection={i18n.language === language && <IconCheck size={14} aria-hidden />}
            aria-current={i18n.language === language}
            onClick={() => void chooseLanguage(language)}
          >
            {t(`shell.language_name.${language}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {variant === "picture" && (
          <Menu.Item
            leftSection={<IconSettings size={16} aria-hidden />}
            renderRoot={(props) => <Link to="/settings" {...props} />}
          >
            {t("shell.section.settings")}
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={<IconLock size={16} aria-hidden />}
          renderRoot={(props) => (
            <Link to="/settings/$section" params={{ section: "account" }} search={{}} {...props} />
          )}
        >
          {t("settings.section.account")}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={onHelp}>
          {t("shell.shortcuts.title")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => leave.mutate()}>
          {t("shell.sign_out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function useSignOut() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate({ to: "/sign-in" });
      queryClient.clear();
    },
  });
}
