//! API tokens: what programs show instead of signing in.

use forecourt_model::{Role, time::MINUTE_US};

use super::{
    AccountError, Control, Secret, secrets,
    users::{checked_dealer, read_role},
};
use crate::{Row, StoreError, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub role: Role,
    pub dealer: Option<String>,
    /// The beginning of the token, to tell it from others.
    pub prefix: String,
    pub created_us: i64,
    pub last_used_us: Option<i64>,
}

/// Every token begins with it, so that one that leaked is found by searching.
const PREFIX: &str = "fct_";
const COLUMNS: &str = "id, name, role, dealer, prefix, created_us, last_used_us";
const NOTE_EVERY_US: i64 = MINUTE_US;

impl Token {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            name: row.text(1)?,
            role: read_role(&row.text(2)?)?,
            dealer: row.maybe_text(3)?,
            prefix: row.text(4)?,
            created_us: row.int(5)?,
            last_used_us: row.maybe_int(6)?,
        })
    }
}

impl Control {
    /// The secret is given once, here; only its hash is kept.
    ///
    /// Errors: [`AccountError::Invalid`] for a bad name, or a dealer where the role has none (and the reverse).
    pub async fn add_token(&self, name: &str, role: Role, dealer: Option<String>, now_us: i64) -> Result<(Token, Secret), AccountError> {
        let name = name.trim();
        if name.is_empty() || 100 < name.chars().count() || name.chars().any(char::is_control) {
            return Err(AccountError::Invalid("a token needs a name of 1 to 100 characters that says what it is for".into()));
        }
        let dealer = checked_dealer(role, dealer)?;
        let secret = Secret::random(PREFIX);
        let prefix = secret.reveal().chars().take(PREFIX.len() + 6).collect();
        let token =
            Token { id: secrets::new_id("tok"), name: name.to_owned(), role, dealer, prefix, created_us: now_us, last_used_us: None };
        let sql = "INSERT INTO tokens (id, name, role, dealer, token_hash, prefix, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = vec![
            token.id.as_str().into(),
            token.name.as_str().into(),
            role.as_str().into(),
            Value::Text(token.dealer.clone()),
            secrets::hash(secret.reveal()).into(),
            token.prefix.as_str().into(),
            now_us.into(),
        ];
        self.database.execute(sql, values).await?;
        Ok((token, secret))
    }

    /// The newest first.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM tokens ORDER BY created_us DESC, id"), vec![]).await?;
        rows.iter().map(Token::read).collect()
    }

    /// `false` when there was none.
    pub async fn remove_token(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.database.execute("DELETE FROM tokens WHERE id = $1", vec![id.into()]).await? != 0)
    }

    /// The token that a caller shows.
    pub async fn token(&self, secret: &str, now_us: i64) -> Result<Option<Token>, StoreError> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let sql = format!("SELECT {COLUMNS} FROM tokens WHERE token_hash = $1");
        let rows = self.database.query(&sql, vec![secrets::hash(secret).into()]).await?;
        let Some(token) = rows.first().map(Token::read).transpose()? else { return Ok(None) };
        if token.last_used_us.is_none_or(|last_us| last_us + NOTE_EVERY_US < now_us) {
            self.database
                .execute("UPDATE tokens SET last_used_us = $2 WHERE id = $1", vec![token.id.as_str().into(), now_us.into()])
                .await?;
        }
        Ok(Some(token))
    }
}
