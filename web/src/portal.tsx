import "./tokens.css";
import "./portal.css";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { PortalPage } from "./features/portal/PortalPage";
import { startTranslations } from "./i18n";

const SCHEME_KEPT = "mantine-color-scheme-value";

/** The portal's words only: the words of the whole house weigh as much as the portal. */
const texts = {
  en: () => import("portal-texts/en"),
  ru: () => import("portal-texts/ru"),
  zh: () => import("portal-texts/zh"),
};

/** Light or dark as it was chosen on the other pages, or as the system has it. */
function followScheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem(SCHEME_KEPT);
    const isDark = chosen === "dark" || (chosen !== "light" && system.matches);
    document.documentElement.dataset.mantineColorScheme = isDark ? "dark" : "light";
  };
  apply();
  system.addEventListener("change", apply);
}

async function start() {
  followScheme();
  await startTranslations(texts);
  const root = document.getElementById("root");
  if (!root) throw new Error("index.html has no element #root");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={new QueryClient()}>
        <PortalPage />
      </QueryClientProvider>
    </StrictMode>,
  );
  // Opened without a line, the page comes from where the worker has kept it.
  if (import.meta.env.PROD && "serviceWorker" in navigator)
    void navigator.serviceWorker.register("/portal-worker.js", { scope: "/portal" }).catch(() => {});
}

void start();
