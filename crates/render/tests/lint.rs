//! What the linter says of e-mails.

use forecourt_render::lint::{Purpose, lint};
use forecourt_render::{EmailBody, EmailSource, Limits, RenderedEmail, Severity, email};
use serde_json::json;

const GOOD: &str = r##"<html lang="en"><head><title>Your offer</title></head><body>
<div style="display:none">Two cars near you</div>
<table role="presentation" style="background-color:#ffffff"><tr><td style="color:#222222;font-size:16px">
<img src="https://cars.example/a.png" alt="A red car" width="300" height="200">
<p>Hello, here are two cars that you may like, both at our dealer in Lyon.</p>
<a href="https://cars.example/offer">See both cars</a> <a href="https://cars.example/bye">Unsubscribe</a>
</td></tr></table></body></html>"##;

fn mail(body: &str) -> RenderedEmail {
    let source =
        EmailSource { subject: "Two cars near you".into(), preheader: None, body: EmailBody::Html(body.into()), text: None, amp: None };
    email(&source, &json!({}), &str::to_owned, None, Limits::EMAIL).expect("an e-mail")
}

fn said(email: &RenderedEmail) -> Vec<(Severity, &'static str)> {
    lint(email, Purpose { is_marketing: true, unsubscribe_url: None }).into_iter().map(|finding| (finding.severity, finding.code)).collect()
}

#[test]
fn a_good_mail_has_no_findings() {
    assert_eq!(lint(&mail(GOOD), Purpose { is_marketing: true, unsubscribe_url: None }), []);
}

#[test]
fn each_fault_of_the_html_is_found_with_its_weight() {
    use Severity::{Advice, Error, Warning};
    let with = |inside: &str| GOOD.replace("<p>", &format!("{inside}<p>"));
    let cases = [
        (Warning, "image-alt", GOOD.replace(r#" alt="A red car""#, "")),
        (Warning, "image-src", with(r#"<img src="" alt="">"#)),
        (Warning, "image-src", with(r#"<img src="data:image/png;base64,AAAA" alt="">"#)),
        (Warning, "http", with(r#"<img src="http://cars.example/a.png" alt="">"#)),
        (Warning, "lang", GOOD.replace(r#" lang="en""#, "")),
        (Warning, "lang", GOOD.replace(r#" lang="en""#, r#" lang="und""#)),
        (Advice, "title", GOOD.replace("Your offer", " ")),
        (Warning, "link-text", with(r#"<a href="https://cars.example">Click here!</a>"#)),
        (Warning, "link-text", with(r#"<a href="https://cars.example">здесь</a>"#)),
        (Warning, "link-text", with(r#"<a href="https://cars.example"> </a>"#)),
        (Warning, "link-text", with(r#"<a href="https://cars.example"><img src="https://cars.example/a.png" alt=""></a>"#)),
        (Warning, "link-empty", with(r##"<a href="#">A car</a>"##)),
        (Warning, "link-short", with(r#"<a href="https://bit.ly/x">A car</a>"#)),
        (Warning, "link-other", with(r#"<a href="https://evil.example/x">https://bank.example</a>"#)),
        (Advice, "http", with(r#"<a href="http://cars.example">A car</a>"#)),
        (Error, "script", with(r#"<a href="javascript:alert(1)">A car</a>"#)),
        (Error, "script", with("<a href=\"java\nscript:alert(1)\">A car</a>")),
        (Error, "script", with("<script>alert(1)</script>")),
        (Error, "script", with(r#"<p onclick="alert(1)">x</p>"#)),
        (Error, "embedded", with("<iframe src=\"https://cars.example\"></iframe>")),
        (Warning, "form", with("<form></form>")),
        (Warning, "contrast", with(r#"<p style="color:#aaaaaa">pale</p>"#)),
        (Warning, "contrast", with(r#"<p style="color:#fff;background:yellow">pale</p>"#)),
        (
            Warning,
            "contrast",
            with(r#"<table role="none" bgcolor="gray"><tr><td style="color:black"><b style="color:#999">pale</b></td></tr></table>"#),
        ),
        (Warning, "table-role", GOOD.replace(r#" role="presentation""#, "")),
        (Warning, "font-small", with(r#"<p style="font-size:9px">small</p>"#)),
        (Warning, "font-small", with(r#"<p style="font-size: 8pt">small</p>"#)),
        (Warning, "html-size", with(&format!("<!--{}-->", "x".repeat(103 << 10)))),
        (Warning, "images-only", r#"<html lang="en"><img src="https://cars.example/a.png" alt="A car"></html>"#.into()),
        (Advice, "text-short", r#"<html lang="en"><p>Hello</p></html>"#.into()),
        (Warning, "text-missing", r#"<html lang="en"></html>"#.into()),
        (Error, "unsubscribe", GOOD.replace("Unsubscribe", "Bye")),
        (Advice, "preheader", GOOD.replace("display:none", "")),
        (Advice, "spam-words", with("<p>Act now, 100% free</p>")),
        (Advice, "spam-words", with("<p>Срочно! Только сегодня</p>")),
        (Advice, "exclamation", with("<p>Buy!!!</p>")),
        (Warning, "unfilled", with("{% raw %}{{ name }}{% endraw %}")),
    ];
    for (severity, code, body) in cases {
        let found = said(&mail(&body));
        assert!(found.contains(&(severity, code)), "{severity:?} {code} is not in {found:?}: {}", &body[..body.len().min(900)]);
    }
}

#[test]
fn each_fault_of_the_subject_is_found() {
    let cases = [
        ("subject-empty", " "),
        ("subject-caps", "TWO CARS NEAR YOU"),
        ("subject-caps", "ДВЕ МАШИНЫ РЯДОМ"),
        ("exclamation", "Two cars! Near you!"),
        ("subject-long", "Two cars that you may like are waiting for you at our dealer in Lyon"),
        ("spam-words", "Congratulations, winner"),
    ];
    for (code, subject) in cases {
        let email = RenderedEmail { subject: subject.into(), ..mail(GOOD) };
        assert!(said(&email).iter().any(|(_, found)| *found == code), "{code}: {subject}");
    }
}

#[test]
fn what_is_fine_is_not_found() {
    let with = |inside: &str| GOOD.replace("<p>", &format!("{inside}<p>"));
    let fine = [
        with(r#"<table><tr><th>Car</th></tr><tr><td>Niva</td></tr></table>"#),
        with(r#"<div style="font-size:0px"><p style="font-size:14px">large</p></div>"#),
        with(r#"<p style="color:#767676">just enough</p>"#),
        with(r#"<p style="color:#fff;background:url(https://cars.example/a.png)">on a picture</p>"#),
        with(r#"<a href="https://www.cars.example/x">https://cars.example</a>"#),
        with(r#"<a href="https://cars.example" aria-label="Our cars"><img src="https://cars.example/a.png" alt=""></a>"#),
        with(r#"<img src="https://t.example/p" width="1" height="1" alt="">"#),
    ];
    for body in fine {
        assert_eq!(said(&mail(&body)), [], "{body}");
    }
    let given = GOOD.replace("Unsubscribe", "Bye");
    let purpose = Purpose { is_marketing: true, unsubscribe_url: Some("https://cars.example/bye") };
    assert_eq!(lint(&mail(&given), purpose), []);
    assert_eq!(lint(&mail(&given), Purpose::default()), []);
}

#[test]
fn findings_come_worst_first_with_their_line() {
    let body = GOOD.replace("<p>", "\n<p style=\"font-size:9px\">small</p>\n<script></script><p>");
    let found = lint(&mail(&body), Purpose::default());
    let said: Vec<_> = found.iter().map(|finding| (finding.code, finding.line)).collect();
    assert_eq!(said, [("script", Some(7)), ("font-small", Some(6))]);
}

#[test]
fn mail_made_of_mjml_passes_but_for_what_its_writer_left_out() {
    let body = r##"<mjml lang="en"><mj-head><mj-title>Offer</mj-title><mj-preview>Two cars</mj-preview></mj-head><mj-body background-color="#ffffff"><mj-section><mj-column>
        <mj-image src="https://cars.example/a.png" alt="A car" /><mj-text color="#222222">Hello, here are two cars that you may like, both in Lyon.</mj-text>
        <mj-button href="https://cars.example">See both cars</mj-button><mj-text><a href="https://cars.example/u">Unsubscribe</a></mj-text>
        </mj-column></mj-section></mj-body></mjml>"##;
    let source = EmailSource { subject: "Two cars".into(), preheader: None, body: EmailBody::Mjml(body.into()), text: None, amp: None };
    let rendered = email(&source, &json!({}), &str::to_owned, Some("https://t.example/p"), Limits::EMAIL).expect("an e-mail");
    assert_eq!(lint(&rendered, Purpose { is_marketing: true, unsubscribe_url: None }), []);
}
