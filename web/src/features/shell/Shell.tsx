import { useDisclosure } from "@mantine/hooks";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { FormatProvider } from "../../ui/FormatContext";
import { useShortcuts } from "../../ui/useShortcuts";
import { BottomBar, Rail, TopBar } from "./Navigation";
import { sectionsOf } from "../../navigation";
import classes from "./Shell.module.css";
import { ShortcutsHelp } from "./ShortcutsHelp";

/** The frame around every page behind the sign-in. */
export function Shell() {
  const { t } = useTranslation();
  const { installation, role } = useMe();
  const navigate = useNavigate();
  const [helpOpened, help] = useDisclosure(false);

  const visits = sectionsOf(role).map(({ keys, to }) => [keys, () => void navigate({ to })] as const);
  useShortcuts({
    ...Object.fromEntries(visits),
    "?": help.open,
    "/": () => focusSearch(() => void navigate({ to: "/profiles" })),
  });

  return (
    <FormatProvider zone={installation.time_zone} currency={installation.currency}>
      <a href="#main" className="skip-link">
        {t("shell.skip")}
      </a>
      <div className={classes.frame}>
        <Rail onHelp={help.open} />
        <TopBar onHelp={help.open} />
        <main id="main" tabIndex={-1} className={classes.main}>
          <Outlet />
        </main>
        <BottomBar />
      </div>
      <ShortcutsHelp opened={helpOpened} onClose={help.close} />
    </FormatProvider>
  );
}

/** Puts the caret into the page's search field; a page without one gives way to the search for profiles. */
function focusSearch(otherwise: () => void) {
  const field = document.querySelector<HTMLInputElement>("#main input[data-search]");
  if (field) field.focus();
  else otherwise();
}
