//! What programs ask of PostgreSQL's catalogue that the one we play cannot answer as it is asked.

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use arrow::datatypes::DataType;
use datafusion::{
    common::{ScalarValue, cast::as_string_array},
    logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf},
    sql::sqlparser::ast::{
        BinaryOperator, CastKind, DataType as AstType, Expr, Ident, Query, SelectItem, SetExpr, Statement, TableFactor, Value,
        visit_expressions, visit_expressions_mut, visit_relations,
    },
};
use datafusion_postgres::pgwire::api::Type;

/// The catalogue's table of columns.
const COLUMNS: &str = "pg_attribute";
/// Those of what no table of ours has.
const UNKNOWN: [&str; 4] = ["pg_constraint", "pg_index", "pg_inherits", "pg_tablespace"];
/// Types that stand for a name in the catalogue: parameters of them come as names.
const NAME_TYPES: [&str; 3] = ["REGCLASS", "REGTYPE", "REGPROC"];
/// No type of PostgreSQL's own has a number above it.
const OWN_TYPES_MAX: u32 = 5_000;

/// Of a question about columns, takes the subqueries of its output away: they look up defaults, sequences and collations, of
/// which our tables have none, row by row in a way that DataFusion does not plan.
pub(super) fn answerable(mut statement: Statement) -> Statement {
    let Statement::Query(query) = &mut statement else { return statement };
    let SetExpr::Select(select) = query.body.as_mut() else { return statement };
    let is_about_columns = select.from.iter().any(|from| {
        let joined = from.joins.iter().map(|join| &join.relation);
        std::iter::once(&from.relation).chain(joined).any(is_columns)
    });
    if is_about_columns {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(output) | SelectItem::ExprWithAlias { expr: output, .. } = item {
                let _ = visit_expressions_mut(output, |part| {
                    if matches!(part, Expr::Subquery(_)) {
                        *part = nothing_of(part, &[]);
                    }
                    ControlFlow::<()>::Continue(())
                });
            }
        }
    }
    statement
}

/// Of a question about keys, indexes and the like that does not plan: the same columns, and no rows. `None` for any other.
///
/// * `types`: what the client says its parameters are, from the first on.
pub(super) fn without_rows(statement: &Statement, types: &[Option<Type>]) -> Option<String> {
    let Statement::Query(query) = statement else { return None };
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let mut tables = Vec::new();
    let _ = visit_relations(statement, |name| {
        tables.extend(name.0.last().and_then(|part| part.as_ident()).map(|name| name.value.clone()));
        ControlFlow::<()>::Continue(())
    });
    let is_of_catalogue = tables.iter().all(|name| name.starts_with("pg_") || select_names(query, name));
    if !is_of_catalogue || !tables.iter().any(|name| UNKNOWN.contains(&name.as_str())) {
        return None;
    }
    let named = select.projection.iter().map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().map(|name| name.value.clone()),
        SelectItem::UnnamedExpr(Expr::Function(function)) => Some(function.name.to_string()),
        _ => None,
    });
    let columns: Vec<String> =
        named.map(|name| Some(format!("CAST(NULL AS TEXT) AS {}", Ident::with_quote('"', name?)))).collect::<Option<_>>()?;
    Some(format!("SELECT {} WHERE FALSE AND ({}) IS NULL", columns.join(", "), nothing_of(&Expr::Subquery(query.clone()), types)))
}

/// Whether a name is one that the query itself gives: to a subquery of its `WITH`.
fn select_names(query: &Query, name: &str) -> bool {
    query.with.as_ref().is_some_and(|with| with.cte_tables.iter().any(|table| table.alias.name.value == name))
}

fn is_columns(table: &TableFactor) -> bool {
    let TableFactor::Table { name, .. } = table else { return false };
    name.0.last().and_then(|part| part.as_ident()).is_some_and(|name| name.value == COLUMNS)
}

/// No value, in an expression that still takes the parameters of `subquery`: clients give them by their places.
fn nothing_of(subquery: &Expr, types: &[Option<Type>]) -> Expr {
    let mut parameters: BTreeMap<String, Option<Expr>> = BTreeMap::new();
    let _ = visit_expressions(subquery, |part| {
        match part {
            Expr::Value(value) => {
                if let Value::Placeholder(name) = &value.value {
                    parameters.entry(name.clone()).or_default();
                }
            }
            // With the type that it is said to have.
            Expr::Cast { expr, data_type, .. } if !NAME_TYPES.contains(&data_type.to_string().to_uppercase().as_str()) => {
                if let Expr::Value(value) = expr.as_ref()
                    && let Value::Placeholder(name) = &value.value
                {
                    parameters.insert(name.clone(), Some(part.clone()));
                }
            }
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
    let taken = parameters.into_iter().map(|(name, cast)| cast.unwrap_or_else(|| cast_to(type_of(&name, types), Value::Placeholder(name))));
    taken.fold(cast_to(AstType::Text, Value::Null), |left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::StringConcat,
        right: Box::new(Expr::Nested(Box::new(right))),
    })
}

/// What a client says that a parameter is, as far as its bytes tell; else text.
fn type_of(name: &str, types: &[Option<Type>]) -> AstType {
    let place = name.trim_start_matches('$').parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match place.and_then(|place| types.get(place)).and_then(Option::as_ref) {
        Some(&Type::INT2) => AstType::SmallInt(None),
        Some(&Type::INT4) => AstType::Integer(None),
        Some(&Type::INT8) => AstType::BigInt(None),
        _ => AstType::Text,
    }
}

fn cast_to(data_type: AstType, value: Value) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(Expr::Value(value.into())), data_type, array: false, format: None }
}

/// Programs read from it what the server can do: the release whose catalogue is played, and who plays it.
pub(super) fn version() -> ScalarUDF {
    let told = concat!("PostgreSQL 16.6 (Forecourt ", env!("CARGO_PKG_VERSION"), ")");
    let answer = move |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(ScalarValue::from(told)));
    create_udf("version", vec![], DataType::Utf8, Volatility::Stable, Arc::new(answer))
}

/// The number of one of PostgreSQL's own types; of a type that is none, nothing.
pub(super) fn to_regtype() -> ScalarUDF {
    let answer = |arguments: &[ColumnarValue]| {
        let names = ColumnarValue::values_to_arrays(arguments)?;
        let numbers = as_string_array(&names[0])?.iter().map(|name| name.and_then(number_of));
        Ok(ColumnarValue::Array(Arc::new(numbers.collect::<arrow::array::Int32Array>())))
    };
    create_udf("to_regtype", vec![DataType::Utf8], DataType::Int32, Volatility::Stable, Arc::new(answer))
}

fn number_of(name: &str) -> Option<i32> {
    (1..OWN_TYPES_MAX).find(|number| Type::from_oid(*number).is_some_and(|known| known.name() == name)).map(|number| number as i32)
}

/// Programs give up locks as they go; there are none.
pub(super) fn pg_advisory_unlock_all() -> ScalarUDF {
    let answer = |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(ScalarValue::Utf8(None)));
    create_udf("pg_advisory_unlock_all", vec![], DataType::Utf8, Volatility::Volatile, Arc::new(answer))
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::{dialect::PostgreSqlDialect, parser::Parser};

    use super::*;

    fn made(sql: &str) -> String {
        answerable(Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0)).to_string()
    }

    #[test]
    fn only_questions_about_columns_lose_their_subqueries() {
        let asked = "SELECT a.attname, CASE WHEN a.atthasdef THEN (SELECT x FROM pg_attrdef) ELSE NULL END AS d \
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid WHERE c.oid IN (SELECT 1)";
        let expected = "SELECT a.attname, CASE WHEN a.atthasdef THEN CAST(NULL AS TEXT) ELSE NULL END AS d \
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid WHERE c.oid IN (SELECT 1)";
        assert_eq!(made(asked), expected);
        let taking = made("SELECT (SELECT json_build_object($2::INTEGER, $1) FROM pg_sequence) AS o FROM pg_attribute WHERE attnum > $3");
        assert_eq!(taking, "SELECT CAST(NULL AS TEXT) || (CAST($1 AS TEXT)) || ($2::INTEGER) AS o FROM pg_attribute WHERE attnum > $3");
        let other = "SELECT (SELECT max(dealer) FROM events) FROM leads";
        assert_eq!(made(other), other);
    }

    #[test]
    fn our_tables_have_no_keys() {
        let read =
            |sql: &str| without_rows(&Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0), &[None, None, Some(Type::INT4)]);
        let asked = "SELECT k.conrelid, array_agg(k.name) AS cols, k.x FROM (SELECT * FROM pg_catalog.pg_constraint WHERE contype = $1::VARCHAR \
            AND classoid = CAST($2 AS REGCLASS) AND oid IN ($3)) AS k";
        let expected = "SELECT CAST(NULL AS TEXT) AS \"conrelid\", CAST(NULL AS TEXT) AS \"cols\", CAST(NULL AS TEXT) AS \"x\" \
            WHERE FALSE AND (CAST(NULL AS TEXT) || ($1::VARCHAR) || (CAST($2 AS TEXT)) || (CAST($3 AS INTEGER))) IS NULL";
        assert_eq!(read(asked).as_deref(), Some(expected));
        assert_eq!(read("SELECT a.x FROM pg_catalog.pg_constraint AS a JOIN events ON true"), None);
        assert_eq!(read("SELECT event FROM events"), None);
    }

    #[test]
    fn types_have_their_numbers() {
        assert_eq!((number_of("int8"), number_of("text"), number_of("hstore")), (Some(20), Some(25), None));
    }
}
