//! What was decided about who is who: words that two are not the same, the ledger, the settings.

use std::{collections::BTreeSet, sync::Arc};

use forecourt_model::{FragmentId, IdentitySettings, ProfileId};

use crate::{
    Row, Store, StoreError, Value,
    database::rows_list,
    definition::{Definition, IDENTITY},
    fragment::{EVIDENCE_COLUMNS, Evidence, FragmentRow, evidence},
    store::FoldTx,
};

/// Somebody said that two fragments are not one person's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotSame {
    /// The lesser of the two.
    pub a: FragmentId,
    pub b: FragmentId,
    pub log_offset: u64,
    pub at_us: i64,
    pub actor: String,
}

/// A line of the ledger: two became one, did not although there is evidence, or were parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    pub log_offset: u64,
    /// Among the lines of one record.
    pub number: u32,
    pub at_us: i64,
    /// `merged`, `refused`, `parted`.
    pub act: String,
    /// The evidence's rule; empty for what follows from other evidence.
    pub rule: String,
    /// See [`forecourt_model::Why::as_str`]; empty for a merge.
    pub why: String,
    pub a: FragmentId,
    pub b: FragmentId,
    /// Whose they were before.
    pub profile_a: ProfileId,
    pub profile_b: ProfileId,
    /// Who said so; empty where nobody did.
    pub actor: String,
}

const LEDGER_COLUMNS: &str = "log_offset, number, at_us, act, rule, why, a, b, profile_a, profile_b, actor";

fn line(row: &Row) -> Result<LedgerLine, StoreError> {
    Ok(LedgerLine {
        log_offset: row.int(0)? as u64,
        number: row.int(1)? as u32,
        at_us: row.int(2)?,
        act: row.text(3)?,
        rule: row.text(4)?,
        why: row.text(5)?,
        a: FragmentId(row.int(6)?),
        b: FragmentId(row.int(7)?),
        profile_a: ProfileId(row.int(8)?),
        profile_b: ProfileId(row.int(9)?),
        actor: row.text(10)?,
    })
}

fn not_same(row: &Row) -> Result<NotSame, StoreError> {
    Ok(NotSame {
        a: FragmentId(row.int(0)?),
        b: FragmentId(row.int(1)?),
        log_offset: row.int(2)? as u64,
        at_us: row.int(3)?,
        actor: row.text(4)?,
    })
}

impl FoldTx {
    /// All words that one of the fragments is not another.
    pub async fn not_same_at(&mut self, ids: &[FragmentId]) -> Result<Vec<NotSame>, StoreError> {
        let mut found = BTreeSet::new();
        for column in ["a", "b"] {
            let keys = ids.iter().map(|id| Value::from(id.0)).collect();
            let head = format!("SELECT a, b, log_offset, at_us, actor FROM not_same WHERE {column} IN");
            for row in self.tx.query_keys(&head, "", keys).await? {
                found.insert(not_same(&row)?);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Keeps the first word on each pair; `None` takes it back.
    pub async fn save_not_same(&mut self, changes: &[((FragmentId, FragmentId), Option<NotSame>)]) -> Result<(), StoreError> {
        for ((a, b), said) in changes {
            match said {
                Some(said) => {
                    const SQL: &str = "INSERT INTO not_same (a, b, log_offset, at_us, actor) VALUES ($1, $2, $3, $4, $5)
                        ON CONFLICT (a, b) DO NOTHING";
                    let parameters = vec![a.0.into(), b.0.into(), said.log_offset.into(), said.at_us.into(), said.actor.as_str().into()];
                    self.tx.execute(SQL, parameters).await?;
                }
                None => {
                    self.tx.execute("DELETE FROM not_same WHERE a = $1 AND b = $2", vec![a.0.into(), b.0.into()]).await?;
                }
            }
        }
        Ok(())
    }

    pub async fn save_ledger(&mut self, lines: &[LedgerLine]) -> Result<(), StoreError> {
        let parameters = lines
            .iter()
            .flat_map(|line| {
                [
                    Value::from(line.log_offset),
                    Value::from(i64::from(line.number)),
                    Value::from(line.at_us),
                    Value::from(line.act.as_str()),
                    Value::from(line.rule.as_str()),
                    Value::from(line.why.as_str()),
                    Value::from(line.a.0),
                    Value::from(line.b.0),
                    Value::from(line.profile_a.0),
                    Value::from(line.profile_b.0),
                    Value::from(line.actor.as_str()),
                ]
            })
            .collect();
        self.tx.execute_rows(&format!("INSERT INTO identity_ledger ({LEDGER_COLUMNS})"), "", 11, parameters).await?;
        Ok(())
    }
}

/// How well people are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WhoIsKnown {
    pub with_email: u64,
    pub with_phone: u64,
    pub with_user_id: u64,
    /// E-mails and phones of too many people.
    pub shared_contacts: u64,
    pub orders: u64,
    /// Orders of people with an e-mail or a phone.
    pub orders_of_known: u64,
}

/// What part of the ledger is asked for.
#[derive(Debug, Clone, Default)]
pub struct LedgerFilter {
    /// `merged`, `refused`, `parted`; all for `None`.
    pub act: Option<String>,
    pub rule: Option<String>,
    pub why: Option<String>,
    /// Lines before this one, for the next page.
    pub before: Option<(u64, u32)>,
}

impl Store {
    /// The identity settings as somebody changed them last; `None` while they are the built-in ones.
    pub async fn changed_identity_settings(&self) -> Result<Option<Definition<IdentitySettings>>, StoreError> {
        self.only_definition(IDENTITY).await
    }

    /// The identity settings that the fold goes on with.
    pub async fn identity_settings(&self) -> Result<Arc<IdentitySettings>, StoreError> {
        Ok(Arc::new(self.changed_identity_settings().await?.map(|changed| changed.body).unwrap_or_default()))
    }

    /// How well people are known; read from the tables as they are now.
    pub async fn who_is_known(&self) -> Result<WhoIsKnown, StoreError> {
        let mut known = WhoIsKnown::default();
        const KINDS: &str = "SELECT kind, COUNT(DISTINCT profile_id), CAST(SUM(CASE WHEN marks % 2 = 1 THEN 1 ELSE 0 END) AS BIGINT)
            FROM fragments WHERE kind IN ('email', 'phone', 'user_id') GROUP BY kind";
        for row in self.db.query(KINDS, vec![]).await? {
            let (people, shared) = (row.int(1)? as u64, row.int(2)? as u64);
            known.shared_contacts += shared;
            match row.text(0)?.as_str() {
                "email" => known.with_email = people,
                "phone" => known.with_phone = people,
                _ => known.with_user_id = people,
            }
        }
        const ORDERS: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM fragments c WHERE c.kind IN ('email', 'phone')
            AND (c.profile_id = f.profile_id AND c.profile_id <> c.fragment_id OR c.fragment_id = f.profile_id)) THEN 1 ELSE 0 END), 0) AS BIGINT)
            FROM orders o JOIN fragments f ON f.fragment_id = o.fragment_id";
        if let Some(row) = self.db.query(ORDERS, vec![]).await?.first() {
            (known.orders, known.orders_of_known) = (row.int(0)? as u64, row.int(1)? as u64);
        }
        Ok(known)
    }

    /// Latest first.
    pub async fn ledger(&self, filter: &LedgerFilter, limit: u32) -> Result<Vec<LedgerLine>, StoreError> {
        let (before, number) = filter.before.map_or((i64::MAX, i64::MAX), |(offset, number)| (offset as i64, i64::from(number)));
        let mut sql = format!("SELECT {LEDGER_COLUMNS} FROM identity_ledger WHERE log_offset <= $1 AND (log_offset < $1 OR number < $2)");
        let mut parameters: Vec<Value> = vec![before.into(), number.into()];
        for (column, wanted) in [("act", &filter.act), ("rule", &filter.rule), ("why", &filter.why)] {
            if let Some(wanted) = wanted {
                parameters.push(wanted.as_str().into());
                sql.push_str(&format!(" AND {column} = ${}", parameters.len()));
            }
        }
        parameters.push(i64::from(limit).into());
        sql.push_str(&format!(" ORDER BY log_offset DESC, number DESC LIMIT ${}", parameters.len()));
        self.db.query(&sql, parameters).await?.iter().map(line).collect()
    }

    /// The ledger's lines about any of the fragments, latest first.
    pub async fn ledger_of(&self, ids: &[FragmentId]) -> Result<Vec<LedgerLine>, StoreError> {
        let mut found: Vec<LedgerLine> = Vec::new();
        for chunk in ids.chunks(500) {
            let keys = rows_list(1, chunk.len());
            for column in ["a", "b"] {
                let sql = format!("SELECT {LEDGER_COLUMNS} FROM identity_ledger WHERE {column} IN {keys}");
                for row in self.db.query(&sql, chunk.iter().map(|id| id.0.into()).collect()).await? {
                    found.push(line(&row)?);
                }
            }
        }
        found.sort_by_key(|line| std::cmp::Reverse((line.log_offset, line.number)));
        found.dedup_by_key(|line| (line.log_offset, line.number));
        Ok(found)
    }

    /// One line, by its place.
    pub async fn ledger_line(&self, log_offset: u64, number: u32) -> Result<Option<LedgerLine>, StoreError> {
        let sql = format!("SELECT {LEDGER_COLUMNS} FROM identity_ledger WHERE log_offset = $1 AND number = $2");
        let rows = self.db.query(&sql, vec![log_offset.into(), i64::from(number).into()]).await?;
        rows.first().map(line).transpose()
    }

    pub async fn not_same_of(&self, ids: &[FragmentId]) -> Result<Vec<NotSame>, StoreError> {
        let mut found = BTreeSet::new();
        for chunk in ids.chunks(500) {
            let keys = rows_list(1, chunk.len());
            for column in ["a", "b"] {
                let sql = format!("SELECT a, b, log_offset, at_us, actor FROM not_same WHERE {column} IN {keys}");
                for row in self.db.query(&sql, chunk.iter().map(|id| id.0.into()).collect()).await? {
                    found.insert(not_same(&row)?);
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// All evidence at any of the fragments, that which joined nothing too.
    pub async fn evidence_at(&self, ids: &[FragmentId]) -> Result<Vec<Evidence>, StoreError> {
        let mut found = BTreeSet::new();
        for chunk in ids.chunks(500) {
            let keys = rows_list(1, chunk.len());
            for column in ["a", "b"] {
                let sql = format!("SELECT {EVIDENCE_COLUMNS} FROM evidence WHERE {column} IN {keys}");
                for row in self.db.query(&sql, chunk.iter().map(|id| id.0.into()).collect()).await? {
                    found.insert(evidence(&row)?);
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Pairs between which there is evidence, in the order of their ids, after one.
    pub async fn evidence_page(&self, after: (FragmentId, FragmentId), limit: u32) -> Result<Vec<(FragmentId, FragmentId)>, StoreError> {
        const SQL: &str = "SELECT a, b FROM evidence WHERE a >= $1 AND (a > $1 OR b > $2) ORDER BY a, b LIMIT $3";
        let rows = self.db.query(SQL, vec![after.0.0.into(), after.1.0.into(), i64::from(limit).into()]).await?;
        rows.iter().map(|row| Ok((FragmentId(row.int(0)?), FragmentId(row.int(1)?)))).collect()
    }

    /// Fragments by id; unknown ones are left out.
    pub async fn fragments_by_id(&self, ids: &[FragmentId]) -> Result<Vec<FragmentRow>, StoreError> {
        let mut found = Vec::new();
        for chunk in ids.chunks(500) {
            let sql = format!("SELECT {} FROM fragments WHERE fragment_id IN {}", crate::fragment::COLUMNS, rows_list(1, chunk.len()));
            for row in self.db.query(&sql, chunk.iter().map(|id| id.0.into()).collect()).await? {
                found.push(crate::fragment::fragment(&row)?);
            }
        }
        Ok(found)
    }
}
