//! `json_get(properties, 'a.b')`: a value out of a JSON column, as text.

use std::{borrow::Cow, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringViewBuilder},
    compute::cast,
    datatypes::DataType,
};
use datafusion::{
    common::{Result, exec_err},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The scalar function: JSON text and a path of names and positions, joined by dots. Strings come without quotes, objects
/// and lists as JSON; what is missing, null or no JSON gives NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct JsonGet {
    signature: Signature,
}

impl Default for JsonGet {
    fn default() -> Self {
        Self { signature: Signature::string(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for JsonGet {
    fn name(&self) -> &str {
        "json_get"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let is_scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let mut columns = Vec::with_capacity(2);
        for arg in args.args {
            columns.push(cast(&arg.into_array(rows)?, &DataType::Utf8View)?);
        }
        let [json, paths] = &columns[..] else {
            return exec_err!("json_get takes a column and a path, as in json_get(properties, 'model')");
        };
        let (json, paths) = (json.as_string_view(), paths.as_string_view());
        let mut values = StringViewBuilder::with_capacity(rows);
        for row in 0..json.len() {
            let found = (json.is_valid(row) && paths.is_valid(row)).then(|| value_at(json.value(row), paths.value(row))).flatten();
            values.append_option(found);
        }
        let values: ArrayRef = Arc::new(values.finish());
        if is_scalar && values.len() == 1 {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&values, 0)?));
        }
        Ok(ColumnarValue::Array(values))
    }
}

/// The value at `path`, as text.
pub(crate) fn value_at<'a>(json: &'a str, path: &str) -> Option<Cow<'a, str>> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let raw = At { path }.deserialize(&mut deserializer).ok()??.get();
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok().map(Cow::Owned),
        b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// Reads one value and walks down `path`, building nothing of what it passes by.
struct At<'p> {
    path: &'p str,
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.path.is_empty() {
            return serde::Deserialize::deserialize(deserializer).map(Some);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // A name that has dots itself is found before its parts are tried.
        let (first, rest) = self.path.split_once('.').unwrap_or((self.path, ""));
        let mut found = None;
        while let Some(name) = map.next_key::<Name<'de>>()? {
            if name.0 == self.path {
                found = map.next_value().map(Some)?;
            } else if name.0 == first {
                found = map.next_value_seed(At { path: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (first, rest) = self.path.split_once('.').unwrap_or((self.path, ""));
        let mut found = None;
        if let Ok(wanted) = first.parse::<usize>() {
            for _ in 0..wanted {
                if list.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            found = list.next_element_seed(At { path: rest })?.flatten();
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// An object's name, borrowed unless it has escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_path() {
        let json = r#"{"model":"Q7","price":{"net":42.5,"tax":null},"tags":["a",{"b":true}],"utm.source":"ads","n\u0061me":"x\"y"}"#;
        for (path, value) in [
            ("model", Some("Q7")),
            ("price.net", Some("42.5")),
            ("price.tax", None),
            ("price", Some(r#"{"net":42.5,"tax":null}"#)),
            ("tags.0", Some("a")),
            ("tags.1.b", Some("true")),
            ("tags.2", None),
            ("tags.x", None),
            ("utm.source", Some("ads")),
            ("name", Some("x\"y")),
            ("model.deeper", None),
            ("missing", None),
        ] {
            assert_eq!(value_at(json, path).as_deref(), value, "{path}");
        }
        assert_eq!(value_at("not json", "a"), None);
        assert_eq!(value_at("[1,2", "0"), None);
    }
}
