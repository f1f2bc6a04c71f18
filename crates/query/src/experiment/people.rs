//! Who is behind a variant of an experiment.

use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::{
    follow::{Follow, Subject},
    spec::Experiment,
};
use crate::{
    QueryError,
    error::answered,
    matched::plan::matched,
    people::{Page, People},
    session::Session,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentOutcome {
    /// Everybody who was shown the variant, and no other.
    Exposed,
    /// Those who did the goal.
    Converted,
    /// Those who did not.
    NotConverted,
}

/// Which profiles of an experiment are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentPeopleSpec {
    /// `None` for those who were shown several.
    pub variant: Option<String>,
    pub outcome: ExperimentOutcome,
    /// 1 to 1,000.
    pub limit: usize,
    /// What an answer before gave as [`People::next_cursor`].
    pub cursor: Option<String>,
}

pub(crate) async fn people(session: &Session, experiment: &Experiment, spec: &ExperimentPeopleSpec) -> Result<People, QueryError> {
    let page = Page::of(spec.cursor.as_deref(), spec.limit)?;
    let matched = matched(session, &experiment.wanted(session.as_of_us()))?;
    let found = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(experiment, matched.keys);
            let (mut page, wanted) = (page.clone(), spec.clone());
            async move {
                // A variant is known by its number only while the pass goes on.
                let mut subjects: Vec<(i64, u32)> = Vec::new();
                let mut note = |subject: &Subject<'_>| {
                    if is_wanted(&wanted, subject) {
                        subjects.push((subject.profile_id, subject.variant));
                    }
                };
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, &mut note)?;
                }
                follow.end(&mut note);
                let names = follow.variants.into_values();
                let is_of = |number: u32| wanted.variant.is_none() || names[number as usize][0] == wanted.variant;
                subjects.into_iter().filter(|(_, number)| is_of(*number)).for_each(|(profile_id, _)| page.note(profile_id));
                Ok(page)
            }
        })
        .await?;
    Ok(page.answer(found))
}

fn is_wanted(wanted: &ExperimentPeopleSpec, subject: &Subject<'_>) -> bool {
    let converted = subject.gains.iter().map(|(_, amount)| amount).sum::<f64>() != 0.0;
    subject.mixed == wanted.variant.is_none()
        && match wanted.outcome {
            ExperimentOutcome::Exposed => true,
            ExperimentOutcome::Converted => converted,
            ExperimentOutcome::NotConverted => !converted,
        }
}
