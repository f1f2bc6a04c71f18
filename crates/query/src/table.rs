//! A table of the lake, as SQL sees it: the only way from a caller's expression to rows.

use std::sync::Arc;

use arrow::{
    array::AsArray,
    datatypes::{Int64Type, SchemaRef},
};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{DFSchema, Result},
    logical_expr::{Expr, TableProviderFilterPushDown, TableType, utils::conjunction},
    physical_expr::PhysicalExpr,
    physical_plan::{ExecutionPlan, collect},
    prelude::{col, lit},
};
use rustc_hash::FxHashSet;
use tokio::sync::OnceCell;

use crate::{
    bounds::{Bounds, is_harmless},
    dataset::{Dataset, File, Table},
    operator::OperatorExec,
    scan,
    scope::{RowFilter, Visible, is_masked},
};

/// One table of a [`Dataset`], cut down to what the caller may see.
#[derive(Debug)]
pub(crate) struct LakeTable {
    dataset: Arc<Dataset>,
    at: usize,
    visible: Visible,
    people: OnceCell<Arc<FxHashSet<i64>>>,
}

impl LakeTable {
    /// * `at`: the table's position in the dataset.
    pub fn new(dataset: Arc<Dataset>, at: usize, visible: Visible) -> Self {
        Self { dataset, at, visible, people: OnceCell::new() }
    }

    fn table(&self) -> &Table {
        &self.dataset.tables[self.at]
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        self.table().schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Some values of profiles are blanked above the files, whose statistics then say nothing.
        let blanks = matches!(self.visible.of_caller(), Visible::PeopleOfDealer(_));
        let masks = matches!(self.visible.of_caller(), Visible::Masked);
        let tells = |filter: &Expr| blanks || masks && filter.column_refs().iter().any(|column| is_masked(&column.name));
        let verdict = |filter: &&Expr| {
            if is_harmless(filter) && !tells(filter) {
                TableProviderFilterPushDown::Inexact
            } else {
                TableProviderFilterPushDown::Unsupported
            }
        };
        Ok(filters.iter().map(verdict).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let table = self.table();
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..table.schema.fields().len()).collect());
        let predicate = pruning_predicate(state, &table.schema, filters)?;
        let bounds = Bounds::of(filters);

        let mut columns = wanted.clone();
        for name in self.visible.needs() {
            let at = table.schema.index_of(name)?;
            if !columns.contains(&at) {
                columns.push(at);
            }
        }
        let rows = all_rows(state, table, &columns, &bounds, predicate.as_ref())?;
        let columns = (0..wanted.len()).collect();
        match &self.visible {
            Visible::All => Ok(rows),
            Visible::PeopleOfDealer(dealer) => {
                let people = self.people_of(dealer, state).await?;
                OperatorExec::plan(RowFilter { visible: Visible::OfProfiles(people, dealer.clone()), columns }, rows)
            }
            visible => OperatorExec::plan(RowFilter { visible: visible.clone(), columns }, rows),
        }
    }
}

impl LakeTable {
    /// Profiles that have a row of the dealer's somewhere; looked up once a query.
    async fn people_of(&self, dealer: &str, state: &dyn Session) -> Result<Arc<FxHashSet<i64>>> {
        let look_up = async || {
            let mut people = FxHashSet::default();
            for name in ["events", "leads", "orders", "calls"] {
                let Some(table) = self.dataset.table(name) else { continue };
                let filter = col("dealer").eq(lit(dealer));
                let predicate = pruning_predicate(state, &table.schema, &[filter])?;
                let columns = [table.schema.index_of("profile_id")?, table.schema.index_of("dealer")?];
                let rows = all_rows(state, table, &columns, &Bounds::NONE, predicate.as_ref())?;
                let rows = OperatorExec::plan(RowFilter { visible: Visible::OfDealer(dealer.to_owned()), columns: vec![0] }, rows)?;
                for batch in collect(rows, state.task_ctx()).await? {
                    people.extend(batch.column(0).as_primitive::<Int64Type>().values());
                }
            }
            Ok(Arc::new(people))
        };
        self.people.get_or_try_init(look_up).await.cloned()
    }
}

fn all_rows(
    state: &dyn Session,
    table: &Table,
    columns: &[usize],
    bounds: &Bounds,
    predicate: Option<&Arc<dyn PhysicalExpr>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let found: Vec<&File> = table.parts.iter().flat_map(|part| &part.files).filter(|file| bounds.may_match(file)).collect();
    let fresh: Vec<_> = table.parts.iter().flat_map(|part| part.fresh.iter().cloned()).collect();
    let mut plans = Vec::new();
    if !found.is_empty() {
        let groups = scan::spread(found, state.config().target_partitions());
        plans.push(scan::files(state.runtime_env(), table, groups, columns, predicate)?);
    }
    if !fresh.is_empty() {
        plans.push(scan::fresh(table, &fresh, columns)?);
    }
    scan::together(plans, &*scan::columns_of(table, columns)?)
}

fn pruning_predicate(state: &dyn Session, schema: &SchemaRef, filters: &[Expr]) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let harmless = filters.iter().filter(|filter| is_harmless(filter)).cloned();
    let Some(filter) = conjunction(harmless) else { return Ok(None) };
    let schema = DFSchema::try_from(schema.clone())?;
    state.create_physical_expr(filter, &schema).map(Some)
}
