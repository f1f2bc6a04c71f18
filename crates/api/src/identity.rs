//! Identity settings, their application to history, the ledger, and the report on who is known.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use forecourt_model::{
    FragmentId, IdentitySettings as ModelSettings,
    command::Action,
    identity::{self, KindRole as ModelRole},
    time::{self, iso},
};
use forecourt_store::{
    Store,
    control::{Control, IDENTITY_JOB, IDENTITY_PREVIEW_JOB},
    fragment::FragmentRow,
    identity::{LedgerFilter, LedgerLine as Line},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Caller, Clock,
    commands::{CommandOutcome, Commands, Told},
    error::{ApiError, ErrorBody},
    feed::NamedIdentifier,
    input::{Asked, Body, page_size},
};

/// Where the settings before the last change are kept, so that it can be rolled back.
const BEFORE_SETTING: &str = "identity_before";

/// What names a person, and what stands against taking two for one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    /// By kind of identifier; a kind that is not listed is a key of another system: a person's, and unique.
    kinds: BTreeMap<String, IdentifierKindSettings>,
    /// An e-mail or a phone that goes with more given names is nobody's own.
    names_per_contact_max: u32,
    /// An e-mail or a phone that more people claim is nobody's own.
    people_per_contact_max: u32,
    /// A device that more people sign in on is nobody's own.
    people_per_device_max: u32,
    /// A profile with so many identifiers takes no more.
    identifiers_per_profile_max: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifierKindSettings {
    role: IdentifierRole,
    /// Two different values never live on one profile.
    #[serde(default)]
    is_unique: bool,
    /// How many values one person may gather.
    #[serde(default)]
    #[schema(required)]
    limit: Option<IdentifierLimit>,
    /// Values that name nobody: regular expressions over the whole normalised value, whatever the case.
    #[serde(default)]
    blocked: Vec<String>,
}

/// `person`: it names one. `device`: whose it is goes by who signs in. `nobody`: it is kept and joins nothing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierRole {
    Person,
    Device,
    Nobody,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifierLimit {
    values: u32,
    /// 0 for ever.
    window_days: u32,
}

#[derive(Serialize, ToSchema)]
pub struct IdentitySettingsAnswer {
    settings: IdentitySettings,
    /// What a new installation begins with.
    built_in: IdentitySettings,
    /// Null while they are the built-in ones.
    #[schema(required)]
    changed_at: Option<String>,
    #[schema(required)]
    changed_by: Option<String>,
    /// Whether the last change can be rolled back.
    can_roll_back: bool,
}

#[derive(Serialize, ToSchema)]
pub struct IdentityJob {
    /// See `GET /api/jobs`; the message of a preview that is done is its outcome as JSON.
    job: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LedgerAsked {
    /// `merged`, `refused`, `parted`; all when absent.
    act: Option<String>,
    /// The evidence's rule, such as `same_event`.
    rule: Option<String>,
    /// Why it was refused, such as `unique`.
    why: Option<String>,
    /// From the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct Ledger {
    lines: Vec<LedgerLine>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Two became one, did not although there is evidence, or were parted.
#[derive(Serialize, ToSchema)]
pub struct LedgerLine {
    id: String,
    at: String,
    /// `merged`, `refused`, `parted`.
    act: String,
    /// The evidence's rule; empty for what follows from other evidence.
    rule: String,
    /// Why it was refused or parted; empty for a merge.
    why: String,
    one: LedgerSide,
    other: LedgerSide,
    /// Who said so; empty where nobody did.
    actor: String,
    /// Log offset of the evidence.
    offset: String,
}

#[derive(Serialize, ToSchema)]
pub struct LedgerSide {
    fragment_id: String,
    /// The profile it was part of before.
    profile_id: String,
    /// The profile it is part of now; null where it is gone.
    #[schema(required)]
    profile_now: Option<String>,
    #[schema(required)]
    identifier: Option<NamedIdentifier>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IdentityReportAsked {
    /// `2026-01-31`; 30 days before `to` when absent. Days of UTC.
    from: Option<String>,
    /// Inclusive; today when absent.
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct IdentityReport {
    from: String,
    to: String,
    /// What was joined, refused and parted, by day and rule.
    days: Vec<IdentityDay>,
    /// Pairs that wait for a person's answer.
    in_review: u64,
    profiles: u64,
    /// Profiles with an e-mail, a phone, a key of another system.
    with_email: u64,
    with_phone: u64,
    with_user_id: u64,
    /// E-mails and phones that many people share.
    shared_contacts: u64,
    /// Orders, and those whose buyer has an e-mail or a phone.
    orders: u64,
    orders_of_known: u64,
}

#[derive(Serialize, ToSchema)]
pub struct IdentityDay {
    day: String,
    /// `merged:same_event`, `refused:unique`, `parted`, `names_nobody:email`, …
    what: String,
    count: i64,
}

/// The settings in force.
#[utoipa::path(get, path = "/api/identity/settings", operation_id = "identity_settings", tag = "identity", responses((status = 200, body = IdentitySettingsAnswer)))]
pub async fn settings(State(store): State<Store>, State(control): State<Control>) -> Result<Json<IdentitySettingsAnswer>, ApiError> {
    let changed = store.changed_identity_settings().await?;
    let settings = changed.as_ref().map_or_else(ModelSettings::default, |changed| changed.body.clone());
    Ok(Json(IdentitySettingsAnswer {
        settings: same(&settings)?,
        built_in: same(&ModelSettings::default())?,
        changed_at: changed.as_ref().map(|changed| iso(changed.changed_us)),
        changed_by: changed.map(|changed| changed.changed_by),
        can_roll_back: control.setting::<ModelSettings>(BEFORE_SETTING).await?.is_some(),
    }))
}

/// Change the settings: what comes from now on is decided by them. What came before stays until they are applied to it.
#[utoipa::path(put, path = "/api/identity/settings", operation_id = "set_identity_settings", tag = "identity", request_body = IdentitySettings,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn set_settings(
    State(store): State<Store>,
    State(control): State<Control>,
    State(commands): State<Commands>,
    caller: Caller,
    Body(change): Body<IdentitySettings>,
) -> Result<Told, ApiError> {
    let settings = checked(&change)?;
    let before = store.identity_settings().await?;
    let told = commands.tell(&caller, Action::SetIdentity { settings }).await?;
    if !matches!(told, Told::Refused { .. }) {
        control.put_setting(BEFORE_SETTING, &*before).await?;
    }
    Ok(told)
}

/// Go back to the settings before the last change, and apply them to history.
#[utoipa::path(post, path = "/api/identity/rollback", tag = "identity",
    responses((status = 202, body = IdentityJob), (status = 404, body = ErrorBody)))]
pub async fn roll_back(
    State(control): State<Control>,
    State(commands): State<Commands>,
    State(clock): State<Clock>,
    caller: Caller,
) -> Result<(StatusCode, Json<IdentityJob>), ApiError> {
    let settings: ModelSettings = control.setting(BEFORE_SETTING).await?.ok_or_else(|| ApiError::not_found("change to roll back"))?;
    if let Told::Refused { reason } = commands.tell(&caller, Action::SetIdentity { settings }).await? {
        return Err(ApiError::invalid(reason));
    }
    control.drop_setting(BEFORE_SETTING).await?;
    apply(State(control), State(clock)).await
}

/// Say how many profiles settings would join or part if they were applied to everything that came so far; nothing is changed.
#[utoipa::path(post, path = "/api/identity/preview", operation_id = "identity_preview", tag = "identity", request_body = IdentitySettings,
    responses((status = 202, body = IdentityJob), (status = 400, body = ErrorBody)))]
pub async fn preview(
    State(control): State<Control>,
    State(clock): State<Clock>,
    Body(asked): Body<IdentitySettings>,
) -> Result<(StatusCode, Json<IdentityJob>), ApiError> {
    let settings = serde_json::to_string(&checked(&asked)?).map_err(|error| ApiError::internal(&error))?;
    let title = "Identity settings, tried on history";
    let job = control.start_job_with(IDENTITY_PREVIEW_JOB, title, 100, "%", Some(&settings), clock.now_us()).await?;
    Ok((StatusCode::ACCEPTED, Json(IdentityJob { job })))
}

/// Apply the settings in force to everything that came so far. While that is under way already, the answer is its job.
#[utoipa::path(post, path = "/api/identity/apply", operation_id = "identity_apply", tag = "identity", responses((status = 202, body = IdentityJob)))]
pub async fn apply(State(control): State<Control>, State(clock): State<Clock>) -> Result<(StatusCode, Json<IdentityJob>), ApiError> {
    if let Some(running) = control.running_jobs(IDENTITY_JOB).await?.into_iter().next() {
        return Ok((StatusCode::ACCEPTED, Json(IdentityJob { job: running.id })));
    }
    let job = control.start_job(IDENTITY_JOB, "Identity settings, applied to history", 100, "%", clock.now_us()).await?;
    Ok((StatusCode::ACCEPTED, Json(IdentityJob { job })))
}

/// What was joined, refused and parted, latest first.
#[utoipa::path(get, path = "/api/identity/ledger", operation_id = "identity_ledger", tag = "identity", params(LedgerAsked),
    responses((status = 200, body = Ledger), (status = 400, body = ErrorBody)))]
pub async fn ledger(State(store): State<Store>, Asked(asked): Asked<LedgerAsked>) -> Result<Json<Ledger>, ApiError> {
    let limit = page_size(asked.limit, 50, 200);
    let before = asked.cursor.filter(|cursor| !cursor.is_empty()).map(|cursor| line_id(&cursor)).transpose()?;
    let text = |given: Option<String>| given.filter(|text| !text.is_empty());
    let filter = LedgerFilter { act: text(asked.act), rule: text(asked.rule), why: text(asked.why), before };
    let lines = store.ledger(&filter, limit).await?;
    let next_cursor = lines.last().filter(|_| lines.len() == limit as usize).map(id_of);
    Ok(Json(Ledger { lines: shown_lines(&store, lines).await?, next_cursor }))
}

/// Who is known, and how well.
#[utoipa::path(get, path = "/api/identity/report", operation_id = "identity_report", tag = "identity", params(IdentityReportAsked),
    responses((status = 200, body = IdentityReport), (status = 400, body = ErrorBody)))]
pub async fn report(
    State(store): State<Store>,
    State(control): State<Control>,
    State(clock): State<Clock>,
    Asked(asked): Asked<IdentityReportAsked>,
) -> Result<Json<IdentityReport>, ApiError> {
    let day = |text: &str| {
        let at_us = time::parse_us(text).ok_or_else(|| ApiError::invalid("a day is written like `2026-01-31`"))?;
        Ok::<_, ApiError>(time::day(at_us))
    };
    let to = asked.to.as_deref().map(day).transpose()?.unwrap_or_else(|| time::day(clock.now_us()));
    let from = asked.from.as_deref().map(day).transpose()?.unwrap_or(to - 29);
    let written = |day: i32| iso(i64::from(day) * time::DAY_US)[..10].to_owned();
    let totals = store.totals(from, to).await?;
    let days = totals.into_iter().filter(|total| total.metric == "identity");
    let known = store.who_is_known().await?;
    Ok(Json(IdentityReport {
        from: written(from),
        to: written(to),
        days: days.map(|total| IdentityDay { day: written(total.day), what: total.dimension, count: total.count }).collect(),
        in_review: control.duplicates_open().await?,
        profiles: store.profiles_count().await?,
        with_email: known.with_email,
        with_phone: known.with_phone,
        with_user_id: known.with_user_id,
        shared_contacts: known.shared_contacts,
        orders: known.orders,
        orders_of_known: known.orders_of_known,
    }))
}

/// Lines with the identifiers that they are about.
pub(crate) async fn shown_lines(store: &Store, lines: Vec<Line>) -> Result<Vec<LedgerLine>, ApiError> {
    let mut ids: Vec<FragmentId> = lines.iter().flat_map(|line| [line.a, line.b]).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: BTreeMap<FragmentId, FragmentRow> =
        store.fragments_by_id(&ids).await?.into_iter().map(|row| (row.fragment_id, row)).collect();
    let side = |id: FragmentId, before: forecourt_model::ProfileId| LedgerSide {
        fragment_id: id.0.to_string(),
        profile_id: before.0.to_string(),
        profile_now: rows.get(&id).map(|row| row.profile_id.0.to_string()),
        identifier: rows.get(&id).map(|row| NamedIdentifier { kind: row.kind.clone(), value: row.value.clone() }),
    };
    let shown = |line: Line| LedgerLine {
        id: id_of(&line),
        at: iso(line.at_us),
        one: side(line.a, line.profile_a),
        other: side(line.b, line.profile_b),
        offset: line.log_offset.to_string(),
        act: line.act,
        rule: line.rule,
        why: line.why,
        actor: line.actor,
    };
    Ok(lines.into_iter().map(shown).collect())
}

fn id_of(line: &Line) -> String {
    format!("{}.{}", line.log_offset, line.number)
}

fn line_id(text: &str) -> Result<(u64, u32), ApiError> {
    let parts = text.split_once('.').and_then(|(offset, number)| Some((offset.parse().ok()?, number.parse().ok()?)));
    parts.ok_or_else(|| ApiError::invalid("the cursor is not one of ours: start from the first page"))
}

fn checked(given: &IdentitySettings) -> Result<ModelSettings, ApiError> {
    let kind = |(name, kind): (&String, &IdentifierKindSettings)| {
        let role = match kind.role {
            IdentifierRole::Person => ModelRole::Person,
            IdentifierRole::Device => ModelRole::Device,
            IdentifierRole::Nobody => ModelRole::Nobody,
        };
        let limit = kind.limit.map(|limit| identity::Limit { values: limit.values, window_days: limit.window_days });
        (name.clone(), identity::KindSettings { role, is_unique: kind.is_unique, limit, blocked: kind.blocked.clone() })
    };
    let settings = ModelSettings {
        kinds: given.kinds.iter().map(kind).collect(),
        names_per_contact_max: given.names_per_contact_max,
        people_per_contact_max: given.people_per_contact_max,
        people_per_device_max: given.people_per_device_max,
        identifiers_per_profile_max: given.identifiers_per_profile_max,
    };
    settings.check().map_err(ApiError::invalid)?;
    Ok(settings)
}

/// The model's settings and the documented ones are the same in JSON.
fn same<A: Serialize, B: serde::de::DeserializeOwned>(settings: &A) -> Result<B, ApiError> {
    serde_json::to_value(settings).and_then(serde_json::from_value).map_err(|error| ApiError::internal(&error))
}
