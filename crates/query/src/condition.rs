//! Conditions that people write on the columns of an event.

use arrow::datatypes::{DataType, Schema};
use datafusion::{
    common::{DFSchema, tree_node::TreeNode},
    execution::session_state::SessionState,
    logical_expr::{Expr, ExprSchemable},
};

use crate::{QueryError, dataset::Table, error::asked};

/// Plans a condition against the columns of `events`: it looks at one event, and gives true or false.
pub(crate) fn condition(state: &SessionState, events: &Table, text: &str) -> Result<Expr, QueryError> {
    let schema = qualified(&events.schema)?;
    let expr = state.create_logical_expr(text, &schema).map_err(asked)?;
    let foreign = expr.exists(|part| {
        let is_foreign = matches!(
            part,
            Expr::Exists(_)
                | Expr::InSubquery(_)
                | Expr::ScalarSubquery(_)
                | Expr::SetComparison(_)
                | Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
        );
        Ok(is_foreign)
    });
    if foreign.unwrap_or(true) {
        return Err(QueryError::invalid("it looks beyond the event itself: use columns of `events`, no sub-query, no aggregate"));
    }
    match expr.get_type(&schema) {
        Ok(DataType::Boolean) => Ok(expr),
        Ok(other) => Err(QueryError::Invalid(format!("it gives {other}, not true or false: compare, as in `channel = 'cpc'`"))),
        Err(error) => Err(asked(error)),
    }
}

pub(crate) fn qualified(schema: &Schema) -> Result<DFSchema, QueryError> {
    DFSchema::try_from_qualified_schema("events", schema).map_err(QueryError::internal)
}
