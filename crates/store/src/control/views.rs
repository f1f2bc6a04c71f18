//! Saved views: what somebody looked at on a page, under a name, for themselves or for roles.

use forecourt_model::Role;

use super::{AccountError, Control, secrets, users::read_role};
use crate::{Row, StoreError, Value};

/// The longest address state, in characters: a funnel of many steps fits, a document does not.
const STATE_CHARS_MAX: usize = 16_000;
const NAME_CHARS_MAX: usize = 100;
/// Of one person.
const VIEWS_MAX: i64 = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// Not guessable: the view's link carries it.
    pub id: String,
    /// The page's path: `/funnel`.
    pub page: String,
    pub name: String,
    /// What stands behind the `?` of the page's address.
    pub state: String,
    /// E-mail of who saved it.
    pub owner: String,
    /// Who else finds it in their list; nobody for a private one.
    pub roles: Vec<Role>,
    pub created_us: i64,
    pub updated_us: i64,
}

/// What a view is made of, or changed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewWish {
    pub page: String,
    pub name: String,
    pub state: String,
    pub roles: Vec<Role>,
}

const COLUMNS: &str = "id, page, name, state, owner, roles, created_us, updated_us";

impl SavedView {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let roles = row.text(5)?;
        Ok(Self {
            id: row.text(0)?,
            page: row.text(1)?,
            name: row.text(2)?,
            state: row.text(3)?,
            owner: row.text(4)?,
            roles: roles.split(' ').filter(|role| !role.is_empty()).map(read_role).collect::<Result<_, _>>()?,
            created_us: row.int(6)?,
            updated_us: row.int(7)?,
        })
    }
}

impl Control {
    /// Errors: [`AccountError::Invalid`] for a page, a name or a state that cannot be, or for too many views.
    pub async fn add_view(&self, owner: &str, wish: ViewWish, now_us: i64) -> Result<SavedView, AccountError> {
        let wish = checked(wish)?;
        let mut tx = self.database.begin().await?;
        let held = tx.query("SELECT COUNT(*) FROM saved_views WHERE owner = $1", vec![owner.into()]).await?;
        if VIEWS_MAX <= held.first().map_or(Ok(0), |row| row.int(0))? {
            return Err(AccountError::Invalid(format!("you have {VIEWS_MAX} saved views: remove some first")));
        }
        // The link alone lets colleagues in, so it is as long as a secret.
        let id = format!("view_{}", secrets::random_text(32));
        let sql = format!("INSERT INTO saved_views ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING {COLUMNS}");
        let values = vec![
            id.into(),
            wish.page.into(),
            wish.name.into(),
            wish.state.into(),
            owner.into(),
            Value::from(words(&wish.roles)),
            now_us.into(),
        ];
        let rows = tx.query(&sql, values).await?;
        tx.commit().await?;
        let row = rows.first().ok_or_else(|| StoreError::Unreadable("the view that was just saved".into()))?;
        Ok(SavedView::read(row)?)
    }

    /// One's own and those shared with one's role, by page and name.
    pub async fn views(&self, owner: &str, role: Role) -> Result<Vec<SavedView>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM saved_views WHERE owner = $1 OR roles <> '' ORDER BY page, name, id");
        let rows = self.database.query(&sql, vec![owner.into()]).await?;
        let views: Vec<SavedView> = rows.iter().map(SavedView::read).collect::<Result<_, _>>()?;
        Ok(views.into_iter().filter(|view| view.owner == owner || view.roles.contains(&role)).collect())
    }

    /// A view by its link.
    pub async fn view(&self, id: &str) -> Result<Option<SavedView>, StoreError> {
        let rows = self.database.query(&format!("SELECT {COLUMNS} FROM saved_views WHERE id = $1"), vec![id.into()]).await?;
        rows.first().map(SavedView::read).transpose()
    }

    /// Changes a view of one's own; `None` when there is no such one.
    pub async fn update_view(&self, id: &str, owner: &str, wish: ViewWish, now_us: i64) -> Result<Option<SavedView>, AccountError> {
        let wish = checked(wish)?;
        let sql = format!(
            "UPDATE saved_views SET page = $3, name = $4, state = $5, roles = $6, updated_us = $7 WHERE id = $1 AND owner = $2
             RETURNING {COLUMNS}"
        );
        let roles = words(&wish.roles);
        let values = vec![id.into(), owner.into(), wish.page.into(), wish.name.into(), wish.state.into(), roles.into(), now_us.into()];
        let mut tx = self.database.begin().await?;
        let rows = tx.query(&sql, values).await?;
        tx.commit().await?;
        Ok(rows.first().map(SavedView::read).transpose()?)
    }

    /// Removes a view of one's own, or as an admin (`owner` is `None`) one that is shared.
    pub async fn remove_view(&self, id: &str, owner: Option<&str>) -> Result<bool, StoreError> {
        let removed = match owner {
            Some(owner) => {
                self.database.execute("DELETE FROM saved_views WHERE id = $1 AND owner = $2", vec![id.into(), owner.into()]).await?
            }
            None => self.database.execute("DELETE FROM saved_views WHERE id = $1 AND roles <> ''", vec![id.into()]).await?,
        };
        Ok(removed != 0)
    }
}

fn words(roles: &[Role]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ")
}

/// A page is a path of ours: a link that a colleague opens must not lead elsewhere.
fn checked(wish: ViewWish) -> Result<ViewWish, AccountError> {
    let name = wish.name.trim().to_owned();
    if name.is_empty() || NAME_CHARS_MAX < name.chars().count() || name.chars().any(char::is_control) {
        return Err(AccountError::Invalid(format!("a view needs a name of 1 to {NAME_CHARS_MAX} characters")));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
    if !wish.page.starts_with('/') || wish.page.starts_with("//") || 200 < wish.page.len() || !wish.page.chars().all(plain) {
        return Err(AccountError::Invalid("`page` is the path of a page, such as `/funnel`".into()));
    }
    if STATE_CHARS_MAX < wish.state.chars().count() || wish.state.chars().any(char::is_control) {
        return Err(AccountError::Invalid(format!("`state` has at most {STATE_CHARS_MAX} characters")));
    }
    let mut roles = wish.roles;
    roles.sort_by_key(|role| role.as_str());
    roles.dedup();
    Ok(ViewWish { name, roles, ..wish })
}
