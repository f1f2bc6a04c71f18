import { MantineThemeProvider, type MantineThemeOverride } from "@mantine/core";
import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** Gives every button that is a mere cross its name, in the reader's language: of windows, of messages, of fields. */
export function ButtonLabels({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const theme = useMemo(() => labelled(t("ui.close"), t("ui.clear")), [t]);
  return <MantineThemeProvider theme={theme}>{children}</MantineThemeProvider>;
}

function labelled(close: string, clear: string): MantineThemeOverride {
  const closing = { defaultProps: { closeButtonProps: { "aria-label": close } } };
  const clearing = { defaultProps: { clearButtonProps: { "aria-label": clear } } };
  return {
    components: {
      Modal: closing,
      Drawer: closing,
      Notification: closing,
      Select: clearing,
      MultiSelect: clearing,
      TagsInput: clearing,
    },
  };
}
