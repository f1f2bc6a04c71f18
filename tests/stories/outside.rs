//! The world outside: a strict SMS gateway and a strict call centre, in the moods that such have.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::server::client;

pub const GATEWAY_SECRET: &str = "gateway-secret-7";
/// Longer than anybody waits.
const STALL: Duration = Duration::from_secs(20);

/// How often the other side misbehaves, in percent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mood {
    pub busy: u32,
    pub broken: u32,
    pub stalls: u32,
}

impl Mood {
    pub const CALM: Self = Self { busy: 0, broken: 0, stalls: 0 };
    pub const BAD: Self = Self { busy: 8, broken: 10, stalls: 4 };
}

#[derive(Clone)]
pub struct Outside {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
    http: reqwest::Client,
}

struct Seen {
    mood: Mood,
    chance: StdRng,
    /// The secret of the form's webhook.
    webhook_secret: String,
    /// Where receipts go; empty for nowhere.
    receipts: String,
    /// By our message id: when it was taken, each time, and what.
    sms: HashMap<String, Vec<(Instant, Value)>>,
    webhooks: HashMap<String, Vec<(Instant, Value)>>,
    malformed: Vec<String>,
}

impl Outside {
    pub async fn open(seed: u64) -> Self {
        let seen = Seen {
            mood: Mood::CALM,
            chance: StdRng::seed_from_u64(seed),
            webhook_secret: String::new(),
            receipts: String::new(),
            sms: HashMap::new(),
            webhooks: HashMap::new(),
            malformed: Vec::new(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let outside = Self { url, seen: Arc::new(Mutex::new(seen)), http: client() };
        let router = Router::new().route("/sms", post(take_sms)).route("/calls", post(take_webhook)).with_state(outside.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        outside
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_mood(&self, mood: Mood) {
        self.seen().mood = mood;
    }

    pub fn knows(&self, webhook_secret: &str, receipts: &str) {
        let mut seen = self.seen();
        (seen.webhook_secret, seen.receipts) = (webhook_secret.to_owned(), receipts.to_owned());
    }

    /// How often each SMS was taken, by our message id.
    pub fn sms_taken(&self) -> HashMap<String, usize> {
        self.seen().sms.iter().map(|(id, times)| (id.clone(), times.len())).collect()
    }

    pub fn webhooks_taken(&self) -> HashMap<String, usize> {
        self.seen().webhooks.iter().map(|(id, times)| (id.clone(), times.len())).collect()
    }

    /// When the number was sent its first SMS.
    pub fn sms_at(&self, phone: &str) -> Option<Instant> {
        self.seen().sms.values().flatten().filter(|(_, sms)| sms["to"] == phone).map(|(at, _)| *at).min()
    }

    /// When the call centre was first told of the number.
    pub fn webhook_at(&self, phone: &str) -> Option<Instant> {
        self.seen().webhooks.values().flatten().filter(|(_, told)| told["data"]["phone"] == phone).map(|(at, _)| *at).min()
    }

    /// What the call centre was told, in the order it was.
    pub fn told(&self) -> Vec<Value> {
        let mut told: Vec<(Instant, Value)> = self.seen().webhooks.values().flatten().cloned().collect();
        told.sort_by_key(|(at, _)| *at);
        told.into_iter().map(|(_, told)| told).collect()
    }

    pub fn texts(&self) -> Vec<Value> {
        self.seen().sms.values().flatten().map(|(_, sms)| sms.clone()).collect()
    }

    /// Nothing that came may have been malformed: the answer to it was 400.
    pub fn assert_well_formed(&self) {
        let seen = self.seen();
        assert!(seen.malformed.is_empty(), "{:#?}", seen.malformed);
    }

    /// What the mood brings: an answer in place of the real one.
    fn mishap(&self) -> Mishap {
        let mut seen = self.seen();
        let (mood, at) = (seen.mood, seen.chance.random_range(0..100));
        match at {
            _ if at < mood.busy => Mishap::Busy,
            _ if at < mood.busy + mood.broken => Mishap::Broken,
            _ if at < mood.busy + mood.broken + mood.stalls => Mishap::Stall,
            _ => Mishap::None,
        }
    }

    fn malformed(&self, what: String) -> Response {
        self.seen().malformed.push(what.clone());
        (StatusCode::BAD_REQUEST, what).into_response()
    }

    /// Tells of a delivery, and of the same once more.
    async fn tell_receipt(self, url: String, id: String) {
        for _ in 0..2 {
            let receipt = json!({ "id": id, "status": "DELIVERED" });
            // The server may have been killed meanwhile.
            let _ = self.http.post(&url).json(&receipt).send().await;
        }
    }
}

enum Mishap {
    None,
    Busy,
    Broken,
    Stall,
}

impl Mishap {
    async fn answer(self) -> Option<Response> {
        match self {
            Self::None => None,
            Self::Busy => Some((StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "busy").into_response()),
            Self::Broken => Some((StatusCode::SERVICE_UNAVAILABLE, "broken").into_response()),
            Self::Stall => {
                tokio::time::sleep(STALL).await;
                Some(StatusCode::GATEWAY_TIMEOUT.into_response())
            }
        }
    }
}

async fn take_sms(State(outside): State<Outside>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let wanted = format!("Bearer {GATEWAY_SECRET}");
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(wanted.as_str()) {
        return outside.malformed(format!("no authorization: {text}"));
    }
    let sms: Value = match serde_json::from_slice(&body) {
        Ok(sms) => sms,
        Err(error) => return outside.malformed(format!("{error}: {text}")),
    };
    let part = |name: &str| sms[name].as_str().unwrap_or_default().to_owned();
    let names: Vec<String> = sms.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let is_phone =
        part("to").strip_prefix('+').is_some_and(|digits| 10 <= digits.len() && digits.bytes().all(|digit| digit.is_ascii_digit()));
    if names != ["reference", "text", "to"] || !is_phone || part("text").is_empty() || !part("reference").starts_with("msg_") {
        return outside.malformed(text);
    }
    if let Some(answer) = outside.mishap().answer().await {
        return answer;
    }
    let id = part("reference");
    let receipts = {
        let mut seen = outside.seen();
        seen.sms.entry(id.clone()).or_default().push((Instant::now(), sms));
        seen.receipts.clone()
    };
    let theirs = format!("gw-{id}");
    if !receipts.is_empty() {
        tokio::spawn(outside.clone().tell_receipt(receipts, id));
    }
    axum::Json(json!({ "messages": [{ "id": theirs }], "accepted": true })).into_response()
}

async fn take_webhook(State(outside): State<Outside>, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (id, timestamp, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let secret = outside.seen().webhook_secret.clone();
    let timestamp_s = timestamp.parse::<i64>().unwrap_or(0);
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs() as i64);
    if signature != forecourt_deliver::signature(&secret, &id, timestamp_s, &text) || 300 < (now_s - timestamp_s).abs() {
        return outside.malformed(format!("{id} {timestamp} {signature}: {text}"));
    }
    let told: Value = match serde_json::from_slice(&body) {
        Ok(told) => told,
        Err(error) => return outside.malformed(format!("{error}: {text}")),
    };
    if told["type"] != "call_back.requested" || told["data"]["phone"].as_str().is_none() {
        return outside.malformed(text);
    }
    if let Some(answer) = outside.mishap().answer().await {
        return answer;
    }
    outside.seen().webhooks.entry(id).or_default().push((Instant::now(), told));
    StatusCode::NO_CONTENT.into_response()
}
