//! Checks the AMP part of an e-mail by the public rules of AMP for Email.
//!
//! The official validator is fetched from the network, so it is not asked; this knows the rules that parts break in practice. A part that
//! passes here is most probably valid; one that fails here is shown by no mail program.
//! Source: the format's specification, <https://amp.dev/documentation/guides-and-tutorials/email/learn/email-spec/amp-email-format>.

use crate::finding::{Finding, Findings, Severity};
use crate::html::{self, Piece, Tag};

/// Bytes of the whole part.
const PART_BYTES_MAX: usize = 200_000;
/// Bytes of `<style amp-custom>`.
const STYLE_BYTES_MAX: usize = 75_000;
/// Bytes of one `style` attribute.
const INLINE_STYLE_BYTES_MAX: usize = 1_000;

const RUNTIME: &str = "https://cdn.ampproject.org/v0.js";
const COMPONENTS: &str = "https://cdn.ampproject.org/v0/";
const BOILERPLATE: &str = "body{visibility:hidden}";

/// Components that e-mail may use, each with the script that brings it; none for those of the runtime.
#[rustfmt::skip]
const ELEMENTS: &[(&str, Option<&str>)] = &[
    ("amp-img", None), ("amp-layout", None),
    ("amp-accordion", Some("amp-accordion")), ("amp-anim", Some("amp-anim")), ("amp-autocomplete", Some("amp-autocomplete")),
    ("amp-bind-macro", Some("amp-bind")), ("amp-carousel", Some("amp-carousel")), ("amp-fit-text", Some("amp-fit-text")),
    ("amp-image-lightbox", Some("amp-image-lightbox")), ("amp-lightbox", Some("amp-lightbox")), ("amp-list", Some("amp-list")),
    ("amp-selector", Some("amp-selector")), ("amp-sidebar", Some("amp-sidebar")), ("amp-state", Some("amp-bind")),
    ("amp-timeago", Some("amp-timeago")),
];

/// Scripts that e-mail may load.
#[rustfmt::skip]
const SCRIPTS: &[&str] = &[
    "amp-accordion", "amp-anim", "amp-autocomplete", "amp-bind", "amp-carousel", "amp-fit-text", "amp-form", "amp-image-lightbox",
    "amp-lightbox", "amp-list", "amp-mustache", "amp-selector", "amp-sidebar", "amp-timeago",
];

#[rustfmt::skip]
const TAGS: &[&str] = &[
    "html", "head", "title", "meta", "style", "script", "body", "template",
    "article", "section", "nav", "aside", "h1", "h2", "h3", "h4", "h5", "h6", "header", "footer", "address", "main", "hgroup",
    "p", "hr", "pre", "blockquote", "ol", "ul", "li", "dl", "dt", "dd", "figure", "figcaption", "div", "center",
    "a", "em", "strong", "small", "s", "cite", "q", "dfn", "abbr", "data", "time", "code", "var", "samp", "kbd", "sub", "sup", "i", "b", "u",
    "mark", "ruby", "rb", "rt", "rtc", "rp", "bdi", "bdo", "span", "br", "wbr", "ins", "del", "acronym", "big", "dir", "strike", "tt", "font",
    "table", "caption", "colgroup", "col", "tbody", "thead", "tfoot", "tr", "td", "th",
    "form", "label", "input", "button", "select", "datalist", "optgroup", "option", "textarea", "fieldset", "legend", "progress", "meter", "output",
    "details", "summary",
];

/// Elements that people reach for, and what stands in their place.
const INSTEAD: &[(&str, &str)] = &[
    ("img", "use `<amp-img>` with width and height"),
    ("picture", "use `<amp-img>`"),
    ("video", "show a picture that links to the film"),
    ("audio", "link to the sound"),
    ("iframe", "link to the page"),
    ("link", "put the style into `<style amp-custom>`"),
    ("base", "write whole addresses"),
    ("svg", "use `<amp-img>`"),
    ("object", "leave it out"),
    ("embed", "leave it out"),
];

/// What would keep mail programs from showing this part; nothing where it may be sent.
pub fn check(part: &str) -> Vec<Finding> {
    let mut check = Check::new(part);
    for piece in html::pieces(part) {
        match piece {
            Piece::Doctype(name) => check.doctype(&name),
            Piece::Start(tag) => check.start(&tag),
            Piece::End(name, _) => check.end(&name),
            Piece::Text(text, place) => check.text(&text, place),
            Piece::Comment(text) if text.starts_with("[if") => {
                check.add("amp-conditional-comment", None, "conditional comments are not allowed: take `<!--[if …` out")
            }
            Piece::Comment(_) => {}
        }
    }
    check.finish(part)
}

struct Check<'a> {
    findings: Findings<'a>,
    open: Vec<String>,
    has_doctype: bool,
    has_marked_html: bool,
    has_charset: bool,
    has_runtime: bool,
    has_boilerplate: bool,
    has_body: bool,
    custom_styles: usize,
    /// Elements seen in the head.
    head_elements: usize,
    /// What the text inside of `<style>` is.
    style: Option<&'static str>,
    loaded: Vec<String>,
    needed: Vec<(String, usize)>,
}

impl<'a> Check<'a> {
    fn new(part: &'a str) -> Self {
        Self {
            findings: Findings::of(part),
            open: Vec::new(),
            has_doctype: false,
            has_marked_html: false,
            has_charset: false,
            has_runtime: false,
            has_boilerplate: false,
            has_body: false,
            custom_styles: 0,
            head_elements: 0,
            style: None,
            loaded: Vec::new(),
            needed: Vec::new(),
        }
    }

    fn add(&mut self, code: &'static str, place: Option<usize>, message: impl Into<String>) {
        self.findings.add(Severity::Error, code, place, message);
    }

    fn doctype(&mut self, name: &str) {
        self.has_doctype = name.eq_ignore_ascii_case("html");
    }

    fn start(&mut self, tag: &Tag) {
        let name = html::name_of(tag);
        let place = Some(tag.span.start);
        if self.open.iter().any(|open| open == "head") && name != "head" {
            self.head_elements += 1;
        }
        self.attributes(tag, &name);
        match name.as_str() {
            "html" => self.html(tag),
            "meta" => self.meta(tag),
            "script" => self.script(tag),
            "style" => self.style(tag),
            "body" => self.has_body = true,
            "template" if html::attribute(tag, "type").as_deref() != Some("amp-mustache") => {
                self.add("amp-template", place, "`<template>` needs type=\"amp-mustache\"");
            }
            "template" => self.need("amp-mustache", tag),
            "form" => self.form(tag),
            "input" => self.input(tag),
            "amp-img" | "amp-anim" => self.image(tag, &name),
            "amp-list" => self.source(tag, "src", &name),
            _ => {}
        }
        if let Some((_, script)) = ELEMENTS.iter().find(|(element, _)| *element == name) {
            if let Some(script) = script {
                self.need(script, tag);
            }
        } else if !TAGS.contains(&name.as_str()) {
            let instead = INSTEAD.iter().find(|(tag, _)| *tag == name).map_or("take it out", |(_, instead)| instead);
            self.add("amp-tag", place, format!("`<{name}>` is not allowed: {instead}"));
        }
        if !tag.self_closing && !html::is_void(&name) && self.open.len() < html::OPEN_MAX {
            self.open.push(name);
        }
    }

    fn end(&mut self, name: &str) {
        if let Some(at) = self.open.iter().rposition(|open| open == name) {
            self.open.truncate(at);
        }
        if name == "style" {
            self.style = None;
        }
    }

    fn html(&mut self, tag: &Tag) {
        self.has_marked_html = tag.attributes.contains_key("⚡4email".as_bytes()) || tag.attributes.contains_key(&b"amp4email"[..]);
    }

    fn meta(&mut self, tag: &Tag) {
        let place = Some(tag.span.start);
        match html::attribute(tag, "charset") {
            Some(charset) if !charset.eq_ignore_ascii_case("utf-8") => {
                self.add("amp-charset", place, "the charset is utf-8 and no other");
            }
            Some(_) => {
                self.has_charset = true;
                if self.head_elements > 1 {
                    self.add("amp-charset", place, "`<meta charset=\"utf-8\">` comes first in the head");
                }
            }
            None => self.add("amp-meta", place, "`<meta>` may only say the charset"),
        }
    }

    fn script(&mut self, tag: &Tag) {
        let place = Some(tag.span.start);
        let is_async = tag.attributes.contains_key(&b"async"[..]);
        let kind = html::attribute(tag, "type").unwrap_or_default();
        let Some(src) = html::attribute(tag, "src") else {
            let in_state = self.open.last().is_some_and(|open| open == "amp-state");
            let is_template = kind == "text/plain" && html::attribute(tag, "template").as_deref() == Some("amp-mustache");
            match kind.as_str() {
                "application/json" if in_state || self.open.iter().any(|open| open.starts_with("amp-")) => {}
                _ if is_template => self.need("amp-mustache", tag),
                _ => self.add("amp-script", place, "scripts of one's own are not allowed: use the components of AMP"),
            }
            return;
        };
        if src == RUNTIME {
            self.has_runtime = true;
        } else if let Some(name) = src.strip_prefix(COMPONENTS).and_then(|file| component(file)) {
            let declared = html::attribute(tag, "custom-element").or_else(|| html::attribute(tag, "custom-template"));
            let wanted = if name == "amp-mustache" { "custom-template" } else { "custom-element" };
            if !SCRIPTS.contains(&name) {
                self.add("amp-script", place, format!("the component `{name}` is not for e-mail"));
            } else if declared.as_deref() != Some(name) || !tag.attributes.contains_key(wanted.as_bytes()) {
                self.add("amp-script", place, format!("the script of `{name}` needs {wanted}=\"{name}\""));
            }
            self.loaded.push(name.to_owned());
        } else {
            self.add("amp-script", place, format!("the script {src} is not allowed: only {RUNTIME} and the components beside it"));
        }
        if !is_async {
            self.add("amp-script-async", place, "a script needs the attribute `async`");
        }
    }

    fn style(&mut self, tag: &Tag) {
        let place = Some(tag.span.start);
        if tag.attributes.contains_key(&b"amp4email-boilerplate"[..]) {
            self.style = Some("boilerplate");
        } else if tag.attributes.contains_key(&b"amp-custom"[..]) {
            self.style = Some("custom");
            self.custom_styles += 1;
            if self.custom_styles > 1 {
                self.add("amp-style", place, "there may be one `<style amp-custom>`: join them");
            }
            if !self.open.iter().any(|open| open == "head") {
                self.add("amp-style", place, "`<style amp-custom>` stands in the head");
            }
        } else {
            self.style = Some("other");
            self.add("amp-style", place, "`<style>` needs the attribute `amp-custom`");
        }
    }

    fn text(&mut self, text: &str, place: usize) {
        match self.style {
            Some("boilerplate") => {
                let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                self.has_boilerplate |= squeezed.trim_end_matches('}').trim_end_matches(';') == BOILERPLATE.trim_end_matches('}');
            }
            Some(_) => {
                if text.len() > STYLE_BYTES_MAX {
                    self.add(
                        "amp-style-size",
                        Some(place),
                        format!("`<style amp-custom>` is {} bytes long, and {STYLE_BYTES_MAX} are allowed", text.len()),
                    );
                }
                self.css(text, place);
            }
            None if text.contains("{{") && !self.in_template() => {
                self.add("amp-mustache", Some(place), "`{{` stands outside of `<template type=\"amp-mustache\">`: nothing fills it there");
            }
            None => {}
        }
    }

    fn in_template(&self) -> bool {
        self.open.iter().any(|open| open == "template" || open == "script")
    }

    fn css(&mut self, css: &str, place: usize) {
        let css = without_comments(&css.to_ascii_lowercase());
        let place = Some(place);
        let squeezed: String = css.chars().filter(|c| !c.is_whitespace()).collect();
        if squeezed.contains("!important") {
            self.add("amp-css-important", place, "`!important` is not allowed: write a more exact selector");
        }
        for (rule, code) in
            [("@import", "amp-css-import"), ("@font-face", "amp-css-font"), ("@charset", "amp-css-rule"), ("@namespace", "amp-css-rule")]
        {
            if squeezed.contains(rule) {
                self.add(code, place, format!("`{rule}` is not allowed in e-mail"));
            }
        }
        for value in ["fixed", "sticky"] {
            if squeezed.contains(&format!("position:{value}")) {
                self.add("amp-css-position", place, format!("`position: {value}` is not allowed"));
            }
        }
        for property in ["behavior", "-moz-binding"] {
            let is_set = squeezed.match_indices(&format!("{property}:")).any(|(at, _)| at == 0 || squeezed[..at].ends_with(['{', ';']));
            if is_set {
                self.add("amp-css-property", place, format!("the property `{property}` is not allowed"));
            }
        }
        if squeezed.contains("expression(") || squeezed.contains("javascript:") {
            self.add("amp-css-script", place, "styles may not run scripts");
        }
        if squeezed.contains("url(")
            && !squeezed.match_indices("url(").all(|(at, _)| squeezed[at + 4..].trim_start_matches(['"', '\'']).starts_with("https://"))
        {
            self.add("amp-url", place, "pictures in styles need whole https: addresses");
        }
        if squeezed.contains("i-amphtml-") {
            self.add("amp-reserved", place, "names with `i-amphtml-` belong to AMP");
        }
    }

    fn attributes(&mut self, tag: &Tag, element: &str) {
        let place = Some(tag.span.start);
        for (name, value) in &tag.attributes {
            let (name, value) = (html::text_of(name), html::text_of(&value.value));
            if name.starts_with("on") && name != "on" {
                self.add("amp-handler", place, format!("the attribute `{name}` is not allowed: use `on=\"tap:…\"`"));
            }
            if name.starts_with('[') || name.starts_with("data-amp-bind-") {
                self.need("amp-bind", tag);
            }
            if name == "style" {
                if value.len() > INLINE_STYLE_BYTES_MAX {
                    self.add(
                        "amp-style-size",
                        place,
                        format!("a `style` attribute is longer than {INLINE_STYLE_BYTES_MAX} bytes: use a class"),
                    );
                }
                self.css(&value, tag.span.start);
            }
            let is_reserved =
                value.split_whitespace().any(|word| ["-amp-", "i-amp-", "i-amphtml-"].iter().any(|start| word.starts_with(start)));
            if name.starts_with("i-amp") || (matches!(name.as_str(), "id" | "class") && is_reserved) {
                self.add("amp-reserved", place, "names with `i-amphtml-` belong to AMP");
            }
            if value.contains("{{") && !self.in_template() {
                self.add("amp-mustache", place, "`{{` stands outside of `<template type=\"amp-mustache\">`: nothing fills it there");
            }
            if name == "href" && element == "a" && !self.in_template() {
                self.link(&value, place);
            }
        }
    }

    fn link(&mut self, href: &str, place: Option<usize>) {
        let href = href.trim().to_ascii_lowercase();
        let is_allowed = ["https://", "http://", "mailto:", "tel:", "sms:", "#"].iter().any(|start| href.starts_with(start));
        if !is_allowed && !href.is_empty() {
            self.add("amp-url", place, format!("the link `{href}` needs a whole address, beginning with https:"));
        }
    }

    fn image(&mut self, tag: &Tag, name: &str) {
        let layout = html::attribute(tag, "layout").unwrap_or_default();
        let has = |attribute: &str| html::attribute(tag, attribute).is_some_and(|value| !value.is_empty());
        let is_sized = match layout.as_str() {
            "fill" | "flex-item" | "nodisplay" => true,
            "fixed-height" => has("height"),
            _ => has("width") && has("height"),
        };
        if !is_sized {
            self.add("amp-size", Some(tag.span.start), format!("`<{name}>` needs width and height"));
        }
        self.source(tag, "src", name);
    }

    /// An address that is fetched.
    fn source(&mut self, tag: &Tag, attribute: &str, element: &str) {
        let place = Some(tag.span.start);
        match html::attribute(tag, attribute).map(|value| value.trim().to_owned()) {
            _ if self.in_template() => {}
            Some(url) if url.to_ascii_lowercase().starts_with("https://") => {}
            Some(url) => self.add("amp-url", place, format!("`<{element} {attribute}=\"{url}\">` needs a whole https: address")),
            None if html::attribute(tag, &format!("[{attribute}]")).is_some() => {}
            None => self.add("amp-url", place, format!("`<{element}>` needs `{attribute}`")),
        }
    }

    fn form(&mut self, tag: &Tag) {
        let place = Some(tag.span.start);
        if html::attribute(tag, "action").is_some() {
            self.add("amp-form", place, "a form takes `action-xhr` in place of `action`");
        }
        self.source(tag, "action-xhr", "form");
        let method = html::attribute(tag, "method").unwrap_or_default();
        if !method.eq_ignore_ascii_case("get") && !method.eq_ignore_ascii_case("post") {
            self.add("amp-form", place, "a form needs method=\"get\" or method=\"post\"");
        }
        self.need("amp-form", tag);
    }

    fn input(&mut self, tag: &Tag) {
        let kind = html::attribute(tag, "type").unwrap_or_default().to_ascii_lowercase();
        if matches!(kind.as_str(), "button" | "file" | "image" | "password") {
            self.add("amp-input", Some(tag.span.start), format!("a field of type `{kind}` is not allowed"));
        }
    }

    fn need(&mut self, script: &str, tag: &Tag) {
        if !self.needed.iter().any(|(needed, _)| needed == script) {
            self.needed.push((script.to_owned(), tag.span.start));
        }
    }

    fn finish(mut self, part: &str) -> Vec<Finding> {
        if part.len() > PART_BYTES_MAX {
            self.add("amp-size-part", None, format!("the part is {} bytes long, and {PART_BYTES_MAX} are allowed", part.len()));
        }
        let required = [
            (self.has_doctype, "amp-doctype", "the part begins with `<!doctype html>`"),
            (self.has_marked_html, "amp-html", "the first element is `<html ⚡4email>` or `<html amp4email>`"),
            (self.has_charset, "amp-charset", "the head begins with `<meta charset=\"utf-8\">`"),
            (self.has_runtime, "amp-runtime", "the head needs `<script async src=\"https://cdn.ampproject.org/v0.js\"></script>`"),
            (self.has_boilerplate, "amp-boilerplate", "the head needs `<style amp4email-boilerplate>body{visibility:hidden}</style>`"),
            (self.has_body, "amp-body", "the part needs a `<body>`"),
        ];
        for (is_there, code, message) in required {
            if !is_there {
                self.add(code, None, message);
            }
        }
        for (script, place) in std::mem::take(&mut self.needed) {
            if !self.loaded.contains(&script) {
                let kind = if script == "amp-mustache" { "custom-template" } else { "custom-element" };
                let version = if script == "amp-mustache" { "0.2" } else { "0.1" };
                self.add(
                    "amp-script-missing",
                    Some(place),
                    format!("load the component: `<script async {kind}=\"{script}\" src=\"{COMPONENTS}{script}-{version}.js\"></script>`"),
                );
            }
        }
        self.findings.sorted()
    }
}

/// The component's name out of `amp-form-0.1.js`.
fn component(file: &str) -> Option<&str> {
    let (name, version) = file.strip_suffix(".js")?.rsplit_once('-')?;
    let is_version = version == "latest"
        || (version.starts_with("0.") || version.starts_with("1.")) && version[2..].bytes().all(|byte| byte.is_ascii_digit());
    (is_version && name.starts_with("amp-")).then_some(name)
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}
