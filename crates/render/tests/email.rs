//! E-mails from their source to what is sent.

use std::cell::RefCell;

use forecourt_render::{Compiled, EmailBody, EmailSource, Limits, RenderedEmail, email, email_uses};
use serde_json::{Value, json};

const OFFER: &str = r##"<mjml lang="en">
  <mj-head>
    <mj-title>Your offer</mj-title>
    <mj-attributes><mj-all font-family="Arial, sans-serif" /></mj-attributes>
    <mj-style>.x { color: #222222 }</mj-style>
  </mj-head>
  <mj-body background-color="#f4f4f4">
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-image src="{{ vars.image }}" alt="{{ vars.car }}" width="300px" href="https://cars.example/{{ vars.code | urlencode }}?a=1&amp;b=2" />
        <mj-text font-size="16px">Hello, {{ profile.first_name | default("friend") | title }}!{% if profile.city %} There are cars in <b>{{ profile.city }}</b>.{% endif %}</mj-text>
        <mj-text>
          {% for car in vars.cars %}<p>{{ car.name }}: {{ car.price | money("EUR") }}</p>{% else %}<p>Nothing new.</p>{% endfor %}
        </mj-text>
        <mj-button href="https://cars.example/offer" background-color="#0b5fff" color="#ffffff">Book {% if profile.age > 30 and profile.age < 99 %}a drive{% endif %}</mj-button>
      </mj-column>
      <mj-column><mj-table><tr><td>Mileage</td><td>{{ vars.mileage | number }}</td></tr></mj-table></mj-column>
    </mj-section>
    <mj-section><mj-column><mj-text font-size="12px"><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text></mj-column></mj-section>
  </mj-body>
</mjml>"##;

fn person() -> Value {
    json!({
        "unsubscribe_url": "https://mail.example/u/1?x=1&y=2",
        "profile": { "first_name": "ana <b>", "city": "Lyon & \"Rhône\"", "age": 40 },
        "vars": {
            "image": "https://img.example/a.png?x=1&y=2", "car": "Niva \"4x4\"", "code": "A B/С", "mileage": 12000,
            "cars": [{ "name": "Vesta", "price": 12_000 }, { "name": "<Niva>", "price": 9_500.5 }]
        }
    })
}

fn source(body: EmailBody) -> EmailSource {
    EmailSource { subject: "For {{ profile.first_name | title }}".into(), preheader: None, body, text: None, amp: None }
}

fn plain(source: &EmailSource) -> RenderedEmail {
    email(source, &person(), &str::to_owned, None, Limits::EMAIL).expect("an e-mail")
}

/// The same letters, whatever the blanks between elements.
fn squeezed(html: &str) -> String {
    html.split_whitespace().collect::<Vec<_>>().join(" ").replace("> <", "><").replace(" <", "<").replace("> ", ">")
}

#[test]
fn converting_before_and_after_filling_is_the_same() {
    let bodies = [
        OFFER.to_owned(),
        OFFER.replace("Your offer", "An offer"),
        "<mjml><mj-body><mj-section><mj-column><mj-text>{{ profile.first_name }} &amp; {{ vars.car }}</mj-text></mj-column></mj-section></mj-body></mjml>".into(),
    ];
    let linked = r#"<mjml><mj-body><mj-section><mj-column><mj-button href="{{ vars.car }}">{{ vars.car }}</mj-button><mj-image src="{{ vars.image }}" href="{{ vars.car }}" title="{{ vars.car }}" /></mj-column></mj-section></mj-body></mjml>"#;
    for body in bodies.into_iter().chain([linked.to_owned()]) {
        let once = Compiled::new(&source(EmailBody::Mjml(body.clone())), Limits::EMAIL).expect("compiled");
        assert!(once.is_converted_once(), "{body}");
        // A name that is set makes the shape unknown, and changes nothing else.
        let after = Compiled::new(&source(EmailBody::Mjml(format!("{{% set unused = 1 %}}{body}"))), Limits::EMAIL).expect("compiled");
        assert!(!after.is_converted_once());
        for person in [
            person(),
            json!({ "unsubscribe_url": "", "profile": { "first_name": "" }, "vars": { "image": "", "car": "", "code": "", "mileage": 0 } }),
        ] {
            let [before, after] = [&once, &after].map(|compiled| compiled.render(&person, &str::to_owned, None).expect("an e-mail"));
            assert_eq!(squeezed(&before.html), squeezed(&after.html));
            assert_eq!(before.text, after.text);
        }
    }
}

#[test]
fn mjml_whose_shape_depends_on_the_person_is_filled_first() {
    let wrap = |inside: &str| format!("<mjml><mj-body>{inside}</mj-body></mjml>");
    let section = |inside: &str| format!("<mj-section><mj-column><mj-text>{inside}</mj-text></mj-column></mj-section>");
    let shaped = [
        (wrap(&format!("{{% if profile.city %}}{}{{% endif %}}{}", section("here"), section("all"))), "here\n\nall"),
        (wrap(&format!("{{% for car in vars.cars %}}{}{{% endfor %}}", section("{{ car.name }}"))), "Vesta\n\n<Niva>"),
        (wrap("<mj-section><mj-column width=\"{{ vars.mileage / 240 }}px\"><mj-text>wide</mj-text></mj-column></mj-section>"), "wide"),
        (wrap(&format!("<mj-raw>{{% if profile.city %}}</mj-raw>{}<mj-raw>{{% endif %}}</mj-raw>", section("raw"))), "raw"),
    ];
    for (body, text) in shaped {
        let compiled = Compiled::new(&source(EmailBody::Mjml(body.clone())), Limits::EMAIL).expect("compiled");
        assert!(!compiled.is_converted_once(), "{body}");
        assert_eq!(compiled.render(&person(), &str::to_owned, None).expect("an e-mail").text, text);
    }
}

#[test]
fn an_offer_reads_as_text() {
    let rendered = plain(&source(EmailBody::Mjml(OFFER.into())));
    assert_eq!(rendered.subject, "For Ana <B>");
    assert_eq!(
        rendered.text,
        "Niva \"4x4\" (https://cars.example/A%20B%2F%D0%A1?a=1&b=2)\n\nHello, Ana <B>! There are cars in Lyon & \"Rhône\".\n\n\
         Vesta: €12,000\n\n<Niva>: €9,500.50\n\nBook a drive (https://cars.example/offer)\n\nMileage 12,000\n\n\
         Unsubscribe (https://mail.example/u/1?x=1&y=2)"
    );
    assert!(!rendered.html.contains("fonts.googleapis"), "nobody else's servers are asked");
    assert!(rendered.html.contains("&lt;Niva&gt;") && !rendered.html.contains("<Niva>"));
}

#[test]
fn links_lead_where_they_shall_and_some_stay() {
    let body = r##"<html><body class="x"><a href='https://a.example/?x=1&amp;y=2'>a</a> <A HREF=http://b.example>b</A>
        <a href="https://keep.example" data-no-track>c</a> <a href="mailto:a@b.example">d</a> <a href="tel:+1">e</a> <a href="#top">f</a>
        <a href="{{ unsubscribe_url }}">g</a> <a name="h">h</a> <area href="https://i.example"></body></html>"##;
    let mut source = source(EmailBody::Html(body.into()));
    source.text = Some("a https://a.example/?x=1&y=2, c https://keep.example g {{ unsubscribe_url }}".into());
    source.preheader = Some("Only\n{{ vars.car }}".into());
    let asked = RefCell::new(Vec::new());
    let links = |link: &str| {
        asked.borrow_mut().push(link.to_owned());
        format!("https://t.example/{}?a=1&b=2", asked.borrow().len())
    };
    let rendered = email(&source, &person(), &links, Some("https://t.example/p?a=1&b=2"), Limits::EMAIL).expect("an e-mail");
    assert_eq!(*asked.borrow(), ["https://a.example/?x=1&y=2", "http://b.example", "https://i.example", "https://a.example/?x=1&y=2"]);
    assert!(rendered.html.starts_with(r#"<html><body class="x"><div style="display:none;"#), "{}", rendered.html);
    for part in [
        r#"overflow:hidden;opacity:0;mso-hide:all">Only Niva &quot;4x4&quot;&#847;"#,
        "<a href='https://t.example/1?a=1&amp;b=2'>a</a> <A HREF=https://t.example/2?a=1&amp;b=2>b</A>",
        r#"<a href="https://keep.example" data-no-track>c</a> <a href="mailto:a@b.example">"#,
        r#"<a href="https://mail.example/u/1?x=1&amp;y=2">g</a>"#,
        r#"<img src="https://t.example/p?a=1&amp;b=2" width="1" height="1" alt="" style="display:block;border:0"></body></html>"#,
    ] {
        assert!(rendered.html.contains(part), "{part} is not in {}", rendered.html);
    }
    assert_eq!(rendered.text, "a https://t.example/4?a=1&b=2, c https://keep.example g https://mail.example/u/1?x=1&y=2");
}

#[test]
fn a_subject_is_one_line() {
    let mut source = source(EmailBody::Html("<p>x</p>".into()));
    source.subject = "Hi\r\nBcc: all@example.com {{ a }}".into();
    let rendered = email(&source, &json!({ "a": "x\u{2028}y\0z\u{85}" }), &str::to_owned, None, Limits::EMAIL).expect("an e-mail");
    assert_eq!(rendered.subject, "Hi Bcc: all@example.com x y z");
}

#[test]
fn what_is_wrong_is_said_with_its_part_and_line() {
    let with = |change: fn(&mut EmailSource)| {
        let mut source = source(EmailBody::Html("<p>x</p>".into()));
        change(&mut source);
        email(&source, &person(), &str::to_owned, None, Limits::EMAIL).expect_err("refused").to_string()
    };
    assert!(with(|source| source.subject = "{{ nobody }}".into()).starts_with("subject, line 1: `nobody` has no value"));
    assert!(with(|source| source.text = Some("a\n{{ a | }}".into())).starts_with("text, line 2: cannot be read"));
    assert!(with(|source| source.amp = Some("{% macro a() %}{% endmacro %}".into())).starts_with("amp, line 1: `macro`"));
    assert!(
        with(|source| source.body = EmailBody::Mjml("<mjml><mj-body>\n<mj-what></mj-what></mj-body></mjml>".into()))
            .starts_with("body, line 2: MJML has no element `mj-what`")
    );
    let missing =
        "<mjml><mj-body>\n<mj-section><mj-column>\n<mj-text>{{ vars.nothing }}</mj-text></mj-column></mj-section></mj-body></mjml>";
    let mut source_with_missing = source(EmailBody::Mjml(missing.into()));
    source_with_missing.text = Some("x".into());
    let said = email(&source_with_missing, &person(), &str::to_owned, None, Limits::EMAIL).expect_err("refused").to_string();
    assert!(said.starts_with("body, line 3: `vars.nothing` has no value"), "{said}");
    assert!(with(|source| source.body = EmailBody::Mjml("<p>no</p>".into())).starts_with("body"));
    assert!(
        with(|source| source.body = EmailBody::Mjml("<mjml><mj-body><mj-include path=\"/etc/passwd\" /></mj-body></mjml>".into()))
            .contains("mj-include")
    );
    let deep = |source: &mut EmailSource| {
        source.body = EmailBody::Mjml(format!(
            "<mjml><mj-body><mj-raw>{}{}</mj-raw></mj-body></mjml>",
            "<div>".repeat(20_000),
            "</div>".repeat(20_000)
        ));
    };
    assert!(with(deep).contains("deep in one another"));
}

#[test]
fn a_source_is_json_and_tells_its_variables() {
    let source: EmailSource =
        serde_json::from_value(json!({ "subject": "{{ vars.code }}", "body": { "mjml": OFFER }, "text": "{{ profile.first_name }}" }))
            .expect("a source");
    let names: Vec<String> = email_uses(&source).expect("names").into_iter().collect();
    let expected = "profile.age profile.city profile.first_name unsubscribe_url vars.car vars.cars vars.code vars.image vars.mileage";
    assert_eq!(names.join(" "), expected);
}

#[test]
fn what_is_compiled_goes_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Compiled>();
    shared::<forecourt_render::Template>();
    shared::<forecourt_render::Variables>();
}
