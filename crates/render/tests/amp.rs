//! AMP parts that mail programs would refuse, and some that they show.

use forecourt_render::amp;

const GOOD: &str = r#"<!doctype html>
<html ⚡4email data-css-strict>
<head>
  <meta charset="utf-8">
  <script async src="https://cdn.ampproject.org/v0.js"></script>
  <style amp4email-boilerplate>body{visibility:hidden}</style>
  <style amp-custom>h1 { color: #222 } @media (max-width: 600px) { h1 { font-size: 16px } }</style>
</head>
<body>
  <h1 style="margin: 0">Hello</h1>
  <p>Text &amp; <a href="https://cars.example" target="_blank">a link</a>, <a href="mailto:a@cars.example">mail</a></p>
  <amp-img src="https://cars.example/a.png" width="300" height="200" layout="responsive" alt="A car"></amp-img>
</body>
</html>"#;

fn codes(part: &str) -> Vec<&'static str> {
    amp::check(part).into_iter().map(|finding| finding.code).collect()
}

fn with_script(name: &str, body: &str) -> String {
    let kind = if name == "amp-mustache" { "custom-template" } else { "custom-element" };
    let script = format!(r#"<script async {kind}="{name}" src="https://cdn.ampproject.org/v0/{name}-0.1.js"></script></head>"#);
    GOOD.replace("</head>", &script).replace("</body>", &format!("{body}</body>"))
}

#[test]
fn good_parts_pass() {
    let list = r#"<amp-list src="https://cars.example/list" width="300" height="100"><template type="amp-mustache"><p>{{ name }} <amp-img src="{{ image }}" width="1" height="1"></amp-img><a href="{{ url }}">x</a></p></template></amp-list>"#;
    let form =
        r#"<form method="post" action-xhr="https://cars.example/book"><input type="text" name="a"><input type="submit" value="Go"></form>"#;
    let parts = [
        GOOD.to_owned(),
        GOOD.replace("⚡4email", "amp4email"),
        GOOD.replace("body{visibility:hidden}", " body { visibility: hidden; } "),
        GOOD.replace("</head>", "<title>Offer</title></head>"),
        GOOD.replace("h1 {", "/* !important @import */ h1 {"),
        GOOD.replace("h1 {", "h1 { background: url('https://cars.example/b.png') } h1 {"),
        with_script("amp-form", form),
        with_script("amp-accordion", "<amp-accordion><section><h2>a</h2><p>b</p></section></amp-accordion>"),
        with_script(
            "amp-carousel",
            r#"<amp-carousel width="300" height="100" type="slides"><amp-img src="https://cars.example/a.png" layout="fill"></amp-img></amp-carousel>"#,
        ),
        with_script(
            "amp-bind",
            r#"<amp-state id="s"><script type="application/json">{"a": 1}</script></amp-state><p [text]="s.a" on="tap:AMP.setState({s: 1})">x</p>"#,
        ),
        with_script("amp-mustache", list).replace(
            "</head>",
            r#"<script async custom-element="amp-list" src="https://cdn.ampproject.org/v0/amp-list-0.1.js"></script></head>"#,
        ),
    ];
    for part in parts {
        assert_eq!(amp::check(&part), [], "{part}");
    }
}

#[test]
fn bad_parts_are_refused_with_the_reason() {
    let body = |inside: &str| GOOD.replace("</body>", &format!("{inside}</body>"));
    let head = |inside: &str| GOOD.replace("</head>", &format!("{inside}</head>"));
    let style = |inside: &str| GOOD.replace("h1 {", &format!("{inside} h1 {{"));
    let cases = [
        ("amp-doctype", GOOD.replace("<!doctype html>", "")),
        ("amp-html", GOOD.replace(" ⚡4email", "")),
        ("amp-html", GOOD.replace("⚡4email", "⚡")),
        ("amp-charset", GOOD.replace(r#"<meta charset="utf-8">"#, "")),
        ("amp-charset", GOOD.replace("utf-8", "windows-1251")),
        ("amp-charset", GOOD.replace(r#"<meta charset="utf-8">"#, "<title>x</title><meta charset=\"utf-8\">")),
        ("amp-meta", head(r#"<meta name="viewport" content="width=device-width">"#)),
        ("amp-runtime", GOOD.replace(r#"<script async src="https://cdn.ampproject.org/v0.js"></script>"#, "")),
        ("amp-script", GOOD.replace("https://cdn.ampproject.org/v0.js", "http://cdn.ampproject.org/v0.js")),
        ("amp-script-async", GOOD.replace("<script async", "<script")),
        ("amp-boilerplate", GOOD.replace("visibility:hidden", "opacity:0")),
        ("amp-boilerplate", GOOD.replace("amp4email-boilerplate", "amp-boilerplate")),
        ("amp-body", GOOD.replace("<body>", "").replace("</body>", "")),
        ("amp-tag", body(r#"<img src="https://cars.example/a.png">"#)),
        ("amp-tag", body("<iframe src=\"https://cars.example\"></iframe>")),
        ("amp-tag", body("<video></video>")),
        ("amp-tag", body("<svg></svg>")),
        ("amp-tag", body("<amp-video></amp-video>")),
        ("amp-tag", head(r#"<link rel="stylesheet" href="https://cars.example/a.css">"#)),
        ("amp-tag", head(r#"<base href="https://cars.example">"#)),
        ("amp-script", body("<script>alert(1)</script>")),
        ("amp-script", body(r#"<script async src="https://cars.example/a.js"></script>"#)),
        ("amp-script", head(r#"<script async custom-element="amp-ad" src="https://cdn.ampproject.org/v0/amp-ad-0.1.js"></script>"#)),
        ("amp-script", head(r#"<script async custom-element="amp-form" src="https://cdn.ampproject.org/v0/amp-list-0.1.js"></script>"#)),
        ("amp-script-missing", body("<amp-accordion></amp-accordion>")),
        ("amp-script-missing", body(r#"<form method="get" action-xhr="https://cars.example/a"></form>"#)),
        ("amp-script-missing", body(r#"<p [text]="a">x</p>"#)),
        ("amp-handler", body(r#"<p onclick="go()">x</p>"#)),
        ("amp-css-important", style("p { color: red !important }")),
        ("amp-css-important", body(r#"<p style="color: red ! important">x</p>"#)),
        ("amp-css-import", style("@import url('https://cars.example/a.css');")),
        ("amp-css-font", style("@font-face { font-family: x }")),
        ("amp-css-position", style("p { position: fixed }")),
        ("amp-css-position", body(r#"<p style="position:sticky">x</p>"#)),
        ("amp-css-property", style("p { behavior: url(https://cars.example/a) }")),
        ("amp-css-property", style("p { -moz-binding: none }")),
        ("amp-css-script", style("p { width: expression(1) }")),
        ("amp-url", style("p { background: url(http://cars.example/a.png) }")),
        ("amp-style-size", style(&"p { color: red } ".repeat(5_000))),
        ("amp-style-size", body(&format!(r#"<p style="{}">x</p>"#, "color: red; ".repeat(100)))),
        ("amp-style", head("<style>p { color: red }</style>")),
        ("amp-style", head("<style amp-custom>p { color: red }</style>")),
        (
            "amp-style",
            body("<style amp-custom>p { color: red }</style>").replacen(
                "<style amp-custom>h1 { color: #222 } @media (max-width: 600px) { h1 { font-size: 16px } }</style>",
                "",
                1,
            ),
        ),
        ("amp-size", body(r#"<amp-img src="https://cars.example/a.png"></amp-img>"#)),
        ("amp-size", body(r#"<amp-img src="https://cars.example/a.png" layout="fixed-height" width="1"></amp-img>"#)),
        ("amp-url", body(r#"<amp-img src="http://cars.example/a.png" width="1" height="1"></amp-img>"#)),
        ("amp-url", body(r#"<amp-img src="/a.png" width="1" height="1"></amp-img>"#)),
        ("amp-url", body(r#"<a href="/offer">x</a>"#)),
        ("amp-url", body(r#"<a href=" JavaScript:alert(1)">x</a>"#)),
        (
            "amp-form",
            with_script("amp-form", r#"<form method="post" action="https://cars.example/a" action-xhr="https://cars.example/a"></form>"#),
        ),
        ("amp-form", with_script("amp-form", r#"<form action-xhr="https://cars.example/a"></form>"#)),
        ("amp-url", with_script("amp-form", r#"<form method="post" action-xhr="http://cars.example/a"></form>"#)),
        ("amp-url", with_script("amp-form", r#"<form method="post"></form>"#)),
        ("amp-input", with_script("amp-form", r#"<form method="post" action-xhr="https://cars.example/a"><input type="file"></form>"#)),
        ("amp-template", body("<template><p>x</p></template>")),
        ("amp-mustache", body("<p>{{ name }}</p>")),
        ("amp-mustache", body(r#"<p class="{{ name }}">x</p>"#)),
        ("amp-reserved", body(r#"<p class="i-amphtml-x">x</p>"#)),
        ("amp-conditional-comment", body("<!--[if mso]><p>x</p><![endif]-->")),
        ("amp-size-part", body(&"<p>long</p>".repeat(20_000))),
    ];
    assert!(cases.len() >= 25);
    for (code, part) in &cases {
        let found = codes(part);
        assert!(found.contains(code), "{code} is not in {found:?}: {}", &part[..part.len().min(1500)]);
    }
}

#[test]
fn findings_name_their_line_and_what_to_do() {
    let finding = &amp::check(&GOOD.replace("<h1", "<img src=x><h1"))[0];
    assert_eq!((finding.line, finding.message.as_str()), (Some(10), "`<img>` is not allowed: use `<amp-img>` with width and height"));
    assert!(!amp::check("").is_empty() && !amp::check("<html").is_empty());
}
