//! What keeps an e-mail from the inbox, or from people who see, hear or use it differently.

use crate::contrast::{self, Color};
use crate::email::RenderedEmail;
use crate::finding::{Finding, Findings, Severity};
use crate::html::{self, Piece, Tag};
use crate::plain;

/// Gmail shows no more of a message.
const HTML_BYTES_MAX: usize = 102 << 10;
const SUBJECT_LETTERS_MAX: usize = 60;
const TEXT_LETTERS_MIN: usize = 40;
const FONT_PX_MIN: f64 = 12.0;
const CONTRAST_MIN: f64 = 4.5;

const VAGUE_LINKS: &[&str] = &[
    "click here",
    "here",
    "link",
    "read more",
    "more",
    "this",
    "тут",
    "здесь",
    "нажмите здесь",
    "кликните здесь",
    "подробнее",
    "ссылка",
    "жми",
];
const SHORTENERS: &[&str] =
    &["bit.ly", "t.co", "goo.gl", "tinyurl.com", "clck.ru", "is.gd", "ow.ly", "cutt.ly", "rb.gy", "buff.ly", "vk.cc", "shorturl.at"];
const UNSUBSCRIBE: &[&str] = &["unsubscribe", "opt out", "opt-out", "отпис", "отказаться от рассылки", "abmelden", "désabonn", "退订"];
#[rustfmt::skip]
const SPAM_WORDS: &[&str] = &[
    "100% free", "act now", "risk free", "no obligation", "guaranteed", "winner", "congratulations", "cash bonus", "limited time", "urgent",
    "бесплатно", "срочно", "только сегодня", "гарантированно", "вы выиграли", "поздравляем", "без риска", "успей",
];

/// What is known of an e-mail besides its parts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Purpose<'a> {
    /// Sent to many who did not just ask for it: the law wants a way out.
    pub is_marketing: bool,
    /// Where the reader leaves the list, as it was given to the templates.
    pub unsubscribe_url: Option<&'a str>,
}

/// Findings on an e-mail, the worst first. Lines are those of its HTML.
///
/// Links are judged by where they lead: check the e-mail before its links are rewritten.
pub fn lint<'a>(email: &'a RenderedEmail, purpose: Purpose<'a>) -> Vec<Finding> {
    let mut lint = Lint::new(&email.html, purpose);
    for piece in html::pieces(&email.html) {
        match piece {
            Piece::Start(tag) => lint.start(&tag),
            Piece::End(name, place) => lint.end(&name, place),
            Piece::Text(text, place) => lint.text(&text, place),
            Piece::Comment(_) | Piece::Doctype(_) => {}
        }
    }
    lint.subject(&email.subject);
    lint.words(email);
    lint.finish(email)
}

/// What holds for the text inside of an element.
#[derive(Clone, Default)]
struct Look {
    color: Option<Color>,
    background: Option<Color>,
    font_px: Option<f64>,
    is_hidden: bool,
}

struct Table {
    place: usize,
    is_named: bool,
}

struct Link {
    href: String,
    place: usize,
    text: String,
}

struct Lint<'a> {
    findings: Findings<'a>,
    purpose: Purpose<'a>,
    open: Vec<(String, Look)>,
    tables: Vec<Table>,
    link: Option<Link>,
    title: String,
    letters: usize,
    images: usize,
    has_lang: bool,
    has_preheader: bool,
    has_unsubscribe: bool,
}

impl<'a> Lint<'a> {
    fn new(source: &'a str, purpose: Purpose<'a>) -> Self {
        Self {
            findings: Findings::of(source),
            purpose,
            open: Vec::new(),
            tables: Vec::new(),
            link: None,
            title: String::new(),
            letters: 0,
            images: 0,
            has_lang: false,
            has_preheader: false,
            has_unsubscribe: false,
        }
    }

    fn error(&mut self, code: &'static str, place: usize, message: impl Into<String>) {
        self.findings.add(Severity::Error, code, Some(place), message);
    }

    fn warn(&mut self, code: &'static str, place: Option<usize>, message: impl Into<String>) {
        self.findings.add(Severity::Warning, code, place, message);
    }

    fn advise(&mut self, code: &'static str, place: Option<usize>, message: impl Into<String>) {
        self.findings.add(Severity::Advice, code, place, message);
    }

    fn look(&self) -> Look {
        self.open.last().map(|(_, look)| look.clone()).unwrap_or_default()
    }

    fn start(&mut self, tag: &Tag) {
        let name = html::name_of(tag);
        let place = tag.span.start;
        let look = look(tag, self.look());
        for attribute in tag.attributes.keys().map(|name| html::text_of(name)).filter(|name| name.starts_with("on")) {
            self.error("script", place, format!("the attribute `{attribute}` runs a script: mail programs drop such messages"));
        }
        match name.as_str() {
            "html" => self.has_lang = html::attribute(tag, "lang").is_some_and(|lang| !matches!(lang.trim(), "" | "und")),
            "script" => self.error("script", place, "`<script>` is not allowed in e-mail: take it out"),
            "iframe" | "object" | "embed" | "applet" => {
                self.error("embedded", place, format!("`<{name}>` is not shown by mail programs: link to the page"))
            }
            "form" => self.warn("form", Some(place), "many mail programs do not send forms: link to a page with the form"),
            "img" => self.image(tag, &look),
            "a" | "area" => self.open_link(tag),
            "table" => {
                let is_named = html::attribute(tag, "role").is_some();
                self.tables.push(Table { place, is_named });
            }
            "th" | "caption" => {
                if let Some(table) = self.tables.last_mut() {
                    table.is_named = true;
                }
            }
            _ => {}
        }
        if !tag.self_closing && !html::is_void(&name) && self.open.len() < html::OPEN_MAX {
            self.open.push((name, look));
        }
    }

    fn end(&mut self, name: &str, place: usize) {
        if let Some(at) = self.open.iter().rposition(|(open, _)| open == name) {
            self.open.truncate(at);
        }
        match name {
            "a" => self.close_link(),
            "table" => {
                if let Some(table) = self.tables.pop().filter(|table| !table.is_named) {
                    let place = table.place.min(place);
                    self.warn("table-role", Some(place), "a table for layout needs role=\"presentation\", and a table of data needs `<th>`: screen readers read each cell out");
                }
            }
            _ => {}
        }
    }

    fn image(&mut self, tag: &Tag, look: &Look) {
        let place = tag.span.start;
        let alt = html::attribute(tag, "alt");
        // A pixel that is not seen is no picture.
        let is_pixel = html::attribute(tag, "width").as_deref() == Some("1") && html::attribute(tag, "height").as_deref() == Some("1");
        if alt.is_none() {
            self.warn("image-alt", Some(place), "a picture has no `alt`: say what it shows, or alt=\"\" for mere decoration");
        }
        if !is_pixel && !look.is_hidden {
            self.images += 1;
        }
        if let Some(link) = &mut self.link {
            link.text.push_str(alt.as_deref().unwrap_or_default());
        }
        let src = html::attribute(tag, "src").unwrap_or_default();
        if src.trim().is_empty() {
            self.warn("image-src", Some(place), "a picture has no address in `src`");
        } else if src.starts_with("http:") {
            self.warn("http", Some(place), "a picture is fetched by http:, which mail programs block: use https:");
        } else if src.starts_with("data:") {
            self.warn("image-src", Some(place), "a picture lies in the HTML as data:, which Gmail does not show: put it on a server");
        }
    }

    fn open_link(&mut self, tag: &Tag) {
        let place = tag.span.start;
        let Some(href) = html::attribute(tag, "href").map(|href| href.trim().to_owned()) else { return };
        let lower = href.to_lowercase();
        let scheme: String = lower.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take_while(|c| *c != ':').collect();
        if matches!(scheme.as_str(), "javascript" | "vbscript" | "data") {
            self.error("script", place, format!("a link with `{scheme}:` is not allowed: use https:"));
        }
        if href.is_empty() || href == "#" {
            self.warn("link-empty", Some(place), "a link leads nowhere: fill in `href`");
        }
        if lower.starts_with("http:") {
            self.advise("http", Some(place), format!("the link {href} is not safe: use https:"));
        }
        let host = host(&lower).unwrap_or_default();
        if SHORTENERS.contains(&host) {
            self.warn(
                "link-short",
                Some(place),
                format!("{host} hides where a link leads, and filters mistrust it: write the whole address"),
            );
        }
        if UNSUBSCRIBE.iter().any(|word| lower.contains(word)) || self.purpose.unsubscribe_url.is_some_and(|url| url == href) {
            self.has_unsubscribe = true;
        }
        self.link = Some(Link { href, place, text: html::attribute(tag, "aria-label").unwrap_or_default() });
    }

    fn close_link(&mut self) {
        let Some(link) = self.link.take() else { return };
        let text = link.text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let bare = text.trim_end_matches(['.', '!', '…', '»', '→', '>', ':']).trim();
        if UNSUBSCRIBE.iter().any(|word| text.contains(word)) {
            self.has_unsubscribe = true;
        }
        if text.is_empty() {
            self.warn("link-text", Some(link.place), "a link has no text: say where it leads, or give its picture an `alt`");
        } else if VAGUE_LINKS.contains(&bare) {
            self.warn("link-text", Some(link.place), format!("a link says only “{bare}”: say where it leads"));
        }
        if let (Some(said), Some(led)) = (host(bare), host(&link.href.to_lowercase()))
            && said.trim_start_matches("www.") != led.trim_start_matches("www.")
        {
            self.warn("link-other", Some(link.place), format!("a link says {said} and leads to {led}: filters take that for a fraud"));
        }
    }

    fn text(&mut self, text: &str, place: usize) {
        let inside = self.open.last().map(|(name, _)| name.as_str()).unwrap_or_default();
        if inside == "title" {
            self.title.push_str(text);
        }
        if matches!(inside, "title" | "style" | "script" | "head") {
            return;
        }
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        let look = self.look();
        if look.is_hidden {
            self.has_preheader |= letters > 0;
            return;
        }
        if let Some(link) = &mut self.link {
            link.text.push_str(text);
        }
        if letters == 0 {
            return;
        }
        self.letters += letters;
        if let Some(px) = look.font_px.filter(|px| *px < FONT_PX_MIN) {
            self.warn("font-small", Some(place), format!("text of {px} px is hard to read: use {FONT_PX_MIN} px or more"));
        }
        if let (Some(color), Some(background)) = (look.color, look.background) {
            let ratio = contrast::ratio(color, background);
            if ratio < CONTRAST_MIN {
                let hex = |[r, g, b]: Color| format!("#{r:02x}{g:02x}{b:02x}");
                let message = format!("{} on {} has a contrast of {ratio:.1}: people need {CONTRAST_MIN}", hex(color), hex(background));
                self.warn("contrast", Some(place), message);
            }
        }
    }

    fn subject(&mut self, subject: &str) {
        let letters = subject.chars().filter(|c| c.is_alphabetic()).count();
        let large = subject.chars().filter(|c| c.is_uppercase()).count();
        if subject.trim().is_empty() {
            self.findings.add(Severity::Error, "subject-empty", None, "the subject is empty: say what the message is about");
        }
        if letters >= 6 && large * 10 > letters * 7 {
            self.warn("subject-caps", None, "the subject is in capitals: filters take that for spam");
        }
        if subject.matches('!').count() > 1 {
            self.warn("exclamation", None, "the subject has more than one exclamation mark");
        }
        let length = subject.chars().count();
        if length > SUBJECT_LETTERS_MAX {
            self.advise("subject-long", None, format!("the subject has {length} letters: phones show {SUBJECT_LETTERS_MAX} or fewer"));
        }
    }

    fn words(&mut self, email: &RenderedEmail) {
        let text = format!("{}\n{}", email.subject, email.text).to_lowercase();
        let found: Vec<&str> = SPAM_WORDS.iter().copied().filter(|word| text.contains(word)).collect();
        if !found.is_empty() {
            self.advise("spam-words", None, format!("filters count words such as {}: say it more plainly", found.join(", ")));
        }
        if email.text.matches('!').count() > 5 || email.text.contains("!!") {
            self.advise("exclamation", None, "the text has many exclamation marks");
        }
        let all = [&email.subject, &email.html, &email.text];
        if all.iter().any(|part| part.contains("{{") || part.contains("{%")) {
            self.warn("unfilled", None, "`{{` or `{%` stands in the message: a part of the template was not filled");
        }
    }

    fn finish(mut self, email: &RenderedEmail) -> Vec<Finding> {
        if email.html.len() > HTML_BYTES_MAX {
            let message = format!(
                "the HTML is {} KB long: Gmail clips it after {} KB, with the link to unsubscribe",
                email.html.len() >> 10,
                HTML_BYTES_MAX >> 10
            );
            self.warn("html-size", None, message);
        }
        if !self.has_lang {
            self.warn("lang", None, "the language is not said: write `<html lang=\"…\">`, or `<mjml lang=\"…\">`");
        }
        if self.title.trim().is_empty() {
            self.advise("title", None, "there is no title: screen readers read it out first");
        }
        let letters = email.text.chars().filter(|c| c.is_alphanumeric()).count();
        if letters == 0 {
            self.warn("text-missing", None, "there is no plain text: filters expect one");
        } else if letters < TEXT_LETTERS_MIN {
            self.advise("text-short", None, "the plain text is very short");
        }
        if self.images > 0 && self.letters < TEXT_LETTERS_MIN {
            self.warn("images-only", None, "the message is pictures only: many people do not see them, and filters mistrust it");
        }
        if self.purpose.is_marketing && !self.has_unsubscribe {
            self.findings.add(
                Severity::Error,
                "unsubscribe",
                None,
                "there is no link to unsubscribe: put `<a href=\"{{ unsubscribe_url }}\">Unsubscribe</a>` in",
            );
        }
        if !self.has_preheader {
            self.advise("preheader", None, "there is no preheader: mail programs show the first words of the text beside the subject");
        }
        self.findings.sorted()
    }
}

fn look(tag: &Tag, above: Look) -> Look {
    let mut look = above;
    if let Some(background) = html::attribute(tag, "bgcolor") {
        look.background = contrast::parse(&background);
    }
    let style = html::attribute(tag, "style").unwrap_or_default();
    look.is_hidden |= plain::is_hidden(&style);
    for (name, value) in html::declarations(&style) {
        match name.as_str() {
            "color" => look.color = contrast::parse(value),
            "background-color" | "background" => look.background = contrast::parse(value.split_whitespace().next().unwrap_or_default()),
            "font-size" => look.font_px = pixels(value),
            _ => {}
        }
    }
    look
}

/// Nothing for sizes that depend on others, and for 0: that closes gaps between blocks.
fn pixels(size: &str) -> Option<f64> {
    let size = size.trim().to_ascii_lowercase();
    let number = |unit: &str| size.strip_suffix(unit)?.trim().parse::<f64>().ok();
    number("px").or_else(|| number("pt").map(|points| points * 4.0 / 3.0)).filter(|px| *px > 0.0)
}

/// The host of a whole address, and of a text that looks like one.
fn host(text: &str) -> Option<&str> {
    let rest =
        text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).or_else(|| text.starts_with("www.").then_some(text))?;
    let end = rest.find(['/', '?', '#', ':']).unwrap_or(rest.len());
    let host = &rest[..end];
    (host.contains('.') && !host.contains(char::is_whitespace)).then_some(host)
}
