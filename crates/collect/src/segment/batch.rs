//! `{"batch": [ … ], "context": …, "integrations": …, "sentAt": …, "writeKey": …}`

use bytes::Bytes;
use forecourt_model::time;

use super::{Items, Read, text_of, unreadable};
use crate::{
    Item,
    http::rejection::Rejection,
    scan::{self, Part},
};

#[derive(Default)]
struct Envelope<'a> {
    batch: Option<Part<'a>>,
    context: Option<&'a [u8]>,
    integrations: Option<&'a [u8]>,
    sent_at: Option<&'a [u8]>,
    write_key: Option<&'a [u8]>,
}

/// Cuts a batch into its items; `context` and `integrations` of the envelope go into each, under the item's own.
pub(super) fn read(json: &Bytes, items_max: usize) -> Read {
    let mut envelope = Envelope::default();
    let whole = scan::members(json, |name, part| match name {
        b"batch" => envelope.batch = Some(part),
        b"context" => envelope.context = Some(part.bytes),
        b"integrations" => envelope.integrations = Some(part.bytes),
        b"sentAt" => envelope.sent_at = Some(part.bytes),
        b"writeKey" => envelope.write_key = Some(part.bytes),
        _ => {}
    });
    let items = whole.map_err(|_| unreadable()).and_then(|()| items(json, &envelope, items_max));
    Read { write_key: envelope.write_key.and_then(text_of), items }
}

fn items(json: &Bytes, envelope: &Envelope<'_>, items_max: usize) -> Result<Items, Rejection> {
    let no_list = || Rejection::Unreadable { reason: "the body has no list `batch`: send `{\"batch\": [ … ]}`".into() };
    let batch = envelope.batch.ok_or_else(no_list)?;
    let parts = scan::elements(batch.bytes).map_err(|_| no_list())?;
    if items_max < parts.len() {
        return Err(Rejection::BatchTooLong { items: parts.len(), limit: items_max });
    }
    let shared = [("context", envelope.context), ("integrations", envelope.integrations)];
    let shared: Vec<(&str, &[u8])> = shared.into_iter().filter_map(|(name, raw)| Some((name, raw.filter(|raw| is_object(raw))?))).collect();
    let item = |part: Part<'_>| {
        let from = batch.at + part.at;
        let own = json.slice(from..from + part.bytes.len());
        Item::from(if shared.is_empty() { own } else { under(&own, &shared) })
    };
    // A time that does not read is none: the items' own times still stand, only the clock's skew stays unknown.
    let sent_us = envelope.sent_at.and_then(text_of).and_then(|text| time::parse_us(&text));
    Ok(Items { items: parts.into_iter().map(item).collect(), sent_us })
}

/// The item with what the envelope says for all items, the item's own word first, one level deep.
fn under(item: &Bytes, shared: &[(&str, &[u8])]) -> Bytes {
    let mut own = Vec::new();
    if scan::members(item, |name, part| own.push((name, part.bytes))).is_err() {
        return item.clone();
    }
    let mut out = Vec::with_capacity(item.len() + shared.iter().map(|(name, raw)| name.len() + raw.len() + 4).sum::<usize>());
    out.push(b'{');
    for (name, raw) in &own {
        match shared.iter().find(|(shared, _)| shared.as_bytes() == *name) {
            Some((_, shared)) if is_object(raw) => put_member(&mut out, name, &united(raw, shared)),
            _ => put_member(&mut out, name, raw),
        }
    }
    for (name, raw) in shared {
        if own.iter().all(|(own, _)| *own != name.as_bytes()) {
            put_member(&mut out, name.as_bytes(), raw);
        }
    }
    out.push(b'}');
    out.into()
}

fn united(own: &[u8], shared: &[u8]) -> Vec<u8> {
    let mut names = Vec::new();
    let mut out = vec![b'{'];
    let whole = scan::members(own, |name, part| {
        names.push(name);
        put_member(&mut out, name, part.bytes);
    });
    let shared = whole.and_then(|()| {
        scan::members(shared, |name, part| {
            if !names.contains(&name) {
                put_member(&mut out, name, part.bytes);
            }
        })
    });
    out.push(b'}');
    if shared.is_ok() { out } else { own.to_vec() }
}

fn put_member(out: &mut Vec<u8>, name: &[u8], raw: &[u8]) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name);
    out.extend_from_slice(b"\":");
    out.extend_from_slice(raw);
}

fn is_object(raw: &[u8]) -> bool {
    raw.first() == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(json: &'static str) -> Vec<String> {
        let items = read(&Bytes::from_static(json.as_bytes()), 10).items.map(|items| items.items).unwrap_or_else(|error| panic!("{error}"));
        items.iter().map(|item| String::from_utf8_lossy(&item.json).into_owned()).collect()
    }

    #[test]
    fn items_are_cut_out_as_they_stand() {
        assert_eq!(texts(r#"{"batch": [ {"a" : 1} , 7 ], "sentAt": "x"}"#), [r#"{"a" : 1}"#, "7"]);
    }

    #[test]
    fn the_envelopes_context_goes_under_the_items() {
        let items = texts(
            r#"{"batch":[{"a":1},{},{"context":{"ip":"1","os":{"x":1}},"b":2},{"context":null},3,{"a" 1}],
                "context":{"ip":"9","locale":"ru","os":{"y":2}},"integrations":{"All":true}}"#,
        );
        let expected = [
            r#"{"a":1,"context":{"ip":"9","locale":"ru","os":{"y":2}},"integrations":{"All":true}}"#,
            r#"{"context":{"ip":"9","locale":"ru","os":{"y":2}},"integrations":{"All":true}}"#,
            r#"{"context":{"ip":"1","os":{"x":1},"locale":"ru"},"b":2,"integrations":{"All":true}}"#,
            r#"{"context":null,"integrations":{"All":true}}"#,
            "3",
            r#"{"a" 1}"#,
        ];
        assert_eq!(items, expected);
    }

    #[test]
    fn what_is_no_batch_says_so() {
        let refused = |json: &'static str| match read(&Bytes::from_static(json.as_bytes()), 2).items {
            Ok(_) => "accepted".to_owned(),
            Err(rejection) => rejection.to_string(),
        };
        assert!(refused("nonsense").contains("not a JSON object"));
        assert!(refused("[{}]").contains("not a JSON object"));
        assert!(refused(r#"{"batch":[{}"#).contains("not a JSON object"));
        assert!(refused("{}").contains("no list `batch`"));
        assert!(refused(r#"{"batch":{}}"#).contains("no list `batch`"));
        assert!(refused(r#"{"batch":[1,2,3]}"#).contains("3 items, over the limit of 2"));
    }
}
