//! What a request leaves in the audit log.
//!
//! The table of permissions says what each route does; one place writes it down, after the route has answered and before
//! the answer leaves: a look or a change that cannot be written down is not answered. A route only adds what the table
//! cannot know: who signed in, which question was asked, what was before.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use forecourt_model::{
    audit::{Action, Actor, Outcome},
    time::MINUTE_US,
};
use forecourt_store::control::{AuditNote, Control};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Clock, error::ApiError};

/// What a route tells of what it does, for the audit log. Take it as an argument of the handler.
#[derive(Debug, Clone, Default)]
pub struct Trail(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    actor: Option<Actor>,
    action: Option<Action>,
    object: Option<String>,
    details: Map<String, Value>,
}

/// Values that no audit log may hold, wherever they stand.
const SECRETS: &[&str] = &["password", "secret", "token", "write_key", "key", "csrf", "authorization", "signature", "recovery_codes"];

impl Trail {
    /// Who it is, where the session does not say: on signing in.
    pub fn by(&self, actor: Actor) {
        self.told().actor = Some(actor);
    }

    /// What it is after all, where one route does several things.
    pub fn action(&self, action: Action) {
        self.told().action = Some(action);
    }

    /// What it is done to; without it the ids in the address.
    pub fn object(&self, object: impl Into<String>) {
        self.told().object = Some(object.into());
    }

    /// Something worth knowing about it: how many rows, which format.
    pub fn detail(&self, name: &str, value: impl Into<Value>) {
        self.told().details.insert(name.to_owned(), value.into());
    }

    /// What was and what is; of objects, only the fields that differ. Secrets are left out by their names.
    pub fn changed(&self, before: &impl Serialize, after: &impl Serialize) {
        let value = |shown: Result<Value, serde_json::Error>| shown.map_or(Value::Null, without_secrets);
        let (mut before, mut after) = (value(serde_json::to_value(before)), value(serde_json::to_value(after)));
        if let (Value::Object(was), Value::Object(is)) = (&mut before, &mut after) {
            let same: Vec<String> = was.iter().filter(|(name, value)| is.get(*name) == Some(value)).map(|(name, _)| name.clone()).collect();
            for name in same {
                was.remove(&name);
                is.remove(&name);
            }
        }
        let mut told = self.told();
        told.details.insert("before".to_owned(), before);
        told.details.insert("after".to_owned(), after);
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Trail {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// The same look again within this time is no second one: pages ask again by themselves.
const SAME_LOOK_US: i64 = 15 * MINUTE_US;
const LOOKS_MAX: usize = 20_000;

/// Looks that were noted lately. Cloning gives another handle to the same.
#[derive(Debug, Clone, Default)]
pub struct Looks(Arc<Mutex<HashMap<blake3::Hash, i64>>>);

impl Looks {
    /// Whether this look was noted lately.
    pub(crate) fn is_known(&self, look: &blake3::Hash, now_us: i64) -> bool {
        let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.get(look).is_some_and(|noted_us| (0..SAME_LOOK_US).contains(&(now_us - noted_us)))
    }

    pub(crate) fn remember(&self, look: blake3::Hash, now_us: i64) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if LOOKS_MAX <= looks.len() {
            looks.retain(|_, noted_us| now_us - *noted_us < SAME_LOOK_US);
        }
        // Still full: then some are noted once more.
        if looks.len() < LOOKS_MAX {
            looks.insert(look, now_us);
        }
    }
}

/// On a response whose status does not show that nothing was done: a redirect that tells why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused;

/// A request that will be noted, whatever becomes of it.
pub(crate) struct Pending {
    pub control: Control,
    pub clock: Clock,
    pub trail: Trail,
    pub action: Action,
    pub actor: Actor,
    pub address: String,
    /// Ids in the address.
    pub object: String,
    /// Of a request that only looks: what is looked at, with the question in full; pages of a list are looks of their own.
    pub look: Option<(Looks, String)>,
    pub is_noted: bool,
}

impl Pending {
    fn look(&self) -> Option<(&Looks, blake3::Hash)> {
        let (looks, asked) = self.look.as_ref()?;
        let parts = [self.actor.kind(), self.actor.id(), &self.address, self.action.as_str(), asked];
        Some((looks, blake3::hash(parts.join("\n").as_bytes())))
    }

    /// Notes what came of it; an answer that cannot be noted is not given.
    pub async fn answered(mut self, response: Response) -> Response {
        let now_us = self.clock.now_us();
        let is_refused = response.extensions().get::<Refused>().is_some();
        let outcome = if is_refused { Some(Outcome::Refused) } else { outcome(response.status()) };
        let look = self.look().filter(|_| outcome == Some(Outcome::Done)).map(|(looks, look)| (looks.clone(), look));
        let is_known = look.as_ref().is_some_and(|(looks, look)| looks.is_known(look, now_us));
        let Some(outcome) = outcome.filter(|_| !is_known) else {
            self.is_noted = true;
            return response;
        };
        let note = self.note(outcome);
        // A task of its own: whoever goes away now cannot take the note along.
        let (control, noting) = (self.control.clone(), note.clone());
        let noted = tokio::spawn(async move { control.note(&noting, now_us).await });
        self.is_noted = true;
        let noted = noted.await.map_err(|error| error.to_string()).and_then(|noted| noted.map_err(|error| error.to_string()));
        match noted {
            Ok(_) => {
                if let Some((looks, look)) = look {
                    looks.remember(look, now_us);
                }
                response
            }
            Err(error) => {
                tracing::error!(%error, action = note.action.as_str(), "the audit log could not be written");
                ApiError::unavailable("the audit log cannot be written, so nothing is shown: see the server's log, then try again", 5)
                    .into_response()
            }
        }
    }

    fn note(&self, outcome: Outcome) -> AuditNote {
        let told = std::mem::take(&mut *self.trail.told());
        AuditNote {
            actor: told.actor.unwrap_or_else(|| self.actor.clone()),
            address: self.address.clone(),
            action: told.action.unwrap_or(self.action),
            object: told.object.unwrap_or_else(|| self.object.clone()),
            outcome,
            details: if told.details.is_empty() { String::new() } else { Value::Object(told.details).to_string() },
        }
    }
}

impl Drop for Pending {
    /// Whoever asked has gone away, and what the route had begun may be done all the same.
    fn drop(&mut self) {
        if self.is_noted {
            return;
        }
        let (note, control, now_us) = (self.note(Outcome::Interrupted), self.control.clone(), self.clock.now_us());
        // Without a runtime the process is ending.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = control.note(&note, now_us).await {
                tracing::error!(%error, action = note.action.as_str(), "the audit log could not be written");
            }
        });
    }
}

/// `None` for what the rate limits turned away: whoever floods us must not flood the log.
fn outcome(status: StatusCode) -> Option<Outcome> {
    match status {
        StatusCode::TOO_MANY_REQUESTS => None,
        status if status.is_server_error() => Some(Outcome::Failed),
        status if status.is_client_error() => Some(Outcome::Refused),
        _ => Some(Outcome::Done),
    }
}

fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().map(|(name, value)| {
                let is_secret = SECRETS.contains(&name.to_lowercase().as_str()) && !value.is_null();
                let value = if is_secret { Value::from("•••") } else { without_secrets(value) };
                (name, value)
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_secrets).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_shows_what_differs_and_no_secret() {
        let trail = Trail::default();
        let before = json!({ "name": "site", "enabled": true, "write_key": "wk_1", "gateway": { "url": "https://a", "password": "x" } });
        let after = json!({ "name": "site", "enabled": false, "write_key": "wk_2", "gateway": { "url": "https://b", "password": "y" } });
        trail.changed(&before, &after);
        let told = Value::Object(std::mem::take(&mut trail.told().details));
        assert_eq!(
            told,
            json!({
                "before": { "enabled": true, "gateway": { "url": "https://a", "password": "•••" } },
                "after": { "enabled": false, "gateway": { "url": "https://b", "password": "•••" } }
            })
        );
    }
}
