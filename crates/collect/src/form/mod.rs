//! Public forms: a page of their own, a script that puts one into any page, and the address that both submit to.
//!
//! A submit is an event of the source `form:<id>`; what it sets off is the fold's to say. `submit` checks what came, `guard`
//! tells people from programs, `page` and `embed` show the form, `texts` is what visitors get to read.

mod embed;
mod guard;
mod page;
mod submit;
mod texts;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use forecourt_model::{HashKey, form::Form};
use tokio::sync::watch;

use crate::{Collector, form::guard::Guard, rate::Rates};

/// The forms there are, by id.
pub type Forms = BTreeMap<String, Arc<Form>>;

/// What the administrator says of forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormLimits {
    /// Submits a minute from one address; 0 for no limit.
    pub submits_per_minute: u32,
    /// How long a person needs at least to fill a form in.
    pub fill_time_us: i64,
}

impl Default for FormLimits {
    fn default() -> Self {
        Self { submits_per_minute: 10, fill_time_us: 1_500_000 }
    }
}

/// Answers under `/f/`.
#[derive(Clone)]
pub struct FormDesk {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    collector: Collector,
    forms: watch::Receiver<Arc<Forms>>,
    guard: Guard,
    rates: Rates,
    limits: FormLimits,
}

impl FormDesk {
    /// * `forms`: a change is in force for the next request; `key`: what tokens are made with.
    pub fn new(collector: Collector, forms: watch::Receiver<Arc<Forms>>, limits: FormLimits, key: &HashKey) -> Self {
        let rates = Rates::per_minute(limits.submits_per_minute);
        let guard = Guard::new(key, limits.fill_time_us);
        Self { shared: Arc::new(Shared { collector, forms, guard, rates, limits }) }
    }

    /// `GET /f/{form}` (the page), `/f/{form}.js` (the script), `/f/{form}/token`, and `POST /f/{form}`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/f/{name}", get(show).post(submit::receive).options(preflight))
            .route("/f/{name}/token", get(token).options(preflight))
            .with_state(self)
    }

    fn form(&self, form_id: &str) -> Option<Arc<Form>> {
        self.shared.forms.borrow().get(form_id).filter(|form| form.enabled).cloned()
    }
}

async fn show(State(desk): State<FormDesk>, Path(name): Path<String>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    if name == page::STYLE_NAME {
        return page::style();
    }
    match name.strip_suffix(".js") {
        Some(form_id) => match desk.form(form_id) {
            Some(form) => embed::script(&desk, &form, &head),
            None => missing(),
        },
        None => match desk.form(&name) {
            Some(form) => page::form(&desk, &form, &head),
            None => missing(),
        },
    }
}

/// A token of time: what a submit must come with, so that it can be told from one that a program sent without a look.
async fn token(State(desk): State<FormDesk>, Path(name): Path<String>) -> Response {
    let Some(form) = desk.form(&name) else { return missing() };
    let token = desk.shared.guard.token(&form.form_id, desk.shared.collector.now_us());
    let body = serde_json::json!({ "token": token, "wait_ms": desk.shared.limits.fill_time_us / 1_000 });
    open_to_pages(([(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response())
}

async fn preflight() -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    open_to_pages((StatusCode::NO_CONTENT, headers).into_response())
}

fn missing() -> Response {
    let told = "there is no such form, or it is switched off: look at its address on the page Forms";
    open_to_pages((StatusCode::NOT_FOUND, told).into_response())
}

/// Any page may show any form: nothing is read here that is not public, and no cookie is looked for across sites.
fn open_to_pages(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
