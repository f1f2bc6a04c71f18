//! How long one e-mail takes: `cargo run -p forecourt-render --example speed`.
#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::time::Instant;

use forecourt_render::{Compiled, EmailBody, EmailSource, Limits, RenderError};
use serde_json::json;

const ROUNDS: u32 = 2000;

fn main() -> Result<(), RenderError> {
    let section = r#"<mj-section><mj-column><mj-image src="{{ vars.image }}" alt="{{ vars.car }}" width="300px" href="https://cars.example/{{ vars.code }}" />
        <mj-text>Hello, {{ profile.first_name | default("friend") | title }}! {% if profile.city %}See us in {{ profile.city }}.{% endif %}</mj-text>
        <mj-text>{% for car in vars.cars %}<p>{{ car.name }}: {{ car.price | money("RUB") }}</p>{% endfor %}</mj-text>
        <mj-button href="https://cars.example/offer">Book a drive</mj-button></mj-column></mj-section>"#;
    let sections = section.repeat(6);
    let converted_once = format!("<mjml><mj-body>{sections}</mj-body></mjml>");
    let converted_each = format!("<mjml><mj-body>{{% if profile.city %}}{sections}{{% endif %}}</mj-body></mjml>");
    let person = json!({
        "language": "ru",
        "profile": { "first_name": "ana", "city": "Lyon" },
        "vars": { "image": "https://img.example/a.png", "car": "Niva", "code": "A1", "cars": [{ "name": "Vesta", "price": 1_200_000 }, { "name": "Niva", "price": 900_000 }] }
    });
    let links = |link: &str| format!("https://t.example/{}", link.len());
    for (name, body) in [("converted once", converted_once), ("converted for each", converted_each)] {
        let source = EmailSource {
            subject: "For {{ profile.first_name }}".into(),
            preheader: Some("Offers".into()),
            body: EmailBody::Mjml(body),
            text: None,
            amp: None,
        };
        let started = Instant::now();
        let compiled = Compiled::new(&source, Limits::EMAIL)?;
        let compiling = started.elapsed();
        let started = Instant::now();
        let mut bytes = 0;
        for _ in 0..ROUNDS {
            bytes = compiled.render(&person, &links, Some("https://t.example/p"))?.html.len();
        }
        println!("{name}: {bytes} bytes of HTML; compiled in {compiling:?}, then {:?} for each e-mail", started.elapsed() / ROUNDS);
    }
    Ok(())
}
