//! Several senders at once, as SDKs behave: singly and in batches, again where no answer came, and sometimes again for no reason.

use std::sync::Arc;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    ledger::{Ledger, Message, Request},
    server::Server,
};

const SENDERS: u64 = 6;
/// Few enough that each has many events, and is joined while others arrive.
const PEOPLE: u32 = 120;
const BATCH_MAX: usize = 40;

pub struct Senders {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Senders {
    /// Sends to `server` until stopped or until it does not answer.
    ///
    /// * `name`: what the message ids of this run begin with; unique in the story.
    pub fn start(server: &Server, write_key: &str, ledger: &Arc<Ledger>, name: &str, seed: u64) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for number in 0..SENDERS {
            let sender = Sender {
                url: server.address.clone(),
                http: server.http.clone(),
                write_key: write_key.to_owned(),
                ledger: ledger.clone(),
                name: format!("{name}-{number}"),
                sent: 0,
                chance: StdRng::seed_from_u64(seed.wrapping_mul(31).wrapping_add(number)),
            };
            tasks.spawn(sender.run(stopping.clone()));
        }
        Self { tasks, stop }
    }

    /// Lets each finish its request.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.ended().await;
    }

    /// Waits until all have given up, as they do when the server is gone.
    pub async fn ended(&mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a sender met an answer that it should not get");
        }
    }
}

struct Sender {
    url: String,
    http: reqwest::Client,
    write_key: String,
    ledger: Arc<Ledger>,
    name: String,
    sent: usize,
    chance: StdRng,
}

impl Sender {
    async fn run(mut self, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let request = self.next_request();
            self.ledger.sending(&request);
            if !deliver(&self.http, &self.url, &self.write_key, &self.ledger, request).await {
                return;
            }
        }
    }

    fn next_request(&mut self) -> Request {
        let again = match self.chance.random_range(0..20) {
            0..4 => self.ledger.take_unanswered(),
            4 => self.ledger.an_acknowledged(self.chance.random::<u32>() as usize),
            _ => None,
        };
        if let Some(again) = again {
            return again;
        }
        if self.chance.random_bool(0.6) {
            let (message, body) = self.event();
            let path = if message.joins { "/v1/identify" } else { "/v1/track" };
            return Request { path, body, messages: vec![message] };
        }
        let events: Vec<(Message, Value)> = (0..self.chance.random_range(2..=BATCH_MAX)).map(|_| self.event()).collect();
        let (messages, items): (Vec<Message>, Vec<Value>) = events.into_iter().unzip();
        Request { path: "/v1/batch", body: json!({ "batch": items }), messages }
    }

    fn event(&mut self) -> (Message, Value) {
        self.sent += 1;
        let id = format!("{}-{}", self.name, self.sent);
        let person = self.chance.random_range(0..PEOPLE);
        let (device, account) = (format!("device-{person}"), format!("account-{person}"));
        let joins = self.chance.random_bool(0.12);
        let body = if joins {
            json!({ "type": "identify", "messageId": id, "anonymousId": device, "userId": account, "traits": { "plan": person % 3 } })
        } else if self.chance.random_bool(0.2) {
            json!({ "type": "track", "event": "order_paid", "messageId": id, "userId": account, "properties": { "order_id": id, "revenue": 10 } })
        } else {
            json!({ "type": "track", "event": "car_viewed", "messageId": id, "anonymousId": device, "properties": { "model": "Aster" } })
        };
        (Message { id, person, joins }, body)
    }
}

/// Sends a request and notes what came of it; `false` if nobody answered.
pub async fn deliver(http: &reqwest::Client, url: &str, write_key: &str, ledger: &Ledger, request: Request) -> bool {
    let answer = http.post(format!("{url}{}", request.path)).basic_auth(write_key, Some("")).json(&request.body).send().await;
    // An answer whose body was cut off is none.
    let answer = match answer {
        Ok(answer) => {
            let status = answer.status();
            answer.text().await.map(|text| (status, text))
        }
        Err(error) => Err(error),
    };
    match answer {
        Ok((StatusCode::OK, text)) => {
            let told: Value = serde_json::from_str(&text).expect("an answer in JSON");
            assert_eq!(told["refused"], json!([]), "{text}");
            ledger.acknowledged(request);
            true
        }
        Ok((status, text)) => {
            assert!(status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS, "{status}: {text}");
            ledger.unanswered(request);
            true
        }
        Err(_) => {
            ledger.unanswered(request);
            false
        }
    }
}

/// Sends once more what nobody answered, at most `limit` requests; each must be accepted now.
pub async fn send_unanswered(server: &Server, write_key: &str, ledger: &Ledger, limit: usize) {
    for _ in 0..limit {
        let Some(request) = ledger.take_unanswered() else { return };
        ledger.sending(&request);
        let answered = deliver(&server.http, &server.address, write_key, ledger, request).await;
        assert!(answered, "the server is gone:\n{}", server.printed());
    }
}
