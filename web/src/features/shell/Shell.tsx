import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "../../api/session";
import { sectionsOf } from "../../navigation";
import { FormatProvider } from "../../ui/FormatContext";
import { PageToolsProvider } from "../../ui/PageTools";
import { useFocusReturn } from "../../ui/useFocusReturn";
import { useShortcuts } from "../../ui/useShortcuts";
import { BottomBar, Rail, TopBar } from "./Navigation";
import { OpenViewProvider, useViewOpener } from "./openView";
import { Palette } from "./Palette";
import { SavedViews } from "./SavedViews";
import classes from "./Shell.module.css";
import { ShortcutsHelp } from "./ShortcutsHelp";

/** The frame around every page behind the sign-in. */
export function Shell() {
  const { t } = useTranslation();
  const { installation, role } = useMe();
  const navigate = useNavigate();
  const [helpOpened, help] = useDisclosure(false);
  const [searching, search] = useDisclosure(false);
  const [openView, opened] = useViewOpener();
  const path = useRouterState({ select: (state) => state.location.pathname });

  const visits = sectionsOf(role).map(({ keys, to }) => [keys, () => void navigate({ to })] as const);
  useShortcuts({
    ...Object.fromEntries(visits),
    "?": help.open,
    "/": () => focusSearch(search.open),
  });
  useFocusReturn();
  // In fields too: the palette is how one leaves them.
  useHotkeys([["mod+K", search.toggle]], []);

  return (
    <FormatProvider zone={installation.time_zone} currency={installation.currency}>
      <OpenViewProvider value={openView}>
        <a href="#main" className="skip-link">
          {t("shell.skip")}
        </a>
        <div className={classes.frame}>
          <Rail onHelp={help.open} onSearch={search.open} />
          <TopBar onHelp={help.open} onSearch={search.open} />
          <main id="main" tabIndex={-1} className={classes.main}>
            <PageToolsProvider tools={<SavedViews key={path} />}>
              <Outlet key={opened} />
            </PageToolsProvider>
          </main>
          <BottomBar />
        </div>
        <Palette opened={searching} onClose={search.close} onHelp={help.open} />
        <ShortcutsHelp opened={helpOpened} onClose={help.close} />
      </OpenViewProvider>
    </FormatProvider>
  );
}

/** Puts the caret into the page's search field; a page without one gives way to the search over everything. */
function focusSearch(otherwise: () => void) {
  const field = document.querySelector<HTMLInputElement>("#main input[data-search]");
  if (field) field.focus();
  else otherwise();
}
