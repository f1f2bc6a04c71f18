//! The outbox out: each admitted message is claimed, recorded, handed to its message channel, and what came of it is an event again.
//!
//! [`Deliver::run`] is the worker, [`worker`] its loop; `send` is the way of one message, in the order that makes a crash
//! harmless: record, call, record, tell. What is begun and never ended is `unknown` after a crash, and is not sent again.
//! [`channels`] has a file for each message channel. What comes back arrives at [`receipts_router`], [`bounces_router`] and
//! [`links_router`], and is told to the log as events.

mod bots;
mod bounces;
mod breaker;
mod channels;
pub mod dkim;
mod limit;
mod links;
mod outcome;
mod receipts;
mod record;
mod rendering;
mod schedule;
mod send;
mod senders;
mod token;
mod trial;
mod worker;

use std::sync::Arc;

use axum::Router;
use forecourt_log::Log;
use forecourt_model::sender;
use forecourt_outgoing::Outgoing;
use forecourt_store::{Store, StoreError, attempts::Attempts, control::Control};
use tokio::sync::OnceCell;

pub use bounces::router as bounces_router;
pub use breaker::BreakerState;
pub use channels::{
    email,
    web_push::new_web_push_keys,
    webhook::{new_secret, signature},
};
pub use links::router as links_router;
pub use receipts::router as receipts_router;
pub use schedule::Patience;
pub use trial::Tried;

use crate::{
    bots::{LinksLately, ToldLately},
    breaker::Breakers,
    email::Mailer,
    record::Recorder,
    rendering::Templates,
    senders::SenderKeeper,
    token::LinkKey,
};

/// Tells the time: microseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the administrator decides, and the clock.
#[derive(Clone)]
pub struct Options {
    pub patience: Patience,
    /// What people reach this installation under, such as `https://cdp.example.com`. Without it messages have no links of ours:
    /// nobody can unsubscribe by one, and nothing is known of opens and clicks.
    pub public_url: String,
    /// What e-mail goes by where nothing else is set.
    pub mailer: Option<Mailer>,
    pub clock: Clock,
}

/// What the worker works with. Cloning gives another handle to the same worker.
#[derive(Clone)]
pub struct Deliver {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    control: Control,
    log: Log,
    attempts: Attempts,
    recorder: Recorder,
    outgoing: Outgoing,
    breakers: Breakers,
    senders: SenderKeeper,
    templates: Templates,
    links_lately: LinksLately,
    told_lately: ToldLately,
    link_key: OnceCell<LinkKey>,
    options: Options,
}

impl Deliver {
    /// Must be called within a runtime: it starts the task that writes attempts.
    pub fn new(store: Store, control: Control, log: Log, attempts: Attempts, outgoing: Outgoing, options: Options) -> Self {
        let shared = Shared {
            recorder: Recorder::start(attempts.clone()),
            senders: SenderKeeper::new(store.clone(), control.clone(), options.mailer.clone()),
            breakers: Breakers::default(),
            templates: Templates::default(),
            links_lately: LinksLately::default(),
            told_lately: ToldLately::default(),
            link_key: OnceCell::new(),
            store,
            control,
            log,
            attempts,
            outgoing,
            options: Options { public_url: options.public_url.trim_end_matches('/').to_owned(), ..options },
        };
        Self { shared: Arc::new(shared) }
    }

    /// The breakers that have seen a failure lately, by what they guard.
    pub fn breakers(&self) -> Vec<BreakerState> {
        self.shared.breakers.states(self.shared.now_us())
    }
}

/// All that is answered over HTTP: receipts, bounces and the links of messages.
pub fn router(deliver: Deliver) -> Router {
    receipts_router(deliver.clone()).merge(bounces_router(deliver.clone())).merge(links_router(deliver))
}

impl Shared {
    fn now_us(&self) -> i64 {
        (self.options.clock)()
    }

    /// What tokens in links are sealed with; made at first use.
    async fn link_key(&self) -> Result<&LinkKey, StoreError> {
        let make = async || {
            if let Some(secret) = self.control.secret(sender::LINKS_SECRET).await? {
                return Ok(LinkKey::new(secret.reveal()));
            }
            let mut random = [0; 32];
            let filled = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random);
            filled.map_err(|_| StoreError::Invalid("this machine gives no random numbers".to_owned()))?;
            let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            self.control.put_secret(sender::LINKS_SECRET, &secret, self.now_us()).await?;
            Ok(LinkKey::new(&secret))
        };
        self.link_key.get_or_try_init(make).await
    }
}
