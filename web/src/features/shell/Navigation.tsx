import { ActionIcon, Badge, Drawer, Group, Kbd, Tooltip, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots, IconSearch } from "@tabler/icons-react";
import { Link, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { sectionsOf } from "../../navigation";
import { AccountMenu } from "./AccountMenu";
import { Bell } from "./Bell";
import { Logo } from "./Logo";
import classes from "./Shell.module.css";

const GROUPS = ["work", "data", "settings"] as const;
/** How many pages the bar at the bottom has room for; the others are behind its last button. */
const TABS_MAX = 4;

type Openers = { onHelp: () => void; onSearch: () => void };

/** The navigation at the left of wide screens. */
export function Rail({ onHelp, onSearch }: Openers) {
  const { t } = useTranslation();
  const { installation, role } = useMe();
  const sections = sectionsOf(role);
  const isExact = useExact();
  return (
    <nav className={classes.rail} aria-label={t("shell.navigation")}>
      <Group justify="space-between" wrap="nowrap">
        <Link to="/" className={classes.brand}>
          <Logo />
          {t("shell.product")}
        </Link>
        <Bell />
      </Group>
      <div className={`${classes.place} ellipsis`}>{installation.name}</div>
      <UnstyledButton className={classes.search} onClick={onSearch} aria-keyshortcuts="Control+K Meta+K">
        <IconSearch size={16} aria-hidden />
        <span>{t("palette.open")}</span>
        <Kbd size="xs" aria-hidden>
          {isApple() ? "⌘K" : "Ctrl K"}
        </Kbd>
      </UnstyledButton>
      <div className={classes.links}>
        {GROUPS.map((group) => (
          <ul key={group}>
            {sections
              .filter((section) => section.group === group)
              .map(({ key, to, icon: Picture }) => (
                <li key={key}>
                  <Link to={to} className={classes.link} activeOptions={{ exact: isExact(to), includeSearch: false }}>
                    <Picture size={18} stroke={1.7} aria-hidden />
                    {t(`shell.section.${key}`)}
                  </Link>
                </li>
              ))}
          </ul>
        ))}
      </div>
      <div className={classes.badges}>
        <ModeBadges />
      </div>
      <AccountMenu onHelp={onHelp} variant="row" />
    </nav>
  );
}

/** The bar above the page on small screens. */
export function TopBar({ onHelp, onSearch }: Openers) {
  const { t } = useTranslation();
  const { installation } = useMe();
  return (
    <header className={classes.top}>
      <Link to="/" className={classes.brand} aria-label={t("shell.product")}>
        <Logo />
      </Link>
      <div className={`${classes.place} ellipsis`}>{installation.name}</div>
      <Group gap={8} wrap="nowrap" ml="auto">
        <ModeBadges />
        <ActionIcon variant="transparent" className={classes.bell} aria-label={t("palette.open")} onClick={onSearch}>
          <IconSearch size={19} stroke={1.7} />
        </ActionIcon>
        <Bell />
        <AccountMenu onHelp={onHelp} variant="picture" />
      </Group>
    </header>
  );
}

/** The navigation at the bottom of small screens: the first pages, and the others behind its last button. */
export function BottomBar() {
  const { t } = useTranslation();
  const { role } = useMe();
  const [opened, more] = useDisclosure(false);
  const sections = sectionsOf(role);
  const isExact = useExact();
  const isAll = sections.length <= TABS_MAX + 1;
  const tabs = isAll ? sections : sections.slice(0, TABS_MAX);
  return (
    <nav className={classes.bottom} aria-label={t("shell.navigation")}>
      <ul>
        {tabs.map(({ key, to, icon: Picture }) => (
          <li key={key}>
            <Link to={to} className={classes.tab} activeOptions={{ exact: isExact(to), includeSearch: false }}>
              <Picture size={20} stroke={1.7} aria-hidden />
              <span className="ellipsis">{t(`shell.section.${key}`)}</span>
            </Link>
          </li>
        ))}
        {!isAll && (
          <li>
            <UnstyledButton className={classes.tab} onClick={more.open} w="100%">
              <IconDots size={20} stroke={1.7} aria-hidden />
              <span className="ellipsis">{t("shell.more")}</span>
            </UnstyledButton>
          </li>
        )}
      </ul>
      <Drawer opened={opened} onClose={more.close} position="bottom" size="auto" title={t("shell.more")}>
        <ul className={classes.rest}>
          {sections.slice(TABS_MAX).map(({ key, to, icon: Picture }) => (
            <li key={key}>
              <Link to={to} className={classes.restLink} onClick={more.close}>
                <Picture size={20} stroke={1.7} aria-hidden />
                {t(`shell.section.${key}`)}
              </Link>
            </li>
          ))}
        </ul>
      </Drawer>
    </nav>
  );
}

/** Whether only a page's own address counts as being there: of the first page, and where a page below has its own link. */
function useExact() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { role } = useMe();
  const below = sectionsOf(role).find(({ to }) => to.lastIndexOf("/") !== 0 && path.startsWith(to));
  return (to: string) => to === "/" || (below !== undefined && below.to.startsWith(`${to}/`));
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}

function ModeBadges() {
  const { t } = useTranslation();
  const { installation } = useMe();
  return (
    <>
      {installation.demo && (
        <Tooltip label={t("shell.demo_hint")} multiline w={240}>
          <Badge size="sm" radius="sm" color="petrol.3" tabIndex={0}>
            {t("shell.demo")}
          </Badge>
        </Tooltip>
      )}
      {installation.safe_mode && (
        <Tooltip label={t("shell.safe_mode_hint")} multiline w={240}>
          <Badge size="sm" radius="sm" color="amber.4" tabIndex={0}>
            {t("shell.safe_mode")}
          </Badge>
        </Tooltip>
      )}
    </>
  );
}
