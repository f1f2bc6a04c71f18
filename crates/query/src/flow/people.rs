//! Who is behind a number of a flow report.

use std::{collections::BTreeMap, sync::Arc};

use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::{
    follow::{Case, Follow, Known},
    spec::Flow,
    tally::{self, Stay, stays},
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
pub enum FlowOutcome {
    /// Entered the stage in the report's time.
    Entered,
    /// Entered it in the report's time and moved on.
    Moved,
    /// Entered it in the report's time and was lost there.
    Lost,
    /// Is at the stage at the report's end, whenever it was entered.
    Waits,
}

/// Which profiles of a flow report are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowPeopleSpec {
    /// From 1.
    pub stage: usize,
    pub outcome: FlowOutcome,
    /// Only those whose waiting time is of this class, from 0; for [`FlowOutcome::Waits`].
    pub age: Option<usize>,
    /// Only those of one group of the report: its value by dimension.
    pub by: BTreeMap<String, Option<String>>,
    /// 1 to 1,000.
    pub limit: usize,
    /// What an answer before gave as [`People::next_cursor`].
    pub cursor: Option<String>,
}

pub(crate) async fn people(session: &Session, mut flow: Flow, spec: &FlowPeopleSpec) -> Result<People, QueryError> {
    check(&flow, spec)?;
    flow.by = dimensions::checked(&spec.by.keys().cloned().collect::<Vec<_>>(), super::spec::BY_MAX)?;
    let page = Page::of(spec.cursor.as_deref(), spec.limit)?;
    let until_us = flow.until_us(session.as_of_us());
    let flow = Arc::new(flow);
    let matched = matched(session, &flow.wanted(session.as_of_us()))?;
    let found = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(&flow, matched.keys);
            let wanted = Wanted { flow: flow.clone(), until_us, stage: spec.stage - 1, outcome: spec.outcome, age: spec.age };
            let (mut page, group) = (page.clone(), spec.by.values().cloned().collect::<Combination>());
            async move {
                // What a group is called is known only when the pass is over.
                let mut members: Vec<(i64, Known)> = Vec::new();
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, |case| wanted.note(case, &mut members))?;
                }
                follow.end(&mut |case| wanted.note(case, &mut members));
                let names = follow.into_names();
                members.retain(|(_, known)| names.of(*known) == group);
                // A person with several leads is one person.
                members.dedup_by_key(|(profile_id, _)| *profile_id);
                members.into_iter().for_each(|(profile_id, _)| page.note(profile_id));
                Ok(page)
            }
        })
        .await?;
    Ok(page.answer(found))
}

fn check(flow: &Flow, spec: &FlowPeopleSpec) -> Result<(), QueryError> {
    let stages = flow.stages.len();
    if !(1..=stages).contains(&spec.stage) {
        return Err(QueryError::Invalid(format!("`stage` is {}: use 1 to {stages}", spec.stage)));
    }
    match spec.age {
        Some(_) if spec.outcome != FlowOutcome::Waits => {
            Err(QueryError::invalid("`age` is of those who wait: leave it out, or ask for the `outcome` `waits`"))
        }
        Some(age) if flow.ages_us.len() < age => {
            Err(QueryError::Invalid(format!("`age` is {age}: the classes are 0 to {}", flow.ages_us.len())))
        }
        _ => Ok(()),
    }
}

struct Wanted {
    flow: Arc<Flow>,
    until_us: i64,
    stage: usize,
    outcome: FlowOutcome,
    age: Option<usize>,
}

impl Wanted {
    fn note(&self, case: &Case<'_>, members: &mut Vec<(i64, Known)>) {
        let found = stays(&self.flow, self.until_us, case).find(|stay| stay.stage == self.stage && self.wants(stay));
        members.extend(found.map(|stay| (case.profile_id, stay.known)));
    }

    fn wants(&self, stay: &Stay) -> bool {
        match self.outcome {
            FlowOutcome::Entered => stay.entered,
            FlowOutcome::Moved => stay.entered && stay.outcome == tally::Outcome::Moved,
            FlowOutcome::Lost => stay.entered && stay.outcome == tally::Outcome::Lost,
            FlowOutcome::Waits => {
                stay.outcome == tally::Outcome::Waits && self.age.is_none_or(|age| self.flow.age_class(stay.waited_us) == age)
            }
        }
    }
}
