//! Who comes in by the PostgreSQL protocol: whoever shows a token whose role may ask by SQL.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use forecourt_model::{
    Scope,
    audit::{Action, Actor, Outcome},
};
use forecourt_query::wire::{Doorkeeper, Visitor};
use forecourt_store::control::{AuditNote, Control, Token};

use super::{allows, keep_pace, scope, table::Permission};
use crate::{ApiState, Clock, error::ApiError, pace::Pace, trail::Looks};

/// Lets holders of tokens in.
#[derive(Clone)]
pub struct SqlDoor {
    control: Control,
    clock: Clock,
    pace: Pace,
    looks: Looks,
}

impl SqlDoor {
    pub fn new(api: &ApiState) -> Self {
        Self { control: api.control.clone(), clock: api.clock.clone(), pace: api.pace.clone(), looks: api.looks.clone() }
    }

    /// The token as it is now: it may have been taken away, or given another role.
    async fn token(&self, shown: &str, now_us: i64) -> Result<Token, ApiError> {
        let found = self.control.token(shown, now_us).await?;
        found.ok_or_else(|| ApiError::forbidden("the password is no token of this installation: make one under Settings, API tokens"))
    }

    async fn note(&self, token: &Token, address: &str, action: Action, object: &str, outcome: Outcome) -> Result<(), ApiError> {
        let actor = Actor::Token { id: token.id.clone(), name: token.name.clone() };
        let (address, object) = (address.to_owned(), object.to_owned());
        let note = AuditNote { actor, address, action, object, outcome, details: String::new() };
        self.control.note(&note, self.clock.now_us()).await?;
        Ok(())
    }
}

#[async_trait]
impl Doorkeeper for SqlDoor {
    async fn admit(&self, password: &str, peer: SocketAddr) -> Result<Arc<dyn Visitor>, String> {
        let (address, now_us) = (peer.ip().to_canonical().to_string(), self.clock.now_us());
        let token = match self.token(password, now_us).await {
            Ok(token) => token,
            Err(error) => {
                // Trying tokens out is paid for by the address.
                keep_pace(&self.pace, &address, now_us).map_err(|error| error.to_string())?;
                return Err(error.to_string());
            }
        };
        if !allows(token.role, Permission::RunSql) {
            self.note(&token, &address, Action::AccessRefused, "PostgreSQL", Outcome::Refused).await.map_err(|error| error.to_string())?;
            return Err(format!("the role {} may not ask by SQL: make a token of another role", token.role.as_str()));
        }
        Ok(Arc::new(SqlVisitor { door: self.clone(), shown: password.to_owned(), address }))
    }
}

/// Somebody who was let in by [`SqlDoor`].
struct SqlVisitor {
    door: SqlDoor,
    shown: String,
    address: String,
}

#[async_trait]
impl Visitor for SqlVisitor {
    async fn scope(&self) -> Result<Scope, String> {
        let asked = async {
            let now_us = self.door.clock.now_us();
            let token = self.door.token(&self.shown, now_us).await?;
            keep_pace(&self.door.pace, &token.id, now_us)?;
            if !allows(token.role, Permission::RunSql) {
                return Err(ApiError::forbidden(format!("the role {} may not ask by SQL", token.role.as_str())));
            }
            scope(&self.door.control, token.role, token.dealer).await
        };
        asked.await.map_err(|error: ApiError| error.to_string())
    }

    async fn note(&self, statement: &str) -> Result<(), String> {
        let noted = async {
            let now_us = self.door.clock.now_us();
            let token = self.door.token(&self.shown, now_us).await?;
            // Programs that draw charts ask the same again and again by themselves.
            let look = blake3::hash([token.id.as_str(), &self.address, Action::SqlRun.as_str(), statement].join("\n").as_bytes());
            if self.door.looks.is_known(&look, now_us) {
                return Ok(());
            }
            self.door.note(&token, &self.address, Action::SqlRun, statement, Outcome::Done).await?;
            self.door.looks.remember(look, now_us);
            Ok(())
        };
        noted.await.map_err(|error: ApiError| format!("the audit log cannot be written, so nothing is shown ({error})"))
    }
}
