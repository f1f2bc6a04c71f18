//! What the API is told by the parts of the server that it does not depend on: the clock, the collector, the lake, the mail server.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use forecourt_model::{Refusal, message_template::MessageTemplate};

/// Tells the time: microseconds since 1970 UTC.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    pub fn new(now_us: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_us))
    }

    pub fn now_us(&self) -> i64 {
        (self.0)()
    }
}

/// How far each stage has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freshness {
    /// The log's end: the offset that the next record gets.
    pub log_offset: u64,
    pub folded_offset: u64,
    pub lake_offset: u64,
    /// Age of the oldest record that is not folded yet; 0 when there is none.
    pub lag_us: i64,
    /// Age of what reports see; 0 when they see all that is folded.
    pub lake_age_us: i64,
}

/// One source's last day at the border.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceHealth {
    pub last_accepted_us: Option<i64>,
    pub accepted_24h: u64,
    pub refused_24h: u64,
    /// The last 60 minutes as (minute's beginning in microseconds, accepted, refused), oldest first.
    pub last_hour: Vec<(i64, u64, u64)>,
}

/// An item that a person sends again.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The source's id.
    pub source: String,
    pub raw: String,
}

/// Why a submission is neither accepted nor refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The same succeeds later.
    #[error("{0}")]
    Later(String),
    /// It never will.
    #[error("{0}")]
    Never(String),
}

/// An e-mail to one recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// Who answers go to, where it is not the sender.
    pub reply_to: Option<String>,
}

/// Why an e-mail did not go out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMailed {
    #[error("no mail server is configured: set `[smtp]` in the configuration file")]
    NotConfigured,
    /// It never will: an address that is none, or the server refuses it.
    #[error("{0}")]
    Refused(String),
    /// The server does not answer, or asks for patience.
    #[error("{0}")]
    Later(String),
}

/// What guards a message channel that does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// `sms`, or `webhook` and the host.
    pub guards: String,
    pub is_open: bool,
    /// When the next trial is let through.
    pub until_us: i64,
    /// Failures in a row.
    pub failures: u32,
    pub last_failure: String,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub is_taken: bool,
    /// Of the HTTP answer; `None` where there was none.
    pub status: Option<i64>,
    /// The beginning of the answer.
    pub answer: String,
    /// What went wrong.
    pub detail: String,
}

type MessageTrial = Arc<dyn Fn(MessageTemplate, String, serde_json::Value) -> Answer<Result<Tried, String>> + Send + Sync>;
type Trial = Arc<dyn Fn(String, String) -> Answer<Result<Tried, String>> + Send + Sync>;

/// The worker that sends, as the API sees it.
#[derive(Clone)]
pub struct Delivery {
    pub(crate) breakers: Arc<dyn Fn() -> Vec<Breaker> + Send + Sync>,
    pub(crate) try_sms: Trial,
    pub(crate) try_webhook: Trial,
    pub(crate) try_message: MessageTrial,
}

impl Delivery {
    /// * `try_sms`: number and text; `try_webhook`: form and address; `try_message`: template, address and variables; each answers
    ///   with the reason where nothing was tried.
    pub fn new<S, W, M>(
        breakers: impl Fn() -> Vec<Breaker> + Send + Sync + 'static,
        try_sms: impl Fn(String, String) -> S + Send + Sync + 'static,
        try_webhook: impl Fn(String, String) -> W + Send + Sync + 'static,
        try_message: impl Fn(MessageTemplate, String, serde_json::Value) -> M + Send + Sync + 'static,
    ) -> Self
    where
        S: Future<Output = Result<Tried, String>> + Send + 'static,
        W: Future<Output = Result<Tried, String>> + Send + 'static,
        M: Future<Output = Result<Tried, String>> + Send + 'static,
    {
        Self {
            breakers: Arc::new(breakers),
            try_sms: Arc::new(move |phone, text| Box::pin(try_sms(phone, text))),
            try_webhook: Arc::new(move |form_id, address| Box::pin(try_webhook(form_id, address))),
            try_message: Arc::new(move |template, address, variables| Box::pin(try_message(template, address, variables))),
        }
    }

    /// Nobody sends here.
    fn nobody() -> Self {
        const TOLD: &str = "this server does not send: start one with the role `deliver`";
        let nobody = |_, _| async { Err(TOLD.to_owned()) };
        Self::new(Vec::new, nobody, nobody, |_, _, _| async { Err(TOLD.to_owned()) })
    }
}

/// A backup in the server's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBackup {
    pub name: String,
    pub at_us: i64,
    pub bytes: u64,
}

/// What the server does about backups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupFacts {
    pub folder: String,
    /// Hours from one backup to the next; 0 for none by itself.
    pub every_h: u64,
    pub keep: u64,
    pub with_secrets: bool,
    pub is_under_way: bool,
    /// The newest first.
    pub kept: Vec<KeptBackup>,
}

/// Who makes backups, as the API sees it.
#[derive(Clone)]
pub struct Backups {
    /// Looks at the folder, so it blocks a little.
    pub facts: Arc<dyn Fn() -> BackupFacts + Send + Sync>,
    /// Starts one into the folder: the job's id, `None` while one is under way.
    pub start: Arc<dyn Fn() -> Answer<Result<Option<String>, NotTaken>> + Send + Sync>,
    /// Streams one to the caller; an error breaks the stream off.
    pub stream: Arc<dyn Fn(bool) -> axum::body::Body + Send + Sync>,
}

type Health = BTreeMap<String, SourceHealth>;
type Submitted = Result<Option<Refusal>, NotTaken>;
pub type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The border as the API sees it: questions answered by whoever wires the server.
#[derive(Clone)]
pub struct Border {
    freshness: Arc<dyn Fn() -> Freshness + Send + Sync>,
    health: Arc<dyn Fn(i64) -> Health + Send + Sync>,
    submit: Arc<dyn Fn(Submission) -> Answer<Submitted> + Send + Sync>,
    import: Arc<dyn Fn(Bytes) -> Answer<Result<u64, NotTaken>> + Send + Sync>,
    sources_changed: Arc<dyn Fn() -> Answer<()> + Send + Sync>,
    mail: Option<SendMail>,
    delivery: Delivery,
    backups: Option<Backups>,
}

type SendMail = Arc<dyn Fn(Mail) -> Answer<Result<(), NotMailed>> + Send + Sync>;

impl Border {
    /// * `health`: by source id, as of a time; `submit`: `None` for accepted; `import`: records as `forecourt import` sends
    ///   them, answered with the log offset behind them; `sources_changed`: called after each change, done when
    ///   the change is in force: senders take a refusal of their key for final, so a new key is shown only then.
    pub fn new<S, I, C>(
        freshness: impl Fn() -> Freshness + Send + Sync + 'static,
        health: impl Fn(i64) -> BTreeMap<String, SourceHealth> + Send + Sync + 'static,
        submit: impl Fn(Submission) -> S + Send + Sync + 'static,
        import: impl Fn(Bytes) -> I + Send + Sync + 'static,
        sources_changed: impl Fn() -> C + Send + Sync + 'static,
    ) -> Self
    where
        I: Future<Output = Result<u64, NotTaken>> + Send + 'static,
        S: Future<Output = Result<Option<Refusal>, NotTaken>> + Send + 'static,
        C: Future<Output = ()> + Send + 'static,
    {
        Self {
            freshness: Arc::new(freshness),
            health: Arc::new(health),
            submit: Arc::new(move |submission| Box::pin(submit(submission))),
            import: Arc::new(move |records| Box::pin(import(records))),
            sources_changed: Arc::new(move || Box::pin(sources_changed())),
            mail: None,
            delivery: Delivery::nobody(),
            backups: None,
        }
    }

    /// With the worker that sends.
    #[must_use]
    pub fn with_delivery(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    pub(crate) fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// With a mail server behind it; without one every mail is [`NotMailed::NotConfigured`].
    #[must_use]
    pub fn with_mail<M>(self, mail: impl Fn(Mail) -> M + Send + Sync + 'static) -> Self
    where
        M: Future<Output = Result<(), NotMailed>> + Send + 'static,
    {
        Self { mail: Some(Arc::new(move |letter| Box::pin(mail(letter)))), ..self }
    }

    /// With somebody who makes backups.
    #[must_use]
    pub fn with_backups(self, backups: Backups) -> Self {
        Self { backups: Some(backups), ..self }
    }

    pub(crate) fn backups(&self) -> Option<&Backups> {
        self.backups.as_ref()
    }

    /// Whether e-mail can be sent at all.
    pub fn has_mail(&self) -> bool {
        self.mail.is_some()
    }

    /// Hands an e-mail to the mail server; takes as long as that server does.
    pub async fn mail(&self, mail: Mail) -> Result<(), NotMailed> {
        match &self.mail {
            Some(send) => send(mail).await,
            None => Err(NotMailed::NotConfigured),
        }
    }

    pub(crate) fn freshness(&self) -> Freshness {
        (self.freshness)()
    }

    pub(crate) fn health(&self, now_us: i64) -> BTreeMap<String, SourceHealth> {
        (self.health)(now_us)
    }

    pub(crate) async fn submit(&self, submission: Submission) -> Result<Option<Refusal>, NotTaken> {
        (self.submit)(submission).await
    }

    pub(crate) async fn import(&self, records: Bytes) -> Result<u64, NotTaken> {
        (self.import)(records).await
    }

    pub(crate) async fn sources_changed(&self) {
        (self.sources_changed)().await;
    }
}

impl fmt::Debug for Border {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Border")
    }
}
