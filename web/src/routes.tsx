import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "./api/client";
import { may } from "./api/permissions";
import { meQuery, useMe } from "./api/session";
import { readDeliveries } from "./features/deliveries/search";
import { viewQuery } from "./api/views";
import { readAttribution } from "./features/attribution/spec";
import { readBroadcast, readBroadcasts, readNewBroadcast } from "./features/broadcasts/search";
import { readCatalogue } from "./features/catalogue/search";
import { readDealers } from "./features/dealers/search";
import { readFlow } from "./features/flow/spec";
import { readFunnel } from "./features/funnel/spec";
import { readLedger, readReport, readReview } from "./features/identity/search";
import { readOverview } from "./features/overview/search";
import { readJourney, readJourneys, readNewJourney } from "./features/journeys/search";
import { readLeads } from "./features/leads/search";
import { readLive } from "./features/live/search";
import { readPaths } from "./features/paths/spec";
import { readPivot } from "./features/pivot/spec";
import { readProfile, readProfiles } from "./features/profiles/search";
import { readExperiment } from "./features/experiments/spec";
import { readRetention } from "./features/retention/spec";
import { readScorecards } from "./features/scorecards/search";
import { readSql } from "./features/sql/search";
import { readNew, readSegments } from "./features/segments/search";
import { Locked } from "./features/settings/Locked";
import { readTasks } from "./features/tasks/search";
import { readNewTemplate, readTemplates } from "./features/templates/search";
import { NotFoundPage, RouteError, RoutePending } from "./features/shell/RouteStates";
import { SETTINGS, settingsOf } from "./navigation";
import { SETTINGS_PAGES } from "./settingsPages";

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { to?: string; sso?: string; done?: string } => ({
    to: text(search.to),
    sso: text(search.sso),
    done: text(search.done),
  }),
  component: lazyRouteComponent(() => import("./features/session/SignInPage"), "SignInPage"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: (search: Record<string, unknown>): { token?: string } => ({
    // A token of digits alone has been read as a number.
    token: text(typeof search.token === "number" ? String(search.token) : search.token),
  }),
  component: lazyRouteComponent(() => import("./features/session/SetupPage"), "SetupPage"),
});

const forgotten = createRoute({
  getParentRoute: () => root,
  path: "/forgotten",
  component: lazyRouteComponent(() => import("./features/session/ForgottenPage"), "ForgottenPage"),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  component: lazyRouteComponent(() => import("./features/session/ResetPage"), "ResetPage"),
});

const enrol = createRoute({
  getParentRoute: () => root,
  path: "/enrol",
  component: lazyRouteComponent(() => import("./features/session/EnrolPage"), "EnrolPage"),
});

/** What dealers work with. Opened by its own address it comes without the rest of the house: see portal.tsx. */
const portal = createRoute({
  getParentRoute: () => root,
  path: "/portal",
  component: lazyRouteComponent(() => import("./features/portal/PortalPage"), "PortalPage"),
});

/** Everything behind the sign-in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: async ({ context, location }) => {
    try {
      const { must_enrol } = await context.queryClient.ensureQueryData(meQuery);
      if (must_enrol) throw redirect({ to: "/enrol" });
    } catch (error) {
      // A redirect is thrown too, and passes.
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { to: location.href } });
    }
  },
  component: lazyRouteComponent(() => import("./features/shell/Shell"), "Shell"),
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: readOverview,
  beforeLoad: async ({ context }) => {
    const { role } = await context.queryClient.ensureQueryData(meQuery);
    // Figures over all dealers are not for one dealer: their leads are.
    if (!may(role, "see_reports")) throw redirect({ to: "/portal" });
  },
  component: lazyRouteComponent(() => import("./features/overview/OverviewPage"), "OverviewPage"),
});

const live = createRoute({
  getParentRoute: () => shell,
  path: "/live",
  validateSearch: readLive,
  component: lazyRouteComponent(() => import("./features/live/LivePage"), "LivePage"),
});

const profiles = createRoute({
  getParentRoute: () => shell,
  path: "/profiles",
  validateSearch: readProfiles,
  component: lazyRouteComponent(() => import("./features/profiles/ProfilesPage"), "ProfilesPage"),
});

const profile = createRoute({
  getParentRoute: () => shell,
  path: "/profiles/$profileId",
  validateSearch: readProfile,
  component: lazyRouteComponent(() => import("./features/profiles/ProfilePage"), "ProfilePage"),
});

const segments = createRoute({
  getParentRoute: () => shell,
  path: "/segments",
  validateSearch: readSegments,
  component: lazyRouteComponent(() => import("./features/segments/SegmentsPage"), "SegmentsPage"),
});

const newSegment = createRoute({
  getParentRoute: () => shell,
  path: "/segments/new",
  validateSearch: readNew,
  component: lazyRouteComponent(() => import("./features/segments/BuilderPage"), "NewSegmentPage"),
});

const segment = createRoute({
  getParentRoute: () => shell,
  path: "/segments/$segmentId",
  component: lazyRouteComponent(() => import("./features/segments/SegmentPage"), "SegmentPage"),
});

const editSegment = createRoute({
  getParentRoute: () => shell,
  path: "/segments/$segmentId/edit",
  component: lazyRouteComponent(() => import("./features/segments/BuilderPage"), "EditSegmentPage"),
});

const templates = createRoute({
  getParentRoute: () => shell,
  path: "/templates",
  validateSearch: readTemplates,
  component: lazyRouteComponent(() => import("./features/templates/TemplatesPage"), "TemplatesPage"),
});

const newTemplate = createRoute({
  getParentRoute: () => shell,
  path: "/templates/new",
  validateSearch: readNewTemplate,
  component: lazyRouteComponent(() => import("./features/templates/NewTemplatePage"), "NewTemplatePage"),
});

const template = createRoute({
  getParentRoute: () => shell,
  path: "/templates/$templateId",
  component: lazyRouteComponent(() => import("./features/templates/TemplatePage"), "TemplatePage"),
});

const broadcasts = createRoute({
  getParentRoute: () => shell,
  path: "/broadcasts",
  validateSearch: readBroadcasts,
  component: lazyRouteComponent(() => import("./features/broadcasts/BroadcastsPage"), "BroadcastsPage"),
});

const newBroadcast = createRoute({
  getParentRoute: () => shell,
  path: "/broadcasts/new",
  validateSearch: readNewBroadcast,
  component: lazyRouteComponent(() => import("./features/broadcasts/BuilderPage"), "NewBroadcastPage"),
});

const broadcast = createRoute({
  getParentRoute: () => shell,
  path: "/broadcasts/$broadcastId",
  validateSearch: readBroadcast,
  component: lazyRouteComponent(() => import("./features/broadcasts/BroadcastPage"), "BroadcastPage"),
});

const journeys = createRoute({
  getParentRoute: () => shell,
  path: "/journeys",
  validateSearch: readJourneys,
  component: lazyRouteComponent(() => import("./features/journeys/JourneysPage"), "JourneysPage"),
});

const newJourney = createRoute({
  getParentRoute: () => shell,
  path: "/journeys/new",
  validateSearch: readNewJourney,
  component: lazyRouteComponent(() => import("./features/journeys/JourneyPage"), "NewJourneyPage"),
});

const journey = createRoute({
  getParentRoute: () => shell,
  path: "/journeys/$journeyId",
  validateSearch: readJourney,
  component: lazyRouteComponent(() => import("./features/journeys/JourneyPage"), "JourneyPage"),
});

const journeyRun = createRoute({
  getParentRoute: () => shell,
  path: "/journeys/$journeyId/runs/$runId",
  component: lazyRouteComponent(() => import("./features/journeys/RunPage"), "RunPage"),
});

const tasks = createRoute({
  getParentRoute: () => shell,
  path: "/tasks",
  validateSearch: readTasks,
  component: lazyRouteComponent(() => import("./features/tasks/TasksPage"), "TasksPage"),
});

const leads = createRoute({
  getParentRoute: () => shell,
  path: "/leads",
  validateSearch: readLeads,
  component: lazyRouteComponent(() => import("./features/leads/LeadsPage"), "LeadsPage"),
});

const verify = createRoute({
  getParentRoute: () => shell,
  path: "/leads/verify",
  component: lazyRouteComponent(() => import("./features/leads/VerifyPage"), "VerifyPage"),
});

const lead = createRoute({
  getParentRoute: () => shell,
  path: "/leads/$leadId",
  component: lazyRouteComponent(() => import("./features/leads/LeadPage"), "LeadPage"),
});

const dealers = createRoute({
  getParentRoute: () => shell,
  path: "/dealers",
  validateSearch: readDealers,
  component: lazyRouteComponent(() => import("./features/dealers/DealersPage"), "DealersPage"),
});

const scorecards = createRoute({
  getParentRoute: () => shell,
  path: "/scorecards",
  validateSearch: readScorecards,
  component: lazyRouteComponent(() => import("./features/scorecards/ScorecardsPage"), "ScorecardsPage"),
});

const funnel = createRoute({
  getParentRoute: () => shell,
  path: "/funnel",
  validateSearch: readFunnel,
  component: lazyRouteComponent(() => import("./features/funnel/FunnelPage"), "FunnelPage"),
});

const retention = createRoute({
  getParentRoute: () => shell,
  path: "/retention",
  validateSearch: readRetention,
  component: lazyRouteComponent(() => import("./features/retention/RetentionPage"), "RetentionPage"),
});

const experiments = createRoute({
  getParentRoute: () => shell,
  path: "/experiments",
  validateSearch: readExperiment,
  component: lazyRouteComponent(() => import("./features/experiments/ExperimentsPage"), "ExperimentsPage"),
});

const sql = createRoute({
  getParentRoute: () => shell,
  path: "/sql",
  validateSearch: readSql,
  component: lazyRouteComponent(() => import("./features/sql/SqlPage"), "SqlPage"),
});

const flow = createRoute({
  getParentRoute: () => shell,
  path: "/flow",
  validateSearch: readFlow,
  component: lazyRouteComponent(() => import("./features/flow/FlowPage"), "FlowPage"),
});

const paths = createRoute({
  getParentRoute: () => shell,
  path: "/paths",
  validateSearch: readPaths,
  component: lazyRouteComponent(() => import("./features/paths/PathsPage"), "PathsPage"),
});

const attribution = createRoute({
  getParentRoute: () => shell,
  path: "/attribution",
  validateSearch: readAttribution,
  component: lazyRouteComponent(() => import("./features/attribution/AttributionPage"), "AttributionPage"),
});

const pivot = createRoute({
  getParentRoute: () => shell,
  path: "/pivot",
  validateSearch: readPivot,
  component: lazyRouteComponent(() => import("./features/pivot/PivotPage"), "PivotPage"),
});

const sources = createRoute({
  getParentRoute: () => shell,
  path: "/sources",
  validateSearch: (search: Record<string, unknown>): { source?: string; create?: boolean } => ({
    source: text(typeof search.source === "number" ? String(search.source) : search.source),
    ...(search.create === true && { create: true }),
  }),
  component: lazyRouteComponent(() => import("./features/sources/SourcesPage"), "SourcesPage"),
});

const forms = createRoute({
  getParentRoute: () => shell,
  path: "/forms",
  validateSearch: (search: Record<string, unknown>): { form?: string } => ({
    form: text(typeof search.form === "number" ? String(search.form) : search.form),
  }),
  component: lazyRouteComponent(() => import("./features/forms/FormsPage"), "FormsPage"),
});

const deliveries = createRoute({
  getParentRoute: () => shell,
  path: "/deliveries",
  validateSearch: readDeliveries,
  component: lazyRouteComponent(() => import("./features/deliveries/DeliveriesPage"), "DeliveriesPage"),
});

const imports = createRoute({
  getParentRoute: () => shell,
  path: "/imports",
  component: lazyRouteComponent(() => import("./features/imports/ImportsPage"), "ImportsPage"),
});

const importing = createRoute({
  getParentRoute: () => shell,
  path: "/imports/$importId",
  validateSearch: (search: Record<string, unknown>): { step?: "check" } =>
    search.step === "check" ? { step: "check" } : {},
  component: lazyRouteComponent(() => import("./features/imports/ImportPage"), "ImportPage"),
});

const catalogue = createRoute({
  getParentRoute: () => shell,
  path: "/catalogue",
  validateSearch: readCatalogue,
  component: lazyRouteComponent(() => import("./features/catalogue/CataloguePage"), "CataloguePage"),
});

/** Who is who, over all people. */
const identity = createRoute({
  getParentRoute: () => shell,
  path: "/identity",
  component: lazyRouteComponent(() => import("./features/identity/IdentityPage"), "IdentityPage"),
});

const identityReport = createRoute({
  getParentRoute: () => identity,
  path: "/",
  validateSearch: readReport,
  component: lazyRouteComponent(() => import("./features/identity/ReportPage"), "ReportPage"),
});

const ledger = createRoute({
  getParentRoute: () => identity,
  path: "ledger",
  validateSearch: readLedger,
  component: lazyRouteComponent(() => import("./features/identity/LedgerPage"), "LedgerPage"),
});

const review = createRoute({
  getParentRoute: () => identity,
  path: "review",
  validateSearch: readReview,
  component: lazyRouteComponent(() => import("./features/identity/ReviewPage"), "ReviewPage"),
});

/** A view by its link: leads to the page as it was when it was saved. */
const view = createRoute({
  getParentRoute: () => shell,
  path: "/views/$viewId",
  beforeLoad: async ({ context, params }) => {
    const found = await context.queryClient.fetchQuery(viewQuery(params.viewId));
    throw redirect({ href: found.state ? `${found.page}?${found.state}` : found.page, replace: true });
  },
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(() => import("./features/settings/SettingsPage"), "SettingsPage"),
});

const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: "/",
  beforeLoad: async ({ context }) => {
    const { role } = await context.queryClient.ensureQueryData(meQuery);
    const [first] = settingsOf(role);
    if (first) throw redirect({ to: "/settings/$section", params: { section: first.key }, replace: true });
  },
});

const settingsSection = createRoute({
  getParentRoute: () => settings,
  path: "$section",
  // Each section reads what it put into the address.
  validateSearch: (search: Record<string, unknown>): Record<string, unknown> => search,
  component: function Section() {
    const { section } = settingsSection.useParams();
    const { role } = useMe();
    const known = SETTINGS.find(({ key }) => key === section);
    if (!known) return <NotFoundPage />;
    if (!settingsOf(role).includes(known)) return <Locked />;
    const Page = SETTINGS_PAGES[known.key];
    return <Page />;
  },
});

const tree = root.addChildren([
  signIn,
  setup,
  forgotten,
  reset,
  enrol,
  portal,
  shell.addChildren([
    overview,
    live,
    profiles,
    profile,
    segments,
    newSegment,
    segment,
    editSegment,
    templates,
    newTemplate,
    template,
    broadcasts,
    newBroadcast,
    broadcast,
    journeys,
    newJourney,
    journey,
    journeyRun,
    tasks,
    leads,
    verify,
    lead,
    dealers,
    scorecards,
    funnel,
    retention,
    experiments,
    flow,
    paths,
    attribution,
    sql,
    pivot,
    sources,
    forms,
    deliveries,
    imports,
    importing,
    catalogue,
    identity.addChildren([identityReport, ledger, review]),
    view,
    settings.addChildren([settingsHome, settingsSection]),
  ]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queryClient },
    defaultPreload: "intent",
    defaultErrorComponent: RouteError,
    defaultPendingComponent: RoutePending,
    defaultPendingMs: 300,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
