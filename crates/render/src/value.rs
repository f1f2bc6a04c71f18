//! Variables as the engine holds them.

use minijinja::Value;
use serde_json::Value as Json;

use crate::RenderError;
use crate::limits::{DEPTH_MAX, VARIABLES_BYTES_MAX};

pub(crate) fn from_json(variables: &Json) -> Result<Value, RenderError> {
    if !variables.is_object() {
        return Err(RenderError::new(None, "variables are given as one object"));
    }
    let mut left = VARIABLES_BYTES_MAX;
    convert(variables, 0, &mut left)
}

fn convert(json: &Json, depth: usize, left: &mut usize) -> Result<Value, RenderError> {
    if depth >= DEPTH_MAX {
        return Err(RenderError::new(None, format!("variables lie more than {DEPTH_MAX} deep in one another")));
    }
    let bytes = 16 + json.as_str().map_or(0, str::len);
    *left = left
        .checked_sub(bytes)
        .ok_or_else(|| RenderError::new(None, format!("the variables hold more than {} MiB of text", VARIABLES_BYTES_MAX >> 20)))?;
    Ok(match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(broken)) => Value::from(broken),
            (None, None) => Value::from(number.to_string()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(|item| convert(item, depth + 1, left)).collect::<Result<Vec<_>, _>>()?.into(),
        Json::Object(entries) => {
            let mut map = Vec::with_capacity(entries.len());
            for (key, item) in entries {
                *left = left.saturating_sub(key.len());
                map.push((key.as_str(), convert(item, depth + 1, left)?));
            }
            Value::from_pairs(map)
        }
    })
}
