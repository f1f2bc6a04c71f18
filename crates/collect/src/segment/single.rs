//! One event, whose type the path says.

use bytes::Bytes;
use forecourt_model::EventType;

use super::{Items, Read, text_of, unreadable};
use crate::{
    Item,
    scan::{self, Part},
};

pub(super) fn read(json: &Bytes, event_type: EventType) -> Read {
    let mut write_key = None;
    let mut own_type = None;
    let whole = scan::members(json, |name, part| match name {
        b"writeKey" => write_key = Some(part.bytes),
        b"type" => own_type = Some(part),
        _ => {}
    });
    let items = match whole {
        Ok(()) => Ok(Items { items: vec![Item::from(typed(json, own_type, event_type))], sent_us: None }),
        Err(_) => Err(unreadable()),
    };
    Read { write_key: write_key.and_then(text_of), items }
}

/// The event with the type of its path: Segment's API reads no other.
fn typed(json: &Bytes, own: Option<Part<'_>>, event_type: EventType) -> Bytes {
    let name = event_type.as_str();
    let mut out = Vec::with_capacity(json.len() + 24);
    match own {
        Some(own) if text_of(own.bytes).and_then(|text| EventType::parse(&text)) == Some(event_type) => return json.clone(),
        Some(own) => {
            out.extend_from_slice(&json[..own.at]);
            out.extend_from_slice(format!("\"{name}\"").as_bytes());
            out.extend_from_slice(&json[own.at + own.bytes.len()..]);
        }
        None => {
            let after = json.iter().position(|byte| *byte == b'{').map_or(0, |at| at + 1);
            let rest = json[after..].trim_ascii_start();
            let comma = if rest.starts_with(b"}") { "" } else { "," };
            out.extend_from_slice(format!("{{\"type\":\"{name}\"{comma}").as_bytes());
            out.extend_from_slice(rest);
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_says_the_type() {
        let typed = |json: &'static str| {
            let items = read(&Bytes::from_static(json.as_bytes()), EventType::Page).items.map(|items| items.items);
            items.map(|items| String::from_utf8_lossy(&items[0].json).into_owned()).unwrap_or_else(|error| error.to_string())
        };
        assert_eq!(typed(r#" { "userId": "a" }"#), r#"{"type":"page","userId": "a" }"#);
        assert_eq!(typed("{}"), r#"{"type":"page"}"#);
        assert_eq!(typed(r#"{"a":1, "type": "p"}"#), r#"{"a":1, "type": "p"}"#);
        assert_eq!(typed(r#"{"type": "track","a":1}"#), r#"{"type": "page","a":1}"#);
        assert_eq!(typed(r#"{"type": null}"#), r#"{"type": "page"}"#);
        assert!(typed("[]").contains("not a JSON object"));
    }
}
