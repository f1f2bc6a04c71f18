//! An e-mail: its parts filled, its links and pixel put in, and a plain text for those who read no HTML.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::html::{self, Piece};
use crate::plain::PlainText;
use crate::{Limits, RenderError, Template, Variables, mjml};

/// An e-mail as it is written: each part is a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub struct EmailSource {
    pub subject: String,
    /// What mail programs show beside the subject.
    #[serde(default)]
    pub preheader: Option<String>,
    pub body: EmailBody,
    /// The plain text; made of the body where none is given.
    #[serde(default)]
    pub text: Option<String>,
    /// The AMP part: what mail programs that know AMP show instead.
    #[serde(default)]
    pub amp: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailBody {
    Mjml(String),
    Html(String),
}

/// An e-mail for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct RenderedEmail {
    pub subject: String,
    pub html: String,
    pub text: String,
    pub amp: Option<String>,
}

/// An e-mail whose templates are compiled, to be filled for many.
pub struct Compiled {
    subject: Template,
    preheader: Option<Template>,
    body: Body,
    text: Option<Template>,
    amp: Option<Template>,
}

enum Body {
    Html(Template),
    /// MJML converted before it is filled, and as it was written: that has the lines which its writer knows.
    Converted {
        html: Template,
        mjml: Template,
    },
    /// MJML whose shape depends on what is filled in.
    Mjml(Template),
}

impl Compiled {
    /// Compiles each part; `limits` hold for each alone.
    pub fn new(source: &EmailSource, limits: Limits) -> Result<Self, RenderError> {
        let line = Limits { output_bytes: limits.output_bytes.min(4 << 10), ..limits };
        let part = |name: &'static str, source: &Option<String>, html: bool, limits: Limits| {
            let compile = if html { Template::html } else { Template::text };
            source.as_deref().map(|source| compile(source, limits).map_err(|error| error.in_part(name))).transpose()
        };
        Ok(Self {
            subject: Template::text(&source.subject, line).map_err(|error| error.in_part("subject"))?,
            preheader: part("preheader", &source.preheader, false, line)?,
            body: Body::new(&source.body, limits).map_err(|error| error.in_part("body"))?,
            text: part("text", &source.text, false, limits)?,
            amp: part("amp", &source.amp, true, limits)?,
        })
    }

    /// The e-mail for one person.
    ///
    /// * `links`: where a link to the web shall lead instead. Asked for each `http:` and `https:` link but those marked
    ///   `data-no-track`, and never for the variable `unsubscribe_url`.
    /// * `pixel`: the address of an image that is not seen, put last into the HTML.
    pub fn render(
        &self,
        variables: &serde_json::Value,
        links: &dyn Fn(&str) -> String,
        pixel: Option<&str>,
    ) -> Result<RenderedEmail, RenderError> {
        let unsubscribe = variables.get("unsubscribe_url").and_then(|url| url.as_str());
        let variables = Variables::new(variables)?;
        let fill = |name: &'static str, template: &Option<Template>| {
            template.as_ref().map(|template| template.fill(&variables).map_err(|error| error.in_part(name))).transpose()
        };

        let subject = one_line(&self.subject.fill(&variables).map_err(|error| error.in_part("subject"))?);
        let preheader = fill("preheader", &self.preheader)?.map(|text| one_line(&text)).filter(|text| !text.is_empty());
        let body = self.body.fill(&variables).map_err(|error| error.in_part("body"))?;
        let given = fill("text", &self.text)?;
        let amp = fill("amp", &self.amp)?;

        let mut kept: BTreeSet<String> = unsubscribe.map(str::to_owned).into_iter().collect();
        let page = Page { links, preheader: preheader.as_deref(), pixel };
        let (html, made) = page.finish(&body, &mut kept);
        let amp = amp.map(|amp| Page { links, preheader: None, pixel: None }.finish(&amp, &mut kept).0);
        let text = match given {
            Some(text) => links_in_text(text.trim(), links, &kept),
            None => made,
        };
        Ok(RenderedEmail { subject, html, text, amp })
    }

    /// Whether the body was converted once for all; else each e-mail takes a conversion of its own.
    pub fn is_converted_once(&self) -> bool {
        !matches!(self.body, Body::Mjml(_))
    }
}

impl Body {
    fn new(body: &EmailBody, limits: Limits) -> Result<Self, RenderError> {
        match body {
            EmailBody::Html(source) => Template::html(source, limits).map(Self::Html),
            EmailBody::Mjml(source) => {
                let template = Template::html(source, limits)?;
                // Converted, it is several times as long.
                let converted = Limits { template_bytes: limits.template_bytes.saturating_mul(8), ..limits };
                let once = mjml::to_template(source).and_then(|html| Template::html(&html, converted).ok());
                Ok(match once {
                    Some(html) => Self::Converted { html, mjml: template },
                    None => Self::Mjml(template),
                })
            }
        }
    }

    fn fill(&self, variables: &Variables) -> Result<String, RenderError> {
        match self {
            Self::Html(template) => template.fill(variables),
            Self::Converted { html, mjml } => html.fill(variables).map_err(|error| mjml.fill(variables).err().unwrap_or(error)),
            Self::Mjml(template) => mjml::to_html(&template.fill(variables)?),
        }
    }
}

/// Makes one e-mail; where many are made of one source, [`Compiled`] does the common part once.
pub fn email(
    source: &EmailSource,
    variables: &serde_json::Value,
    links: &dyn Fn(&str) -> String,
    pixel: Option<&str>,
    limits: Limits,
) -> Result<RenderedEmail, RenderError> {
    Compiled::new(source, limits)?.render(variables, links, pixel)
}

/// Variables that an e-mail's parts read.
pub fn email_uses(source: &EmailSource) -> Result<BTreeSet<String>, RenderError> {
    let (EmailBody::Mjml(body) | EmailBody::Html(body)) = &source.body;
    let parts = [
        ("subject", Some(&source.subject)),
        ("preheader", source.preheader.as_ref()),
        ("body", Some(body)),
        ("text", source.text.as_ref()),
        ("amp", source.amp.as_ref()),
    ];
    let mut used = BTreeSet::new();
    for (name, template) in parts {
        if let Some(template) = template {
            used.extend(crate::uses(&[template]).map_err(|error| error.in_part(name))?);
        }
    }
    Ok(used)
}

/// What is put into a filled page.
struct Page<'a> {
    links: &'a dyn Fn(&str) -> String,
    preheader: Option<&'a str>,
    pixel: Option<&'a str>,
}

impl Page<'_> {
    /// The page with everything put in, and its plain text.
    ///
    /// * `kept`: links that stay as they are; those marked in the page are added.
    fn finish(&self, source: &str, kept: &mut BTreeSet<String>) -> (String, String) {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut text = PlainText::default();
        let (mut body_start, mut body_end) = (None, None);
        for piece in html::pieces(source) {
            let mut href = None;
            match &piece {
                Piece::Start(tag) if matches!(&**tag.name, b"a" | b"area") => {
                    href = html::attribute(tag, "href").map(|href| href.trim().to_owned());
                    if let Some((place, aim)) = href.as_deref().and_then(|href| self.aim(source, tag, href, kept)) {
                        edits.push((place, html::escaped(&aim)));
                        href = Some(aim);
                    }
                }
                Piece::Start(tag) if &**tag.name == b"body" => body_start = body_start.or(Some(tag.span.end)),
                Piece::End(name, place) if name == "body" => body_end = Some(*place),
                _ => {}
            }
            text.add(&piece, href.as_deref());
        }
        if let Some(preheader) = self.preheader {
            let place = body_start.unwrap_or(0);
            edits.push((place..place, hidden(preheader)));
        }
        if let Some(pixel) = self.pixel {
            let place = body_end.unwrap_or(source.len());
            edits.push((
                place..place,
                format!(r#"<img src="{}" width="1" height="1" alt="" style="display:block;border:0">"#, html::escaped(pixel)),
            ));
        }
        (edited(source, edits), text.finish())
    }

    /// Where a link shall lead, and where that is written.
    fn aim(&self, source: &str, tag: &html::Tag, href: &str, kept: &mut BTreeSet<String>) -> Option<(Range<usize>, String)> {
        if !is_web(href) || kept.contains(href) {
            return None;
        }
        if tag.attributes.contains_key(&b"data-no-track"[..]) {
            kept.insert(href.to_owned());
            return None;
        }
        let written = source.get(tag.span.start..tag.span.end)?;
        let place = html::value_place(written, "href")?;
        Some((tag.span.start + place.start..tag.span.start + place.end, (self.links)(href)))
    }
}

/// `edits` lie apart from one another.
fn edited(source: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(place, _)| place.start);
    let grown: usize = edits.iter().map(|(_, text)| text.len()).sum();
    let mut out = String::with_capacity(source.len() + grown);
    let mut done = 0;
    for (place, text) in edits {
        out.push_str(&source[done..place.start]);
        out.push_str(&text);
        done = place.end;
    }
    out.push_str(&source[done..]);
    out
}

/// A text that is shown beside the subject and nowhere else; what follows is kept out of that place.
fn hidden(preheader: &str) -> String {
    let filler = "&#847;&zwnj;&nbsp;".repeat(60);
    format!(
        r#"<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all">{}{filler}</div>"#,
        html::escaped(preheader)
    )
}

fn is_web(href: &str) -> bool {
    let starts = |scheme: &str| href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("http://") || starts("https://")
}

/// A header's text: line ends in it would begin a new header.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Links in plain text end at a blank, and before the punctuation of the sentence around them.
fn links_in_text(text: &str, links: &dyn Fn(&str) -> String, kept: &BTreeSet<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(|c: char| c.is_whitespace() || "<>\"".contains(c)).unwrap_or(rest.len());
        let mut link = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '»', '…']);
        if link.ends_with(')') && !link.contains('(') {
            link = link.trim_end_matches(')');
        }
        if kept.contains(link) {
            out.push_str(link);
        } else {
            out.push_str(&links(link));
        }
        rest = &rest[link.len()..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_a_text_end_where_the_sentence_goes_on() {
        let wrap = |link: &str| format!("[{link}]");
        let kept = BTreeSet::from(["https://keep.example".to_owned()]);
        let cases = [
            ("see https://x.example/a.", "see [https://x.example/a]."),
            ("(https://x.example) and http://y.example, bye", "([https://x.example]) and [http://y.example], bye"),
            ("https://x.example/a_(b) end", "[https://x.example/a_(b)] end"),
            ("https://keep.example https://x.example", "https://keep.example [https://x.example]"),
            ("no link http: here", "no link http: here"),
        ];
        for (text, expected) in cases {
            assert_eq!(links_in_text(text, &wrap, &kept), expected);
        }
    }
}
