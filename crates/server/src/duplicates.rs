//! The job that looks for probable duplicates among all profiles (docs/decisions/0017-matching.md).
//!
//! What is probable enough is merged by a command, if the admin allows that; what is less so waits for a person. It can be
//! repeated at will, so a job that a stop interrupted begins again.

use std::collections::BTreeSet;

use anyhow::Context as _;
use forecourt_matching::{
    ClusterOptions, ColumnSpec, ColumnType, EstimateOptions, Label, Scorer, Table, TableBuilder, Task, candidates, cluster, estimate,
    weight_of,
};
use forecourt_model::{
    FragmentState, ProfileId, Scope,
    command::{Action, Verdict},
};
use forecourt_store::{
    Store,
    control::{DUPLICATES_JOB, Duplicate, DuplicateState, Job},
    profile::ProfileSummary,
};
use serde_json::json;

use crate::{
    clock::now_us,
    commands::duplicates::threads,
    history_job::{Desk, Interrupted, Progress, share_before, take_up},
};

const ACTOR: &str = "duplicates";
/// Where the reading of profiles, and the comparison, end: shares of the job in per cent.
const READ_SHARE: u64 = 30;
const COMPARED_SHARE: u64 = 80;
const PROFILES_PAGE: u32 = 4_096;
/// Pairs that are kept for people, the most probable first: nobody answers more.
const REVIEWED_MAX: usize = 5_000;

/// Traits by the type of what they say.
const TRAITS: [(ColumnType, &[&str]); 6] = [
    (ColumnType::GivenName, &["firstName", "first_name", "firstname", "given_name"]),
    (ColumnType::Surname, &["lastName", "last_name", "lastname", "surname"]),
    (ColumnType::BirthDate, &["birthday", "birth_date", "birthDate", "birthdate", "date_of_birth", "dob"]),
    (ColumnType::StreetAddress, &["address", "street", "street_address"]),
    (ColumnType::Postcode, &["postcode", "postal_code", "postalCode", "zip"]),
    (ColumnType::Place, &["city", "town", "place"]),
];

/// What the job works with.
#[derive(Clone)]
pub struct DuplicatesJob {
    pub desk: Desk,
    pub store: Store,
}

/// What was found of one pair of rows.
struct Found {
    one: ProfileId,
    other: ProfileId,
    weight: f64,
    probability: f64,
    /// Column, how alike the two are in it, bits.
    contributions: Vec<(String, String, f64)>,
}

impl DuplicatesJob {
    /// Takes up jobs until they are to stop.
    pub async fn run(self) {
        let this = &self;
        let find = || this.desk.work_on(DUPLICATES_JOB, move |job| async move { this.find(&job).await });
        take_up("probable duplicates wait", &self.desk, find).await;
    }

    async fn find(&self, job: &Job) -> anyhow::Result<String> {
        let mut progress = self.desk.progress(&job.id);
        let (merge_at, review_at) = self.desk.control.duplicate_thresholds().await?;
        let (table, profiles) = self.people(&mut progress).await?;
        let labels = self.labels(&profiles).await?;
        progress.tell(READ_SHARE).await?;
        let (found, merged) = tokio::task::spawn_blocking(move || compare(&table, &profiles, &labels, review_at, merge_at))
            .await
            .context("the comparison broke off")?;
        progress.tell(COMPARED_SHARE).await?;
        let mut joined = BTreeSet::new();
        for (one, other, probability) in merged {
            if self.merge(one, other, probability).await? {
                joined.insert((one.min(other), one.max(other)));
            }
        }
        let reviewed = self.keep(found, &joined).await?;
        Ok(format!("{} merged, {reviewed} to look at", joined.len()))
    }

    /// Everybody with a name, an e-mail or a phone, a row each.
    async fn people(&self, progress: &mut Progress<'_>) -> anyhow::Result<(Table, Vec<ProfileId>)> {
        let (mut builder, mut profiles, mut after) = (TableBuilder::new(columns()), Vec::new(), -1);
        loop {
            let page = self.store.profiles_page(after, PROFILES_PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = last.profile_id.0;
            for (summary, state) in &page {
                if summary.name.is_some() || summary.email.is_some() || summary.phone.is_some() {
                    let cells = cells(summary, state);
                    builder.push(&cells.iter().map(Option::as_deref).collect::<Vec<_>>());
                    profiles.push(summary.profile_id);
                }
            }
            if self.desk.is_stopping() {
                return Err(Interrupted::ServerStops.into());
            }
            progress.maybe_tell(share_before(after) * READ_SHARE / 100).await?;
        }
        Ok((builder.finish(), profiles))
    }

    async fn cells_of(&self, profile: ProfileId) -> anyhow::Result<Vec<(String, Option<String>)>> {
        let Some(view) = self.store.profile(&Scope::Everything, profile).await? else { return Ok(Vec::new()) };
        let names = columns().into_iter().map(|column| column.name);
        Ok(names.zip(cells(&view.summary, &view.state)).collect())
    }

    /// What people answered, of profiles that are still apart from each other.
    async fn labels(&self, profiles: &[ProfileId]) -> anyhow::Result<Vec<Label>> {
        let row = |id: i64| profiles.binary_search(&ProfileId(id)).ok().and_then(|at| u32::try_from(at).ok());
        let answered = self.desk.control.answered_duplicates().await?;
        let label = |pair: Duplicate| Some(Label { left: row(pair.a)?, right: row(pair.b)?, same: pair.state == DuplicateState::Same });
        Ok(answered.into_iter().filter_map(label).collect())
    }

    async fn merge(&self, one: ProfileId, other: ProfileId, probability: f64) -> anyhow::Result<bool> {
        let probability = Some((probability * 1000.0) as u16);
        let offset = self.desk.command(ACTOR, Action::MergeProfiles { one, other, probability }).await?;
        Ok(self.store.verdict(offset).await? == Some(Verdict::Done))
    }

    /// Keeps the pairs for people to look at. Returns how many.
    async fn keep(&self, found: Vec<Found>, joined: &BTreeSet<(ProfileId, ProfileId)>) -> anyhow::Result<usize> {
        let now_us = now_us();
        let mut pairs = Vec::with_capacity(found.len());
        for found in found {
            let pair = (found.one.min(found.other), found.one.max(found.other));
            let (one, other) = (self.cells_of(pair.0).await?, self.cells_of(pair.1).await?);
            let value = |cells: &[(String, Option<String>)], name: &str| {
                cells.iter().find(|(column, _)| column == name).and_then(|(_, value)| value.clone()).unwrap_or_default()
            };
            let contributions: Vec<_> = found
                .contributions
                .iter()
                .map(|(column, level, bits)| {
                    json!({ "column": column, "one": value(&one, column), "other": value(&other, column), "level": level, "weight": bits })
                })
                .collect();
            pairs.push(Duplicate {
                a: pair.0.0,
                b: pair.1.0,
                weight: found.weight,
                probability: found.probability,
                contributions: serde_json::to_string(&contributions)?,
                state: if joined.contains(&pair) { DuplicateState::Merged } else { DuplicateState::Open },
                found_us: now_us,
                decided_us: None,
                decided_by: None,
            });
        }
        self.desk.control.drop_open_duplicates().await?;
        self.desk.control.save_duplicates(&pairs).await?;
        Ok(pairs.iter().filter(|pair| pair.state == DuplicateState::Open).count())
    }
}

fn columns() -> Vec<ColumnSpec> {
    let word = |kind: ColumnType| serde_json::to_value(kind).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    let first = [ColumnType::FullName, ColumnType::Email, ColumnType::Phone];
    first.into_iter().chain(TRAITS.iter().map(|(kind, _)| *kind)).map(|kind| ColumnSpec::new(word(kind), kind)).collect()
}

/// In the order of [`columns`].
fn cells(summary: &ProfileSummary, state: &FragmentState) -> Vec<Option<String>> {
    let mut cells = vec![summary.name.clone(), summary.email.clone(), summary.phone.clone()];
    cells.extend(
        TRAITS.iter().map(|(_, names)| names.iter().find_map(|name| state.trait_text(name)).filter(|text| !text.trim().is_empty())),
    );
    cells
}

/// Pairs for people, and pairs to merge without asking.
fn compare(
    table: &Table,
    profiles: &[ProfileId],
    labels: &[Label],
    review_at: f64,
    merge_at: Option<f64>,
) -> (Vec<Found>, Vec<(ProfileId, ProfileId, f64)>) {
    let pairs = candidates(table, Task::Dedupe, threads());
    let model = estimate(table, Task::Dedupe, &pairs, labels, EstimateOptions { threads: threads(), ..EstimateOptions::default() });
    let scorer = Scorer::new(table, &model, labels);
    let mut scored = scorer.score(&pairs, weight_of(review_at), threads());
    scored.sort_by(|a, b| b.weight.total_cmp(&a.weight).then((a.left, a.right).cmp(&(b.left, b.right))));
    let of = |row: u32| profiles[row as usize];
    let mut merged = Vec::new();
    if let Some(merge_at) = merge_at {
        let options = ClusterOptions { pair_least: weight_of(merge_at), ..ClusterOptions::unasked() };
        for group in cluster(&scorer, &scored, options) {
            let Some((first, others)) = group.split_first() else { continue };
            merged.extend(others.iter().map(|other| (of(*first), of(*other), scorer.explain(*first, *other).probability)));
        }
    }
    let found = scored.iter().take(REVIEWED_MAX).map(|pair| {
        let told = scorer.explain(pair.left, pair.right);
        let contributions: Vec<_> =
            told.contributions.iter().map(|part| (part.column.clone(), part.agreement.clone(), part.bits)).collect();
        Found { one: of(pair.left), other: of(pair.right), weight: told.weight, probability: told.probability, contributions }
    });
    (found.collect(), merged)
}
