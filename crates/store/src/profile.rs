//! Profiles as people look at them: fragments united at reading.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{FragmentId, FragmentState, HashKey, Identifier, IdentifierKind, ProfileId, Scope};

use crate::{
    Store, StoreError, Value,
    database::rows_list,
    fragment::{COLUMNS, Evidence, FragmentRow, fragment},
};

/// A line of a list of profiles.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileSummary {
    pub profile_id: ProfileId,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub first_us: i64,
    pub last_us: i64,
    pub events: u64,
    /// The last touch's traffic channel.
    pub channel: Option<String>,
    pub region: Option<String>,
    pub dealer: Option<String>,
    pub identifiers: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ProfileView {
    pub summary: ProfileSummary,
    pub fragments: Vec<FragmentRow>,
    /// All fragments' states united.
    pub state: FragmentState,
    pub evidence: Vec<Evidence>,
    /// Set when it was asked for by an id that has become part of this profile.
    pub redirected_from: Option<ProfileId>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ProfilesPage {
    pub profiles: Vec<ProfileSummary>,
    /// Pass it on to read the next page; `None` at the end.
    pub next: Option<String>,
}

impl Store {
    /// The fragments of a profile; the id itself where there is no such profile.
    pub async fn fragment_ids_of(&self, profile: ProfileId) -> Result<Vec<FragmentId>, StoreError> {
        const SQL: &str = "SELECT fragment_id FROM fragments WHERE profile_id = $1 AND profile_id <> fragment_id ORDER BY fragment_id";
        let rows = self.db.query(SQL, vec![profile.0.into()]).await?;
        let others: Vec<FragmentId> = rows.iter().map(|row| row.int(0).map(FragmentId)).collect::<Result<_, _>>()?;
        Ok([FragmentId(profile.0)].into_iter().chain(others).collect())
    }

    /// Whose a fragment is by now.
    pub async fn owner_of(&self, fragment_id: i64) -> Result<Option<ProfileId>, StoreError> {
        let found = self.db.query("SELECT profile_id FROM fragments WHERE fragment_id = $1", vec![fragment_id.into()]).await?;
        found.first().map(|row| row.int(0).map(ProfileId)).transpose()
    }

    /// The profile, also by an id that has been merged into it. Scoped callers see it if an entity of theirs is on it.
    pub async fn profile(&self, scope: &Scope, asked: ProfileId) -> Result<Option<ProfileView>, StoreError> {
        let found = self.db.query("SELECT profile_id FROM fragments WHERE fragment_id = $1", vec![asked.0.into()]).await?;
        let Some(profile_id) = found.first().map(|row| row.int(0).map(ProfileId)).transpose()? else { return Ok(None) };
        let mut fragments = self.fragments_of(&[profile_id]).await?;
        let ids: Vec<FragmentId> = fragments.iter().map(|row| row.fragment_id).collect();
        if !self.is_visible(scope, &ids).await? {
            return Ok(None);
        }
        let mut evidence = self.evidence_at(&ids).await?;
        let (summary, state) = summary(profile_id, &fragments)?;
        // Ids are hashes: in their order the same people would read differently in each installation.
        fragments.sort_by(|a, b| (&a.kind, &a.value, a.generation).cmp(&(&b.kind, &b.value, b.generation)));
        evidence.sort_by(|a, b| (a.first_us, &a.rule, a.a, a.b).cmp(&(b.first_us, &b.rule, b.a, b.b)));
        Ok(Some(ProfileView { summary, fragments, state, evidence, redirected_from: (asked != profile_id).then_some(asked) }))
    }

    /// Finds profiles by any identifier (phones in any notation of `region`), by the beginning of any word of the name,
    /// or by profile id; all, latest first, for an empty question. Who sees people masked finds none by parts of a name:
    /// guessing letter by letter would unmask it.
    ///
    /// * `cursor`: from the page before.
    pub async fn profiles_search(
        &self,
        scope: &Scope,
        key: &HashKey,
        region: &str,
        question: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<ProfilesPage, StoreError> {
        let question = question.trim();
        let (hits, next) = if question.is_empty() {
            self.latest(scope, cursor, limit).await?
        } else {
            (self.hits(scope, key, region, question).await?, None)
        };
        let mut profiles = Vec::new();
        let all = self.fragments_of(&hits).await?;
        for profile_id in hits {
            let fragments: Vec<FragmentRow> = all.iter().filter(|row| row.profile_id == profile_id).cloned().collect();
            let ids: Vec<FragmentId> = fragments.iter().map(|row| row.fragment_id).collect();
            if !fragments.is_empty() && (question.is_empty() || self.is_visible(scope, &ids).await?) {
                profiles.push(summary(profile_id, &fragments)?.0);
            }
        }
        match (question.is_empty(), scope) {
            // A profile stands where its latest fragment does, once: an older fragment of it is met again on a later page.
            (true, Scope::Everything | Scope::Masked) => {
                let until_us = cursor.and_then(|cursor| cursor.split_once('.')?.0.parse().ok()).unwrap_or(i64::MAX);
                profiles.retain(|profile| profile.last_us <= until_us);
            }
            (true, Scope::Dealer(_)) => {}
            (false, _) => {
                profiles.sort_by_key(|profile| std::cmp::Reverse(profile.last_us));
                profiles.truncate(limit as usize);
            }
        }
        Ok(ProfilesPage { profiles, next })
    }

    /// Lines for given ids, in their order; unknown and hidden ones are left out.
    pub async fn profile_summaries(&self, scope: &Scope, ids: &[ProfileId]) -> Result<Vec<ProfileSummary>, StoreError> {
        let all = self.fragments_of(ids).await?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let fragments: Vec<FragmentRow> = all.iter().filter(|row| row.profile_id == *id).cloned().collect();
            let fragment_ids: Vec<FragmentId> = fragments.iter().map(|row| row.fragment_id).collect();
            if !fragments.is_empty() && self.is_visible(scope, &fragment_ids).await? {
                found.push(summary(*id, &fragments)?.0);
            }
        }
        Ok(found)
    }

    /// Profiles in the order of their ids, after `after`, for the lake.
    pub async fn profiles_page(&self, after: i64, limit: u32) -> Result<Vec<(ProfileSummary, FragmentState)>, StoreError> {
        const SQL: &str =
            "SELECT fragment_id FROM fragments WHERE fragment_id > $1 AND profile_id = fragment_id ORDER BY fragment_id LIMIT $2";
        let rows = self.db.query(SQL, vec![after.into(), i64::from(limit).into()]).await?;
        let ids: Vec<ProfileId> = rows.iter().map(|row| row.int(0).map(ProfileId)).collect::<Result<_, _>>()?;
        let mut by_profile: BTreeMap<ProfileId, Vec<FragmentRow>> = BTreeMap::new();
        for row in self.fragments_of(&ids).await? {
            by_profile.entry(row.profile_id).or_default().push(row);
        }
        by_profile.into_iter().map(|(id, fragments)| summary(id, &fragments)).collect()
    }

    async fn fragments_of(&self, profiles: &[ProfileId]) -> Result<Vec<FragmentRow>, StoreError> {
        let mut found = Vec::new();
        for chunk in profiles.chunks(500) {
            let keys = rows_list(1, chunk.len());
            let ids: Vec<Value> = chunk.iter().map(|id| id.0.into()).collect();
            let roots = format!("SELECT {COLUMNS} FROM fragments WHERE profile_id = fragment_id AND fragment_id IN {keys}");
            let others = format!("SELECT {COLUMNS} FROM fragments WHERE profile_id <> fragment_id AND profile_id IN {keys}");
            for sql in [roots, others] {
                for row in self.db.query(&sql, ids.clone()).await? {
                    found.push(fragment(&row)?);
                }
            }
        }
        Ok(found)
    }

    /// A dealer sees the people of the leads, orders and calls that are his.
    async fn is_visible(&self, scope: &Scope, fragments: &[FragmentId]) -> Result<bool, StoreError> {
        let Some(dealer) = scope.dealer() else { return Ok(true) };
        for chunk in fragments.chunks(500) {
            let keys = rows_list(1, chunk.len());
            let at = chunk.len() + 1;
            for table in ["leads", "orders", "calls"] {
                let sql = format!("SELECT 1::BIGINT FROM {table} WHERE fragment_id IN {keys} AND dealer = ${at} LIMIT 1");
                let sql = if self.db.is_sqlite() { sql.replace("1::BIGINT", "1") } else { sql };
                let parameters = chunk.iter().map(|id| id.0.into()).chain([dealer.into()]).collect();
                if !self.db.query(&sql, parameters).await?.is_empty() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The latest seen, `limit` of them; the cursor is (last_us, fragment id).
    async fn latest(&self, scope: &Scope, cursor: Option<&str>, limit: u32) -> Result<(Vec<ProfileId>, Option<String>), StoreError> {
        let (before_us, before_id) = match cursor {
            None => (i64::MAX, i64::MAX),
            Some(cursor) => {
                let parts = cursor.split_once('.').and_then(|(us, id)| Some((us.parse().ok()?, id.parse().ok()?)));
                parts.ok_or_else(|| StoreError::Invalid("the cursor is not one of ours: start from the first page".into()))?
            }
        };
        let (mut found, mut at) = (Vec::new(), (before_us, before_id));
        let mut seen = BTreeSet::new();
        loop {
            let rows = match scope.dealer() {
                None => {
                    // The index knows ten seconds apart: it is written when somebody comes again after that, not with each event.
                    const SQL: &str = "SELECT last_us, fragment_id, profile_id FROM fragments
                        WHERE last_us / 10000000 <= $4 AND last_us <= $1 AND (last_us < $1 OR fragment_id < $2)
                        ORDER BY last_us / 10000000 DESC, last_us DESC, fragment_id DESC LIMIT $3";
                    self.db.query(SQL, vec![at.0.into(), at.1.into(), i64::from(limit).into(), (at.0 / 10_000_000).into()]).await?
                }
                Some(dealer) => {
                    const SQL: &str = "SELECT DISTINCT f.last_us, f.fragment_id, f.profile_id FROM leads e
                        JOIN fragments f ON f.fragment_id = e.fragment_id
                        WHERE e.dealer = $4 AND f.last_us <= $1 AND (f.last_us < $1 OR f.fragment_id < $2)
                        ORDER BY f.last_us DESC, f.fragment_id DESC LIMIT $3";
                    self.db.query(SQL, vec![at.0.into(), at.1.into(), i64::from(limit).into(), dealer.into()]).await?
                }
            };
            for row in &rows {
                at = (row.int(0)?, row.int(1)?);
                let profile = ProfileId(row.int(2)?);
                if seen.insert(profile) {
                    found.push(profile);
                }
                if found.len() == limit as usize {
                    return Ok((found, Some(format!("{}.{}", at.0, at.1))));
                }
            }
            if rows.len() < limit as usize {
                return Ok((found, None));
            }
        }
    }

    async fn hits(&self, scope: &Scope, key: &HashKey, region: &str, question: &str) -> Result<Vec<ProfileId>, StoreError> {
        let mut fragments: BTreeSet<i64> = question.parse().ok().into_iter().collect();
        let kinds = [
            IdentifierKind::UserId,
            IdentifierKind::AnonymousId,
            IdentifierKind::Email,
            IdentifierKind::Phone,
            IdentifierKind::External("crm_id".into()),
            IdentifierKind::External("dms_id".into()),
            IdentifierKind::External("vin".into()),
            IdentifierKind::External("lead_id".into()),
        ];
        let named = question.split_once(':').map(|(kind, value)| (IdentifierKind::parse(kind.trim()), value));
        for (kind, value) in kinds.into_iter().map(|kind| (kind, question)).chain(named) {
            fragments.extend(Identifier::new(kind, value, region).map(|identifier| identifier.fragment_id(key, 0).0));
        }
        let words = if *scope == Scope::Masked { Vec::new() } else { forecourt_model::fragment::name_words(question) };
        let mut by_word: Option<BTreeSet<i64>> = None;
        for word in &words {
            // Words are compared by code point on SQLite and under the database's collation on PostgreSQL: hence LIKE.
            let pattern = format!("{}%", word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
            const SQL: &str = "SELECT fragment_id FROM name_words WHERE word >= $1 AND word < $2 AND word LIKE $3 ESCAPE '\\' LIMIT 2000";
            let upper = format!("{word}\u{10ffff}");
            let rows = self.db.query(SQL, vec![word.as_str().into(), upper.into(), pattern.into()]).await?;
            let found: BTreeSet<i64> = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
            by_word = Some(match by_word {
                None => found,
                Some(held) => held.intersection(&found).copied().collect(),
            });
        }
        fragments.extend(by_word.unwrap_or_default().into_iter().take(500));
        let ids: Vec<Value> = fragments.into_iter().map(Value::from).collect();
        let mut profiles = BTreeSet::new();
        for chunk in ids.chunks(500) {
            let sql = format!("SELECT profile_id FROM fragments WHERE fragment_id IN {}", rows_list(1, chunk.len()));
            for row in self.db.query(&sql, chunk.to_vec()).await? {
                profiles.insert(ProfileId(row.int(0)?));
            }
        }
        Ok(profiles.into_iter().collect())
    }
}

fn summary(profile_id: ProfileId, fragments: &[FragmentRow]) -> Result<(ProfileSummary, FragmentState), StoreError> {
    let mut state = FragmentState::default();
    for row in fragments {
        let own: FragmentState = serde_json::from_str(&row.state)
            .map_err(|error| StoreError::Unreadable(format!("the state of fragment {} does not read: {error}", row.fragment_id)))?;
        state = state.unite(&own);
    }
    let latest_of = |kind: &str| {
        let of_kind = fragments.iter().filter(|row| row.kind == kind);
        of_kind.max_by_key(|row| (row.last_us, row.fragment_id)).map(|row| row.value.clone())
    };
    let text =
        |value: &Option<forecourt_model::fragment::TraitValue>| value.as_ref().and_then(|value| value.value.as_str()).map(str::to_owned);
    let summary = ProfileSummary {
        profile_id,
        name: state.name(),
        email: latest_of("email"),
        phone: latest_of("phone"),
        first_us: fragments.iter().map(|row| row.first_us).min().unwrap_or(0),
        last_us: fragments.iter().map(|row| row.last_us).max().unwrap_or(0),
        events: fragments.iter().map(|row| row.events).sum(),
        channel: state.last_touch.as_ref().map(|touch| touch.channel.clone()),
        region: text(&state.region),
        dealer: text(&state.dealer),
        identifiers: fragments.iter().filter(|row| row.generation == 0).count() as u32,
    };
    Ok((summary, state))
}
