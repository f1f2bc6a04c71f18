//! The plain text of an HTML page, for mail programs and people that read no HTML.

use crate::html::{self, Piece};

/// Collects the text while the page's pieces go by.
#[derive(Default)]
pub(crate) struct PlainText {
    text: String,
    /// Line ends owed before the next word.
    breaks: usize,
    space: bool,
    /// The element that nothing is taken from, and how many of its name are open.
    skipped: Option<(String, usize)>,
    link: Option<(String, usize)>,
    lists: Vec<Option<usize>>,
    /// Of each open table, whether it only lays out.
    tables: Vec<bool>,
    preformatted: usize,
}

impl PlainText {
    /// * `href`: where a link leads in the mail as it is sent.
    pub(crate) fn add(&mut self, piece: &Piece, href: Option<&str>) {
        match piece {
            Piece::Start(tag) => self.start(tag, href),
            Piece::End(name, _) => self.end(name),
            Piece::Text(text, _) if self.skipped.is_none() => self.write(text),
            _ => {}
        }
    }

    pub(crate) fn finish(self) -> String {
        let lines: Vec<&str> = self.text.lines().map(str::trim_end).collect();
        lines.join("\n").trim().to_owned()
    }

    fn start(&mut self, tag: &html::Tag, href: Option<&str>) {
        let name = html::name_of(tag);
        if let Some((skipped, open)) = &mut self.skipped {
            *open += usize::from(*skipped == name);
            return;
        }
        let is_hidden = html::attribute(tag, "style").is_some_and(|style| is_hidden(&style)) || tag.attributes.contains_key(&b"hidden"[..]);
        let is_silent = matches!(name.as_str(), "head" | "style" | "script" | "title" | "template" | "noscript");
        if (is_hidden || is_silent) && !html::is_void(&name) && !tag.self_closing {
            self.skipped = Some((name, 1));
            return;
        }
        match name.as_str() {
            "br" => {
                self.breaks = 0;
                self.space = false;
                self.text.push('\n');
            }
            "hr" => {
                self.break_line(2);
                self.write("----");
                self.break_line(2);
            }
            "img" => self.write(&html::attribute(tag, "alt").unwrap_or_default()),
            "a" => self.link = href.map(|href| (href.to_owned(), self.text.len())),
            "ul" => self.open_list(None),
            "ol" => self.open_list(Some(0)),
            "li" => {
                self.break_line(1);
                let depth = self.lists.len().saturating_sub(1);
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{number}. ")
                    }
                    _ => "- ".into(),
                };
                self.settle();
                self.text.push_str(&"  ".repeat(depth.min(8)));
                self.text.push_str(&mark);
            }
            "table" => {
                self.tables.push(html::attribute(tag, "role").is_some_and(|role| role == "presentation" || role == "none"));
                self.break_line(1);
            }
            "td" | "th" => self.space = true,
            "pre" => {
                self.break_line(2);
                self.preformatted += 1;
            }
            other => self.break_around(other),
        }
    }

    fn end(&mut self, name: &str) {
        if let Some((skipped, open)) = &mut self.skipped {
            *open -= usize::from(skipped == name);
            if *open == 0 {
                self.skipped = None;
            }
            return;
        }
        match name {
            "a" => self.close_link(),
            "ul" | "ol" => {
                self.lists.pop();
                self.break_line(if self.lists.is_empty() { 2 } else { 1 });
            }
            "table" => {
                self.tables.pop();
                self.break_line(1);
            }
            "pre" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.break_line(2);
            }
            other => self.break_around(other),
        }
    }

    fn break_around(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" => self.break_line(2),
            "tr" => self.break_line(if self.tables.last().copied().unwrap_or(false) { 2 } else { 1 }),
            "div" | "li" | "section" | "article" | "header" | "footer" | "main" | "center" | "dt" | "dd" | "tbody" | "form" => {
                self.break_line(1)
            }
            _ => {}
        }
    }

    fn open_list(&mut self, number: Option<usize>) {
        self.break_line(if self.lists.is_empty() { 2 } else { 1 });
        self.lists.push(number);
    }

    fn close_link(&mut self) {
        let Some((href, start)) = self.link.take() else { return };
        let shown = self.text.get(start..).unwrap_or_default().trim();
        let address = href.strip_prefix("mailto:").or(href.strip_prefix("tel:")).unwrap_or(&href);
        if href.starts_with('#') || href.is_empty() || shown == address {
            return;
        }
        let note = if shown.is_empty() { address.to_owned() } else { format!(" ({address})") };
        self.space = false;
        self.settle();
        self.text.push_str(&note);
    }

    fn write(&mut self, text: &str) {
        if self.preformatted > 0 {
            self.settle();
            self.text.push_str(text);
            return;
        }
        for (index, word) in text.split(|c: char| c.is_ascii_whitespace()).enumerate() {
            self.space |= index > 0;
            // Letters that are there only to push a preview's rest out of sight.
            let word: String = word.chars().filter(|c| !matches!(c, '\u{34f}' | '\u{200b}' | '\u{200c}' | '\u{feff}' | '\u{ad}')).collect();
            if !word.is_empty() {
                self.settle();
                self.text.push_str(&word);
            }
        }
    }

    fn break_line(&mut self, lines: usize) {
        self.breaks = self.breaks.max(lines);
        self.space = false;
    }

    /// Puts in what is owed before the next word.
    fn settle(&mut self) {
        if self.breaks > 0 && !self.text.is_empty() {
            let there = self.text.len() - self.text.trim_end_matches('\n').len();
            self.text.push_str(&"\n".repeat(self.breaks.saturating_sub(there)));
        } else if self.space && !self.text.is_empty() && !self.text.ends_with(['\n', ' ']) {
            self.text.push(' ');
        }
        self.breaks = 0;
        self.space = false;
    }
}

/// Whether a `style` keeps its element out of sight.
pub(crate) fn is_hidden(style: &str) -> bool {
    html::declarations(style).any(|(name, value)| match name.as_str() {
        "display" => value.to_ascii_lowercase().starts_with("none"),
        "visibility" => value.to_ascii_lowercase().starts_with("hidden"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(page: &str) -> String {
        let mut text = PlainText::default();
        for piece in html::pieces(page) {
            let href = match &piece {
                Piece::Start(tag) => html::attribute(tag, "href"),
                _ => None,
            };
            text.add(&piece, href.as_deref());
        }
        text.finish()
    }

    #[test]
    fn a_page_reads_as_text() {
        let cases = [
            ("<h1>Hello,\n  Ana</h1><p>Your <b>car</b> is ready.</p><p>Bye</p>", "Hello, Ana\n\nYour car is ready.\n\nBye"),
            (r#"See <a href="https://x.example/a?b=1&amp;c=2">the offer</a>."#, "See the offer (https://x.example/a?b=1&c=2)."),
            (
                r#"<a href="https://x.example">https://x.example</a> <a href="tel:+7912">+7912</a> <a href="\#top">up</a>"#,
                "https://x.example +7912 up (\\#top)",
            ),
            (r#"<a href="https://x.example"><img src="a.png" alt=""></a>"#, "https://x.example"),
            ("<ul><li>one</li><li>two<ul><li>in</li></ul></li></ul><ol><li>a</li><li>b</li></ol>", "- one\n- two\n  - in\n\n1. a\n2. b"),
            ("a<br>b<br/><br/>c", "a\nb\n\nc"),
            ("<head><title>no</title><style>p{}</style></head><body>yes<script>no</script></body>", "yes"),
            (r#"<div style="display:none">no<div>no</div></div>yes"#, "yes"),
            ("<!--[if mso]><p>no</p><![endif]--><p>yes</p>", "yes"),
            ("<table><tr><th>Car</th><th>Price</th></tr><tr><td>Niva</td><td>1</td></tr></table>", "Car Price\nNiva 1"),
            (r#"<table role="presentation"><tr><td><div>one</div></td></tr><tr><td><div>two</div></td></tr></table>"#, "one\n\ntwo"),
            ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
            ("", ""),
        ];
        for (page, text) in cases {
            assert_eq!(plain(page), text, "{page}");
        }
    }
}
