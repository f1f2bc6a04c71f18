//! Hands notices to mailboxes and to a webhook; each attempt is written down before it is made.

use std::time::Duration;

use forecourt_api::{AD_GATE_NOTICE, AD_GATE_SECRET, WEBHOOK_SECRET};
use forecourt_deliver::{
    email::{MailError, Mailer, Message},
    signature,
};
use forecourt_model::time::{MINUTE_US, SECOND_US};
use forecourt_outgoing::{Method, Outgoing, Request};
use forecourt_store::control::{Control, Notice, NoticeState};

/// 1, 2, 4, … minutes after each other: the last comes an hour after the first.
const ATTEMPTS_MAX: u32 = 7;
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// The ways out.
#[derive(Clone)]
pub struct Post {
    pub mailer: Option<Mailer>,
    pub outgoing: Outgoing,
}

/// What became of one attempt.
enum Outcome {
    Sent(String),
    /// The same may succeed later.
    Later(String),
    Failed(String),
    /// It may have arrived, and saying it again would be a repeat.
    Unknown(String),
}

impl Post {
    /// Sends what is due, one after the other.
    pub async fn send_due(&self, control: &Control, now_us: i64) -> anyhow::Result<()> {
        while let Some(notice) = control.take_notice(now_us).await? {
            let outcome = match notice.way.as_str() {
                "email" => self.mail(&notice).await,
                _ => self.call(control, &notice, now_us).await?,
            };
            let (state, told, next_us) = match outcome {
                Outcome::Sent(told) => (NoticeState::Sent, told, 0),
                Outcome::Unknown(told) => (NoticeState::Unknown, told, 0),
                Outcome::Failed(told) => (NoticeState::Failed, told, 0),
                Outcome::Later(told) if ATTEMPTS_MAX <= notice.attempts => (NoticeState::Failed, told, 0),
                Outcome::Later(told) => (NoticeState::Pending, told, now_us + (MINUTE_US << (notice.attempts - 1))),
            };
            if state != NoticeState::Sent {
                tracing::warn!(notice = notice.id, way = notice.way, attempt = notice.attempts, told, "a notice did not get through");
            }
            control.settle_notice(&notice.id, state, Some(&told), next_us, now_us).await?;
        }
        Ok(())
    }

    async fn mail(&self, notice: &Notice) -> Outcome {
        let Some(mailer) = &self.mailer else {
            return Outcome::Failed("no mail server is configured: set `[smtp]` in the configuration file".to_owned());
        };
        let message = Message {
            to: notice.target.clone(),
            subject: notice.subject.clone(),
            text: notice.body.clone(),
            id: Some(notice.id.clone()),
            ..Message::default()
        };
        match mailer.send(&message).await {
            Ok(()) => Outcome::Sent("the mail server took it".to_owned()),
            Err(error @ MailError::Later(_)) => Outcome::Later(error.to_string()),
            Err(error @ MailError::Unknown(_)) => Outcome::Unknown(error.to_string()),
            Err(error @ (MailError::Invalid(_) | MailError::Refused(_))) => Outcome::Failed(error.to_string()),
        }
    }

    /// Receivers tell repeats by `webhook-id`: an attempt whose fate is unknown is made again.
    async fn call(&self, control: &Control, notice: &Notice, now_us: i64) -> anyhow::Result<Outcome> {
        let name = if notice.kind == AD_GATE_NOTICE { AD_GATE_SECRET } else { WEBHOOK_SECRET };
        let secret = control.secret(name).await?;
        let timestamp_s = now_us / SECOND_US;
        let mut request = Request::new(Method::POST, notice.target.as_str())
            .header("content-type", "application/json")
            .header("webhook-id", notice.id.as_str())
            .header("webhook-timestamp", timestamp_s.to_string())
            .body(notice.body.clone());
        if let Some(secret) = secret {
            request = request.header("webhook-signature", signature(secret.reveal(), &notice.id, timestamp_s, &notice.body));
        }
        request.timeout = Some(WEBHOOK_TIMEOUT);
        Ok(match self.outgoing.send(request).await {
            Ok(answer) if answer.status.is_success() => Outcome::Sent(format!("answered {}", answer.status)),
            Ok(answer) if answer.status.is_server_error() || answer.status.as_u16() == 429 => {
                Outcome::Later(format!("answered {}", answer.status))
            }
            Ok(answer) => Outcome::Failed(format!("answered {}", answer.status)),
            Err(error @ (forecourt_outgoing::OutgoingError::Invalid(_) | forecourt_outgoing::OutgoingError::Forbidden(_))) => {
                Outcome::Failed(error.to_string())
            }
            Err(error) => Outcome::Later(error.to_string()),
        })
    }
}
