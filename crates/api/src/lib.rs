//! HTTP for the UI and for programs: what is shown, who may see it, and which rows.
//!
//! Authorisation is in one place ([`caller`]): a table says what each route needs, and a route that is not in it answers
//! nobody. The rules of the business are elsewhere: the fold decides on commands, the store and the queries filter rows.

mod account;
mod accounts;
mod ad_gate;
mod alerts;
mod answer_files;
mod arrival;
mod attribution;
mod audit;
mod backups;
pub mod border;
mod brands;
mod broadcasts;
mod caller;
mod catalogue;
mod channel_rules;
mod commands;
mod conversions;
mod currencies;
mod dead_letters;
mod deliveries;
mod duplicates;
mod erasures;
mod error;
mod experiment;
mod exports;
mod feed;
mod flow;
mod forms;
mod funnel;
mod gate;
mod headers;
mod hooks;
mod identity;
pub mod imports;
mod input;
mod installation;
mod jobs;
mod journeys;
mod lead_scores;
mod leads;
mod live;
mod masking;
mod merging;
mod messages;
mod overview;
mod owners;
mod pace;
mod paths;
mod pivot;
mod privacy;
mod profile_export;
mod profiles;
mod report;
mod reset;
mod retention;
mod search;
mod second_factor;
mod segments;
mod senders;
mod sending;
mod session;
mod share;
mod single_sign_on;
mod sources;
pub mod sql;
pub mod table_batch;
pub mod table_writer;
mod templates;
mod timeline;
mod tokens;
mod trail;
mod ui;
mod views;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRef,
    http::{HeaderMap, Method, Uri},
    middleware,
};
use forecourt_log::Log;
use forecourt_model::HashKey;
use forecourt_outgoing::Outgoing;
use forecourt_query::Query;
use forecourt_store::{Store, attempts::Attempts, control::Control};
use tokio::sync::watch;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use ad_gate::{AD_GATE_NOTICE, AD_GATE_SECRET, AdGates};
pub use alerts::{TARGETS_SETTING, WEBHOOK_SECRET};
pub use arrival::{ByHttps, ClientAddress};
pub use border::{Border, Clock, Freshness};
pub use caller::{Caller, SqlDoor};
pub use commands::Commands;
pub use feed::Feed;
pub use installation::{InstallationChange, InstallationKeeper};
pub use masking::masked_at_source;
pub use privacy::RetentionBell;
pub use session::{Installation, Sessions};
pub use trail::Trail;
pub use ui::PageFile;

/// What the routes work with; each takes the pieces that it needs.
#[derive(Clone, FromRef)]
pub struct ApiState {
    pub control: Control,
    pub store: Store,
    pub query: Query,
    pub commands: Commands,
    pub feed: Feed,
    pub border: Border,
    pub clock: Clock,
    pub installation: InstallationKeeper,
    pub sessions: Sessions,
    pub pace: pace::Pace,
    pub search: profiles::Search,
    pub retention: RetentionBell,
    pub looks: trail::Looks,
    pub attempts: Attempts,
    pub outgoing: Outgoing,
    pub imports: imports::ImportDesk,
    pub volumes: catalogue::EventVolumes,
}

impl ApiState {
    /// * `folded`: the fold's next offset, as it moves; `outgoing`: checks addresses that people type in.
    /// * `key`: what the fold hashes identifiers with; `region`: whose notation a phone without a country code is in.
    #[expect(clippy::too_many_arguments, reason = "the pieces, once each, in the one place where they meet")]
    pub fn new(
        control: Control,
        store: Store,
        query: Query,
        log: Log,
        folded: watch::Receiver<u64>,
        border: Border,
        clock: Clock,
        installation: Installation,
        sessions: Sessions,
        key: HashKey,
        region: String,
        attempts: Attempts,
        outgoing: Outgoing,
        imports: imports::ImportDesk,
    ) -> Self {
        let commands = Commands::new(log.clone(), store.clone(), folded.clone(), clock.clone());
        let feed = Feed::new(log, store.clone(), control.clone(), folded, region.clone());
        let search = profiles::Search::new(key, region);
        let pace = pace::Pace::new(sessions.requests_per_second);
        Self {
            control,
            store,
            query,
            commands,
            feed,
            border,
            clock,
            installation: InstallationKeeper::new(installation),
            sessions,
            pace,
            search,
            imports,
            attempts,
            outgoing,
            retention: RetentionBell::default(),
            looks: trail::Looks::default(),
            volumes: catalogue::EventVolumes::default(),
        }
    }
}

/// Errors: 400 `invalid`, 401 `sign_in`, 403 `forbidden`, 404 `not_found`, 429 `throttled`, 503 `unavailable`, each as
/// `{"error":{"code","message"}}` with a message that says what to do.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Forecourt",
        description = "What the pages of Forecourt use, for programs too. Show an API token as `Authorization: Bearer fct_…`; \
                   errors are `{\"error\":{\"code\",\"message\"}}`.",
        license(name = "Apache-2.0")
    ),
    components(schemas(timeline::TimelineKind, table_writer::TableFormat, profile_export::ProfileFormat))
)]
struct Document;

fn documented() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::sign_in))
        .routes(routes!(session::sign_out))
        .routes(routes!(session::setup_link, session::set_up))
        .routes(routes!(session::me))
        .routes(routes!(accounts::users, accounts::add_user))
        .routes(routes!(accounts::change_user, accounts::remove_user))
        .routes(routes!(reset::ask))
        .routes(routes!(reset::state, reset::reset))
        .routes(routes!(reset::new_link))
        .routes(routes!(account::account))
        .routes(routes!(account::change_password))
        .routes(routes!(account::sessions, account::end_other_sessions))
        .routes(routes!(account::end_session))
        .routes(routes!(second_factor::begin))
        .routes(routes!(second_factor::confirm))
        .routes(routes!(second_factor::remove))
        .routes(routes!(second_factor::renew_recovery_codes))
        .routes(routes!(second_factor::reset_second_factor))
        .routes(routes!(second_factor::policy, second_factor::set_policy))
        .routes(routes!(single_sign_on::offer))
        .routes(routes!(single_sign_on::start))
        .routes(routes!(single_sign_on::callback))
        .routes(routes!(single_sign_on::settings::settings, single_sign_on::settings::set_settings))
        .routes(routes!(tokens::tokens, tokens::add_token))
        .routes(routes!(tokens::remove_token))
        .routes(routes!(sources::sources, sources::add_source))
        .routes(routes!(sources::update_source))
        .routes(routes!(sources::rotate_write_key))
        .routes(routes!(overview::overview))
        .routes(routes!(jobs::jobs))
        .routes(routes!(backups::backups, backups::start))
        .routes(routes!(backups::download))
        .routes(routes!(backups::pause_sending))
        .routes(routes!(live::recent))
        .routes(routes!(live::stream))
        .routes(routes!(dead_letters::dead_letters))
        .routes(routes!(dead_letters::retry))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(profiles::search))
        .routes(routes!(exports::export_profiles))
        .routes(routes!(exports::export_events))
        .routes(routes!(profiles::profile))
        .routes(routes!(profiles::set_trait))
        .routes(routes!(timeline::timeline))
        .routes(routes!(erasures::erase))
        .routes(routes!(erasures::erasures))
        .routes(routes!(profile_export::export))
        .routes(routes!(funnel::funnel))
        .routes(routes!(funnel::people))
        .routes(routes!(answer_files::export_report))
        .routes(routes!(answer_files::export_sql))
        .routes(routes!(experiment::experiment))
        .routes(routes!(experiment::experiment_people))
        .routes(routes!(experiment::experiments))
        .routes(routes!(experiment::experiment_plan))
        .routes(routes!(retention::retention))
        .routes(routes!(retention::retention_people))
        .routes(routes!(flow::flow))
        .routes(routes!(flow::flow_people))
        .routes(routes!(paths::paths))
        .routes(routes!(paths::paths_people))
        .routes(routes!(attribution::attribution))
        .routes(routes!(attribution::attribution_people))
        .routes(routes!(pivot::pivot))
        .routes(routes!(pivot::pivot_people))
        .routes(routes!(conversions::conversions, conversions::add_conversion))
        .routes(routes!(conversions::update_conversion, conversions::remove_conversion))
        .routes(routes!(currencies::rates, currencies::put_rates))
        .routes(routes!(currencies::remove_rate))
        .routes(routes!(audit::audit))
        .routes(routes!(audit::proof))
        .routes(routes!(privacy::privacy))
        .routes(routes!(privacy::set_masking))
        .routes(routes!(privacy::set_retention))
        .routes(routes!(privacy::count_expired))
        .routes(routes!(privacy::run_retention))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(catalogue::known_events))
        .routes(routes!(catalogue::known_event, catalogue::describe_event))
        .routes(routes!(search::search_everything))
        .routes(routes!(views::views, views::add_view))
        .routes(routes!(views::view, views::change_view, views::remove_view))
        .routes(routes!(installation::change_installation))
        .routes(routes!(brands::brands, brands::add_brand))
        .routes(routes!(brands::change_brand, brands::remove_brand))
        .routes(routes!(alerts::open_incidents))
        .routes(routes!(alerts::alerts))
        .routes(routes!(alerts::add_rule))
        .routes(routes!(alerts::change_rule, alerts::remove_rule))
        .routes(routes!(alerts::change_targets))
        .routes(routes!(alerts::test_targets))
        .routes(routes!(sql::sql))
        .routes(routes!(channel_rules::channel_rules, channel_rules::set_channel_rules))
        .routes(routes!(channel_rules::test_channel_rules))
        .routes(routes!(channel_rules::preview_channel_rules))
        .routes(routes!(channel_rules::apply_channel_rules))
        .routes(routes!(commands::outcome))
        .routes(routes!(identity::settings, identity::set_settings))
        .routes(routes!(identity::roll_back))
        .routes(routes!(identity::preview))
        .routes(routes!(identity::apply))
        .routes(routes!(identity::ledger))
        .routes(routes!(identity::report))
        .routes(routes!(merging::identity))
        .routes(routes!(merging::merge_preview))
        .routes(routes!(merging::merge))
        .routes(routes!(merging::unmerge))
        .routes(routes!(duplicates::duplicates))
        .routes(routes!(duplicates::answer))
        .routes(routes!(duplicates::settings, duplicates::set_settings))
        .routes(routes!(duplicates::find))
        .routes(routes!(forms::forms, forms::add_form))
        .routes(routes!(forms::form, forms::change_form))
        .routes(routes!(forms::new_webhook_secret))
        .routes(routes!(forms::try_webhook))
        .routes(routes!(segments::segments, segments::add_segment))
        .routes(routes!(segments::preview::preview))
        .routes(routes!(segments::fields::fields))
        .routes(routes!(segments::segment, segments::change_segment, segments::remove_segment))
        .routes(routes!(segments::segment_profiles))
        .routes(routes!(deliveries::deliveries))
        .routes(routes!(deliveries::retry_deliveries))
        .routes(routes!(deliveries::delivery))
        .routes(routes!(sending::sending, sending::set_sending))
        .routes(routes!(sending::set_sms_gateway))
        .routes(routes!(sending::try_sms))
        .routes(routes!(templates::templates, templates::add_template))
        .routes(routes!(templates::template_filters))
        .routes(routes!(templates::preview_template))
        .routes(routes!(templates::test_template))
        .routes(routes!(templates::template, templates::change_template))
        .routes(routes!(gate::gate, gate::set_gate))
        .routes(routes!(gate::suppressed_addresses, gate::suppress_addresses))
        .routes(routes!(gate::release_addresses))
        .routes(routes!(broadcasts::broadcasts, broadcasts::add_broadcast))
        .routes(routes!(broadcasts::dry_run::dry_run))
        .routes(routes!(broadcasts::broadcast, broadcasts::change_broadcast))
        .routes(routes!(broadcasts::step_broadcast))
        .routes(routes!(broadcasts::report::broadcast_report))
        .routes(routes!(journeys::journeys, journeys::add_journey))
        .routes(routes!(journeys::check_journey))
        .routes(routes!(journeys::simulation::simulate_journey))
        .routes(routes!(journeys::dry_run::dry_run_journey))
        .routes(routes!(journeys::journey_templates))
        .routes(routes!(journeys::journey, journeys::change_journey, journeys::remove_journey))
        .routes(routes!(journeys::step_journey))
        .routes(routes!(journeys::report::journey_counts))
        .routes(routes!(journeys::report::journey_report))
        .routes(routes!(journeys::runs::runs, journeys::runs::enter_journey))
        .routes(routes!(journeys::runs::run))
        .routes(routes!(journeys::runs::tasks))
        .routes(routes!(journeys::runs::answer_task))
        .routes(routes!(leads::leads, leads::add_lead))
        .routes(routes!(leads::lead))
        .routes(routes!(leads::act_on_lead))
        .routes(routes!(leads::calendar::lead_calendar))
        .routes(routes!(owners::owner_rules, owners::set_owner_rules))
        .routes(routes!(owners::learn_owner_curve))
        .routes(routes!(owners::vehicle))
        .routes(routes!(leads::operators::operators))
        .routes(routes!(leads::operators::set_presence))
        .routes(routes!(leads::rules::dealers))
        .routes(routes!(leads::rules::set_dealer, leads::rules::remove_dealer))
        .routes(routes!(leads::rules::new_dealer_secret))
        .routes(routes!(leads::rules::lead_rules, leads::rules::set_lead_rules))
        .routes(routes!(leads::rules::simulate_lead_rules))
        .routes(routes!(leads::reports::scorecards))
        .routes(routes!(leads::reports::lead_desk))
        .routes(routes!(leads::costs::lead_costs))
        .routes(routes!(hooks::source_mapping, hooks::set_source_mapping))
        .routes(routes!(hooks::try_source_mapping))
        .routes(routes!(lead_scores::lead_scores))
        .routes(routes!(lead_scores::learn_lead_score))
        .routes(routes!(lead_scores::publish_lead_score))
        .routes(routes!(lead_scores::withdraw_lead_score))
        .routes(routes!(lead_scores::remove_lead_score))
        .routes(routes!(lead_scores::set_lead_score_settings))
        .routes(routes!(lead_scores::lead_score_history))
        .routes(routes!(ad_gate::ad_gate))
        .routes(routes!(ad_gate::set_ad_gate_rules))
        .routes(routes!(ad_gate::look_at_ad_gate))
        .routes(routes!(ad_gate::pin_ad_gate))
        .routes(routes!(ad_gate::ad_gate_switches))
        .routes(routes!(ad_gate::simulate_ad_gate))
        .routes(routes!(ad_gate::export_ad_gate))
        .routes(routes!(messages::send_message))
        .routes(routes!(senders::senders))
        .routes(routes!(senders::set_sender))
        .merge(imports::routes())
}

/// The description of the API that clients are generated from.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}

/// JSON Schemas of report specs, by report; what they refer to stands beside them.
fn report_schemas(document: &utoipa::openapi::OpenApi) -> serde_json::Value {
    let described = document.components.as_ref().map(|components| &components.schemas);
    let wanted = [
        "FunnelSpec",
        "FunnelExclusion",
        "EventFilter",
        "RetentionSpec",
        "FlowSpec",
        "PathsSpec",
        "AttributionSpec",
        "PivotSpec",
        "PivotFilter",
        "ExperimentSpec",
    ];
    let parts = wanted.iter().filter_map(|name| Some(((*name).to_owned(), serde_json::to_value(described?.get(*name)?).ok()?)));
    let parts: serde_json::Map<String, serde_json::Value> = parts.collect();
    serde_json::json!({
        "reports": {
            "funnel": { "$ref": "#/components/schemas/FunnelSpec" },
            "attribution": { "$ref": "#/components/schemas/AttributionSpec" },
            "retention": { "$ref": "#/components/schemas/RetentionSpec" },
            "flow": { "$ref": "#/components/schemas/FlowSpec" },
            "paths": { "$ref": "#/components/schemas/PathsSpec" },
            "pivot": { "$ref": "#/components/schemas/PivotSpec" },
            "experiment": { "$ref": "#/components/schemas/ExperimentSpec" }
        },
        "components": { "schemas": parts }
    })
}

/// Everything under `/api`, and `pages` under all other paths.
pub fn router(state: ApiState, pages: Arc<[PageFile]>) -> Router {
    let (routes, document) = documented().split_for_parts();
    let schemas = report_schemas(&document).to_string();
    let document = document.to_json().unwrap_or_default();
    let specify = move || {
        let schemas = schemas.clone();
        async move { ([(axum::http::header::CONTENT_TYPE, "application/json")], schemas) }
    };
    let describe = move || {
        let document = document.clone();
        async move { ([(axum::http::header::CONTENT_TYPE, "application/json")], document) }
    };
    let page = move |method: Method, uri: Uri, headers: HeaderMap| {
        let pages = pages.clone();
        async move { ui::page(&pages, &method, &uri, &headers) }
    };
    routes
        .route("/api/openapi.json", axum::routing::get(describe))
        .route("/api/schemas", axum::routing::get(specify))
        .route_layer(middleware::from_fn_with_state(state.clone(), caller::authorise))
        .fallback(page)
        .layer(middleware::from_fn_with_state(state.clone(), headers::harden))
        .layer(tower_http::compression::CompressionLayer::new())
        .with_state(state)
}
