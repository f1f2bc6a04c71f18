//! Finds the parts of a JSON text without reading them.
//!
//! A batch is cut into items before any item is read, so that an item that is malformed inside, too deep or not
//! UTF-8 spoils only itself. What is inside a part is checked by whoever reads it.

use memchr::memchr2;

/// One value within a text: its bytes, unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub bytes: &'a [u8],
    /// Where it begins in the text.
    pub at: usize,
    /// How deep its objects and lists nest; 0 for a string, number or word.
    pub depth: usize,
}

/// The text is not JSON from `at` on, in its outermost level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed JSON at byte {at}")]
pub(crate) struct Malformed {
    pub at: usize,
}

/// Calls `each` with the name (as written, without quotes) and value of each member of the object that is `text`.
pub(crate) fn members<'a>(text: &'a [u8], mut each: impl FnMut(&'a [u8], Part<'a>)) -> Result<(), Malformed> {
    let mut scan = Scan { text, at: 0 };
    scan.list(b'{', b'}', |scan| {
        let name = scan.part()?;
        let name = name.bytes.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).ok_or(Malformed { at: name.at })?;
        scan.expect(b':')?;
        each(name, scan.part()?);
        Ok(())
    })
}

/// The elements of the list that is `text`.
pub(crate) fn elements(text: &[u8]) -> Result<Vec<Part<'_>>, Malformed> {
    let mut found = Vec::new();
    let mut scan = Scan { text, at: 0 };
    scan.list(b'[', b']', |scan| {
        found.push(scan.part()?);
        Ok(())
    })?;
    Ok(found)
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// The whole text as one bracketed list of what `one` reads.
    fn list(&mut self, open: u8, close: u8, mut one: impl FnMut(&mut Self) -> Result<(), Malformed>) -> Result<(), Malformed> {
        self.expect(open)?;
        if !self.take(close) {
            loop {
                one(self)?;
                if self.take(close) {
                    break;
                }
                self.expect(b',')?;
            }
        }
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.malformed()) }
    }

    fn part(&mut self) -> Result<Part<'a>, Malformed> {
        self.space();
        let from = self.at;
        let depth = match self.peek() {
            Some(b'"') => {
                self.string()?;
                0
            }
            Some(b'{' | b'[') => self.nested()?,
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => {
                // A word or number ends where it must; whether it is one is its reader's to say.
                while self.peek().is_some_and(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n')) {
                    self.at += 1;
                }
                0
            }
            _ => return Err(self.malformed()),
        };
        Ok(Part { bytes: &self.text[from..self.at], at: from, depth })
    }

    /// Passes an object or list by counting brackets of either kind: a `{]` is for its reader to find.
    fn nested(&mut self) -> Result<usize, Malformed> {
        let from = self.at;
        let (mut depth, mut deepest) = (0, 0);
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                Some(b'}' | b']') => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Ok(deepest);
                    }
                }
                Some(_) => {}
                None => return Err(Malformed { at: from }),
            }
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<(), Malformed> {
        let from = self.at;
        self.at += 1;
        // Names and most values are short: a plain loop is quicker there than setting up a search.
        for _ in 0..16 {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(Malformed { at: from }),
            }
        }
        loop {
            let rest = self.text.get(self.at..).ok_or(Malformed { at: from })?;
            let to = memchr2(b'"', b'\\', rest).ok_or(Malformed { at: from })?;
            self.at += to + 1;
            if rest[to] == b'"' {
                return Ok(());
            }
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.take(byte) { Ok(()) } else { Err(self.malformed()) }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn malformed(&self) -> Malformed {
        Malformed { at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    fn member_list(text: &str) -> Result<Vec<(String, String)>, Malformed> {
        let mut found = Vec::new();
        let owned = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        members(text.as_bytes(), |name, part| found.push((owned(name), owned(part.bytes))))?;
        Ok(found)
    }

    #[test]
    fn a_malformed_item_leaves_its_neighbours_whole() {
        let text = r#" [ {"a":1}, {"a" 1}, nonsense, "x, \" ] y", {"b":[{}]} ] "#;
        let parts: Vec<(&str, usize)> = elements(text.as_bytes())
            .into_iter()
            .flatten()
            .map(|part| (std::str::from_utf8(part.bytes).unwrap_or("?"), part.depth))
            .collect();
        assert_eq!(parts, [("{\"a\":1}", 1), ("{\"a\" 1}", 1), ("nonsense", 0), (r#""x, \" ] y""#, 0), ("{\"b\":[{}]}", 3)]);
    }

    #[test]
    fn a_broken_frame_is_malformed() {
        for text in ["", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]x", "[\"a]", "{\"a\":1]", "[{]", "{}", "[\"\\", "[\"0123456789abcdefgh\\"] {
            assert!(elements(text.as_bytes()).is_err(), "{text}");
        }
        for text in ["{\"a\"}", "{a:1}", "{\"a\":}", "{\"a\":1,}", "{1:2}", "[]", "null", "{\"a\":1}}"] {
            assert!(member_list(text).is_err(), "{text}");
        }
        assert_eq!(member_list(" {} ").map(|found| found.len()), Ok(0));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\]{0,20}", inner, 0..5).prop_map(|map| Value::Object(Map::from_iter(map))),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_parts_are_those_that_a_parser_finds(values in prop::collection::vec(any_value(), 0..6), pretty: bool) {
            let list = json!(values);
            let text = if pretty { format!("{list:#}") } else { list.to_string() };
            let parts = elements(text.as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let read: Result<Vec<Value>, _> = parts.iter().map(|part| serde_json::from_slice(part.bytes)).collect();
            prop_assert_eq!(read.ok(), Some(values));
            for part in parts {
                prop_assert_eq!(&text.as_bytes()[part.at..part.at + part.bytes.len()], part.bytes);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(text: Vec<u8>, shape in "[\\[\\]{}\",:\\\\a1 ]{0,60}") {
            for text in [&text[..], shape.as_bytes()] {
                let _ = elements(text);
                let _ = members(text, |_, _| {});
            }
        }
    }
}
