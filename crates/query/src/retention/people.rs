//! Who is behind a cell of a retention report.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::{
    follow::{Follow, Member},
    report::calendar,
    spec::Retention,
};
use crate::{
    QueryError, dimensions,
    dimensions::Combination,
    error::answered,
    matched::plan::matched,
    people::{Page, People},
    session::Session,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionOutcome {
    /// Everybody of the cohort.
    Began,
    /// Those who came back in the period.
    Returned,
    /// Those who came back in the period or later.
    ReturnedAfter,
    /// Those who did not come back in the period.
    Away,
}

/// Which profiles of a retention report are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct RetentionPeopleSpec {
    /// [`super::report::RetentionCohort::start`].
    pub cohort: String,
    /// From 0, the cohort's own.
    pub period: usize,
    pub outcome: RetentionOutcome,
    /// Only those of one group of the report: its value by dimension.
    pub by: BTreeMap<String, Option<String>>,
    /// 1 to 1,000.
    pub limit: usize,
    /// What an answer before gave as [`People::next_cursor`].
    pub cursor: Option<String>,
}

pub(crate) async fn people(session: &Session, mut retention: Retention, spec: &RetentionPeopleSpec) -> Result<People, QueryError> {
    retention.by = dimensions::checked(&spec.by.keys().cloned().collect::<Vec<_>>(), usize::MAX)?;
    let page = Page::of(spec.cursor.as_deref(), spec.limit)?;
    if retention.periods < spec.period {
        return Err(QueryError::Invalid(format!("`period` is {}: the report has 0 to {}", spec.period, retention.periods)));
    }
    let calendar = calendar(session, &retention)?;
    let cohort = (0..calendar.len()).find(|at| calendar.name(*at) == spec.cohort);
    let cohort = cohort
        .ok_or_else(|| QueryError::Invalid(format!("`cohort` is {:?}: use the `start` of one of the report's cohorts", spec.cohort)))?;
    let matched = matched(session, &retention.wanted(session.as_of_us()))?;
    let found = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(&retention, calendar.clone(), matched.keys);
            let wanted = Wanted { cohort, period: spec.period, outcome: spec.outcome };
            let (mut page, group) = (page.clone(), spec.by.values().cloned().collect::<Combination>());
            async move {
                // A combination is known by its number only while the pass goes on.
                let mut members: Vec<(i64, u32)> = Vec::new();
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, |member| wanted.note(member, &mut members))?;
                }
                follow.end(&mut |member| wanted.note(member, &mut members));
                let combinations = follow.combinations.into_values();
                let of_group = members.into_iter().filter(|(_, number)| combinations[*number as usize] == group);
                of_group.for_each(|(profile_id, _)| page.note(profile_id));
                Ok(page)
            }
        })
        .await?;
    Ok(page.answer(found))
}

#[derive(Clone, Copy)]
struct Wanted {
    cohort: usize,
    period: usize,
    outcome: RetentionOutcome,
}

impl Wanted {
    fn note(self, member: &Member<'_>, members: &mut Vec<(i64, u32)>) {
        if member.cohort != self.cohort {
            return;
        }
        let is_wanted = match self.outcome {
            RetentionOutcome::Began => true,
            RetentionOutcome::Returned => member.returned().any(|period| period == self.period),
            RetentionOutcome::ReturnedAfter => member.returned().any(|period| self.period <= period),
            RetentionOutcome::Away => member.returned().all(|period| period != self.period),
        };
        if is_wanted {
            members.push((member.profile_id, member.combination));
        }
    }
}
