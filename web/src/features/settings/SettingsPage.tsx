import { NativeSelect } from "@mantine/core";
import { Link, Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { settingsOf } from "../../navigation";
import { Page } from "../../ui/Page";
import classes from "./SettingsPage.module.css";

const GROUPS = ["access", "data", "sending", "installation"] as const;

/** The list of sections beside the one that is open; on small screens a field to choose from. */
export function SettingsPage() {
  const { t } = useTranslation();
  const { role } = useMe();
  const { section } = useParams({ strict: false });
  const navigate = useNavigate();
  const sections = settingsOf(role);
  const groups = GROUPS.map((group) => ({ group, sections: sections.filter((each) => each.group === group) })).filter(
    ({ sections }) => 0 < sections.length,
  );
  return (
    <Page title={t("settings.title")}>
      <div className={classes.split}>
        <nav className={classes.list} aria-label={t("settings.title")}>
          {groups.map(({ group, sections }) => (
            <div key={group}>
              <div className={classes.group}>{t(`settings.group.${group}`)}</div>
              <ul>
                {sections.map(({ key, icon: Picture }) => (
                  <li key={key}>
                    <Link to="/settings/$section" params={{ section: key }} search={{}} className={classes.link}>
                      <Picture size={17} stroke={1.7} aria-hidden />
                      {t(`settings.section.${key}`)}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </nav>
        <NativeSelect
          className={classes.choice}
          aria-label={t("settings.title")}
          value={section ?? ""}
          data={groups.map(({ group, sections }) => ({
            group: t(`settings.group.${group}`),
            items: sections.map(({ key }) => ({ value: key, label: t(`settings.section.${key}`) })),
          }))}
          onChange={(event) =>
            void navigate({ to: "/settings/$section", params: { section: event.currentTarget.value }, search: {} })
          }
        />
        <div className={classes.section}>
          <Outlet />
        </div>
      </div>
    </Page>
  );
}
