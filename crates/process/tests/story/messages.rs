//! Messages to people: who is written to, by which way, and who is not, for which reason.

use forecourt_model::{
    Identifier, IdentifierKind, Origin,
    broadcast::{Broadcast, BroadcastState, BroadcastStep, ChainStep, Reached, Variant},
    command::{Action, MessageWish, Recipient, Verdict},
    gate::{Basis, Cap, Gate, Purpose},
    message::{DELIVER_SOURCE, Message, MessageChannel, MessageState, Outcome, Reaction, ReactionKind, Sending},
    message_template::{Content, MessageTemplate},
};
use forecourt_process::replay;
use forecourt_store::Store;
use serde_json::{Value, json};

use crate::{
    app::{App, for_each_backend, settings},
    call_back::open,
};

const ANA: &str = r#"{"type":"identify","userId":"u-ana","traits":{"email":"ana@example.com","phone":"+79120000001","name":"Ana","consent_marketing":true}}"#;

fn template(id: &str, message_channel: MessageChannel) -> MessageTemplate {
    let content = Content { subject: "Hello".into(), body: "<p>Hello</p>".into(), text: "Hello".into(), ..Content::default() };
    MessageTemplate {
        template_id: id.into(),
        name: id.into(),
        folder: String::new(),
        message_channel,
        language: "en".into(),
        brand_id: String::new(),
        content,
        uses: vec!["profile.name".into(), "vars.car".into()],
        is_archived: false,
    }
}

fn step(template_id: &str, wait_s: i64, until: Reached) -> ChainStep {
    ChainStep { template_id: template_id.into(), wait_s, until }
}

fn wish(key: &str, email: &str, purpose: &str, chain: Vec<ChainStep>) -> Action {
    let to = Recipient::Identifier(Identifier { kind: IdentifierKind::Email, value: email.into() });
    let variables = json!({ "car": "X5" });
    let message = MessageWish { idempotency_key: key.into(), to, purpose: purpose.into(), chain, variables, postpone_s: 86_400 };
    Action::SendMessage { message: Box::new(message) }
}

/// Nothing is capped or quiet, unless a story says so.
pub fn gate() -> Gate {
    Gate { caps: vec![], quiet_hours: vec![], ..Gate::default() }
}

impl App {
    pub async fn open_messages(&mut self, gate: Gate) {
        self.at("08:00");
        let templates = [
            ("mail", MessageChannel::Email),
            ("mail-b", MessageChannel::Email),
            ("viber", MessageChannel::Viber),
            ("sms", MessageChannel::Sms),
            ("chat", MessageChannel::Telegram),
        ];
        for (id, channel) in templates {
            assert_eq!(self.command(Action::SetTemplate { template: template(id, channel) }).await, Verdict::Done);
        }
        assert_eq!(self.command(Action::SetGate { gate }).await, Verdict::Done);
        assert_eq!(self.command(Action::SetSending { sending: open() }).await, Verdict::Done);
    }

    /// Template, state and reason of each message, in the order of their steps.
    pub async fn said(&self) -> Vec<String> {
        let mut lines: Vec<(u32, i64, String)> = Vec::new();
        for message in self.outbox().await {
            let plan = message.plan.as_ref().expect("made of a template");
            let line = format!("{} {} {}", plan.template_id, message.state.as_str(), message.reason);
            lines.push((plan.step, message.admitted_us, line.trim_end().to_owned()));
        }
        lines.sort();
        lines.into_iter().map(|(_, _, line)| line).collect()
    }

    async fn message_of(&self, template_id: &str) -> Message {
        let all = self.outbox().await.into_iter();
        all.filter(|message| message.plan.as_ref().is_some_and(|plan| plan.template_id == template_id)).last().expect("a message")
    }

    pub async fn comes_out(&mut self, template_id: &str, state: MessageState, is_permanent: bool) {
        let message = self.message_of(template_id).await;
        let reason = if matches!(state, MessageState::Failed | MessageState::Undelivered) { "the other side said so" } else { "" };
        let outcome = Outcome { is_permanent, ..Outcome::of(&message, state, reason, self.now_us) };
        let entry = self.of_source(DELIVER_SOURCE, &outcome.event_id(), Origin::Live, &outcome.to_item().to_string());
        self.take(entry).await;
    }

    pub async fn reacts(&mut self, template_id: &str, kind: ReactionKind, bot_score: u8) {
        let message = self.message_of(template_id).await;
        let reaction = Reaction { bot_score, ..Reaction::of(&message, kind, self.now_us) };
        let id = format!("{}:{}:{}", message.message_id, kind.as_str(), self.now_us);
        let entry = self.of_source(DELIVER_SOURCE, &id, Origin::Live, &reaction.to_item().to_string());
        self.take(entry).await;
    }

    /// What was told since the last time of messages that were kept back.
    fn kept_back(&mut self) -> Vec<String> {
        let folded = std::mem::take(&mut self.folded);
        let derived = folded.iter().flat_map(|folded| &folded.block.derived);
        derived
            .map(|event| {
                let said: Value = serde_json::from_str(&event.properties).expect("json");
                let what = said["reason"].as_str().or_else(|| said["broadcast_id"].as_str()).unwrap_or("?");
                format!("{} {what}", event.name)
            })
            .collect()
    }

    pub async fn replays(&self) {
        let again = Store::open(&self.place("again")).await.expect("a store");
        replay(&self.log, &again, &settings(), self.log.end_offset(), 7, |_| {}).await.expect("replayed");
        assert_eq!(self.store.first_difference(&again).await.expect("compared"), None);
    }
}

/// The chain of the mission's S0-16.
fn notices() -> Vec<ChainStep> {
    vec![step("mail", 4 * 3_600, Reached::Read), step("viber", 1_800, Reached::Delivered), step("sms", 0, Reached::Delivered)]
}

/// S0-16: e-mail first; not read by T, Viber; no Viber, SMS.
#[tokio::test]
async fn s0_16_a_message_finds_its_way() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(ANA).await;
        // Read in time: nothing more.
        app.at("09:00").command(wish("read", "ana@example.com", "service", notices())).await;
        assert_eq!(app.said().await, ["mail pending"]);
        app.comes_out("mail", MessageState::Sent, false).await;
        app.at("12:00").reacts("mail", ReactionKind::Opened, 0).await;
        app.at("14:00").tick().await;
        assert_eq!(app.said().await, ["mail sent"]);
        app.replays().await;
    })
    .await;
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(ANA).await;
        // Opened by a scanner alone, which is not read: Viber, which arrives.
        app.at("09:00").command(wish("unread", "ana@example.com", "service", notices())).await;
        app.comes_out("mail", MessageState::Sent, false).await;
        app.at("09:01").reacts("mail", ReactionKind::Opened, 90).await;
        app.at("12:59").tick().await;
        assert_eq!(app.said().await, ["mail sent"]);
        app.at("13:00").tick().await;
        assert_eq!(app.said().await, ["mail sent", "viber pending"]);
        app.comes_out("viber", MessageState::Sent, false).await;
        app.at("13:05").comes_out("viber", MessageState::Delivered, false).await;
        app.at("14:00").tick().await;
        assert_eq!(app.said().await, ["mail sent", "viber delivered"]);
    })
    .await;
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(ANA).await;
        // Not read, and no Viber there: SMS at once.
        app.at("09:00").command(wish("no viber", "ana@example.com", "service", notices())).await;
        app.comes_out("mail", MessageState::Sent, false).await;
        app.at("13:00").tick().await;
        app.comes_out("viber", MessageState::Failed, true).await;
        assert_eq!(app.said().await, ["mail sent", "viber failed the other side said so", "sms pending"]);
        // The mail is read after all: what is on its way stays so, and nothing follows.
        app.at("13:10").reacts("mail", ReactionKind::Opened, 0).await;
        app.at("20:00").tick().await;
        assert_eq!(app.said().await.len(), 3);
        app.replays().await;
    })
    .await;
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(ANA).await;
        // The mailbox does not exist: the next at once, and the next message does not try it again.
        app.at("09:00").command(wish("bounced", "ana@example.com", "service", notices())).await;
        app.comes_out("mail", MessageState::Undelivered, true).await;
        assert_eq!(app.said().await, ["mail undelivered the other side said so", "viber pending"]);
        app.at("10:00").command(wish("later", "ana@example.com", "service", notices())).await;
        let said = app.said().await;
        assert!(said.contains(&"mail suppressed suppressed_address:bounced".to_owned()), "{said:?}");
        assert_eq!(said.iter().filter(|line| line.as_str() == "viber pending").count(), 2);
        // No step is reached at all: told for each.
        app.kept_back();
        app.at("10:10")
            .command(wish("nowhere", "ana@example.com", "service", vec![step("mail", 60, Reached::Read), step("chat", 0, Reached::Read)]))
            .await;
        assert_eq!(app.kept_back(), ["message_suppressed suppressed_address:bounced", "message_suppressed no_address"]);
    })
    .await;
}

#[tokio::test]
async fn one_key_sends_one_message_with_what_its_template_reads() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(ANA).await;
        let asked = wish("order-7", "ana@example.com", "transactional", vec![step("mail", 0, Reached::Read)]);
        assert_eq!(app.at("09:00").command(asked.clone()).await, Verdict::Done);
        assert_eq!(app.at("09:01").command(asked).await, Verdict::Done);
        let outbox = app.outbox().await;
        assert_eq!(outbox.len(), 1);
        let body: Value = serde_json::from_str(&outbox[0].body).expect("json");
        assert_eq!(body, json!({ "profile": { "name": "Ana" }, "vars": { "car": "X5" } }));
        assert_eq!((outbox[0].recipient.as_str(), outbox[0].definition.as_str()), ("ana@example.com", "api:mail"));

        let told = |verdict| match verdict {
            Verdict::Refused { reason } => reason,
            Verdict::Done => "done".to_owned(),
        };
        assert!(
            told(app.command(wish("a", "nobody@example.com", "service", vec![step("mail", 0, Reached::Read)])).await)
                .contains("nobody known")
        );
        assert!(told(app.command(wish("b", "ana@example.com", "fun", vec![step("mail", 0, Reached::Read)])).await).contains("no purpose"));
        assert!(
            told(app.command(wish("c", "ana@example.com", "service", vec![step("nothing", 0, Reached::Read)])).await)
                .contains("no template")
        );
        assert!(
            told(app.command(wish("", "ana@example.com", "service", vec![step("mail", 0, Reached::Read)])).await)
                .contains("idempotency key")
        );
    })
    .await;
}

#[tokio::test]
async fn consent_is_asked_of_each_purpose_and_a_withdrawal_stops_what_waits() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(r#"{"type":"identify","userId":"u-bo","traits":{"email":"bo@example.com"}}"#).await.send(ANA).await;
        let mail = || vec![step("mail", 0, Reached::Read)];
        app.at("09:00").command(wish("1", "bo@example.com", "marketing", mail())).await;
        app.at("09:01").command(wish("2", "bo@example.com", "service", mail())).await;
        app.at("09:02").command(wish("3", "ana@example.com", "marketing", mail())).await;
        assert_eq!(app.said().await, ["mail suppressed no_consent", "mail pending", "mail pending"]);
        // Ana says no, where the mailbox alone names her: what waits is not sent, and a receipt for her car still is.
        app.at("09:03").send(r#"{"type":"track","event":"consent_withdrawn","context":{"traits":{"email":"ana@example.com"}},"properties":{"purpose":"marketing"}}"#).await;
        assert_eq!(app.said().await, ["mail suppressed no_consent", "mail pending", "mail suppressed consent_withdrawn"]);
        app.at("09:04").command(wish("4", "ana@example.com", "marketing", mail())).await;
        app.at("09:05").command(wish("5", "ana@example.com", "transactional", mail())).await;
        assert_eq!(app.said().await[3..], ["mail suppressed consent_withdrawn", "mail pending"]);
        // Bo unsubscribes by the link in a service notice: of those, by mail.
        app.at("09:06").reacts_to(1, ReactionKind::Unsubscribed).await;
        app.at("09:07").command(wish("6", "bo@example.com", "service", mail())).await;
        assert_eq!(app.said().await[5..], ["mail suppressed consent_withdrawn"]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn consent_withdrawn_on_one_of_two_profiles_holds_for_both_while_they_are_one() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(r#"{"type":"identify","anonymousId":"d-1","traits":{"email":"one@example.com","consent_marketing":false}}"#).await;
        app.send(r#"{"type":"identify","anonymousId":"d-2","traits":{"email":"two@example.com","consent_marketing":true}}"#).await;
        let mail = || vec![step("mail", 0, Reached::Read)];
        app.at("09:00").command(wish("1", "two@example.com", "marketing", mail())).await;
        let of = |value: &str| Identifier { kind: IdentifierKind::Email, value: value.into() }.fragment_id(&crate::app::KEY, 0);
        let one = app.profile("one@example.com").await.summary.profile_id;
        let two = app.profile("two@example.com").await.summary.profile_id;
        let merged = app.at("10:00").command(Action::MergeProfiles { one, other: two, probability: None }).await;
        assert_eq!(merged, Verdict::Done);
        app.at("10:01").command(wish("2", "two@example.com", "marketing", mail())).await;
        let parted = app.at("11:00").command(Action::PartProfiles { one: of("one@example.com"), other: of("two@example.com") }).await;
        assert_eq!(parted, Verdict::Done);
        app.at("11:01").command(wish("3", "two@example.com", "marketing", mail())).await;
        assert_eq!(app.said().await, ["mail pending", "mail suppressed consent_withdrawn", "mail pending"]);
    })
    .await;
}

#[tokio::test]
async fn caps_and_quiet_hours_postpone_and_the_deadline_ends_it() {
    for_each_backend(async |mut app| {
        let caps = vec![Cap { name: "day".into(), message_channels: vec![], purposes: vec![], most: 1, within_h: 24 }];
        app.open_messages(Gate { caps, tz: "Europe/Kyiv".into(), ..Gate::default() }).await;
        app.send(ANA).await;
        let (mail, sms) = (|| vec![step("mail", 0, Reached::Read)], || vec![step("sms", 0, Reached::Read)]);
        app.at("09:00").command(wish("1", "ana@example.com", "marketing", mail())).await;
        app.at("10:00").command(wish("2", "ana@example.com", "service", mail())).await;
        app.at("10:01").command(wish("3", "ana@example.com", "transactional", mail())).await;
        assert_eq!(app.said().await, ["mail pending", "mail postponed cap:day", "mail pending"], "receipts are not counted");
        assert_eq!(app.kept_back(), ["message_postponed cap:day"]);
        // Its turn comes a day after the first. Then the cap is used up again: the next waits, and the one after it in vain.
        app.at("2026-03-03T08:59:00Z").tick().await;
        assert_eq!(app.said().await[1], "mail postponed cap:day");
        app.at("2026-03-03T09:00:00Z").tick().await;
        app.at("2026-03-03T09:00:30Z").command(wish("4", "ana@example.com", "service", sms())).await;
        app.at("2026-03-03T09:01:00Z").command(wish("5", "ana@example.com", "service", sms())).await;
        assert_eq!(app.said().await.split_off(3), ["sms postponed cap:day", "sms postponed cap:day"]);
        app.at("2026-03-04T09:00:00Z").tick().await;
        let mut said = app.said().await;
        said.sort();
        assert_eq!(said, ["mail pending", "mail pending", "mail pending", "sms pending", "sms suppressed cap:day"]);
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn the_persons_own_zone_decides_on_their_night() {
    for_each_backend(async |mut app| {
        app.open_messages(Gate { caps: vec![], ..Gate::default() }).await;
        app.send(
            r#"{"type":"identify","userId":"u-k","traits":{"email":"k@example.com","phone":"+79120000002","timezone":"Asia/Kamchatka"}}"#,
        )
        .await;
        app.at("09:30").command(wish("1", "k@example.com", "service", vec![step("sms", 0, Reached::Read)])).await;
        assert_eq!(app.said().await, ["sms postponed quiet_hours"], "half past nine in the evening there");
        app.at("20:59").tick().await;
        assert_eq!(app.said().await, ["sms postponed quiet_hours"]);
        app.at("21:00").tick().await;
        assert_eq!(app.said().await, ["sms pending"], "nine in the morning there");
    })
    .await;
}

fn broadcast(id: &str) -> Broadcast {
    let variant = |name: &str, share, template: &str| Variant { name: name.into(), share, chain: vec![step(template, 0, Reached::Read)] };
    Broadcast {
        broadcast_id: id.into(),
        name: "Spring".into(),
        segment_id: None,
        excluded_segment_ids: vec![],
        purpose: "service".into(),
        variants: vec![variant("a", 400, "mail"), variant("b", 400, "mail-b")],
        holdout: 200,
        starts_us: None,
        per_minute: None,
        postpone_s: 3_600,
    }
}

impl App {
    async fn reacts_to(&mut self, number: usize, kind: ReactionKind) {
        let message = self.outbox().await.swap_remove(number);
        let entry = self.of_source(
            DELIVER_SOURCE,
            &format!("r{number}"),
            Origin::Live,
            &Reaction::of(&message, kind, self.now_us).to_item().to_string(),
        );
        self.take(entry).await;
    }

    async fn steps(&mut self, id: &str, step: BroadcastStep) -> Verdict {
        self.command(Action::StepBroadcast { broadcast_id: id.into(), step }).await
    }

    async fn sends_between(&mut self, id: &str, after: i64, until: i64) -> Verdict {
        self.command(Action::SendBroadcast { broadcast_id: id.into(), after, until }).await
    }
}

#[tokio::test]
async fn a_broadcast_reaches_everybody_of_its_segment_once() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        let number = app.segment("buyers", json!({ "if": "trait", "name": "buyer", "is": { "op": "is", "values": ["yes"] } })).await;
        assert_eq!(number, 1);
        for person in 0..60 {
            let buyer = if person < 50 { "yes" } else { "no" };
            app.send(&format!(r#"{{"type":"identify","anonymousId":"d-{person}","traits":{{"email":"p{person}@example.com","buyer":"{buyer}"}}}}"#)).await;
        }
        let spring = Broadcast { segment_id: Some("buyers".into()), ..broadcast("spring") };
        assert_eq!(app.command(Action::SetBroadcast { broadcast: spring.clone() }).await, Verdict::Done);
        let half = i64::MAX / 2;
        assert!(matches!(app.sends_between("spring", -1, half).await, Verdict::Refused { .. }), "it has not started");
        assert_eq!(app.steps("spring", BroadcastStep::Start).await, Verdict::Done);
        assert_eq!(app.sends_between("spring", -1, half).await, Verdict::Done);
        assert!(matches!(app.sends_between("spring", -1, half).await, Verdict::Refused { .. }), "nobody is asked twice");
        assert_eq!(app.steps("spring", BroadcastStep::Pause).await, Verdict::Done);
        assert!(matches!(app.sends_between("spring", half, i64::MAX).await, Verdict::Refused { .. }));
        assert!(matches!(app.command(Action::SetBroadcast { broadcast: spring }).await, Verdict::Refused { .. }), "it is under way");
        // Two become one while it rests, across what was sent and what was not.
        let before = app.outbox().await;
        let sent_to = |mail: &str| before.iter().any(|message| message.recipient == mail);
        let (mut reached, mut later) = (None, None);
        for mail in (0..50).map(|person| format!("p{person}@example.com")) {
            let id = app.profile(&mail).await.summary.profile_id;
            let place = if sent_to(&mail) { &mut reached } else if half < id.0 { &mut later } else { continue };
            *place = Some(id);
        }
        let (one, other) = (reached.expect("somebody"), later.expect("somebody else"));
        assert_eq!(app.command(Action::MergeProfiles { one, other, probability: None }).await, Verdict::Done);
        assert_eq!(app.steps("spring", BroadcastStep::Resume).await, Verdict::Done);
        assert_eq!(app.sends_between("spring", half, i64::MAX).await, Verdict::Done);
        let kept = app.store.broadcast("spring").await.expect("read").expect("there").body;
        assert_eq!((kept.state, kept.changed_by.as_str()), (BroadcastState::Sent, "ana@example.com"));

        let outbox = app.outbox().await;
        let held_out = app.kept_back().iter().filter(|line| line.as_str() == "message_suppressed holdout").count();
        let sent = outbox.iter().filter(|message| message.state == MessageState::Pending);
        let mut recipients: Vec<&str> = sent.map(|message| message.recipient.as_str()).collect();
        recipients.sort_unstable();
        let mut once = recipients.clone();
        once.dedup();
        assert_eq!(recipients, once, "nobody gets two");
        assert!(!recipients.iter().any(|mail| ["p50@example.com", "p59@example.com"].contains(mail)));
        assert_eq!((outbox.len(), recipients.len() + held_out), (49, 49), "two are one");
        let of = |variant: &str| outbox.iter().filter(|message| message.plan.as_ref().is_some_and(|plan| plan.variant == variant)).count();
        assert!(8 < of("a") && 8 < of("b") && 2 < held_out, "{} {} {held_out}", of("a"), of("b"));
        let counts = app.store.counts_of("broadcast:spring").await.expect("read");
        assert_eq!(counts.iter().map(|count| count.messages).sum::<i64>(), outbox.len() as i64);

        // What reports read, on both databases: one of those written to orders, and one who was held out.
        let ordered = |message: &Message| {
            let mail = &message.recipient;
            format!(r#"{{"type":"track","event":"order_confirmed","context":{{"traits":{{"email":"{mail}"}}}},"properties":{{"order_id":"o-{mail}","revenue":100,"currency":"EUR"}}}}"#)
        };
        let buyer = outbox.iter().find(|message| message.state == MessageState::Pending && message.plan.as_ref().is_some_and(|plan| plan.variant == "a"));
        let order = ordered(buyer.expect("somebody"));
        app.at("12:00").send(&order).await;
        let after = app.store.orders_after("broadcast:spring", 86_400_000_000).await.expect("read");
        assert_eq!(after.iter().map(|order| (order.variant.as_str(), order.revenue)).collect::<Vec<_>>(), [("a", Some(100.0))]);
        assert_eq!(app.store.orders_after("broadcast:spring", 60_000_000).await.expect("read"), []);
        let people = app.store.people_of("broadcast:spring").await.expect("read");
        assert_eq!(people.values().sum::<u64>(), 49);
        assert_eq!(people["holdout"], held_out as u64);
        let hours = app.store.hours_of("broadcast:spring").await.expect("read");
        assert_eq!(hours.iter().map(|hour| hour.sent).sum::<i64>(), recipients.len() as i64);
        assert_eq!(app.store.messages_by_profile("broadcast:spring").await.expect("read").len(), 49);
        let fragments: Vec<_> = app.store.reach_between(-1, i64::MAX).await.expect("read").iter().map(|row| row.fragment_id).collect();
        assert_eq!(app.store.admitted_since(&fragments, 0).await.expect("read").len(), recipients.len());
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_broadcast_goes_by_must_be_there() {
    for_each_backend(async |mut app| {
        app.open_messages(Gate {
            purposes: vec![Purpose { purpose_id: "news".into(), name: "News".into(), basis: Basis::OptOut }],
            ..gate()
        })
        .await;
        let told = |verdict| match verdict {
            Verdict::Refused { reason } => reason,
            Verdict::Done => "done".to_owned(),
        };
        assert!(told(app.command(Action::SetBroadcast { broadcast: broadcast("x") }).await).contains("no purpose `service`"));
        let news = Broadcast { purpose: "news".into(), ..broadcast("x") };
        let of_segment = Broadcast { segment_id: Some("nobody".into()), ..news.clone() };
        assert!(told(app.command(Action::SetBroadcast { broadcast: of_segment }).await).contains("no segment `nobody`"));
        assert_eq!(told(app.command(Action::SetBroadcast { broadcast: news }).await), "done");
        let archived = MessageTemplate { is_archived: true, ..template("mail", MessageChannel::Email) };
        assert_eq!(told(app.command(Action::SetTemplate { template: archived }).await), "done");
        assert!(told(app.steps("x", BroadcastStep::Start).await).contains("archived"));
        assert!(told(app.steps("y", BroadcastStep::Start).await).contains("no broadcast"));
        assert!(
            told(app.command(Action::SetTemplate { template: template("mail", MessageChannel::Sms) }).await)
                .contains("keeps its message channel")
        );
    })
    .await;
}

#[tokio::test]
async fn safe_mode_holds_what_the_gate_admits() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(ANA).await;
        app.command(Action::SetSending { sending: Sending { test_recipients: vec!["test@example.com".into()], ..Sending::default() } })
            .await;
        app.at("09:00").command(wish("1", "ana@example.com", "service", notices())).await;
        assert_eq!(app.said().await, ["mail held safe mode"]);
        app.at("14:00").tick().await;
        assert_eq!(app.said().await, ["mail held safe mode"], "what is held starts no chain");
    })
    .await;
}

#[tokio::test]
async fn who_agreed_is_a_segment() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.segment("agreed", json!({ "if": "consent", "purpose": "marketing", "message_channel": "email", "is": "given" })).await;
        app.segment("objected", json!({ "if": "consent", "purpose": "marketing", "message_channel": "email", "is": "withdrawn" })).await;
        app.at("09:00").send(ANA).await;
        let sizes = async |app: &App| {
            let numbers = app.store.fold_numbers().await.expect("read");
            [1, 2].map(|number| numbers.get(&forecourt_model::segment::size_name(number)).copied().unwrap_or(0))
        };
        assert_eq!(sizes(&app).await, [1, 0]);
        app.at("10:00").send(r#"{"type":"track","event":"consent_withdrawn","userId":"u-ana","properties":{"purpose":"marketing","message_channel":"email"}}"#).await;
        assert_eq!(sizes(&app).await, [0, 1]);
    })
    .await;
}

#[tokio::test]
async fn who_objected_is_not_written_to_by_sending_again() {
    for_each_backend(async |mut app| {
        app.open_messages(gate()).await;
        app.send(ANA).await;
        let shut = Sending { stopped: true, ..open() };
        app.command(Action::SetSending { sending: shut }).await;
        app.at("09:00").command(wish("1", "ana@example.com", "service", vec![step("mail", 0, Reached::Read)])).await;
        assert_eq!(app.said().await, ["mail held all sending is stopped"]);
        let id = app.message_of("mail").await.message_id;
        let again = |id: &str| Action::RetryMessages { message_ids: vec![id.to_owned()] };
        app.command(Action::SetSending { sending: open() }).await;
        app.send(r#"{"type":"track","event":"consent_withdrawn","userId":"u-ana"}"#).await;
        let told = app.at("10:00").command(again(&id)).await;
        assert!(matches!(&told, Verdict::Refused { reason } if reason.contains("consent_withdrawn")), "{told:?}");
        assert_eq!(app.said().await, ["mail held all sending is stopped"]);
        app.send(r#"{"type":"track","event":"consent_given","userId":"u-ana"}"#).await;
        assert_eq!(app.at("11:00").command(again(&id)).await, Verdict::Done);
        assert_eq!(app.said().await, ["mail pending"]);
        assert_eq!(app.message_of("mail").await.round, 1);
        // What the gate refused is refused again.
        app.at("12:00").command(wish("2", "ana@example.com", "marketing", vec![step("chat", 0, Reached::Read)])).await;
        let id = app.message_of("chat").await.message_id;
        assert!(matches!(app.command(again(&id)).await, Verdict::Refused { .. }));
        app.replays().await;
    })
    .await;
}
