import "@fontsource-variable/inter/index.css";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./tokens.css";
import "./app.css";

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { meQuery } from "./api/session";
import { startTranslations } from "./i18n";
import { createAppRouter } from "./routes";
import { cssVariables, theme } from "./theme";
import { ButtonLabels } from "./ui/ButtonLabels";

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error) => leaveIfSignedOut(error) }),
  mutationCache: new MutationCache({ onError: (error) => leaveIfSignedOut(error) }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && 400 <= error.status && error.status < 500),
    },
  },
});

const router = createAppRouter(queryClient);

/** A session that ended under the reader's hands leads back to the sign-in page, and from there here again. */
function leaveIfSignedOut(error: unknown) {
  if (!(error instanceof ApiError) || error.status !== 401) return;
  // Who was not signed in has lost nothing: the question "who am I" and a wrong password end here.
  if (!queryClient.getQueryData(meQuery.queryKey)) return;
  queryClient.removeQueries({ queryKey: meQuery.queryKey });
  void router.invalidate();
}

async function start() {
  await startTranslations();
  const root = document.getElementById("root");
  if (!root) throw new Error("index.html has no element #root");
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>
          <ButtonLabels>
            <Notifications position="bottom-right" />
            <RouterProvider router={router} />
          </ButtonLabels>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

void start();
