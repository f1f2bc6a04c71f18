//! Brands: in whose name messages are sent.

use super::{AccountError, Control, secrets};
use crate::{Row, StoreError};

/// The longest logo as a data address, in characters: about 100 KiB of picture.
const LOGO_CHARS_MAX: usize = 140_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    pub id: String,
    pub name: String,
    /// `Name <mailbox@domain>`; empty: the installation's sender.
    pub email_from: String,
    /// What an SMS shows as its sender; empty: the gateway's own.
    pub sms_sender: String,
    /// `data:image/…;base64,…`; empty for none.
    pub logo: String,
    pub created_us: i64,
    pub updated_us: i64,
}

/// What a brand is made of, or changed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrandWish {
    pub name: String,
    pub email_from: String,
    pub sms_sender: String,
    pub logo: String,
}

const COLUMNS: &str = "id, name, email_from, sms_sender, logo, created_us, updated_us";

impl Brand {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            name: row.text(1)?,
            email_from: row.text(2)?,
            sms_sender: row.text(3)?,
            logo: row.text(4)?,
            created_us: row.int(5)?,
            updated_us: row.int(6)?,
        })
    }
}

impl Control {
    /// Errors: [`AccountError::Invalid`] for a name that is taken, or a sender or a picture that cannot be.
    pub async fn add_brand(&self, wish: BrandWish, now_us: i64) -> Result<Brand, AccountError> {
        let wish = checked(wish)?;
        let sql = format!("INSERT INTO brands ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING RETURNING {COLUMNS}");
        let told = taken(&wish.name);
        let values = vec![
            secrets::new_id("brand").into(),
            wish.name.into(),
            wish.email_from.into(),
            wish.sms_sender.into(),
            wish.logo.into(),
            now_us.into(),
        ];
        let mut tx = self.database.begin().await?;
        let rows = tx.query(&sql, values).await?;
        tx.commit().await?;
        rows.first().map(Brand::read).transpose()?.ok_or(told)
    }

    /// By name.
    pub async fn brands(&self) -> Result<Vec<Brand>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM brands ORDER BY name, id"), vec![]).await?;
        rows.iter().map(Brand::read).collect()
    }

    /// `None` when there is no such brand.
    pub async fn update_brand(&self, id: &str, wish: BrandWish, now_us: i64) -> Result<Option<Brand>, AccountError> {
        let wish = checked(wish)?;
        let mut tx = self.database.begin().await?;
        let others = tx.query("SELECT id FROM brands WHERE name = $1 AND id <> $2", vec![wish.name.as_str().into(), id.into()]).await?;
        if !others.is_empty() {
            return Err(taken(&wish.name));
        }
        let sql = format!(
            "UPDATE brands SET name = $2, email_from = $3, sms_sender = $4, logo = $5, updated_us = $6 WHERE id = $1 RETURNING {COLUMNS}"
        );
        let values = vec![id.into(), wish.name.into(), wish.email_from.into(), wish.sms_sender.into(), wish.logo.into(), now_us.into()];
        let rows = tx.query(&sql, values).await?;
        tx.commit().await?;
        Ok(rows.first().map(Brand::read).transpose()?)
    }

    pub async fn remove_brand(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.database.execute("DELETE FROM brands WHERE id = $1", vec![id.into()]).await? != 0)
    }
}

fn taken(name: &str) -> AccountError {
    AccountError::Invalid(format!("there is a brand `{name}` already: take another name"))
}

fn checked(wish: BrandWish) -> Result<BrandWish, AccountError> {
    let one_line = |text: &str| text.trim().chars().filter(|c| !c.is_control()).collect::<String>();
    let wish = BrandWish {
        name: one_line(&wish.name),
        email_from: one_line(&wish.email_from),
        sms_sender: one_line(&wish.sms_sender),
        logo: wish.logo.trim().to_owned(),
    };
    let refused = |told: &str| Err(AccountError::Invalid(told.to_owned()));
    if wish.name.is_empty() || 100 < wish.name.chars().count() {
        return refused("a brand needs a name of 1 to 100 characters");
    }
    if !wish.email_from.is_empty() && !is_sender(&wish.email_from) {
        return refused("the e-mail sender is written `Name <mailbox@example.com>` or `mailbox@example.com`");
    }
    let digits = wish.sms_sender.trim_start_matches('+');
    let is_number = digits.len() <= 15 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = wish.sms_sender.len() <= 11 && wish.sms_sender.chars().all(|c| c.is_ascii_alphanumeric() || " .-_&".contains(c));
    if !is_number && !is_word {
        return refused("an SMS sender has at most 11 Latin letters and digits, or is a phone number");
    }
    if !wish.logo.is_empty() && !is_picture(&wish.logo) {
        return refused("the logo is a PNG, JPEG or WebP picture of at most 100 KiB");
    }
    Ok(wish)
}

fn is_sender(text: &str) -> bool {
    let address = match text.strip_suffix('>') {
        Some(named) => named.rsplit_once('<').map_or("", |(_, address)| address),
        None => text,
    };
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !"<>,;\"@".contains(c));
    address.len() <= 254 && address.split_once('@').is_some_and(|(mailbox, domain)| plain(mailbox) && plain(domain) && domain.contains('.'))
}

/// Pictures only: a drawing (SVG) can carry a script.
fn is_picture(logo: &str) -> bool {
    let kinds = ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/webp;base64,"];
    let body = kinds.iter().find_map(|kind| logo.strip_prefix(kind));
    logo.len() <= LOGO_CHARS_MAX && body.is_some_and(|body| body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_and_pictures_are_told_from_what_only_looks_like_them() {
        assert!(is_sender("Aurora Motors <news@aurora.example>") && is_sender("news@aurora.example"));
        assert!(!is_sender("Aurora <news>") && !is_sender("a@b.example, c@d.example") && !is_sender("<a@b@c.example>"));
        assert!(is_picture("data:image/png;base64,iVBORw0KGgo="));
        assert!(!is_picture("data:image/svg+xml;base64,PHN2Zz4=") && !is_picture("data:image/png;base64,\"><script>"));
    }
}
