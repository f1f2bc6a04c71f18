//! A lead's appointment as calendars read it (iCalendar, RFC 5545).

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use forecourt_model::time::{MINUTE_US, iso};
use forecourt_store::Store;

use super::{found, shown::Shown};
use crate::{
    Caller, Clock, Trail,
    error::{ApiError, ErrorBody},
};

/// A lead's appointment, for calendars.
#[utoipa::path(get, path = "/api/leads/{id}/calendar.ics", tag = "leads", params(("id" = String, Path)),
    responses((status = 200, content_type = "text/calendar", body = String), (status = 404, body = ErrorBody)))]
pub async fn lead_calendar(
    caller: Caller,
    State(store): State<Store>,
    State(clock): State<Clock>,
    Path(id): Path<String>,
    trail: Trail,
) -> Result<Response, ApiError> {
    let held = found(&store, &caller.scope, &id).await?;
    trail.object(format!("lead {id}"));
    let at_us = held.handling.body.appointment_us.ok_or_else(|| ApiError::not_found("appointment of this lead"))?;
    let shown = Shown::of(&store, &caller.scope, std::slice::from_ref(&held), clock.now_us()).await?;
    let item = shown.item(&held);
    let stamp = |us: i64| iso(us).replace(['-', ':'], "").replace(".000", "");
    let what = [item.name.as_deref(), item.model.as_deref(), item.phone.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Forecourt//Leads//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@forecourt", calendar_text(&id)),
        format!("DTSTAMP:{}", stamp(held.handling.changed_us / 1_000_000 * 1_000_000)),
        format!("DTSTART:{}", stamp(at_us / 1_000_000 * 1_000_000)),
        format!("DTEND:{}", stamp(at_us / 1_000_000 * 1_000_000 + 60 * MINUTE_US)),
        format!("SUMMARY:{}", calendar_text(&what)),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    let body: String = lines.iter().map(|line| folded(line)).collect();
    let headers =
        [(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"appointment.ics\"")];
    Ok((headers, body).into_response())
}

/// RFC 5545, 3.3.11.
fn calendar_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace(['\r', '\n'], " ")
}

/// RFC 5545, 3.1: lines of at most 75 octets, cut between characters.
fn folded(line: &str) -> String {
    let (mut out, mut octets) = (String::new(), 0);
    for character in line.chars() {
        if 74 < octets + character.len_utf8() {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(character);
        octets += character.len_utf8();
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_lines_are_escaped_and_folded() {
        assert_eq!(calendar_text("a,b;c\\d\ne"), "a\\,b\\;c\\\\d e");
        let long = folded(&format!("SUMMARY:{}", "ж".repeat(80)));
        assert!(long.split("\r\n").all(|line| line.len() <= 75), "{long}");
        assert_eq!(long.replace("\r\n ", "").trim_end(), format!("SUMMARY:{}", "ж".repeat(80)));
    }
}
