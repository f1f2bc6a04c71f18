import { Badge, Group, Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { AccountMenu } from "./AccountMenu";
import { Logo } from "./Logo";
import { sectionsOf } from "../../navigation";
import classes from "./Shell.module.css";

/** The navigation at the left of wide screens. */
export function Rail({ onHelp }: { onHelp: () => void }) {
  const { t } = useTranslation();
  const { installation, role } = useMe();
  return (
    <nav className={classes.rail} aria-label={t("shell.navigation")}>
      <Link to="/" className={classes.brand}>
        <Logo />
        {t("shell.product")}
      </Link>
      <div className={`${classes.place} ellipsis`}>{installation.name}</div>
      <ul className={classes.links}>
        {sectionsOf(role).map(({ key, to, icon: Picture }) => (
          <li key={key}>
            <Link to={to} className={classes.link} activeOptions={{ exact: to === "/", includeSearch: false }}>
              <Picture size={18} stroke={1.7} aria-hidden />
              {t(`shell.section.${key}`)}
            </Link>
          </li>
        ))}
      </ul>
      <div className={classes.badges}>
        <ModeBadges />
      </div>
      <AccountMenu onHelp={onHelp} variant="row" />
    </nav>
  );
}

/** The bar above the page on small screens. */
export function TopBar({ onHelp }: { onHelp: () => void }) {
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
        <AccountMenu onHelp={onHelp} variant="picture" />
      </Group>
    </header>
  );
}

/** The navigation at the bottom of small screens; settings are in the account menu there. */
export function BottomBar() {
  const { t } = useTranslation();
  const { role } = useMe();
  return (
    <nav className={classes.bottom} aria-label={t("shell.navigation")}>
      <ul>
        {sectionsOf(role)
          .filter(({ key }) => key !== "settings")
          .map(({ key, to, icon: Picture }) => (
            <li key={key}>
              <Link to={to} className={classes.tab} activeOptions={{ exact: to === "/", includeSearch: false }}>
                <Picture size={20} stroke={1.7} aria-hidden />
                <span className="ellipsis">{t(`shell.section.${key}`)}</span>
              </Link>
            </li>
          ))}
      </ul>
    </nav>
  );
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
