//! Who is behind a number of a pivot.

use std::sync::{Arc, atomic::AtomicU64};

use super::{
    entities::Part,
    gather::{is_visible, read, tells},
    measure::{Measure, Quantity},
    report::Place,
    spec::{Filter, Pivot, PivotSpec, PivotTerms},
};
use crate::{
    QueryError,
    people::{Page, People},
    session::Session,
};

/// Which profiles of a pivot are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct PivotPeopleSpec {
    /// One of the spec's measures.
    pub measure: String,
    /// The number's place: values of some of the spec's dimensions; of a dimension that is left out all count.
    pub place: Place,
    /// 1 to 1,000.
    pub limit: usize,
    /// What an answer before gave as [`People::next_cursor`].
    pub cursor: Option<String>,
}

/// The pivot cut down to one place, with the quantities whose people are wanted.
pub(crate) fn narrowed(spec: &PivotSpec, mut pivot: Pivot, wanted: &PivotPeopleSpec) -> Result<(Pivot, Vec<Quantity>), QueryError> {
    let measure = pivot.measures.iter().find(|measure| measure.name == wanted.measure);
    let measure =
        measure.ok_or_else(|| QueryError::Invalid(format!("`measure` is {:?}: use one of the spec's measures", wanted.measure)))?;
    let of_people = people_of(measure).ok_or_else(|| {
        QueryError::Invalid(format!("`measure` is {:?}: nobody is behind it, use leads, sales or a conversion", wanted.measure))
    })?;
    let names: Vec<&String> = spec.rows.iter().chain(&spec.columns).collect();
    let dimensions: Vec<_> = pivot.rows.iter().chain(&pivot.columns).copied().collect();
    for (name, value) in &wanted.place {
        let Some(at) = names.iter().position(|held| *held == name) else {
            return Err(QueryError::Invalid(format!("`place` names {name:?}: use dimensions of the spec's rows and columns")));
        };
        let value = value.clone().filter(|text| !text.is_empty());
        pivot.filters.push(Filter { dimension: dimensions[at], values: vec![value], exclude: false });
    }
    (pivot.rows, pivot.columns, pivot.quantities) = (Vec::new(), Vec::new(), of_people.clone());
    Ok((pivot, of_people))
}

/// Quantities that note the profiles behind a measure.
fn people_of(measure: &Measure) -> Option<Vec<Quantity>> {
    let noted = |quantity: Quantity| match quantity {
        Quantity::Leads => Quantity::LeadPeople,
        Quantity::Sales | Quantity::Revenue => Quantity::Buyers,
        Quantity::Conversions(at) | Quantity::ConversionValue(at) => Quantity::ConversionPeople(at),
        other => other,
    };
    measure.people().map(|found| found.into_iter().map(noted).collect())
}

pub(crate) async fn people(
    session: &Session,
    pivot: &Pivot,
    of_people: &[Quantity],
    terms: &PivotTerms,
    wanted: &PivotPeopleSpec,
) -> Result<People, QueryError> {
    let page = Page::of(wanted.cursor.as_deref(), wanted.limit)?;
    let is_told = |quantity: &Quantity| {
        is_visible(session, quantity.origin()) && pivot.filters.iter().all(|filter| tells(quantity.origin(), filter.dimension))
    };
    if !of_people.iter().all(is_told) {
        return Ok(People { profile_ids: Vec::new(), total: 0, next_cursor: None });
    }
    let rows_scanned = Arc::new(AtomicU64::new(0));
    let parts = read(session, pivot, terms, of_people, &rows_scanned, |part: Part| part.cells.into_people()).await?;
    let mut ids: Vec<i64> = parts.into_iter().flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = page.clone();
    ids.into_iter().for_each(|profile_id| found.note(profile_id));
    Ok(page.answer(vec![found]))
}
