//! MJML made HTML.

use mrml::prelude::parser::ParserOptions;
use mrml::prelude::render::RenderOptions;

use crate::RenderError;
use crate::html::{self, Piece};

/// The converter calls itself for each element inside another.
const NESTING_MAX: usize = 64;

/// Each picture of a carousel is styled against each other.
const CAROUSEL_IMAGES_MAX: usize = 20;

/// Elements whose content the converter hands through as it is, and builds the same around when there is none.
const TEXT_ELEMENTS: &[&str] = &["mj-text", "mj-button", "mj-table"];

/// Elements of MJML, each after `mj-`.
#[rustfmt::skip]
const ELEMENTS: &[&str] = &[
    "accordion", "accordion-element", "accordion-text", "accordion-title", "all", "attributes", "body", "breakpoint", "button", "carousel",
    "carousel-image", "class", "column", "divider", "font", "group", "head", "hero", "image", "include", "navbar", "navbar-link", "preview", "raw",
    "section", "social", "social-element", "spacer", "style", "table", "text", "title", "wrapper",
];

/// Attributes whose value does not change what is built around it.
const PLAIN_ATTRIBUTES: &[&str] = &["href", "src", "alt", "title"];
const MEDIA: &[&str] = &["mj-image", "mj-button"];

pub(crate) fn to_html(mjml: &str) -> Result<String, RenderError> {
    check(mjml)?;
    let parsed = mrml::parse_with_options(mjml, &ParserOptions::default()).map_err(|error| {
        use mrml::prelude::parser::Error as E;
        let place = match &error {
            E::UnexpectedElement { position, .. }
            | E::UnexpectedToken { position, .. }
            | E::MissingAttribute { position, .. }
            | E::InvalidAttribute { position, .. }
            | E::InvalidFormat { position, .. } => Some(position.start),
            _ => None,
        };
        RenderError::new(place.map(|place| html::line_at(mjml, place)), format!("this is not MJML as it should be: {error}"))
    })?;
    // No fonts of others' servers but those that the source names itself.
    let options = RenderOptions { disable_comments: true, fonts: Default::default(), ..Default::default() };
    parsed.element.render(&options).map_err(|error| RenderError::new(None, format!("this MJML cannot be made HTML: {error}")))
}

/// Includes would read other files, and deep nesting would end the stack.
fn check(mjml: &str) -> Result<(), RenderError> {
    let (mut depth, mut carousel_images) = (0_usize, 0);
    for piece in html::pieces(mjml) {
        match piece {
            Piece::Start(tag) => {
                let name = html::name_of(&tag);
                let line = || Some(html::line_at(mjml, tag.span.start));
                if name.starts_with("mj-") && !ELEMENTS.contains(&name.trim_start_matches("mj-")) {
                    return Err(RenderError::new(line(), format!("MJML has no element `{name}`")));
                }
                carousel_images += usize::from(name == "mj-carousel-image");
                if carousel_images > CAROUSEL_IMAGES_MAX {
                    return Err(RenderError::new(line(), format!("a mail may hold {CAROUSEL_IMAGES_MAX} pictures in carousels")));
                }
                if name == "mj-include" {
                    return Err(RenderError::new(line(), "`mj-include` is not available: put its content here"));
                }
                if !tag.self_closing && !html::is_void(&name) {
                    depth += 1;
                }
                if depth > NESTING_MAX {
                    return Err(RenderError::new(line(), format!("elements lie more than {NESTING_MAX} deep in one another")));
                }
            }
            Piece::End(..) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// HTML with the template's tags still in it, where filling that gives the same as converting what was filled.
///
/// So it is where each tag stands in the text of one element, whole with its end, or in an attribute that nothing is computed from.
/// Anything else (a condition around a section, a width that is filled in) is filled first, for each person.
pub(crate) fn to_template(mjml: &str) -> Option<String> {
    if mjml.contains(OPEN) {
        return None;
    }
    let (marked, tags) = marked(mjml)?;
    if tags.iter().any(|tag| !tag.starts_with("{{") && !["if", "elif", "else", "endif", "for", "endfor"].contains(&word(tag))) {
        return None;
    }
    let mut in_place = 0;
    let mut elements: Vec<(String, String)> = Vec::new();
    for piece in html::pieces(&marked) {
        match piece {
            Piece::Start(tag) => {
                let name = html::name_of(&tag);
                let is_text = elements.last().is_some_and(|(name, _)| TEXT_ELEMENTS.contains(&name.as_str()));
                for (attribute, value) in &tag.attributes {
                    let value = html::text_of(&value.value);
                    // Inside of text the converter looks at no attribute.
                    let is_plain =
                        is_text || MEDIA.contains(&name.as_str()) && PLAIN_ATTRIBUTES.contains(&html::text_of(attribute).as_str());
                    if value.contains(OPEN) && !(is_plain && is_whole(&value, &tags)) {
                        return None;
                    }
                    in_place += value.matches(OPEN).count();
                }
                if !tag.self_closing && name.starts_with("mj") {
                    elements.push((name, String::new()));
                }
            }
            Piece::End(name, _) if name.starts_with("mj") => {
                let (_, text) = elements.pop()?;
                if !is_whole(&text, &tags) {
                    return None;
                }
            }
            Piece::Text(text, _) if text.contains(OPEN) => {
                let (name, inside) = elements.last_mut()?;
                if !TEXT_ELEMENTS.contains(&name.as_str()) {
                    return None;
                }
                in_place += text.matches(OPEN).count();
                inside.push_str(&text);
            }
            _ => {}
        }
    }
    let converted = (in_place == tags.len()).then(|| to_html(&marked).ok())??;
    let mut numbers: Vec<usize> = marks(&converted).collect();
    // A link of an icon and of its text is written twice; none may be lost.
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().eq(0..tags.len()).then(|| restored(&converted, &tags))
}

/// Marks stand for the template's tags while the converter is at work: it knows nothing of quotes and signs in them.
/// Plain letters: others would be written as entities in attributes.
const OPEN: &str = "fcmark";
const CLOSE: char = 'x';

fn marked(mjml: &str) -> Option<(String, Vec<&str>)> {
    let (mut marked, mut tags, mut rest) = (String::with_capacity(mjml.len()), Vec::new(), mjml);
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|tag| rest.find(tag)).min() {
        let end = match &rest[at..at + 2] {
            "{{" => "}}",
            "{%" => "%}",
            _ => return None,
        };
        marked.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = rest.find(end)? + 2;
        marked.push_str(&format!("{OPEN}{}{CLOSE}", tags.len()));
        tags.push(&rest[..length]);
        rest = &rest[length..];
    }
    marked.push_str(rest);
    Some((marked, tags))
}

fn marks(text: &str) -> impl Iterator<Item = usize> {
    text.split(OPEN).skip(1).filter_map(|rest| rest.split(CLOSE).next()?.parse().ok())
}

fn restored(text: &str, tags: &[&str]) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for (index, piece) in text.split(OPEN).enumerate() {
        let (tag, rest) = match piece.split_once(CLOSE) {
            Some((number, rest)) if index > 0 => (number.parse().ok().and_then(|number: usize| tags.get(number)).copied(), rest),
            _ => (None, piece),
        };
        out.push_str(tag.unwrap_or_default());
        out.push_str(rest);
    }
    out
}

/// The statement's own word: `if` of `{%- if a %}`.
fn word(tag: &str) -> &str {
    tag.trim_start_matches(['{', '%', '-', '+']).split_whitespace().next().unwrap_or_default()
}

/// Whether each statement that begins in `text` ends in it.
fn is_whole(text: &str, tags: &[&str]) -> bool {
    let mut open = 0_i64;
    for tag in marks(text).filter_map(|number| tags.get(number)).filter(|tag| tag.starts_with("{%")) {
        match word(tag) {
            "if" | "for" => open += 1,
            "endif" | "endfor" => open -= 1,
            _ if open < 1 => return false,
            _ => {}
        }
        if open < 0 {
            return false;
        }
    }
    open == 0
}
