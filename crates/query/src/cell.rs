//! Values of an answer as JSON and in the words of SQL.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType, UInt64Type},
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};
use forecourt_model::time::iso;
use serde_json::Value;

/// Integers beyond are rounded by JavaScript.
const SAFE_INTEGER_MAX: u64 = 1 << 53;

/// What SQL calls a type, for people.
pub(crate) fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".into(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => "integer".into(),
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "bigint".into(),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "double".into(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".into(),
        DataType::Dictionary(_, value) => type_name(value),
        DataType::Timestamp(..) => "timestamp".into(),
        DataType::Date32 | DataType::Date64 => "date".into(),
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => "decimal".into(),
        other => other.to_string(),
    }
}

/// Rows of JSON values, in order.
pub(crate) fn json_rows(batches: &[RecordBatch]) -> Result<Vec<Vec<Value>>, ArrowError> {
    let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        let schema = batch.schema();
        let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| json_column(column, field.name().ends_with("_id")));
        let mut columns = columns.map(|column| Ok(column?.into_iter())).collect::<Result<Vec<_>, ArrowError>>()?;
        rows.extend((0..batch.num_rows()).map(|_| columns.iter_mut().map(|column| column.next().unwrap_or(Value::Null)).collect()));
    }
    Ok(rows)
}

/// * `is_id`: whether integers are ids, which are strings however small.
fn json_column(column: &ArrayRef, is_id: bool) -> Result<Vec<Value>, ArrowError> {
    let values: Vec<Value> = match column.data_type() {
        DataType::Boolean => column.as_boolean().iter().map(|value| value.map_or(Value::Null, Value::Bool)).collect(),
        DataType::UInt64 => {
            let integer = |value: u64| if is_id || value > SAFE_INTEGER_MAX { Value::String(value.to_string()) } else { value.into() };
            column.as_primitive::<UInt64Type>().iter().map(|value| value.map_or(Value::Null, integer)).collect()
        }
        kind if kind.is_integer() => {
            let integer =
                |value: i64| if is_id || value.unsigned_abs() > SAFE_INTEGER_MAX { Value::String(value.to_string()) } else { value.into() };
            cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().iter().map(|value| value.map_or(Value::Null, integer)).collect()
        }
        kind if kind.is_floating() || kind.is_decimal() => {
            // Infinity and NaN are no JSON.
            cast(column, &DataType::Float64)?
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| value.and_then(serde_json::Number::from_f64).map_or(Value::Null, Value::Number))
                .collect()
        }
        DataType::Timestamp(_, zone) => {
            let micros = cast(column, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            micros
                .as_primitive::<TimestampMicrosecondType>()
                .iter()
                .map(|value| value.map_or(Value::Null, |us| Value::String(iso(us))))
                .collect()
        }
        _ => {
            let options = FormatOptions::default();
            let text = ArrayFormatter::try_new(column.as_ref(), &options)?;
            (0..column.len())
                .map(|row| if column.is_null(row) { Value::Null } else { Value::String(text.value(row).to_string()) })
                .collect()
        }
    };
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};

    use super::*;

    #[test]
    fn values_survive_javascript() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("profile_id", Arc::new(Int64Array::from(vec![Some(7), None]))),
            ("count", Arc::new(Int64Array::from(vec![7, i64::MAX]))),
            ("value", Arc::new(Float64Array::from(vec![1.5, f64::NAN]))),
            ("ts", Arc::new(TimestampMicrosecondArray::from(vec![0, 1_500_000]).with_timezone("UTC"))),
            ("name", Arc::new(StringArray::from(vec![Some("a"), None]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
        let rows = serde_json::to_string(&json_rows(&[batch]).expect("plain types")).expect("JSON");
        assert_eq!(
            rows,
            r#"[["7",7,1.5,"1970-01-01T00:00:00.000Z","a"],[null,"9223372036854775807",null,"1970-01-01T00:00:01.500Z",null]]"#
        );
    }
}
