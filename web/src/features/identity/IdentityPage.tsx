import { Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { identityPagesOf } from "../../navigation";
import { Page } from "../../ui/Page";
import classes from "./Identity.module.css";

/** Who is who, over all people: the report, the ledger, and the pairs that somebody is asked about. */
export function IdentityPage() {
  const { t } = useTranslation();
  const { role } = useMe();
  return (
    <Page title={t("shell.section.identity")} subtitle={t("identity.subtitle")}>
      <nav className={classes.pages} aria-label={t("shell.section.identity")}>
        {identityPagesOf(role).map(({ key, to }) => (
          <Link key={key} to={to} className={classes.page} activeOptions={{ exact: true, includeSearch: false }}>
            {t(`shell.section.${key}`)}
          </Link>
        ))}
      </nav>
      <Outlet />
    </Page>
  );
}
