//! The form as a page of its own: plain HTML that works without scripts, and under the strictest content policy.

use axum::{
    http::{HeaderName, StatusCode, header, request},
    response::{IntoResponse, Response},
};
use forecourt_model::{
    form::{FieldKind, Form, FormField},
    markup::escaped,
};

use super::{
    FormDesk,
    guard::TRAP,
    submit::{Given, HIDDEN, Trouble, text_header},
    texts::texts,
};
use crate::http::query;

/// No form's id has a dot.
pub(super) const STYLE_NAME: &str = "form.css";
const STYLE: &str = include_str!("page.css");
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, STYLE).into_response()
}

/// The empty form; what its address says of where the visitor came from goes along with the submit.
pub(super) fn form(desk: &FormDesk, form: &Form, head: &request::Parts) -> Response {
    let mut given: Given = query::parameters(&head.uri).filter(|(name, _)| HIDDEN.contains(&name.as_str())).collect();
    given.remove("anonymous_id");
    let (protocol, host) = desk.shared.collector.reach().address(head);
    given.insert("page_url".into(), format!("{protocol}://{host}{}", head.uri));
    given.insert("page_title".into(), form.title.clone());
    if let Some(referrer) = text_header(head, header::REFERER) {
        given.insert("referrer".into(), referrer.to_owned());
    }
    page(StatusCode::OK, form, &inputs(desk, form, &given, None))
}

/// The form as it was filled in, with what is wrong.
pub(super) fn again(desk: &FormDesk, form: &Form, given: &Given, trouble: &Trouble) -> Response {
    page(trouble.status, form, &inputs(desk, form, given, Some(trouble)))
}

pub(super) fn thanks(form: &Form) -> Response {
    page(StatusCode::OK, form, &format!("<p class=\"thanks\" role=\"status\">{}</p>", escaped(&form.thanks)))
}

fn page(status: StatusCode, form: &Form, body: &str) -> Response {
    let language = form.language.as_str();
    let title = escaped(if form.title.is_empty() { &form.name } else { &form.title });
    let heading = if form.title.is_empty() { String::new() } else { format!("<h1>{}</h1>", escaped(&form.title)) };
    let html = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<link rel=\"stylesheet\" href=\"/f/{STYLE_NAME}\">\n\
         </head>\n<body>\n<main>\n{heading}\n{body}\n</main>\n</body>\n</html>\n"
    );
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    ];
    (status, headers, html).into_response()
}

fn inputs(desk: &FormDesk, form: &Form, given: &Given, trouble: Option<&Trouble>) -> String {
    let words = texts(form.language);
    let wrong = |name: &str| trouble.and_then(|trouble| trouble.fields.get(name)).map(String::as_str);
    let mut html = String::new();
    if !form.intro.is_empty() {
        html.push_str(&format!("<p class=\"intro\">{}</p>\n", escaped(&form.intro)));
    }
    if let Some(trouble) = trouble {
        html.push_str(&format!("<p class=\"trouble\" role=\"alert\">{}</p>\n", escaped(&trouble.message)));
    }
    html.push_str(&format!("<form method=\"post\" action=\"/f/{}\" novalidate>\n", form.form_id));
    for field in &form.fields {
        let value = given.get(field.kind.as_str()).map_or("", String::as_str);
        html.push_str(&input(field, value, wrong(field.kind.as_str()), words.optional));
    }
    if !form.consent.trim().is_empty() {
        let told = wrong("consent").map(|told| format!("<span class=\"wrong\" id=\"consent-wrong\">{}</span>", escaped(told)));
        let marks = if told.is_some() { " aria-invalid=\"true\" aria-describedby=\"consent-wrong\"" } else { "" };
        html.push_str(&format!(
            "<label class=\"consent\"><input type=\"checkbox\" name=\"consent\" value=\"on\" required{marks}><span>{}</span></label>{}\n",
            escaped(&form.consent),
            told.unwrap_or_default()
        ));
    }
    // Out of sight, out of the tab order, and not offered to whoever fills forms in for people.
    html.push_str(&format!(
        "<div class=\"aside\" aria-hidden=\"true\"><label>{TRAP}<input name=\"{TRAP}\" tabindex=\"-1\" autocomplete=\"off\"></label></div>\n"
    ));
    let token = desk.shared.guard.token(&form.form_id, desk.shared.collector.now_us());
    html.push_str(&hidden("token", &token));
    for name in HIDDEN {
        if let Some(value) = given.get(name).filter(|value| !value.is_empty()) {
            html.push_str(&hidden(name, value));
        }
    }
    html.push_str(&format!("<button type=\"submit\">{}</button>\n</form>", escaped(&form.button)));
    html
}

fn input(field: &FormField, value: &str, wrong: Option<&str>, optional: &str) -> String {
    let name = field.kind.as_str();
    let required = if field.required { " required" } else { "" };
    let marks = if wrong.is_some() { format!(" aria-invalid=\"true\" aria-describedby=\"{name}-wrong\"") } else { String::new() };
    let note = if field.required { String::new() } else { format!(" <small>({optional})</small>") };
    let most = field.kind.chars_max();
    let control = match field.kind {
        FieldKind::Comment => {
            format!(
                "<textarea id=\"{name}\" name=\"{name}\" rows=\"3\" maxlength=\"{most}\"{required}{marks}>{}</textarea>",
                escaped(value)
            )
        }
        kind => {
            let (kind, complete) = match kind {
                FieldKind::Phone => ("tel", "tel"),
                FieldKind::Email => ("email", "email"),
                FieldKind::Name | FieldKind::Comment => ("text", "name"),
            };
            let value = escaped(value);
            format!(
                "<input id=\"{name}\" name=\"{name}\" type=\"{kind}\" autocomplete=\"{complete}\" maxlength=\"{most}\" value=\"{value}\"{required}{marks}>"
            )
        }
    };
    let told = wrong.map(|told| format!("<span class=\"wrong\" id=\"{name}-wrong\">{}</span>", escaped(told))).unwrap_or_default();
    format!("<div class=\"field\"><label for=\"{name}\">{}{note}</label>{control}{told}</div>\n", escaped(&field.label))
}

fn hidden(name: &str, value: &str) -> String {
    format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escaped(value))
}
