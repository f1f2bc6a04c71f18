//! Rows of queries as rows of tables.

use arrow::{
    array::{Array, ArrayRef, AsArray as _, RecordBatch},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, TimeUnit},
    error::ArrowError,
    util::display::{ArrayFormatter, FormatOptions},
};
use forecourt_model::time::DAY_US;

use crate::table_writer::{TableCell, TableError, TableWriter};

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("a column does not read: {0}")]
    Column(#[from] ArrowError),
}

/// Writes every row of a batch.
pub fn write_batch(writer: &mut TableWriter, batch: &RecordBatch) -> Result<(), BatchError> {
    let columns = batch.columns().iter().map(cells).collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        let row: Vec<TableCell> = columns.iter().map(|column| column[row].clone()).collect();
        writer.row(&row)?;
    }
    Ok(())
}

fn cells(array: &ArrayRef) -> Result<Vec<TableCell>, ArrowError> {
    let cell = |row: usize, read: &dyn Fn(usize) -> TableCell| if array.is_null(row) { TableCell::Empty } else { read(row) };
    let all = |read: &dyn Fn(usize) -> TableCell| (0..array.len()).map(|row| cell(row, read)).collect();
    let ints = |array: &ArrayRef| cast(array, &DataType::Int64).map(|ints| ints.as_primitive::<Int64Type>().clone());
    Ok(match array.data_type() {
        DataType::Boolean => {
            let flags = array.as_boolean();
            all(&|row| TableCell::Flag(flags.value(row)))
        }
        kind if kind.is_integer() && *kind != DataType::UInt64 => {
            let ints = ints(array)?;
            all(&|row| TableCell::Int(ints.value(row)))
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) => {
            let numbers = cast(array, &DataType::Float64)?;
            let numbers = numbers.as_primitive::<Float64Type>();
            all(&|row| TableCell::Number(numbers.value(row)))
        }
        DataType::Timestamp(_, zone) => {
            let us = ints(&cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?)?;
            all(&|row| TableCell::Time(us.value(row)))
        }
        DataType::Date32 => {
            let days = ints(&cast(array, &DataType::Int32)?)?;
            all(&|row| TableCell::Time(days.value(row) * DAY_US))
        }
        _ => {
            let shown = ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default())?;
            all(&|row| TableCell::Text(shown.value(row).to_string()))
        }
    })
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, sync::Arc};

    use arrow::array::{Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};

    use super::*;
    use crate::table_writer::TableFormat;

    #[test]
    fn columns_keep_their_types_and_nothing_is_a_formula() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("name", Arc::new(StringArray::from(vec![Some("=1"), None]))),
            ("n", Arc::new(Int64Array::from(vec![1, -2]))),
            ("share", Arc::new(Float64Array::from(vec![0.5, f64::NAN]))),
            ("ts", Arc::new(TimestampMicrosecondArray::from(vec![0, 1_500_000]).with_timezone("UTC"))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = TableWriter::new(tempfile::tempfile().unwrap(), TableFormat::Csv, "t", &["name", "n", "share", "ts"]).unwrap();
        write_batch(&mut writer, &batch).unwrap();
        let mut told = String::new();
        writer.finish().unwrap().read_to_string(&mut told).unwrap();
        let lines: Vec<&str> = told.lines().skip(1).collect();
        assert_eq!(lines, ["'=1,1,0.5,1970-01-01T00:00:00.000Z", ",-2,,1970-01-01T00:00:01.500Z"]);
    }
}
