//! The demonstration's call-back form, and who has filled it in. Safe mode is on: nobody gets anything.

use bytes::Bytes;
use forecourt_collect::{Collector, Item, Source};
use forecourt_log::{Entry, Log};
use forecourt_model::{
    Origin, RecordKind,
    command::{Action, Command},
    form::{FieldKind, Form, FormField, Language, SUBMITTED},
};
use serde_json::json;

/// Numbers that no network gives out to people.
const SUBMITS: [(&str, &str, &str); 6] = [
    ("+79000000101", "Анна", "https://group.example/models/arrow"),
    ("+79000000102", "Сергей", "https://group.example/offers/autumn"),
    ("+79000000103", "Ольга", "https://group.example/test-drive"),
    ("+79000000104", "Ильдар", "https://group.example/models/arrow"),
    // In a hurry: the second within ten minutes.
    ("+79000000102", "Сергей", "https://group.example/offers/autumn"),
    ("+79000000105", "Мария", "https://group.example/trade-in"),
];

/// Makes the form and submits it a few times, at the first start.
pub async fn show(log: &Log, collector: &Collector, now_us: i64) -> anyhow::Result<()> {
    let form = form();
    let source = Source { id: form.source(), name: form.name.clone(), enabled: true, ..Source::default() };
    let command = Command { actor: "demo".to_owned(), action: Action::SetForm { form } };
    let body = serde_json::to_vec(&command)?.into();
    log.append(now_us, vec![Entry { kind: RecordKind::Command as u8, body }]).await?;
    let items = SUBMITS.iter().enumerate().map(|(number, (phone, name, url))| {
        let json = json!({
            "type": "track", "event": SUBMITTED,
            "properties": { "form": "call-back", "form_name": "Заказать звонок", "consent": true },
            "context": { "traits": { "phone": phone, "name": name }, "page": { "url": url } },
        });
        Item { json: Bytes::from(json.to_string()), message_id: Some(format!("demo:call-back:{number}")) }
    });
    collector.accept(&source, Origin::Live, items.collect(), None, "").await?;
    Ok(())
}

fn form() -> Form {
    let field = |kind, label: &str, required| FormField { kind, label: label.to_owned(), required };
    Form {
        form_id: "call-back".to_owned(),
        name: "Заказать звонок".to_owned(),
        language: Language::Ru,
        enabled: true,
        title: "Заказать звонок".to_owned(),
        intro: "Оставьте номер, и мы вам перезвоним.".to_owned(),
        button: "Позвоните мне".to_owned(),
        thanks: "Спасибо! Мы скоро вам позвоним.".to_owned(),
        consent: "Я согласен на обработку персональных данных, чтобы мне перезвонили.".to_owned(),
        fields: vec![field(FieldKind::Phone, "Телефон", true), field(FieldKind::Name, "Имя", false)],
        dealer: None,
        open_to_programs: false,
        opens_lead: true,
        sms: Some("{name}, спасибо! Мы получили вашу заявку и скоро перезвоним.".to_owned()),
        webhook: Some("https://calls.group.example/hooks/call-back".to_owned()),
    }
}
