//! The form as a script: one tag puts it into any page, in that page's own style.

use axum::{
    http::{header, request},
    response::{IntoResponse, Response},
};
use forecourt_model::form::Form;
use serde_json::json;

use super::{FormDesk, guard::TRAP, open_to_pages, submit::DEVICE_COOKIE, texts::texts};

const SCRIPT: &str = include_str!("embed.js");

pub(super) fn script(desk: &FormDesk, form: &Form, head: &request::Parts) -> Response {
    let (protocol, host) = desk.shared.collector.reach().address(head);
    let words = texts(form.language);
    let settings = json!({
        "address": format!("{protocol}://{host}/f/{}", form.form_id),
        "id": form.form_id,
        "language": form.language.as_str(),
        "title": form.title,
        "intro": form.intro,
        "button": form.button,
        "consent": form.consent.trim(),
        "fields": form.fields.iter().map(|field| json!({
            "name": field.kind.as_str(),
            "label": field.label,
            "required": field.required,
            "most": field.kind.chars_max(),
        })).collect::<Vec<_>>(),
        "trap": TRAP,
        "cookie": DEVICE_COOKIE,
        "words": { "optional": words.optional, "sending": words.sending, "later": words.later },
    });
    // JSON is JavaScript but for what would end a script that somebody pastes into a page.
    let settings = settings.to_string().replace("</", "<\\/");
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=60")];
    open_to_pages((headers, format!("({})({settings});\n", SCRIPT.trim().trim_end_matches(';'))).into_response())
}
