//! What a query's filters say about the rows it can need: files outside are not opened.

use datafusion::{
    common::{Column, ScalarValue},
    logical_expr::{BinaryExpr, Expr, Operator},
};

use crate::dataset::File;

/// Inclusive ranges that every wanted row of `events` lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub ts_us: (i64, i64),
    pub profile_ids: (i64, i64),
}

const ANY: (i64, i64) = (i64::MIN, i64::MAX);

impl Bounds {
    pub const NONE: Self = Self { ts_us: ANY, profile_ids: ANY };

    /// The narrowest bounds that follow from all of `filters` holding.
    pub fn of(filters: &[Expr]) -> Self {
        let mut bounds = Self::NONE;
        for filter in filters {
            bounds.narrow(filter);
        }
        bounds
    }

    pub fn may_match(&self, file: &File) -> bool {
        overlap(self.ts_us, file.ts_us) && overlap(self.profile_ids, file.profile_ids)
    }

    fn narrow(&mut self, filter: &Expr) {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                self.narrow(left);
                self.narrow(right);
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), Expr::Literal(value, _)) => self.compare(column, *op, value),
                (Expr::Literal(value, _), Expr::Column(column)) => {
                    if let Some(op) = op.swap() {
                        self.compare(column, op, value);
                    }
                }
                _ => {}
            },
            Expr::Between(between) if !between.negated => {
                if let (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) =
                    (between.expr.as_ref(), between.low.as_ref(), between.high.as_ref())
                {
                    self.compare(column, Operator::GtEq, low);
                    self.compare(column, Operator::LtEq, high);
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, column: &Column, op: Operator, value: &ScalarValue) {
        let range = match (column.name.as_str(), value) {
            ("ts", ScalarValue::TimestampMicrosecond(..)) => &mut self.ts_us,
            ("profile_id", ScalarValue::Int64(_)) => &mut self.profile_ids,
            _ => return,
        };
        let (ScalarValue::TimestampMicrosecond(Some(value), _) | ScalarValue::Int64(Some(value))) = *value else { return };
        match op {
            Operator::Eq => *range = (range.0.max(value), range.1.min(value)),
            Operator::Gt => range.0 = range.0.max(value.saturating_add(1)),
            Operator::GtEq => range.0 = range.0.max(value),
            Operator::Lt => range.1 = range.1.min(value.saturating_sub(1)),
            Operator::LtEq => range.1 = range.1.min(value),
            _ => {}
        }
    }
}

fn overlap(left: (i64, i64), right: (i64, i64)) -> bool {
    left.0 <= right.1 && right.0 <= left.1 && left.0 <= left.1
}

/// Whether a filter compares columns with constants only, so that evaluating it on any row, or on a file's statistics,
/// can neither fail nor tell anything: only such filters go below a row filter.
pub(crate) fn is_harmless(filter: &Expr) -> bool {
    let is_plain = |expr: &Expr| matches!(expr, Expr::Column(_) | Expr::Literal(..));
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And | Operator::Or, right }) => is_harmless(left) && is_harmless(right),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => op.supports_propagation() && is_plain(left) && is_plain(right),
        Expr::Between(between) => is_plain(&between.expr) && is_plain(&between.low) && is_plain(&between.high),
        Expr::InList(list) => is_plain(&list.expr) && list.list.iter().all(is_plain),
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => is_plain(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;

    #[test]
    fn comparisons_with_constants_narrow_and_others_do_not() {
        let at = |us| lit(ScalarValue::TimestampMicrosecond(Some(us), Some("UTC".into())));
        let filters = [
            col("ts").gt_eq(at(10)).and(col("ts").lt(at(20))),
            lit(7i64).lt_eq(col("profile_id")),
            col("value").gt(lit(5.0)).or(col("ts").eq(at(1))),
        ];
        assert_eq!(Bounds::of(&filters), Bounds { ts_us: (10, 19), profile_ids: (7, i64::MAX) });
        assert_eq!(Bounds::of(&[col("profile_id").between(lit(3i64), lit(4i64))]).profile_ids, (3, 4));
        assert!(filters.iter().all(is_harmless));
        assert!(!is_harmless(&(lit(1i64) / col("profile_id")).gt(lit(0i64))));
    }
}
