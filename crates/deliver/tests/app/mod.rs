//! An installation without the rest: a log, the databases, a worker, and a fold that knows outcomes and nothing else.

#![allow(dead_code, reason = "each story uses a part of it")]

pub mod providers;
pub mod smtp;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::Router;
use forecourt_deliver::{Deliver, Options, Patience, email::Mailer};
use forecourt_log::{Log, Options as LogOptions};
use forecourt_model::{
    Identifier, IdentifierKind, Stamp,
    message::{Message, MessageChannel, MessageState, Outcome, Plan, Sending},
    message_template::{Content, Markup, MessageTemplate},
};
use forecourt_outgoing::{Outgoing, Settings};
use forecourt_store::{
    Database, Store,
    attempts::Attempts,
    control::{Control, Keyring},
    definition::{DefinitionChange, SENDING, TEMPLATE_VERSION, version_id},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

pub const PUBLIC_URL: &str = "https://cdp.example.com";

pub struct App {
    dir: TempDir,
    pub store: Store,
    pub control: Control,
    pub log: Log,
    pub attempts: Attempts,
    outbox: watch::Sender<u64>,
    /// How far the workers' clock is ahead.
    ahead_us: Arc<AtomicI64>,
    /// While it is set the fold rests.
    pub rests: Arc<AtomicBool>,
    pub events: Arc<Mutex<Vec<Value>>>,
    fold: JoinHandle<()>,
}

impl Drop for App {
    fn drop(&mut self) {
        self.fold.abort();
    }
}

pub fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
}

/// The id of a message: as ids of the outbox look.
pub fn id(number: usize) -> String {
    format!("msg_{number:032x}")
}

impl App {
    pub async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let store = Store::sqlite(&at("state.sqlite")).await.unwrap();
        let control = Control::open(Database::sqlite(&at("control.sqlite"), 2).await.unwrap(), Keyring::random()).await.unwrap();
        let attempts = Attempts::open(Database::sqlite(&at("attempts.sqlite"), 2).await.unwrap()).await.unwrap();
        let log = open_log(&at("log"));
        let (outbox, _) = watch::channel(0);
        let (rests, events) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let fold = tokio::spawn(fold(store.clone(), log.clone(), outbox.clone(), rests.clone(), events.clone()));
        let app = Self { dir, store, control, log, attempts, outbox, ahead_us: Arc::default(), rests, events, fold };
        app.define(SENDING, "sending", &Sending { safe_mode: false, stopped: false, test_recipients: Vec::new() }).await;
        app
    }

    pub async fn safe_mode(&self) {
        self.define(SENDING, "sending", &Sending::default()).await;
    }

    async fn define<T: serde::Serialize>(&self, kind: &'static str, id: &str, body: &T) {
        let body = serde_json::to_string(body).unwrap();
        let change = DefinitionChange { kind, definition_id: id.to_owned(), log_offset: 0, changed_us: 0, changed_by: String::new(), body };
        let mut tx = self.store.begin().await.unwrap();
        tx.save_definitions(&[change]).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn template(&self, template: &MessageTemplate) {
        self.define(TEMPLATE_VERSION, &version_id(&template.template_id, 1), template).await;
    }

    pub async fn setting(&self, channel: MessageChannel, settings: Value, secret: &str) {
        self.control.put_setting(forecourt_model::sender::setting(channel).unwrap(), &settings).await.unwrap();
        let place = forecourt_model::sender::secret_place(channel).unwrap();
        self.control.put_secret(place, secret, 0).await.unwrap();
    }

    pub async fn receipts_key(&self, channel: MessageChannel, key: &str) {
        self.control.put_secret(forecourt_model::sender::receipts_place(channel).unwrap(), key, 0).await.unwrap();
    }

    fn clock(&self) -> forecourt_deliver::Clock {
        let ahead_us = self.ahead_us.clone();
        Arc::new(move || now_us() + ahead_us.load(Ordering::Relaxed))
    }

    /// Moves the workers' clock.
    pub fn later(&self, us: i64) {
        self.ahead_us.fetch_add(us, Ordering::Relaxed);
    }

    pub fn deliver(&self) -> Deliver {
        self.deliver_with(None, Patience::default())
    }

    pub fn deliver_with(&self, mailer: Option<Mailer>, patience: Patience) -> Deliver {
        let allow = vec!["127.0.0.1".parse().unwrap(), "localhost".parse().unwrap()];
        let outgoing = Outgoing::new(Settings { allow, timeout: Duration::from_secs(2), ..Settings::default() });
        let options = Options { patience, public_url: PUBLIC_URL.to_owned(), mailer, clock: self.clock() };
        Deliver::new(self.store.clone(), self.control.clone(), self.log.clone(), self.attempts.clone(), outgoing, options)
    }

    /// Runs a worker until the returned handle is aborted or told to stop.
    pub fn run(&self, deliver: Deliver) -> (JoinHandle<()>, watch::Sender<bool>) {
        let (stop, stopping) = watch::channel(false);
        let outbox = self.outbox.subscribe();
        (tokio::spawn(async move { deliver.run(outbox, stopping).await.unwrap() }), stop)
    }

    /// Puts messages into the outbox, as one record of the log would.
    pub async fn admit(&self, messages: &[Message]) {
        let pending_offset = *self.outbox.borrow() + 1;
        let messages: Vec<_> = messages.iter().map(|message| Message { pending_offset, ..message.clone() }).collect();
        let mut tx = self.store.begin().await.unwrap();
        tx.save_messages(messages.iter()).await.unwrap();
        tx.commit().await.unwrap();
        self.outbox.send_modify(|number| *number += 1);
    }

    pub async fn state(&self, message_id: &str) -> (MessageState, String) {
        let message = self.store.message(message_id).await.unwrap().unwrap();
        (message.state, message.reason)
    }

    /// Waits until a message is in another state than waiting, and says in which.
    pub async fn settled(&self, message_id: &str) -> (MessageState, String) {
        self.until(async || {
            let state = self.state(message_id).await;
            (state.0 != MessageState::Pending).then_some(state)
        })
        .await
    }

    /// Waits for an event of this name about a message, and returns its properties.
    pub async fn event(&self, name: &str, message_id: &str) -> Value {
        self.until(async || self.events_of(name, message_id).pop()).await
    }

    pub fn events_of(&self, name: &str, message_id: &str) -> Vec<Value> {
        let events = self.events.lock().unwrap();
        let is_it = |event: &&Value| event["event"] == name && event["properties"]["message_id"] == message_id;
        events.iter().filter(is_it).map(|event| event["properties"].clone()).collect()
    }

    pub async fn until<T>(&self, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let looking = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(60), looking).await.expect("it comes within a minute")
    }

    /// Lets the fold catch up.
    pub async fn folded(&self) {
        let end = self.log.end_offset();
        self.until(async || (end <= self.store.folded_offset().await.unwrap()).then_some(())).await;
    }
}

fn open_log(dir: &Path) -> Log {
    Log::open(dir, LogOptions::default()).unwrap()
}

/// Folds outcomes into the outbox as the real one does, and keeps all events to be looked at.
async fn fold(store: Store, log: Log, outbox: watch::Sender<u64>, rests: Arc<AtomicBool>, events: Arc<Mutex<Vec<Value>>>) {
    let mut reader = log.reader(0).unwrap();
    let mut known = BTreeSet::new();
    loop {
        let records = reader.next_batch(1_000, 16 << 20).unwrap();
        if records.is_empty() {
            let _ = timeout(Duration::from_millis(50), log.wait_past(reader.offset())).await;
            continue;
        }
        while rests.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(5)).await;
        }
        let mut tx = store.begin().await.unwrap();
        let mut items = Vec::new();
        for record in &records {
            let (stamp, body) = Stamp::decode(&record.body).unwrap();
            let mut item: Value = serde_json::from_slice(body).unwrap();
            item["id"] = stamp.message_id.as_ref().into();
            items.push(item);
        }
        let ids: Vec<String> = items.iter().filter_map(|item| item["properties"]["message_id"].as_str().map(str::to_owned)).collect();
        let found = tx.messages(&ids).await.unwrap();
        let mut messages: BTreeMap<String, Message> = found.into_iter().map(|message| (message.message_id.clone(), message)).collect();
        for item in &items {
            let name = item["event"].as_str().unwrap_or_default();
            let Some(outcome) = Outcome::read(name, &item["properties"].to_string()) else { continue };
            let Some(message) = messages.get_mut(&outcome.message_id) else { continue };
            if outcome.state.follows(message.state) && outcome.round == message.round {
                (message.state, message.reason) = (outcome.state, outcome.reason);
            }
        }
        tx.save_messages(messages.values()).await.unwrap();
        tx.save_fold_numbers(&BTreeMap::from([("offset".to_owned(), reader.offset() as i64)])).await.unwrap();
        tx.commit().await.unwrap();
        // Folded once, by its id.
        items.retain(|item| known.insert(item["id"].to_string()));
        events.lock().unwrap().extend(items);
        outbox.send_modify(|number| *number += 1);
    }
}

/// A message made of the template `news` that is to be sent now.
pub fn message(number: usize, channel: MessageChannel, recipient: &str) -> Message {
    let who = match channel {
        MessageChannel::Email => Identifier { kind: IdentifierKind::Email, value: recipient.to_owned() },
        _ => Identifier { kind: IdentifierKind::UserId, value: format!("u{number}") },
    };
    Message {
        message_id: id(number),
        round: 0,
        message_channel: channel,
        definition: "broadcast:spring".to_owned(),
        fragment_id: number as i64,
        phone: String::new(),
        recipient: recipient.to_owned(),
        body: json!({ "profile": { "first_name": "Anna" }, "vars": {} }).to_string(),
        plan: Some(Box::new(Plan {
            template_id: "news".to_owned(),
            template_version: 1,
            purpose: "marketing".to_owned(),
            who,
            variant: String::new(),
            step: 0,
            chain: Vec::new(),
            deadline_us: None,
            cause: format!("c{number}"),
            is_past: false,
        })),
        state: MessageState::Pending,
        reason: String::new(),
        is_admitted: true,
        admitted_us: now_us(),
        pending_offset: 1,
        changed_us: now_us(),
        due_us: None,
        read_us: None,
        clicked_us: None,
    }
}

/// The template `news` of a message channel.
pub fn news(channel: MessageChannel) -> MessageTemplate {
    MessageTemplate {
        template_id: "news".to_owned(),
        name: "News".to_owned(),
        folder: String::new(),
        message_channel: channel,
        language: "ru".to_owned(),
        brand_id: String::new(),
        content: Content {
            subject: "Hello {{ profile.first_name }}".to_owned(),
            markup: Markup::Html,
            body: r#"<html><body><p>Hi {{ profile.first_name }}</p><a href="https://aurora.example/x">Look</a> <a href="{{ unsubscribe_url }}">Leave</a></body></html>"#.to_owned(),
            text: "Hi {{ profile.first_name }}".to_owned(),
            url: "https://aurora.example/x".to_owned(),
            button: "Look".to_owned(),
            ..Content::default()
        },
        uses: Vec::new(),
        is_archived: false,
    }
}

/// Serves a router on a port of its own; returns its address.
pub async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

/// A request to one of our own routers; returns status, headers and body.
pub async fn ask(base: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, BTreeMap<String, String>, String) {
    use forecourt_outgoing::{Method, Request};
    let allow = vec!["127.0.0.1".parse().unwrap()];
    let outgoing = Outgoing::new(Settings { allow, ..Settings::default() });
    let mut request = Request::new(Method::from_bytes(method.as_bytes()).unwrap(), format!("{base}{path}")).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = outgoing.send(request).await.unwrap();
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned())).collect();
    (answer.status.as_u16(), headers, String::from_utf8_lossy(&answer.body).into_owned())
}
