//! Reading HTML as a stream of tags and text, with each tag's place in the source.

use std::fmt;
use std::ops::Range;

use html5gum::{DefaultEmitter, Token, Tokenizer};

pub(crate) type Tag = html5gum::StartTag<usize>;

/// A piece of HTML.
pub(crate) enum Piece {
    Start(Tag),
    /// Name and place.
    End(String, usize),
    Text(String, usize),
    Comment(String),
    Doctype(String),
}

/// The pieces of `source`, in order. What is broken is read as a browser would.
pub(crate) fn pieces(source: &str) -> impl Iterator<Item = Piece> + '_ {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(source, emitter).filter_map(|token| {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => Some(Piece::Start(tag)),
            Token::EndTag(tag) => Some(Piece::End(text_of(&tag.name), tag.span.start)),
            Token::String(text) => Some(Piece::Text(text_of(&text.value), text.span.start)),
            Token::Comment(text) => Some(Piece::Comment(text_of(&text.value))),
            Token::Doctype(doctype) => Some(Piece::Doctype(text_of(&doctype.name))),
            Token::Error(_) => None,
        }
    })
}

pub(crate) fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn name_of(tag: &Tag) -> String {
    text_of(&tag.name)
}

/// An attribute's value, with its entities read.
pub(crate) fn attribute(tag: &Tag, name: &str) -> Option<String> {
    tag.attributes.get(name.as_bytes()).map(|value| text_of(&value.value))
}

/// The line of a place, from 1. Asked for findings only: it counts from the start.
pub(crate) fn line_at(source: &str, place: usize) -> u32 {
    let before = &source.as_bytes()[..place.min(source.len())];
    u32::try_from(before.iter().filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
}

/// Where the value of `name` stands in a tag's source, without its quotes.
pub(crate) fn value_place(tag: &str, name: &str) -> Option<Range<usize>> {
    let bytes = tag.as_bytes();
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
    // The tag's own name.
    let mut at = 1 + bytes.get(1..)?.iter().take_while(|byte| !is_blank(byte) && **byte != b'>').count();
    loop {
        at += bytes.get(at..)?.iter().take_while(|byte| is_blank(byte)).count();
        let start = at;
        at += bytes.get(at..)?.iter().take_while(|byte| !is_blank(byte) && !b"=>".contains(byte)).count();
        let found = tag.get(start..at)?;
        at += bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if bytes.get(at) != Some(&b'=') {
            if start == at {
                return None;
            }
            continue;
        }
        at += 1;
        at += bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let place = match bytes.get(at)? {
            quote @ (b'"' | b'\'') => {
                let length = bytes.get(at + 1..)?.iter().position(|byte| byte == quote)?;
                at += length + 2;
                at - length - 1..at - 1
            }
            _ => {
                let length = bytes.get(at..)?.iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'>').count();
                at += length;
                at - length..at
            }
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(place);
        }
    }
}

/// How many open elements a check remembers: looking through them must stay short.
pub(crate) const OPEN_MAX: usize = 256;

/// Makes text safe to stand in HTML, and in attributes within quotes of either kind.
pub(crate) fn escape(text: &str, out: &mut dyn fmt::Write) -> fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.write_str(&rest[..at])?;
        out.write_str(entity(rest.as_bytes()[at]))?;
        rest = &rest[at + 1..];
    }
    out.write_str(rest)
}

pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing into a text does not fail.
    let _ = escape(text, &mut out);
    out
}

pub(crate) fn escaped_len(text: &str) -> usize {
    text.bytes().map(|byte| entity(byte).len().max(1)).sum()
}

fn entity(byte: u8) -> &'static str {
    match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'\'' => "&#39;",
        _ => "",
    }
}

/// Elements that have no end.
pub(crate) fn is_void(name: &str) -> bool {
    matches!(name, "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta" | "source" | "track" | "wbr")
}

/// What a `style` attribute sets, in order; names in small letters.
pub(crate) fn declarations(style: &str) -> impl Iterator<Item = (String, &str)> {
    style.split(';').filter_map(|pair| pair.split_once(':')).map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attributes_value_is_found_in_its_tag() {
        let cases = [
            (r#"<a href="https://x/">"#, Some("https://x/")),
            (r#"<a class='href="no"' HREF = 'y' >"#, Some("y")),
            (r#"<a disabled href=z>"#, Some("z")),
            (r#"<a data-href="no" href="">"#, Some("")),
            (r#"<a/href="w"/>"#, Some("w")),
            ("<a>", None),
            ("<a disabled>", None),
        ];
        for (tag, value) in cases {
            assert_eq!(value_place(tag, "href").map(|place| &tag[place]), value, "{tag}");
        }
    }
}
