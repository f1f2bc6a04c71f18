//! Providers that are strict: each answers the documented errors for what it would not take, and keeps what it took.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde_json::{Value, json};

pub const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

/// What a provider took, and how often it was asked.
#[derive(Clone, Default)]
pub struct Taken {
    pub messages: Arc<Mutex<Vec<Value>>>,
    pub calls: Arc<Mutex<usize>>,
}

impl Taken {
    fn call(&self) -> usize {
        let mut calls = self.calls.lock().unwrap();
        *calls += 1;
        *calls
    }

    fn take(&self, message: Value) -> usize {
        let mut messages = self.messages.lock().unwrap();
        messages.push(message);
        messages.len()
    }

    pub fn count(&self) -> usize {
        self.messages.lock().unwrap().len()
    }
}

fn answer(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn parsed(headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    header(headers, "content-type").starts_with("application/json").then(|| serde_json::from_slice(body).ok()).flatten()
}

async fn never() -> Response {
    tokio::time::sleep(std::time::Duration::from_secs(3_600)).await;
    StatusCode::OK.into_response()
}

pub fn telegram(taken: Taken) -> Router {
    async fn send(State(taken): State<Taken>, Path(token): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
        let call = taken.call();
        let no = |code: u16, description: &str| answer(code, json!({ "ok": false, "error_code": code, "description": description }));
        if token != format!("bot{TOKEN}") {
            return no(401, "Unauthorized");
        }
        let Some(asked) = parsed(&headers, &body) else { return no(400, "Bad Request: message text is empty") };
        let (chat, text) = (asked["chat_id"].as_str().unwrap_or_default(), asked["text"].as_str().unwrap_or_default());
        if text.is_empty() || 4_096 < text.chars().count() {
            return no(400, if text.is_empty() { "Bad Request: message text is empty" } else { "Bad Request: message is too long" });
        }
        if let Some(button) = asked["reply_markup"]["inline_keyboard"][0][0]["url"].as_str()
            && !button.starts_with("https://")
        {
            return no(400, "Bad Request: inline keyboard button URL is invalid");
        }
        match chat {
            "blocked" => no(403, "Forbidden: bot was blocked by the user"),
            "nobody" => no(400, "Bad Request: chat not found"),
            "busy" if call == 1 => answer(
                429,
                json!({ "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": { "retry_after": 1 } }),
            ),
            "silent" => never().await,
            _ => {
                let number = taken.take(asked.clone());
                answer(200, json!({ "ok": true, "result": { "message_id": number, "chat": { "id": 5 }, "date": 1 } }))
            }
        }
    }
    Router::new().route("/{token}/sendMessage", post(send)).with_state(taken)
}

pub fn whatsapp(taken: Taken) -> Router {
    async fn send(
        State(taken): State<Taken>,
        Path((version, number)): Path<(String, String)>,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let call = taken.call();
        let no = |status: u16, code: i64, message: &str, details: &str| {
            let error = json!({ "message": format!("(#{code}) {message}"), "type": "OAuthException", "code": code,
                "error_data": { "messaging_product": "whatsapp", "details": details }, "fbtrace_id": "A1" });
            answer(status, json!({ "error": error }))
        };
        if header(&headers, "authorization") != format!("Bearer {TOKEN}") {
            return answer(401, json!({ "error": { "message": "Error validating access token", "type": "OAuthException", "code": 190 } }));
        }
        if version != "v23.0" || number != "106540352242922" {
            return no(400, 100, "Invalid parameter", "Unsupported post request");
        }
        let Some(asked) = parsed(&headers, &body).filter(|asked| asked["messaging_product"] == "whatsapp") else {
            return no(400, 100, "Invalid parameter", "messaging_product is required");
        };
        let to = asked["to"].as_str().unwrap_or_default();
        if to.is_empty() || !to.bytes().all(|byte| byte.is_ascii_digit()) {
            return no(400, 100, "Invalid parameter", "to is no number");
        }
        match asked["type"].as_str() {
            Some("text") if asked["text"]["body"].as_str().is_some_and(|text| !text.is_empty() && text.chars().count() <= 4_096) => {}
            Some("template") if asked["template"]["name"].is_string() && asked["template"]["language"]["code"].is_string() => {}
            _ => return no(400, 131008, "Required parameter is missing", "text.body"),
        }
        match to {
            "380500000001" => no(400, 131047, "Re-engagement message", "Message failed to send because more than 24 hours have passed"),
            "380500000002" => no(400, 131026, "Message undeliverable", "Receiver is incapable of receiving this message"),
            "380500000003" if call == 1 => no(429, 130429, "Rate limit hit", "Cloud API message throughput has been reached."),
            "380500000004" => never().await,
            _ => {
                let number = taken.take(asked.clone());
                let contacts = json!([{ "input": to, "wa_id": to }]);
                answer(
                    200,
                    json!({ "messaging_product": "whatsapp", "contacts": contacts, "messages": [{ "id": format!("wamid.{number}") }] }),
                )
            }
        }
    }
    Router::new().route("/{version}/{number}/messages", post(send)).with_state(taken)
}

pub fn viber(taken: Taken) -> Router {
    async fn send(State(taken): State<Taken>, headers: HeaderMap, body: Bytes) -> Response {
        let call = taken.call();
        let no = |status: i64, message: &str| answer(200, json!({ "status": status, "status_message": message }));
        if header(&headers, "x-viber-auth-token") != TOKEN {
            return no(2, "invalidAuthToken");
        }
        let Some(asked) = parsed(&headers, &body) else { return no(3, "badData") };
        let named = asked["sender"]["name"].as_str().is_some_and(|name| !name.is_empty() && name.chars().count() <= 28);
        if asked["receiver"].as_str().is_none_or(str::is_empty)
            || asked["type"] != "text"
            || asked["text"].as_str().is_none_or(str::is_empty)
        {
            return no(4, "missingData");
        }
        if !named {
            return no(3, "badData");
        }
        match asked["receiver"].as_str().unwrap_or_default() {
            "+380500000005" => no(5, "receiverNotRegistered"),
            "+380500000006" => no(6, "receiverNotSubscribed"),
            "+380500000012" if call == 1 => no(12, "tooManyRequests"),
            "+380500000004" => never().await,
            _ => {
                let number = taken.take(asked.clone());
                answer(200, json!({ "status": 0, "status_message": "ok", "message_token": 5_741_311_803_571_721_000_u64 + number as u64 }))
            }
        }
    }
    Router::new().route("/pa/send_message", post(send)).with_state(taken)
}

/// A push service. The last part of its addresses says what it answers.
pub fn web_push(taken: Taken) -> Router {
    async fn push(State(taken): State<Taken>, Path(which): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
        let call = taken.call();
        let status = |code: u16| StatusCode::from_u16(code).unwrap().into_response();
        let authorization = header(&headers, "authorization");
        let Some((token, _key)) = authorization.strip_prefix("vapid t=").and_then(|rest| rest.split_once(", k=")) else {
            return status(401);
        };
        let claims: Vec<_> = token.split('.').filter_map(|part| BASE64URL.decode(part).ok()).collect();
        let claims: Value = claims.get(1).and_then(|claims| serde_json::from_slice(claims).ok()).unwrap_or_default();
        if claims["aud"] != format!("http://{}", header(&headers, "host")) {
            return status(403);
        }
        if header(&headers, "content-encoding") != "aes128gcm" || header(&headers, "ttl").parse::<u32>().is_err() {
            return status(400);
        }
        if body.len() < 103 || 4_096 < body.len() {
            return status(413);
        }
        match which.as_str() {
            "gone" => status(410),
            "never" => status(404),
            "busy" if call == 1 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
            "silent" => never().await,
            _ => {
                taken.take(json!({ "topic": header(&headers, "topic"), "body": BASE64URL.encode(&body) }));
                (StatusCode::CREATED, [("location", "https://push.example/m/1")]).into_response()
            }
        }
    }
    Router::new().route("/push/{which}", post(push)).with_state(taken)
}
