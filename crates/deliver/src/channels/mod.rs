//! The message channels, one file each: what a message becomes there, and what the other side's answer means.
//!
//! The border is [`Ready`] and [`Answered`]: a channel makes a call out of a message, `send` records and makes it.

pub mod email;
pub(crate) mod http;
pub(crate) mod sms;
pub(crate) mod telegram;
pub(crate) mod viber;
pub(crate) mod web_push;
pub(crate) mod webhook;
pub(crate) mod whatsapp;

use forecourt_outgoing::{Outgoing, OutgoingError, Request, Response};

use self::email::{MailError, Mailer};

/// Of an answer, what the attempt log keeps.
const ANSWER_CHARS_MAX: usize = 1_000;
/// Stands for secrets in what the attempt log keeps.
pub(crate) const HIDDEN: &str = "•••";

/// What is said, as its message channel needs it; what a channel has no use for is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Of an e-mail its subject, of a web push its title.
    pub title: String,
    pub text: String,
    pub html: Option<String>,
    pub amp: Option<String>,
    /// Where the button leads.
    pub url: String,
    pub button: String,
}

impl Said {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The text for a channel without buttons: where it leads stands under it.
    pub fn text_with_url(&self) -> String {
        match self.url.as_str() {
            "" => self.text.clone(),
            url if self.text.contains(url) => self.text.clone(),
            url => format!("{}\n\n{url}", self.text),
        }
    }
}

/// A call ready to be made.
pub(crate) struct Ready {
    /// What the breaker guards.
    pub guards: String,
    /// What of the call may be shown.
    pub shown: String,
    pub call: Call,
}

/// What an HTTP channel makes of an answer, or of its absence.
pub(crate) type Read = Box<dyn Fn(&Result<Response, OutgoingError>) -> Answered + Send + Sync>;

pub(crate) enum Call {
    Http { request: Request, read: Read },
    Mail { mailer: Mailer, message: Box<email::Message> },
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    Taken {
        provider_id: Option<String>,
    },
    /// For good.
    Refused {
        why: String,
        /// Whether nothing will ever reach this address.
        is_permanent: bool,
    },
    /// For now.
    Later {
        why: String,
        asked_us: Option<i64>,
        /// The other side asked for a pause.
        is_pause: bool,
    },
    /// It may have been taken.
    Unknown(String),
}

impl Answered {
    pub fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into(), is_permanent: false }
    }

    pub fn dead(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into(), is_permanent: true }
    }

    pub fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), asked_us: None, is_pause: false }
    }

    pub fn pause(why: impl Into<String>, asked_us: Option<i64>) -> Self {
        Self::Later { why: why.into(), asked_us, is_pause: true }
    }
}

/// An attempt as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempted {
    pub answered: Answered,
    /// Of the HTTP answer.
    pub status: Option<i64>,
    /// The beginning of the answer.
    pub answer: Option<String>,
}

impl Call {
    pub async fn make(self, outgoing: &Outgoing) -> Attempted {
        match self {
            Self::Http { request, read } => {
                let answer = outgoing.send(request).await;
                let (status, text) = http::of_answer(&answer, ANSWER_CHARS_MAX);
                Attempted { answered: read(&answer), status, answer: text }
            }
            Self::Mail { mailer, message } => {
                let answered = match mailer.hand_over(&message).await {
                    Ok(told) => {
                        let provider_id = email::queue_id(&told).map(str::to_owned);
                        return Attempted { answered: Answered::Taken { provider_id }, status: None, answer: Some(told) };
                    }
                    Err(failure) => match failure.error {
                        error @ (MailError::Invalid(_) | MailError::Refused(_)) => {
                            Answered::Refused { why: error.to_string(), is_permanent: failure.is_address_dead }
                        }
                        error @ MailError::Later(_) => Answered::later(error.to_string()),
                        error @ MailError::Unknown(_) => Answered::Unknown(error.to_string()),
                    },
                };
                Attempted { answered, status: None, answer: None }
            }
        }
    }
}
