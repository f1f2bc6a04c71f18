//! Who is behind a row of an attribution report.

use std::{collections::BTreeMap, sync::Arc};

use futures::StreamExt;

use super::{
    follow::{Follow, Path},
    report::{conversions_of, money},
    spec::Attribution,
};
use crate::{
    QueryError,
    dimensions::Combination,
    error::answered,
    matched::plan::matched,
    people::{Page, People},
    pivot::spec::PivotTerms,
    session::Session,
};

/// Which profiles of an attribution report are wanted: those who converted after a touch.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributionPeopleSpec {
    /// Of this row: its value by dimension.
    pub by: BTreeMap<String, Option<String>>,
    /// 1 to 1,000.
    pub limit: usize,
    /// What an answer before gave as [`People::next_cursor`].
    pub cursor: Option<String>,
}

pub(crate) async fn people(
    session: &Session,
    attribution: &Attribution,
    terms: &PivotTerms,
    spec: &AttributionPeopleSpec,
) -> Result<People, QueryError> {
    let wanted = attribution.by.iter().map(|name| {
        let known = spec.by.get(name).cloned();
        known.ok_or_else(|| QueryError::Invalid(format!("`by` has no {name:?}: give the `by` of one of the report's rows")))
    });
    let wanted = wanted.collect::<Result<Combination, _>>()?;
    let page = Page::of(spec.cursor.as_deref(), spec.limit)?;
    let mut money = money(attribution, terms);
    let orders = conversions_of(session, attribution, &mut money).await?.map(Arc::new);
    let matched = matched(session, &attribution.wanted())?;
    let found = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(attribution, orders.clone(), money.clone(), matched.keys);
            let (mut page, wanted) = (page.clone(), wanted.clone());
            async move {
                let mut converted: Vec<(i64, u32)> = Vec::new();
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, |path| note(path, &mut converted))?;
                }
                follow.end(&mut |path| note(path, &mut converted));
                let combinations = follow.combinations.into_values();
                let mut ids: Vec<i64> =
                    converted.into_iter().filter(|(_, key)| combinations[*key as usize] == wanted).map(|(id, _)| id).collect();
                ids.dedup();
                ids.into_iter().for_each(|profile_id| page.note(profile_id));
                Ok(page)
            }
        })
        .await?;
    Ok(page.answer(found))
}

fn note(path: &Path<'_>, converted: &mut Vec<(i64, u32)>) {
    if path.conversion.is_some() {
        converted.extend(path.touches.iter().map(|touch| (path.profile_id, touch.key)));
    }
}
