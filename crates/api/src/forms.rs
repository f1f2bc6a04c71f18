//! Forms: what people configure, and what the call centre needs to trust the webhook.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use forecourt_model::{
    command::Action,
    form::{FieldKind as ModelFieldKind, Form as ModelForm, FormField as ModelFormField, Language as ModelLanguage},
    gateway::webhook_secret_place,
    time::iso,
};
use forecourt_outgoing::Outgoing;
use forecourt_store::{Store, control::Control, definition::Definition};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Border, Caller, Clock, Commands, Trail,
    border::SourceHealth,
    commands::Told,
    error::{ApiError, ErrorBody},
    input::Body,
};

/// What a form asks, says and sets off.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormBody {
    /// For those who work with it; visitors do not see it.
    name: String,
    /// The language of what visitors read beside these texts.
    language: FormLanguage,
    /// A form that is switched off answers nobody.
    enabled: bool,
    title: String,
    intro: String,
    /// The text on the button.
    button: String,
    /// Shown in place of the form after a submit.
    thanks: String,
    /// The sentence beside the box that must be ticked; empty for no box.
    consent: String,
    /// In the order they are shown; a phone number must be among them, and required.
    fields: Vec<FormField>,
    /// Goes with each submit, where a form belongs to one dealer.
    #[schema(required)]
    dealer: Option<String>,
    /// Whether programs may submit without a token of time.
    open_to_programs: bool,
    /// Whether each submit is a lead.
    #[serde(default)]
    opens_lead: bool,
    /// The text sent to who submitted, with `{name}` and `{phone}`; absent for none.
    #[schema(required)]
    sms: Option<String>,
    /// Address that each submit is told to, signed as Standard Webhooks has it; absent for none.
    #[schema(required)]
    webhook: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormLanguage {
    En,
    Ru,
    Zh,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    kind: FormFieldKind,
    label: String,
    required: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormFieldKind {
    Phone,
    Name,
    Email,
    Comment,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Form {
    /// Part of its address: `/f/call-back`. Never changes.
    form_id: String,
    form: FormBody,
    /// 1 for the first.
    version: i64,
    created_at: String,
    changed_at: String,
    /// E-mail of the user, or the token's name.
    changed_by: String,
    /// Whether the webhook can be signed.
    has_webhook_secret: bool,
    /// Submits since the server's start, at most of the last 24 hours.
    submits_24h: u64,
    #[schema(required)]
    last_submit_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Forms {
    forms: Vec<Form>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewForm {
    /// Part of its address: a-z, 0-9 and -, such as `call-back`.
    form_id: String,
    form: FormBody,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SavedForm {
    form: Form,
    /// The webhook's secret, where one was made just now: shown this once.
    #[schema(required)]
    webhook_secret: Option<String>,
}

/// Shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookSecret {
    secret: String,
}

/// What came of a trial.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tried {
    /// Whether the other side took it.
    is_taken: bool,
    /// Of its HTTP answer; absent where there was none.
    #[schema(required)]
    status: Option<i64>,
    /// The beginning of its answer.
    answer: String,
    /// What went wrong.
    detail: String,
}

impl From<crate::border::Tried> for Tried {
    fn from(tried: crate::border::Tried) -> Self {
        Self { is_taken: tried.is_taken, status: tried.status, answer: tried.answer, detail: tried.detail }
    }
}

/// All forms, by their addresses.
#[utoipa::path(get, path = "/api/forms", tag = "forms", responses((status = 200, body = Forms)))]
pub async fn forms(
    State(store): State<Store>,
    State(control): State<Control>,
    State(border): State<Border>,
    State(clock): State<Clock>,
) -> Result<Json<Forms>, ApiError> {
    let health = border.health(clock.now_us());
    let mut forms = Vec::new();
    for definition in store.forms().await? {
        let own = health.get(&definition.body.source());
        forms.push(shown(&control, definition, own).await?);
    }
    Ok(Json(Forms { forms }))
}

/// One form.
#[utoipa::path(get, path = "/api/forms/{id}", tag = "forms", params(("id" = String, Path)),
    responses((status = 200, body = Form), (status = 404, body = ErrorBody)))]
pub async fn form(
    State(store): State<Store>,
    State(control): State<Control>,
    State(border): State<Border>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
) -> Result<Json<Form>, ApiError> {
    let definition = store.form(&id).await?.ok_or_else(|| ApiError::not_found("such form"))?;
    let health = border.health(clock.now_us());
    let own = health.get(&definition.body.source());
    Ok(Json(shown(&control, definition, own).await?))
}

/// Make a form. Its webhook's secret is in the answer, and nowhere afterwards.
#[utoipa::path(post, path = "/api/forms", tag = "forms", request_body = NewForm,
    responses((status = 200, body = SavedForm), (status = 400, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the route works with")]
pub async fn add_form(
    caller: Caller,
    State(store): State<Store>,
    State(control): State<Control>,
    State(commands): State<Commands>,
    State(outgoing): State<Outgoing>,
    State(clock): State<Clock>,
    trail: Trail,
    Body(asked): Body<NewForm>,
) -> Result<Response, ApiError> {
    trail.object(format!("form {}", asked.form_id));
    if store.form(&asked.form_id).await?.is_some() {
        return Err(ApiError::invalid(format!("there is a form at /f/{} already: take another address", asked.form_id)));
    }
    save(&caller, &store, &control, &commands, &outgoing, &clock, asked.form.into_model(asked.form_id)).await
}

/// Change a form as a whole. A submit is handled by the form as it was when it came.
#[utoipa::path(put, path = "/api/forms/{id}", tag = "forms", params(("id" = String, Path)), request_body = FormBody,
    responses((status = 200, body = SavedForm), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
#[expect(clippy::too_many_arguments, reason = "each is a piece that the route works with")]
pub async fn change_form(
    caller: Caller,
    State(store): State<Store>,
    State(control): State<Control>,
    State(commands): State<Commands>,
    State(outgoing): State<Outgoing>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
    trail: Trail,
    Body(asked): Body<FormBody>,
) -> Result<Response, ApiError> {
    let before = store.form(&id).await?.ok_or_else(|| ApiError::not_found("such form"))?;
    trail.object(format!("form {id}"));
    let form = asked.into_model(id);
    trail.changed(&before.body, &form);
    save(&caller, &store, &control, &commands, &outgoing, &clock, form).await
}

/// Give the form's webhook a new secret; the old one stops working at once.
#[utoipa::path(post, path = "/api/forms/{id}/webhook-secret", tag = "forms", params(("id" = String, Path)),
    responses((status = 200, body = WebhookSecret), (status = 404, body = ErrorBody)))]
pub async fn new_webhook_secret(
    State(store): State<Store>,
    State(control): State<Control>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
) -> Result<Json<WebhookSecret>, ApiError> {
    store.form(&id).await?.ok_or_else(|| ApiError::not_found("such form"))?;
    Ok(Json(WebhookSecret { secret: put_new_secret(&control, &id, clock.now_us()).await? }))
}

/// Send a signed trial to the form's webhook, and see what it answers. It says `"type":"test"`.
#[utoipa::path(post, path = "/api/forms/{id}/try-webhook", tag = "forms", params(("id" = String, Path)),
    responses((status = 200, body = Tried), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn try_webhook(
    State(store): State<Store>,
    State(border): State<Border>,
    Path(id): Path<String>,
) -> Result<Json<Tried>, ApiError> {
    let form = store.form(&id).await?.ok_or_else(|| ApiError::not_found("such form"))?;
    let address = form.body.webhook.ok_or_else(|| ApiError::invalid("the form tells no webhook: give it an address first"))?;
    let tried = (border.delivery().try_webhook)(id, address).await.map_err(ApiError::invalid)?;
    Ok(Json(tried.into()))
}

async fn save(
    caller: &Caller,
    store: &Store,
    control: &Control,
    commands: &Commands,
    outgoing: &Outgoing,
    clock: &Clock,
    form: ModelForm,
) -> Result<Response, ApiError> {
    form.check().map_err(ApiError::invalid)?;
    if let Some(address) = &form.webhook {
        outgoing.check(address).map_err(|error| ApiError::invalid(format!("the webhook: {error}")))?;
    }
    let form_id = form.form_id.clone();
    let needs_secret = form.webhook.is_some() && !control.has_secret(&webhook_secret_place(&form_id)).await?;
    // Before the form: a submit a moment later must find it.
    let webhook_secret = if needs_secret { Some(put_new_secret(control, &form_id, clock.now_us()).await?) } else { None };
    match commands.tell(caller, Action::SetForm { form }).await? {
        Told::Done => {
            let saved = store.form(&form_id).await?.ok_or_else(|| ApiError::not_found("such form"))?;
            Ok(Json(SavedForm { form: shown(control, saved, None).await?, webhook_secret }).into_response())
        }
        Told::Refused { reason } => Err(ApiError::invalid(reason)),
        pending @ Told::Pending { .. } => Ok(pending.into_response()),
    }
}

pub(crate) async fn put_new_secret(control: &Control, form_id: &str, now_us: i64) -> Result<String, ApiError> {
    use base64::Engine as _;
    let mut bytes = [0_u8; 24];
    rand::rng().fill(&mut bytes[..]);
    let secret = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(bytes));
    control.put_secret(&webhook_secret_place(form_id), &secret, now_us).await?;
    Ok(secret)
}

async fn shown(control: &Control, definition: Definition<ModelForm>, health: Option<&SourceHealth>) -> Result<Form, ApiError> {
    let has_webhook_secret = control.has_secret(&webhook_secret_place(&definition.body.form_id)).await?;
    Ok(Form {
        form_id: definition.body.form_id.clone(),
        form: FormBody::from_model(definition.body),
        version: definition.version,
        created_at: iso(definition.created_us),
        changed_at: iso(definition.changed_us),
        changed_by: definition.changed_by,
        has_webhook_secret,
        submits_24h: health.map_or(0, |health| health.accepted_24h),
        last_submit_at: health.and_then(|health| health.last_accepted_us).map(iso),
    })
}

impl FormBody {
    fn from_model(form: ModelForm) -> Self {
        let field = |field: ModelFormField| FormField { kind: field.kind.into(), label: field.label, required: field.required };
        Self {
            name: form.name,
            language: form.language.into(),
            enabled: form.enabled,
            title: form.title,
            intro: form.intro,
            button: form.button,
            thanks: form.thanks,
            consent: form.consent,
            fields: form.fields.into_iter().map(field).collect(),
            dealer: form.dealer,
            open_to_programs: form.open_to_programs,
            opens_lead: form.opens_lead,
            sms: form.sms,
            webhook: form.webhook,
        }
    }

    fn into_model(self, form_id: String) -> ModelForm {
        let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let field = |field: FormField| ModelFormField { kind: field.kind.into(), label: field.label, required: field.required };
        ModelForm {
            form_id,
            name: self.name.trim().to_owned(),
            language: self.language.into(),
            enabled: self.enabled,
            title: self.title,
            intro: self.intro,
            button: self.button,
            thanks: self.thanks,
            consent: self.consent,
            fields: self.fields.into_iter().map(field).collect(),
            dealer: given(self.dealer),
            open_to_programs: self.open_to_programs,
            opens_lead: self.opens_lead,
            sms: given(self.sms),
            webhook: given(self.webhook),
        }
    }
}

impl From<ModelLanguage> for FormLanguage {
    fn from(language: ModelLanguage) -> Self {
        match language {
            ModelLanguage::En => Self::En,
            ModelLanguage::Ru => Self::Ru,
            ModelLanguage::Zh => Self::Zh,
        }
    }
}

impl From<FormLanguage> for ModelLanguage {
    fn from(language: FormLanguage) -> Self {
        match language {
            FormLanguage::En => Self::En,
            FormLanguage::Ru => Self::Ru,
            FormLanguage::Zh => Self::Zh,
        }
    }
}

impl From<ModelFieldKind> for FormFieldKind {
    fn from(kind: ModelFieldKind) -> Self {
        match kind {
            ModelFieldKind::Phone => Self::Phone,
            ModelFieldKind::Name => Self::Name,
            ModelFieldKind::Email => Self::Email,
            ModelFieldKind::Comment => Self::Comment,
        }
    }
}

impl From<FormFieldKind> for ModelFieldKind {
    fn from(kind: FormFieldKind) -> Self {
        match kind {
            FormFieldKind::Phone => Self::Phone,
            FormFieldKind::Name => Self::Name,
            FormFieldKind::Email => Self::Email,
            FormFieldKind::Comment => Self::Comment,
        }
    }
}
