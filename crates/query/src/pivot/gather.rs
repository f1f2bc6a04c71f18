//! Everything that a pivot adds up, read once, each table by what it can tell.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use datafusion::execution::SendableRecordBatchStream;
use forecourt_lake::tables::Table;
use futures::{StreamExt, future::try_join_all};

use super::{
    axis::Axes,
    cells::{Cells, Totals, levels},
    dimension::Dimension,
    entities::{self, Part},
    events,
    measure::{Origin, Quantity},
    money::Money,
    spec::{Pivot, PivotTerms},
};
use crate::{QueryError, error::answered, session::Session};

/// The sums of a pivot.
pub struct Gathered {
    pub axes: Axes,
    pub totals: Totals,
    pub money: Money,
    pub rows_scanned: u64,
}

/// Whether the caller may see the rows of a quantity's table at all.
pub fn is_visible(session: &Session, origin: Origin) -> bool {
    session.visible_in(origin.table()).is_some()
}

/// Whether a table's rows can be told apart by a dimension.
pub fn tells(origin: Origin, dimension: Dimension) -> bool {
    let columns: Vec<&str> =
        Table::named(origin.table()).map(|table| table.columns.iter().map(|column| column.name).collect()).unwrap_or_default();
    dimension.is_of(&columns)
}

/// Tables that are read: those of the quantities, that the caller sees, and that know what is filtered by.
fn origins(session: &Session, pivot: &Pivot, quantities: &[Quantity]) -> Vec<Origin> {
    let wanted = |origin: &Origin| {
        quantities.iter().any(|quantity| quantity.origin() == *origin)
            && is_visible(session, *origin)
            && pivot.filters.iter().all(|filter| tells(*origin, filter.dimension))
    };
    [Origin::Events, Origin::Orders, Origin::Leads, Origin::AdCosts].into_iter().filter(wanted).collect()
}

/// Reads and adds up on all levels.
pub async fn gather(session: &Session, pivot: &Pivot, terms: &PivotTerms) -> Result<Gathered, QueryError> {
    let of_people: Vec<Quantity> = pivot.quantities.iter().filter(|quantity| quantity.is_of_people()).copied().collect();
    let levels = Arc::new(levels(pivot));
    let settle = move |part: Part| (part.axes, part.cells.settled(&levels), part.money);
    let rows_scanned = Arc::new(AtomicU64::new(0));
    let parts = read(session, pivot, terms, &of_people, &rows_scanned, settle).await?;

    let mut all = Gathered {
        axes: Axes::of(pivot),
        totals: Totals::new(&pivot.quantities),
        money: money(pivot, terms),
        rows_scanned: rows_scanned.load(Ordering::Relaxed),
    };
    for (axes, totals, money) in parts {
        let numbers = all.axes.take_in(&axes);
        all.totals.take_in(totals, &numbers);
        all.money.take_in(money);
    }
    Ok(all)
}

/// Reads each part of the data and finishes it where it was read; no two parts hold one profile's rows of one table.
///
/// * `of_people`: quantities of which the profiles are noted.
pub async fn read<T: Send + 'static>(
    session: &Session,
    pivot: &Pivot,
    terms: &PivotTerms,
    of_people: &[Quantity],
    rows_scanned: &Arc<AtomicU64>,
    finish: impl Fn(Part) -> T + Clone + Send + 'static,
) -> Result<Vec<T>, QueryError> {
    let empty = {
        let (pivot, of_people, money) = (pivot.clone(), of_people.to_vec(), money(pivot, terms));
        move || Part { axes: Axes::of(&pivot), cells: Cells::new(&pivot.quantities, &of_people), money: money.clone() }
    };
    let quantities: Vec<Quantity> = pivot.quantities.iter().chain(of_people).copied().collect();
    let origins = origins(session, pivot, &quantities);
    let context = session.context()?;
    let tables = try_join_all(
        origins.iter().filter(|origin| **origin != Origin::Events).map(|origin| entities::add(&context, *origin, &pivot.period, empty())),
    );
    let buckets = async {
        if !origins.contains(&Origin::Events) {
            return Ok(Vec::new());
        }
        let plans = events::plans(session, pivot, &empty().axes, rows_scanned)?;
        let (conversions, zone) = (pivot.in_use.conversions.len(), pivot.period.zone.clone());
        let (empty, finish) = (empty.clone(), finish.clone());
        let work = move |mut rows: SendableRecordBatchStream| {
            let (mut part, zone, finish) = (empty(), zone.clone(), finish.clone());
            async move {
                while let Some(batch) = rows.next().await {
                    events::add(&batch.map_err(answered)?, conversions, &zone, &mut part)?;
                }
                Ok(finish(part))
            }
        };
        session.each_plan(plans, work).await
    };
    let (tables, buckets) = futures::try_join!(tables, buckets)?;
    Ok(tables.into_iter().map(finish).chain(buckets).collect())
}

fn money(pivot: &Pivot, terms: &PivotTerms) -> Money {
    Money::new(Arc::new(terms.rates.clone()), pivot.currency.clone(), terms.currency.clone())
}
