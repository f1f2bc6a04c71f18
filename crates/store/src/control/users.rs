//! People who sign in.

use forecourt_model::Role;

use super::{Control, passwords, second_factor, secrets};
use crate::{Row, StoreError, Tx, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Set for the role dealer, and only for it: whose rows the user sees.
    pub dealer: Option<String>,
    pub created_us: i64,
    pub last_seen_us: Option<i64>,
    /// Since when there is a second factor.
    pub second_factor_us: Option<i64>,
    /// Kept, and not let in.
    pub disabled: bool,
}

/// What to change of an account; the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    pub name: Option<String>,
    /// With the dealer, for the role dealer.
    pub role: Option<(Role, Option<String>)>,
    pub disabled: Option<bool>,
}

#[derive(Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub dealer: Option<String>,
    pub password: String,
}

/// Why something about accounts or sources was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    WeakPassword(String),
    #[error("too many attempts: wait {} s, then try again", (.retry_after_us + 999_999) / 1_000_000)]
    Throttled { retry_after_us: i64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) const COLUMNS: &str =
    "users.id, users.email, users.name, users.role, users.dealer, users.created_us, users.last_seen_us, users.second_factor_us,
     users.disabled";
/// How many columns that is.
pub(super) const COLUMNS_COUNT: usize = 9;

impl User {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            email: row.text(1)?,
            name: row.text(2)?,
            role: read_role(&row.text(3)?)?,
            dealer: row.maybe_text(4)?,
            created_us: row.int(5)?,
            last_seen_us: row.maybe_int(6)?,
            second_factor_us: row.maybe_int(7)?,
            disabled: row.int(8)? != 0,
        })
    }
}

impl Control {
    /// Errors: [`AccountError::Invalid`] for an e-mail that is malformed or taken, or a dealer where the role has none (and the
    /// reverse); [`AccountError::WeakPassword`].
    pub async fn add_user(&self, user: NewUser, now_us: i64) -> Result<User, AccountError> {
        let (user, hash) = self.prepared(user, now_us).await?;
        let mut tx = self.database.begin().await?;
        insert(&mut tx, &user, hash).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Checks a new user and hashes the password, outside of any transaction: hashing takes tens of milliseconds.
    pub(super) async fn prepared(&self, user: NewUser, now_us: i64) -> Result<(User, String), AccountError> {
        let NewUser { email, name, role, dealer, password } = user;
        let user = checked(&email, &name, role, dealer, now_us)?;
        passwords::check(&password, &user.email)?;
        let hash = self.hash_password(password).await?;
        Ok((user, hash))
    }

    pub async fn user_of_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let email: String = email.trim().to_lowercase().chars().take(254).collect();
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM users WHERE email = $1"), vec![email.into()]).await?;
        rows.first().map(User::read).transpose()
    }

    pub async fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM users WHERE id = $1"), vec![id.into()]).await?;
        rows.first().map(User::read).transpose()
    }

    /// Whether the account can sign in by a password at all.
    pub async fn has_password(&self, id: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM users WHERE id = $1 AND password_hash <> ''";
        Ok(!self.database.query(sql, vec![id.into()]).await?.is_empty())
    }

    /// Gives a user another role; sessions keep running with it.
    ///
    /// Errors: [`AccountError::Invalid`] for the last admin, or a dealer where the role has none (and the reverse).
    pub async fn set_role(&self, id: &str, role: Role, dealer: Option<String>) -> Result<(), AccountError> {
        let dealer = checked_dealer(role, dealer)?;
        let mut tx = self.database.begin().await?;
        if role != Role::Admin {
            keep_an_admin(&mut tx, id).await?;
        }
        let sql = "UPDATE users SET role = $2, dealer = $3 WHERE id = $1";
        tx.execute(sql, vec![id.into(), role.as_str().into(), Value::Text(dealer)]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// By e-mail.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM users ORDER BY email"), vec![]).await?;
        rows.iter().map(User::read).collect()
    }

    pub async fn users_count(&self) -> Result<u64, StoreError> {
        let rows = self.database.query("SELECT COUNT(*) FROM users", vec![]).await?;
        rows.first().map_or(Ok(0), |row| row.int(0)).map(|count| count as u64)
    }

    /// Changes what is given; `None` when there is no such account. An account that is disabled is signed out at once.
    ///
    /// Errors: [`AccountError::Invalid`] for a role without its dealer (and the reverse), or when no admin would be left.
    pub async fn update_user(&self, id: &str, change: UserChange) -> Result<Option<User>, AccountError> {
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let role = change.role.map(|(role, dealer)| Ok::<_, AccountError>((role, checked_dealer(role, dealer)?))).transpose()?;
        let mut tx = self.database.begin().await?;
        let is_less = change.disabled == Some(true) || role.as_ref().is_some_and(|(role, _)| *role != Role::Admin);
        let is_admin = !tx.query("SELECT id FROM users WHERE id = $1 AND role = 'admin'", vec![id.into()]).await?.is_empty();
        if is_less && is_admin {
            keep_an_admin(&mut tx, id).await?;
        }
        if let Some(name) = name {
            tx.execute("UPDATE users SET name = $2 WHERE id = $1", vec![id.into(), name.into()]).await?;
        }
        if let Some((role, dealer)) = role {
            let values = vec![id.into(), role.as_str().into(), Value::Text(dealer)];
            tx.execute("UPDATE users SET role = $2, dealer = $3 WHERE id = $1", values).await?;
        }
        if let Some(disabled) = change.disabled {
            tx.execute("UPDATE users SET disabled = $2 WHERE id = $1", vec![id.into(), disabled.into()]).await?;
            if disabled {
                tx.execute("DELETE FROM sessions WHERE user_id = $1", vec![id.into()]).await?;
            }
        }
        let rows = tx.query(&format!("SELECT {COLUMNS} FROM users WHERE id = $1"), vec![id.into()]).await?;
        tx.commit().await?;
        Ok(rows.first().map(User::read).transpose()?)
    }

    /// Removes an account and ends its sessions; `false` when there was none.
    ///
    /// Errors: [`AccountError::Invalid`] for the last admin: nobody could add another.
    pub async fn remove_user(&self, id: &str) -> Result<bool, AccountError> {
        let mut tx = self.database.begin().await?;
        keep_an_admin(&mut tx, id).await?;
        second_factor::forget(&mut tx, id).await?;
        // What was shared stays: colleagues use it.
        let private = "DELETE FROM saved_views WHERE roles = '' AND owner = (SELECT email FROM users WHERE id = $1)";
        tx.execute(private, vec![id.into()]).await?;
        tx.execute("DELETE FROM sessions WHERE user_id = $1", vec![id.into()]).await?;
        let removed = tx.execute("DELETE FROM users WHERE id = $1", vec![id.into()]).await?;
        tx.commit().await?;
        Ok(removed != 0)
    }
}

/// Refuses to do without the last admin: nobody could add another.
async fn keep_an_admin(tx: &mut Tx, id: &str) -> Result<(), AccountError> {
    // PostgreSQL: two admins who remove each other at once must not both succeed.
    if matches!(tx, Tx::Postgres(_)) {
        tx.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE", vec![]).await?;
    }
    let other_admins = tx.query("SELECT id FROM users WHERE role = 'admin' AND disabled = 0 AND id <> $1 LIMIT 1", vec![id.into()]).await?;
    if other_admins.is_empty() {
        return Err(AccountError::Invalid("this is the last admin: make another one first".into()));
    }
    Ok(())
}

/// A new account as it will be kept.
pub(super) fn checked(email: &str, name: &str, role: Role, dealer: Option<String>, now_us: i64) -> Result<User, AccountError> {
    let email = checked_email(email)?;
    let dealer = checked_dealer(role, dealer)?;
    let name = name.trim();
    let name = checked_name(if name.is_empty() { email.split('@').next().unwrap_or_default() } else { name })?;
    let id = secrets::new_id("usr");
    Ok(User { id, name, email, role, dealer, created_us: now_us, last_seen_us: None, second_factor_us: None, disabled: false })
}

pub(super) async fn insert(tx: &mut Tx, user: &User, hash: String) -> Result<(), AccountError> {
    let sql = "INSERT INTO users (id, email, name, role, dealer, password_hash, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING";
    let values = vec![
        user.id.as_str().into(),
        user.email.as_str().into(),
        user.name.as_str().into(),
        user.role.as_str().into(),
        Value::Text(user.dealer.clone()),
        hash.into(),
        user.created_us.into(),
    ];
    match tx.execute(sql, values).await? {
        0 => Err(AccountError::Invalid(format!("there is an account for {} already", user.email))),
        _ => Ok(()),
    }
}

pub(super) fn read_role(text: &str) -> Result<Role, StoreError> {
    Role::parse(text).ok_or_else(|| StoreError::Unreadable(format!("role `{text}`")))
}

/// The role dealer sees one dealer's rows, so it needs to say which; no other role has one.
pub(super) fn checked_dealer(role: Role, dealer: Option<String>) -> Result<Option<String>, AccountError> {
    let dealer = dealer.map(|dealer| dealer.trim().to_owned()).filter(|dealer| !dealer.is_empty());
    match (role, &dealer) {
        (Role::Dealer, None) => Err(AccountError::Invalid("the role dealer needs `dealer`: whose leads it may see".into())),
        (Role::Dealer, Some(_)) | (_, None) => Ok(dealer),
        (role, Some(_)) => Err(AccountError::Invalid(format!("the role {} sees all dealers: leave `dealer` out", role.as_str()))),
    }
}

fn checked_name(name: &str) -> Result<String, AccountError> {
    let name = name.trim();
    if name.is_empty() || 100 < name.chars().count() || name.chars().any(char::is_control) {
        return Err(AccountError::Invalid("a name has 1 to 100 characters".into()));
    }
    Ok(name.to_owned())
}

/// Lower-cased: nobody has two mailboxes that differ in case.
fn checked_email(raw: &str) -> Result<String, AccountError> {
    let email = raw.trim().to_lowercase();
    let shaped = match email.split_once('@') {
        Some((mailbox, domain)) => !mailbox.is_empty() && !domain.is_empty() && !domain.contains('@'),
        None => false,
    };
    if !shaped || 254 < email.len() || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(AccountError::Invalid(format!("`{}` is not an e-mail address", raw.escape_debug())));
    }
    Ok(email)
}
