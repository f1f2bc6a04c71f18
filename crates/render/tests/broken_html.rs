//! Whatever HTML comes, it is gone through without harm, and soon.

use std::time::{Duration, Instant};

use forecourt_render::lint::{Purpose, lint};
use forecourt_render::{EmailBody, EmailSource, Limits, RenderError, RenderedEmail, amp, email};
use proptest::prelude::*;
use serde_json::json;

fn made(body: EmailBody, links: &dyn Fn(&str) -> String) -> Result<RenderedEmail, RenderError> {
    let source = EmailSource { subject: "x".into(), preheader: Some("p".into()), body, text: None, amp: None };
    email(&source, &json!({}), links, Some("https://t.example/p"), Limits::EMAIL)
}

#[test]
fn links_are_found_after_letters_and_line_ends_of_any_kind() {
    for before in [
        "é",
        "Привет, 🚗",
        "a\r\nb\r\n",
        "\r\r\n\t",
        "<!-- é\r\n -->",
        "<p title='é&eacute;\r\n'>",
        "&amp;&nbsp;&#1;",
        "<style>é\r\n</style>",
        "\u{feff}é\0",
    ] {
        let page = format!("<body>{before}<a class=x href='https://a.example/é?a=1&amp;b=2'>é</a></body>");
        let rendered = made(EmailBody::Html(page), &|link| format!("https://t.example/?{link}")).expect("an e-mail");
        assert!(
            rendered.html.contains("<a class=x href='https://t.example/?https://a.example/é?a=1&amp;b=2'>é</a>"),
            "{before:?}: {}",
            rendered.html
        );
        assert!(
            rendered
                .html
                .ends_with("<img src=\"https://t.example/p\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block;border:0\"></body>"),
            "{before:?}: {}",
            rendered.html
        );
        assert!(rendered.html.starts_with("<body><div"), "{before:?}: {}", rendered.html);
    }
}

#[test]
fn long_and_broken_pages_are_gone_through_soon() {
    let page = |piece: &str| piece.repeat((200 << 10) / piece.len());
    let pages = [
        page("<div>"),
        page("<div></p>"),
        page("<p>x</div></b>"),
        page("<table><tr><td>"),
        page("<ul><li>"),
        page("<a href=https://a.example>"),
        page("<a href=https://a.example data-no-track>x</a>"),
        page("<a href=http://a.example/1>here</a><img src=x>"),
        page("<!--"),
        page("<!"),
        page("<"),
        page("&"),
        page("</"),
        page("<a b"),
        format!("<a {}>", page("b=c ")),
        format!("<a {}>", (0..20_000).map(|n| format!("b{n} ")).collect::<String>()),
        (0..5_000).map(|n| format!("<a href=http://a{n}.example>x</a>")).collect(),
        (0..5_000).map(|n| format!("<a href=https://a{n}.example data-no-track>x</a>")).collect(),
        format!("<p style='{}'>x", page("color:#777;background:#888;")),
        format!("<style amp-custom>{}</style>", page("a{behavior:x;}/*")),
        page("<p style=font-size:1px>x"),
    ];
    for page in pages {
        let started = Instant::now();
        let rendered = made(EmailBody::Html(page.clone()), &str::to_owned).expect("an e-mail");
        let making = started.elapsed();
        let _ = (lint(&rendered, Purpose::default()), amp::check(&page));
        let (whole, start) = (started.elapsed(), &page[..page.len().min(60)]);
        assert!(whole < Duration::from_secs(1), "{start}: made in {making:?}, checked in {whole:?}");
    }
}

#[test]
fn long_mjml_is_converted_soon_or_refused() {
    let inside = |open: &str, piece: &str, close: &str| {
        format!("<mjml><mj-body>{open}{}{close}</mj-body></mjml>", piece.repeat((200 << 10) / piece.len()))
    };
    let sources = [
        inside("<mj-section>", "<mj-column></mj-column>", "</mj-section>"),
        inside("<mj-section><mj-group>", "<mj-column></mj-column>", "</mj-group></mj-section>"),
        inside("<mj-section><mj-column><mj-carousel>", "<mj-carousel-image src='a' />", "</mj-carousel></mj-column></mj-section>"),
        inside(
            "<mj-section><mj-column><mj-accordion>",
            "<mj-accordion-element></mj-accordion-element>",
            "</mj-accordion></mj-column></mj-section>",
        ),
        inside(
            "<mj-section><mj-column><mj-social>",
            "<mj-social-element name='x'>y</mj-social-element>",
            "</mj-social></mj-column></mj-section>",
        ),
        inside(
            "<mj-section><mj-column><mj-navbar>",
            "<mj-navbar-link href='x'>y</mj-navbar-link>",
            "</mj-navbar></mj-column></mj-section>",
        ),
        inside("", "<mj-section></mj-section>", ""),
        inside("", "<mj-wrapper><mj-section></mj-section></mj-wrapper>", ""),
        inside("<mj-section><mj-column><mj-text>", "<b>x</b>", "</mj-text></mj-column></mj-section>"),
        inside("<mj-section><mj-column><mj-text>", "<b>x", "</mj-text></mj-column></mj-section>"),
        inside("", "<mj-wrapper>", ""),
        format!("<mjml><mj-head>{}</mj-head><mj-body></mj-body></mjml>", "<mj-font name='a' href='b' />".repeat(6_000)),
        format!(
            "<mjml><mj-head><mj-attributes>{}</mj-attributes></mj-head><mj-body>{}</mj-body></mjml>",
            "<mj-class name='a' color='b' />".repeat(3_000),
            "<mj-section mj-class='a'></mj-section>".repeat(2_000)
        ),
    ];
    for source in sources {
        let started = Instant::now();
        let length = made(EmailBody::Mjml(source.clone()), &str::to_owned).map(|email| email.html.len());
        assert!(started.elapsed() < Duration::from_secs(2), "{}: {:?}, {length:?}", &source[..120], started.elapsed());
    }
}

proptest! {
    #[test]
    fn any_page_is_gone_through(pieces in proptest::collection::vec(prop_oneof![
        Just("<a href='https://a.example/é'>".to_owned()), Just("</a>".to_owned()), Just("<body>".to_owned()), Just("</body>".to_owned()), Just("<table>".to_owned()),
        Just("</table>".to_owned()), Just("<li>".to_owned()), Just("<style>".to_owned()), Just("</style>".to_owned()), Just("<!--".to_owned()), Just("-->".to_owned()),
        Just("<p style='display:none;color:".to_owned()), Just("'>".to_owned()), Just("<a href=".to_owned()), Just("\"".to_owned()), Just("\r\n".to_owned()), ".{0,6}",
    ], 0..40)) {
        let page = pieces.concat();
        if let Ok(rendered) = made(EmailBody::Html(page.clone()), &|link| format!("{link}#")) {
            let _ = (lint(&rendered, Purpose::default()), amp::check(&page));
            let _ = made(EmailBody::Mjml(page), &str::to_owned);
        }
    }
}
