//! The demonstration's segments, templates, broadcast and journeys, made once its history is told. Nothing is sent: safe mode is on.

use bytes::Bytes;
use forecourt_log::{Entry, Log};
use forecourt_model::{
    RecordKind,
    broadcast::{Broadcast, ChainStep, Reached, Variant},
    command::{Action, Command},
    journey::{Journey, JourneyStep},
    message::MessageChannel,
    message_template::{Content, Markup, MessageTemplate},
    segment::Segment,
};
use serde_json::{Value, json};

const KEEN: &str = "keen";

const INVITATION: &str = r##"<mjml>
  <mj-head>
    <mj-title>Тест-драйв</mj-title>
    <mj-attributes>
      <mj-all font-family="Helvetica, Arial, sans-serif" />
      <mj-text font-size="16px" line-height="24px" color="#1f2933" />
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#f4f5f7">
    <mj-section background-color="#12344d" padding="28px 24px">
      <mj-column>
        <mj-text color="#ffffff" font-size="24px" line-height="32px">Сядьте за руль на этой неделе</mj-text>
      </mj-column>
    </mj-section>
    <mj-section background-color="#ffffff" padding="24px">
      <mj-column>
        <mj-text>Здравствуйте{% if profile.name is defined %}, {{ profile.name }}{% endif %}!</mj-text>
        <mj-text>Вы присматриваетесь к новому автомобилю. Проедьте на нём: тест-драйв занимает полчаса, и мы подготовим именно ту комплектацию, которую вы смотрели.</mj-text>
        <mj-button background-color="#0b6e4f" color="#ffffff" font-size="16px" inner-padding="14px 28px" href="https://group.example/test-drive">Выбрать время</mj-button>
      </mj-column>
    </mj-section>
    <mj-section padding="16px 24px">
      <mj-column>
        <mj-text font-size="13px" line-height="20px" color="#52606d">Вы получили это письмо, потому что согласились на новости. <a href="{{ unsubscribe_url }}" style="color:#12344d">Отписаться</a></mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"##;

/// Makes them: commands like any person's.
pub async fn show(log: &Log, now_us: i64) -> anyhow::Result<()> {
    let mut actions = vec![
        segment(
            KEEN,
            "Смотрели машины и не оставили заявку",
            json!({ "if": "all", "rules": [
                { "if": "did", "event": "car_viewed", "measure": { "of": "count" }, "is": { "op": "at_least", "number": 2 }, "within": { "last": "60d" } },
                { "if": "not", "rule": { "if": "did", "event": "lead_created", "measure": { "of": "count" }, "is": { "op": "at_least", "number": 1 }, "within": { "last": "180d" } } },
                { "if": "any", "rules": [{ "if": "identifier", "kind": "email" }, { "if": "identifier", "kind": "phone" }] },
            ] }),
        )?,
        segment(
            "silent-buyers",
            "Купили и молчат полгода",
            json!({ "if": "all", "rules": [
                { "if": "orders", "measure": "count", "is": { "op": "at_least", "number": 1 } },
                { "if": "not", "rule": { "if": "seen", "which": "latest", "within": "180d" } },
            ] }),
        )?,
    ];
    actions.extend(templates());
    actions.push(Action::SetBroadcast { broadcast: broadcast() });
    for journey in journeys() {
        let journey: Journey = serde_json::from_value(journey)?;
        let journey_id = journey.journey_id.clone();
        actions.push(Action::SetJourney { journey: Box::new(journey) });
        actions.push(Action::StepJourney { journey_id, step: JourneyStep::Publish });
    }
    let entry = |action| {
        let command = Command { actor: "demo".to_owned(), action };
        Ok(Entry { kind: RecordKind::Command as u8, body: Bytes::from(serde_json::to_vec(&command)?) })
    };
    let entries: Vec<Entry> = actions.into_iter().map(entry).collect::<Result<_, serde_json::Error>>()?;
    log.append(now_us, entries).await?;
    Ok(())
}

fn segment(id: &str, name: &str, rule: Value) -> anyhow::Result<Action> {
    let (segment_id, name) = (id.to_owned(), name.to_owned());
    let segment = Segment { segment_id, name, description: String::new(), tz: "UTC".to_owned(), rule: serde_json::from_value(rule)? };
    Ok(Action::SetSegment { segment })
}

fn templates() -> Vec<Action> {
    let template = |id: &str, name: &str, message_channel, content, uses: &[&str]| {
        let template = MessageTemplate {
            template_id: id.to_owned(),
            name: name.to_owned(),
            folder: "Тест-драйвы".to_owned(),
            message_channel,
            language: "ru".to_owned(),
            brand_id: String::new(),
            content,
            uses: uses.iter().map(|name| (*name).to_owned()).collect(),
            is_archived: false,
        };
        Action::SetTemplate { template }
    };
    let mail = Content {
        subject: "{{ profile.name | default(\"Здравствуйте\") }}, проедем вместе?".to_owned(),
        preheader: "Полчаса за рулём машины, которую вы смотрели".to_owned(),
        markup: Markup::Mjml,
        body: INVITATION.to_owned(),
        ..Content::default()
    };
    let said = |text: &str| Content { text: text.to_owned(), ..Content::default() };
    vec![
        template("test-drive", "Приглашение на тест-драйв", MessageChannel::Email, mail, &["profile.name", "unsubscribe_url"]),
        template(
            "test-drive-viber",
            "Приглашение в Viber",
            MessageChannel::Viber,
            said("Машина, которую вы смотрели, ждёт вас на тест-драйв. Выберите время: https://group.example/test-drive"),
            &[],
        ),
        template("test-drive-sms", "Приглашение по SMS", MessageChannel::Sms, said("Тест-драйв за полчаса: group.example/test-drive"), &[]),
    ]
}

fn broadcast() -> Broadcast {
    let step = |template_id: &str, wait_s, until| ChainStep { template_id: template_id.to_owned(), wait_s, until };
    let chain = vec![
        step("test-drive", 4 * 3_600, Reached::Read),
        step("test-drive-viber", 1_800, Reached::Delivered),
        step("test-drive-sms", 0, Reached::Delivered),
    ];
    Broadcast {
        broadcast_id: "test-drive-week".to_owned(),
        name: "Неделя тест-драйвов".to_owned(),
        segment_id: Some(KEEN.to_owned()),
        excluded_segment_ids: Vec::new(),
        purpose: "marketing".to_owned(),
        variants: vec![Variant { name: "A".to_owned(), share: 900, chain }],
        holdout: 100,
        starts_us: None,
        per_minute: None,
        postpone_s: 86_400,
    }
}

/// Two that the demonstration's own visitors go through: a greeting, and calls to make.
fn journeys() -> [Value; 2] {
    let chain = |template_id: &str| json!([{ "template_id": template_id }]);
    let at =
        |step_id: &str, name: &str, x: i32, y: i32, does: Value| json!({ "step_id": step_id, "name": name, "x": x, "y": y, "does": does });
    let greeting = json!({
        "journey_id": "test-drive",
        "name": "От заявки до тест-драйва",
        "entry": { "by": "event", "event": "lead_created" },
        "goal": { "event": "test_drive_done", "within": "30d" },
        "holdout": 100,
        "first": "hello",
        "steps": [
            at("hello", "Спасибо за заявку", 0, 0, json!({ "do": "send", "purpose": "service", "chain": chain("test-drive"), "next": "read" })),
            at("read", "", 0, 160, json!({ "do": "wait_for", "what": { "for": "message", "step_id": "hello", "came": "read" }, "within": "1d", "next": "pause", "otherwise": "viber" })),
            at("viber", "Не прочитали: Viber", 280, 320, json!({ "do": "send", "purpose": "service", "chain": chain("test-drive-viber"), "next": "pause" })),
            at("pause", "", 0, 480, json!({ "do": "wait", "wait": { "lasting": "3d" }, "next": "drive" })),
            at("drive", "", 0, 640, json!({ "do": "wait_for", "what": { "for": "event", "event": "test_drive_done", "since_entry": true }, "within": "11d", "next": null, "otherwise": "sms" })),
            at("sms", "Напоминание по SMS", 280, 800, json!({ "do": "send", "purpose": "service", "chain": chain("test-drive-sms"), "next": null })),
        ],
    });
    let call = json!({
        "journey_id": "call-back",
        "name": "Перезвонить по заявке",
        "entry": { "by": "event", "event": "lead_created", "key": "properties.lead_id" },
        "exits": [{ "on": "event", "event": "contract_signed" }],
        "first": "call",
        "steps": [
            at("call", "Перезвонить", 0, 0, json!({
                "do": "call_task", "title": "Перезвонить по заявке", "script": "Поздороваться, уточнить модель и предложить тест-драйв.",
                "tries": 3, "gap": "30m", "within": "1d", "next": "spoke", "otherwise": "sorry",
            })),
            at("spoke", "Поговорили: стадия «связались»", 0, 160, json!({ "do": "set_stage", "stage": "contacted", "next": null })),
            at("sorry", "Не дозвонились", 280, 160, json!({ "do": "send", "purpose": "service", "chain": chain("test-drive-sms"), "next": null })),
        ],
    });
    [greeting, call]
}
