//! The language of templates, as those who write them meet it.

use forecourt_render::{FILTERS, Limits, html, text, uses};
use proptest::prelude::*;
use serde_json::{Value, json};

fn person() -> Value {
    json!({
        "language": "en",
        "profile": { "first_name": "ana", "city": "", "age": 34, "phone": null, "email": "ana+test@example.com" },
        "vars": {
            "code": "AB<12>",
            "price": 2_450_000,
            "rate": "4.9",
            "visit_at": "2026-11-23T10:30:00+03:00",
            "mileage": 12_500.5,
            "days": 5,
            "car": "LADA Vesta SW Cross",
            "cars": [{ "name": "Vesta", "price": 3 }, { "name": "Niva", "price": 1 }, { "name": "Aura", "price": 2 }],
            "models": ["Vesta", "Niva"],
            "change": -3
        }
    })
}

fn fill(template: &str) -> String {
    text(template, &person(), Limits::TEXT).unwrap_or_else(|error| format!("! {error}"))
}

#[test]
fn values_conditions_and_loops() {
    let cases = [
        ("Hello, {{ profile.first_name | title }}!", "Hello, Ana!"),
        ("{{ profile.last_name | default('friend') }}", "friend"),
        ("{{ profile.city | default('your city') }}", "your city"),
        ("{{ profile.phone | default('no phone') }}", "no phone"),
        ("{{ profile.dealer.name.short | default('us') }}", "us"),
        ("{% if profile.age >= 18 %}adult{% else %}child{% endif %}", "adult"),
        ("{% if profile.points > 100 %}gold{% elif profile.points %}some{% else %}none{% endif %}", "none"),
        ("{% if profile.points < 100 %}few{% endif %}", ""),
        ("{% if vars.rate > 4 %}good{% endif %}", "good"),
        ("{% if profile.city %}in {{ profile.city }}{% endif %}.", "."),
        ("{% if profile.phone is defined %}call{% else %}write{% endif %}", "write"),
        ("{% if 'Niva' in vars.models and 'AB' in vars.code %}both{% endif %}", "both"),
        ("{% if 'Kia' not in vars.models %}none{% endif %}", "none"),
        (
            "{% for car in vars.cars %}{{ loop.index }}. {{ car.name }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "1. Vesta, 2. Niva, 3. Aura",
        ),
        ("{% for car in vars.cars if car.price > 1 %}{{ car.name }} {% endfor %}", "Vesta Aura "),
        ("{% for car in vars.offers %}{{ car }}{% else %}no offers{% endfor %}", "no offers"),
        ("{% set greeting = 'Hi ' ~ profile.first_name %}{{ greeting ~ '!' }}", "Hi ana!"),
        ("{% with total = vars.price + 50000 %}{{ total * 2 }}{% endwith %}", "5000000"),
        ("{{ 'adult' if profile.age > 17 else 'child' }}{{ 'x' if profile.city }}", "adult"),
        ("{{ vars.models[0] }} {{ vars.models[-1] }} {{ vars.cars[1]['name'] }} {{ vars.car[0:4] }}", "Vesta Niva Niva LADA"),
        ("{{ 7 / 2 }} {{ 7 // 2 }} {{ 7 % 2 }} {{ 2 ** 3 }} {{ -profile.age }} {{ 0.5 + 1 }}", "3.5 3 1 8 -34 1.5"),
        (
            "{{ 1 == 1 }} {{ vars.rate == 4.9 }} {{ 'a' != 'b' }} {{ vars.models == ['Vesta', 'Niva'] }} {{ not 1 }}",
            "true true true true false",
        ),
        ("{# not said #}{% raw %}{{ as it is }}{% endraw %}", "{{ as it is }}"),
        ("{% for a, b in [[1, 2], [3, 4]] %}{{ a }}{{ b }} {% endfor %}", "12 34 "),
        ("{% if profile.age is odd %}odd{% else %}even{% endif %}", "even"),
        ("a\n  {%- if 1 %} b {% endif -%}\n c", "a b c"),
    ];
    for (template, filled) in cases {
        assert_eq!(fill(template), filled, "{template}");
    }
}

#[test]
fn each_filter_does_what_is_said_of_it() {
    let filled: Vec<String> =
        FILTERS.iter().map(|filter| format!("{} = {}", filter.example, fill(&format!("{{{{ {} }}}}", filter.example)))).collect();
    let expected = [
        r#"profile.first_name | default("friend") = ana"#,
        "profile.city | capitalize = ",
        "profile.first_name | title = Ana",
        "vars.code | upper = AB<12>",
        "profile.email | lower = ana+test@example.com",
        "profile.first_name | trim = ana",
        "vars.car | truncate(20) = LADA Vesta SW Cross",
        r#"vars.car | replace("_", " ") = LADA Vesta SW Cross"#,
        r#"vars.visit_at | date("%-d %B") = 23 November"#,
        "vars.price | money(\"RUB\") = 2,450,000\u{a0}₽",
        "vars.mileage | number = 12,500.50",
        r#"vars.days | plural("day", "days") = days"#,
        "vars.price | round(2) = 2450000.0",
        "vars.price | int = 2450000",
        "vars.price | float = 2450000.0",
        "vars.change | abs = 3",
        "vars.cars | length = 3",
    ];
    for (filled, expected) in filled.iter().zip(expected) {
        assert_eq!(filled, expected);
    }
    let cases = [
        ("{{ 'élan VITAL' | capitalize }}", "Élan vital"),
        ("{{ vars.car | truncate(10) }}", "LADA Vest…"),
        ("{{ vars.visit_at | date }} {{ vars.visit_at | date('%A', 'ru') }}", "Nov 23, 2026 понедельник"),
        ("{{ vars.price | money('RUB', 'ru') }}", "2\u{202f}450\u{202f}000\u{a0}₽"),
        ("{{ vars.days }} {{ vars.days | plural('день', 'дня', 'дней') }}", "5 дней"),
        ("{{ vars.rate | round }} {{ vars.rate | float * 2 }} {{ vars.rate | int }}", "5 9.8 4"),
        ("{{ (vars.cars | first).name }} {{ (vars.cars | last).name }} {{ vars.car | first }}", "Vesta Aura L"),
        ("{{ vars.models | slice(1) | join }} {{ vars.models | slice(-1, 9) | join }}", "Niva Niva"),
        ("{% for car in vars.cars | sort('price') %}{{ car.name }} {% endfor %}", "Niva Aura Vesta "),
        ("{{ vars.models | sort | reverse | join(' & ') }}", "Vesta & Niva"),
        ("{{ profile.email | urlencode }} {{ 'Нива' | urlencode }}", "ana%2Btest%40example.com %D0%9D%D0%B8%D0%B2%D0%B0"),
    ];
    for (template, filled) in cases {
        assert_eq!(fill(template), filled, "{template}");
    }
}

#[test]
fn mistakes_are_told_with_their_line_and_a_way_out() {
    let cases = [
        (
            "Hi\n{{ profile.last_name }}",
            "line 2: `profile.last_name` has no value for this person: give a fallback with `| default(\"…\")`, or show it under `{% if … %}`",
        ),
        (
            "{{ profile.phone | upper }}",
            "line 1: `profile.phone` has no value for this person: give a fallback with `| default(\"…\")`, or show it under `{% if … %}`",
        ),
        (
            "{{ vars.nothing ~ 'x' }}",
            "line 1: `vars.nothing ~ 'x'` has no value for this person: give a fallback with `| default(\"…\")`, or show it under `{% if … %}`",
        ),
        ("a\n\n{{ vars.cars }}", "line 3: this is a list: loop over it with `for`, or use the filter `join`"),
        ("{{ profile }}", "line 1: this is a group of values: name the one that is meant, as in `profile.first_name`"),
        ("{{ profile.first_name + 1 }}", "line 1: `+` is for numbers: make one with the filter `float`, or join text with `~`"),
        ("{{ vars.car | money }}", "line 1: this is not a number"),
        ("{{ vars.car | date }}", "line 1: `date` needs a date such as 2026-11-23 or 2026-11-23T10:30"),
        ("{% if profile.age %}", "line 1: cannot be read: unexpected end of input, expected end of block"),
        ("{{ 1 < 2 < 3 }}", "line 1: compare two values at a time, and join with `and`"),
    ];
    for (template, said) in cases {
        assert_eq!(fill(template), format!("! {said}"), "{template}");
    }
    assert!(fill("{{ profile.first_name | shout }}").starts_with("! line 1: there is no filter `shout`; there are: default, "));
}

#[test]
fn html_takes_values_for_text_and_never_for_tags() {
    let filled = html(r#"<a title="{{ vars.code }}">{{ vars.code ~ "<b>" }}</a>{{ '&' }}"#, &person(), Limits::EMAIL);
    assert_eq!(filled.as_deref(), Ok(r#"<a title="AB&lt;12&gt;">AB&lt;12&gt;&lt;b&gt;</a>&amp;"#));
}

#[test]
fn the_variables_that_templates_read_are_known() {
    let names = |templates: &[&str]| uses(templates).map(|names| names.into_iter().collect::<Vec<_>>().join(" "));
    let read = names(&[
        "{{ profile.first_name | default('x') }} {% if vars.code == 'A' %}{{ vars.car.name }}{% endif %}",
        "{% for car in vars.cars %}{{ car.name }}{% endfor %}{% set a = brand.name %}{{ a }}",
    ]);
    assert_eq!(read.as_deref(), Ok("brand.name profile.first_name vars.car.name vars.cars vars.code"));
    assert_eq!(names(&["{{ vars[code] }}"]).as_deref(), Ok("code vars"));
    assert!(names(&["{% macro x() %}{% endmacro %}"]).is_err());
}

#[test]
fn long_texts_are_refused_at_the_limit_and_not_before() {
    let limits = Limits { fuel: 1000, output_bytes: 10, template_bytes: 100 };
    assert_eq!(text("{{ a }}", &json!({ "a": "0123456789" }), limits).as_deref(), Ok("0123456789"));
    assert!(text("{{ a }}!", &json!({ "a": "0123456789" }), limits).is_err());
    assert!(html("{{ a }}", &json!({ "a": "01234567<" }), limits).is_err());
}

proptest! {
    /// Whatever the template, filling it ends, and what it puts out stays within the limit.
    #[test]
    fn any_template_is_filled_or_refused(pieces in proptest::collection::vec(prop_oneof![
        Just("{{ ".to_owned()), Just(" }}".to_owned()), Just("{% if ".to_owned()), Just("{% for a in ".to_owned()), Just(" %}".to_owned()),
        Just("{% endif %}".to_owned()), Just("{% endfor %}".to_owned()), Just("{% set a = ".to_owned()), Just("vars.cars".to_owned()),
        Just("a".to_owned()), Just(" ~ ".to_owned()), Just(" | sort".to_owned()), Just("[".to_owned()), Just("]".to_owned()), Just(" in ".to_owned()),
        Just(" | join(a)".to_owned()), Just("-1".to_owned()), Just(":".to_owned()), Just(", ".to_owned()), Just(" * ".to_owned()), ".{0,4}",
    ], 0..30)) {
        let template = pieces.concat();
        if let Ok(filled) = html(&template, &person(), Limits::TEXT) {
            prop_assert!(filled.len() <= Limits::TEXT.output_bytes);
        }
    }

    /// No value leaves its place: neither tags nor quotes of its own survive.
    #[test]
    fn any_value_stays_a_text(value in ".*") {
        let filled = html("<p title='{{ v }}'>", &json!({ "v": format!("x{value}") }), Limits::EMAIL).expect("filled");
        let inside = filled.strip_prefix("<p title='").and_then(|rest| rest.strip_suffix("'>")).expect("its place");
        prop_assert!(!inside.contains(['<', '>', '"', '\'']), "{}", inside);
    }
}
