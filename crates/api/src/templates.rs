//! Templates of messages: written, looked at as anybody would get them, sent to oneself.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use forecourt_model::{
    FragmentState, Scope,
    command::Action,
    message::MessageChannel as ModelChannel,
    message_template::{Content as ModelContent, Markup as ModelMarkup, MessageTemplate as ModelTemplate},
    reach::{self, ReachPart},
    time::iso,
};
use forecourt_render::{self as render, Limits};
use forecourt_store::{Store, definition::Definition, profile::ProfileView};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    Border, Caller, Commands, Trail,
    commands::CommandOutcome,
    deliveries::MessageChannel,
    error::{ApiError, ErrorBody},
    forms::Tried,
    input::Body,
    profiles,
};

/// The texts of a template; empty where a message channel has no use for one.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TemplateContent {
    /// Of an e-mail; of a web push its title.
    subject: String,
    /// Of an e-mail: what a list of mails shows after the subject.
    preheader: String,
    markup: TemplateMarkup,
    /// Of an e-mail, in `markup`.
    body: String,
    /// What is said everywhere else; of an e-mail its plain part, made of the body where it is empty.
    text: String,
    /// Of an e-mail: its AMP part.
    amp: String,
    /// Where a web push leads; of a messenger, where its button leads.
    url: String,
    /// The button's words.
    button: String,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemplateMarkup {
    #[default]
    Mjml,
    Html,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateItem {
    template_id: String,
    name: String,
    folder: String,
    message_channel: MessageChannel,
    /// `en`, `ru` or `zh`.
    language: String,
    /// Empty for the installation's own.
    brand_id: String,
    is_archived: bool,
    /// 1 for the first.
    version: i64,
    changed_at: String,
    changed_by: String,
    subject: String,
    /// Broadcasts that are not over and send it.
    used_by: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateList {
    /// By name.
    templates: Vec<TemplateItem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateDetail {
    #[serde(flatten)]
    template: TemplateItem,
    content: TemplateContent,
    /// Names of the variables that the texts read.
    uses: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    /// Lower-case letters, digits, `-` and `_`; never changes.
    template_id: String,
    /// 1 to 120 characters.
    name: String,
    #[serde(default)]
    folder: String,
    /// Never changes.
    message_channel: MessageChannel,
    /// `en`, `ru` or `zh`; `en` unless told.
    #[serde(default = "en")]
    language: String,
    #[serde(default)]
    brand_id: String,
    content: TemplateContent,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateChange {
    name: String,
    #[serde(default)]
    folder: String,
    #[serde(default = "en")]
    language: String,
    #[serde(default)]
    brand_id: String,
    content: TemplateContent,
    #[serde(default)]
    is_archived: bool,
}

fn en() -> String {
    "en".to_owned()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplatePreviewAsked {
    message_channel: MessageChannel,
    #[serde(default = "en")]
    language: String,
    content: TemplateContent,
    /// As whom; without it a made-up person.
    #[serde(default)]
    profile_id: Option<String>,
    /// What the texts read as `vars`.
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Value,
}

/// The message as it would be, or why it cannot be.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct TemplatePreview {
    subject: String,
    html: String,
    text: String,
    amp: String,
    #[schema(required)]
    error: Option<TemplateProblem>,
    findings: Vec<TemplateFinding>,
    /// Of an SMS.
    #[schema(required)]
    sms: Option<SmsSize>,
    /// What the texts were filled with.
    #[schema(value_type = Object)]
    variables: Value,
    uses: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateProblem {
    /// Of an e-mail: `subject`, `preheader`, `body`, `text` or `amp`.
    #[schema(required)]
    part: Option<String>,
    /// Of the text that it is in; absent where it is of none.
    #[schema(required)]
    line: Option<u32>,
    message: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateFinding {
    severity: FindingSeverity,
    code: String,
    message: String,
    #[schema(required)]
    line: Option<u32>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    Error,
    Warning,
    Advice,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SmsSize {
    /// `gsm7` or `ucs2`.
    encoding: String,
    chars: usize,
    /// As many as are paid for.
    parts: usize,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateTest {
    message_channel: MessageChannel,
    #[serde(default = "en")]
    language: String,
    #[serde(default)]
    brand_id: String,
    content: TemplateContent,
    /// To which address.
    to: String,
    #[serde(default)]
    profile_id: Option<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    variables: Value,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateFilters {
    filters: Vec<TemplateFilter>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateFilter {
    name: String,
    example: String,
    what: String,
}

/// All templates.
#[utoipa::path(get, path = "/api/templates", tag = "messages", responses((status = 200, body = TemplateList)))]
pub async fn templates(State(store): State<Store>) -> Result<Json<TemplateList>, ApiError> {
    let used = used(&store).await?;
    let mut templates: Vec<TemplateItem> = store.templates().await?.into_iter().map(|held| TemplateItem::new(&held, &used)).collect();
    templates.sort_by_key(|item| (item.name.to_lowercase(), item.template_id.clone()));
    Ok(Json(TemplateList { templates }))
}

/// One template with its texts.
#[utoipa::path(get, path = "/api/templates/{id}", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = TemplateDetail), (status = 404, body = ErrorBody)))]
pub async fn template(State(store): State<Store>, Path(id): Path<String>) -> Result<Json<TemplateDetail>, ApiError> {
    let held = found(&store, &id).await?;
    let used = used(&store).await?;
    let template = TemplateItem::new(&held, &used);
    Ok(Json(TemplateDetail { template, content: TemplateContent::from_model(held.body.content), uses: held.body.uses }))
}

/// Make a template.
#[utoipa::path(post, path = "/api/templates", tag = "messages", request_body = NewTemplate,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody)))]
pub async fn add_template(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    trail: Trail,
    Body(asked): Body<NewTemplate>,
) -> Result<Response, ApiError> {
    let NewTemplate { template_id, name, folder, message_channel, language, brand_id, content } = asked;
    trail.object(format!("template {template_id}"));
    if store.template(&template_id).await?.is_some() {
        return Err(ApiError::invalid(format!("there is a template `{template_id}` already: take another id")));
    }
    let (message_channel, content) = (message_channel.into(), content.into_model());
    let template =
        ModelTemplate { template_id, name, folder, message_channel, language, brand_id, uses: Vec::new(), content, is_archived: false };
    save(&commands, &caller, template).await
}

/// Change a template: messages from now on are made of the new one.
#[utoipa::path(put, path = "/api/templates/{id}", tag = "messages", params(("id" = String, Path)), request_body = TemplateChange,
    responses((status = 200, body = CommandOutcome), (status = 202, body = CommandOutcome), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn change_template(
    caller: Caller,
    State(store): State<Store>,
    State(commands): State<Commands>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<TemplateChange>,
) -> Result<Response, ApiError> {
    let before = found(&store, &id).await?.body;
    trail.object(format!("template {id}"));
    let TemplateChange { name, folder, language, brand_id, content, is_archived } = asked;
    let content = content.into_model();
    let template = ModelTemplate { name, folder, language, brand_id, content, is_archived, ..before.clone() };
    trail.changed(&before, &template);
    save(&commands, &caller, template).await
}

async fn save(commands: &Commands, caller: &Caller, mut template: ModelTemplate) -> Result<Response, ApiError> {
    template.uses = uses(&template.content).map_err(|problem| ApiError::invalid(problem.to_string()))?;
    template.check().map_err(ApiError::invalid)?;
    if !template.is_archived {
        check_texts(&template).map_err(|problem| ApiError::invalid(problem.to_string()))?;
    }
    commands.carry_out(caller, Action::SetTemplate { template }).await
}

/// See a message as it would be, with what is wrong with it.
#[utoipa::path(post, path = "/api/templates/preview", tag = "messages", request_body = TemplatePreviewAsked,
    responses((status = 200, body = TemplatePreview), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn preview_template(
    caller: Caller,
    State(store): State<Store>,
    trail: Trail,
    Body(asked): Body<TemplatePreviewAsked>,
) -> Result<Json<TemplatePreview>, ApiError> {
    let content = asked.content.into_model();
    let uses = match uses(&content) {
        Ok(uses) => uses,
        Err(problem) => return Ok(Json(TemplatePreview { error: Some(problem.into()), ..TemplatePreview::default() })),
    };
    let person = match &asked.profile_id {
        Some(id) => {
            trail.object(id);
            Some(person(&store, &caller.scope, id).await?)
        }
        None => None,
    };
    let variables = variables(person.as_ref(), &uses, &asked.variables, &asked.language);
    let channel: ModelChannel = asked.message_channel.into();
    // Filling and laying out takes the processor, not the disk.
    let shown = tokio::task::spawn_blocking(move || shown(channel, &content, &variables, uses)).await;
    Ok(Json(shown.map_err(|error| ApiError::internal(&error))?))
}

/// Send a message to an address at once, to see it there. Safe mode lets only test recipients through.
#[utoipa::path(post, path = "/api/templates/test", tag = "messages", request_body = TemplateTest,
    responses((status = 200, body = Tried), (status = 400, body = ErrorBody)))]
pub async fn test_template(
    caller: Caller,
    State(store): State<Store>,
    State(border): State<Border>,
    trail: Trail,
    Body(asked): Body<TemplateTest>,
) -> Result<Json<Tried>, ApiError> {
    trail.object("a trial message");
    let content = asked.content.into_model();
    let uses = uses(&content).map_err(|problem| ApiError::invalid(problem.to_string()))?;
    let person = match &asked.profile_id {
        Some(id) => Some(person(&store, &caller.scope, id).await?),
        None => None,
    };
    let variables = variables(person.as_ref(), &uses, &asked.variables, &asked.language);
    let template = ModelTemplate {
        template_id: "trial".to_owned(),
        name: "trial".to_owned(),
        folder: String::new(),
        message_channel: asked.message_channel.into(),
        language: asked.language,
        brand_id: asked.brand_id,
        content,
        uses,
        is_archived: false,
    };
    template.check().map_err(ApiError::invalid)?;
    let tried = (border.delivery().try_message)(template, asked.to.trim().to_owned(), variables).await.map_err(ApiError::invalid)?;
    Ok(Json(tried.into()))
}

/// What templates can do with a value.
#[utoipa::path(get, path = "/api/templates/filters", tag = "messages", responses((status = 200, body = TemplateFilters)))]
pub async fn template_filters() -> Json<TemplateFilters> {
    let filter = |filter: &render::Filter| TemplateFilter {
        name: filter.name.to_owned(),
        example: filter.example.to_owned(),
        what: filter.what.to_owned(),
    };
    Json(TemplateFilters { filters: render::FILTERS.iter().map(filter).collect() })
}

async fn found(store: &Store, id: &str) -> Result<Definition<ModelTemplate>, ApiError> {
    store.template(id).await?.ok_or_else(|| ApiError::not_found("such template"))
}

/// Which open broadcasts send which template.
async fn used(store: &Store) -> Result<BTreeMap<String, Vec<String>>, ApiError> {
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for of in store.broadcasts().await?.into_iter().map(|definition| definition.body).filter(|of| of.is_open()) {
        for step in of.broadcast.variants.iter().flat_map(|variant| &variant.chain) {
            let by = used.entry(step.template_id.clone()).or_default();
            if !by.contains(&of.broadcast.broadcast_id) {
                by.push(of.broadcast.broadcast_id.clone());
            }
        }
    }
    Ok(used)
}

/// Errors: 403 for those who see people masked: no rule would find a name in a whole letter.
async fn person(store: &Store, scope: &Scope, id: &str) -> Result<ProfileView, ApiError> {
    if *scope == Scope::Masked {
        return Err(ApiError::forbidden("you see people masked: look at the message as the made-up person"));
    }
    store.profile(scope, profiles::profile_id(id)?).await?.ok_or_else(|| ApiError::not_found("such profile"))
}

/// What the texts read: of a person, or of one that is made up.
fn variables(person: Option<&ProfileView>, uses: &[String], given: &Value, language: &str) -> Value {
    let vars = if given.is_object() { given.clone() } else { json!({}) };
    let mut variables = match person {
        Some(view) => {
            let states: Vec<FragmentState> =
                view.fragments.iter().map(|row| serde_json::from_str(&row.state).unwrap_or_default()).collect();
            let parts = view.fragments.iter().zip(&states).map(|(row, state)| ReachPart {
                fragment_id: row.fragment_id,
                kind: &row.kind,
                value: &row.value,
                generation: row.generation,
                last_us: row.last_us,
                state,
            });
            reach::variables(parts, uses, &vars)
        }
        None => json!({ "profile": made_up(uses, language), "vars": vars }),
    };
    variables["unsubscribe_url"] = "https://example.com/unsubscribe".into();
    variables["brand"] = json!({ "name": "Forecourt" });
    variables
}

/// Somebody who has every trait that is asked for.
fn made_up(uses: &[String], language: &str) -> Value {
    let name = match language {
        "ru" => ("Анна", "Петрова"),
        "zh" => ("伟", "王"),
        _ => ("Anna", "Berg"),
    };
    let mut profile = serde_json::Map::new();
    for trait_name in uses.iter().filter_map(|name| name.strip_prefix("profile.")).filter_map(|name| name.split('.').next()) {
        let value = match trait_name.to_ascii_lowercase().as_str() {
            "first_name" | "firstname" => name.0.to_owned(),
            "last_name" | "lastname" => name.1.to_owned(),
            "name" | "full_name" | "fullname" => format!("{} {}", name.0, name.1),
            "email" => "anna@example.com".to_owned(),
            "phone" => "+12025550147".to_owned(),
            other => other.to_owned(),
        };
        profile.insert(trait_name.to_owned(), value.into());
    }
    Value::Object(profile)
}

fn texts(content: &ModelContent) -> [&str; 7] {
    let ModelContent { subject, preheader, body, text, amp, url, button, .. } = content;
    [subject, preheader, body, text, amp, url, button]
}

fn uses(content: &ModelContent) -> Result<Vec<String>, render::RenderError> {
    let texts: Vec<&str> = texts(content).into_iter().filter(|text| !text.is_empty()).collect();
    Ok(render::uses(&texts)?.into_iter().collect())
}

/// The source of an e-mail as it is rendered.
pub(crate) fn email_source(content: &ModelContent) -> render::EmailSource {
    let some = |text: &String| (!text.trim().is_empty()).then(|| text.clone());
    render::EmailSource {
        subject: content.subject.clone(),
        preheader: some(&content.preheader),
        body: match content.markup {
            ModelMarkup::Mjml => render::EmailBody::Mjml(content.body.clone()),
            ModelMarkup::Html => render::EmailBody::Html(content.body.clone()),
        },
        text: some(&content.text),
        amp: some(&content.amp),
    }
}

/// What can be told before anybody is known: whether the texts can be read at all.
fn check_texts(template: &ModelTemplate) -> Result<(), render::RenderError> {
    if template.message_channel == ModelChannel::Email {
        return render::Compiled::new(&email_source(&template.content), Limits::EMAIL).map(drop);
    }
    for text in texts(&template.content) {
        render::Template::text(text, Limits::TEXT)?;
    }
    Ok(())
}

fn shown(channel: ModelChannel, content: &ModelContent, variables: &Value, uses: Vec<String>) -> TemplatePreview {
    let mut shown = TemplatePreview { variables: variables.clone(), uses, ..TemplatePreview::default() };
    if channel == ModelChannel::Email {
        match render::Compiled::new(&email_source(content), Limits::EMAIL)
            .and_then(|compiled| compiled.render(variables, &|url: &str| url.to_owned(), None))
        {
            Ok(rendered) => {
                let purpose = render::lint::Purpose { is_marketing: true, unsubscribe_url: variables["unsubscribe_url"].as_str() };
                let of_amp = rendered.amp.as_deref().map(render::amp::check).unwrap_or_default();
                let found = render::lint::lint(&rendered, purpose).into_iter().chain(of_amp);
                shown.findings = found.map(TemplateFinding::from).collect();
                (shown.subject, shown.html, shown.text) = (rendered.subject, rendered.html, rendered.text);
                shown.amp = rendered.amp.unwrap_or_default();
            }
            Err(problem) => shown.error = Some(problem.into()),
        }
        return shown;
    }
    let text = |template: &str| render::text(template, variables, Limits::TEXT);
    match text(&content.text).and_then(|said| Ok((said, text(&content.subject)?))) {
        Ok((said, title)) => {
            if channel == ModelChannel::Sms {
                let size = render::sms::parts(&said);
                shown.sms = Some(SmsSize { encoding: format!("{:?}", size.encoding).to_lowercase(), chars: size.chars, parts: size.parts });
            }
            (shown.text, shown.subject) = (said, title);
        }
        Err(problem) => shown.error = Some(problem.into()),
    }
    shown
}

impl From<render::RenderError> for TemplateProblem {
    fn from(problem: render::RenderError) -> Self {
        Self { part: problem.part.map(str::to_owned), line: problem.line, message: problem.message }
    }
}

impl From<render::Finding> for TemplateFinding {
    fn from(finding: render::Finding) -> Self {
        let severity = match finding.severity {
            render::Severity::Error => FindingSeverity::Error,
            render::Severity::Warning => FindingSeverity::Warning,
            render::Severity::Advice => FindingSeverity::Advice,
        };
        Self { severity, code: finding.code.to_owned(), message: finding.message, line: finding.line }
    }
}

impl TemplateItem {
    fn new(held: &Definition<ModelTemplate>, used: &BTreeMap<String, Vec<String>>) -> Self {
        let template = &held.body;
        Self {
            template_id: template.template_id.clone(),
            name: template.name.clone(),
            folder: template.folder.clone(),
            message_channel: template.message_channel.into(),
            language: template.language.clone(),
            brand_id: template.brand_id.clone(),
            is_archived: template.is_archived,
            version: held.version,
            changed_at: iso(held.changed_us),
            changed_by: held.changed_by.clone(),
            subject: template.content.subject.clone(),
            used_by: used.get(&template.template_id).cloned().unwrap_or_default(),
        }
    }
}

impl TemplateContent {
    fn from_model(content: ModelContent) -> Self {
        let ModelContent { subject, preheader, markup, body, text, amp, url, button } = content;
        let markup = match markup {
            ModelMarkup::Mjml => TemplateMarkup::Mjml,
            ModelMarkup::Html => TemplateMarkup::Html,
        };
        Self { subject, preheader, markup, body, text, amp, url, button }
    }

    fn into_model(self) -> ModelContent {
        let Self { subject, preheader, markup, body, text, amp, url, button } = self;
        let markup = match markup {
            TemplateMarkup::Mjml => ModelMarkup::Mjml,
            TemplateMarkup::Html => ModelMarkup::Html,
        };
        ModelContent { subject, preheader, markup, body, text, amp, url, button }
    }
}
