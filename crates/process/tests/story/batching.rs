//! Batching is invisible: whatever the batches, the same state, to the letter.

use forecourt_log::Entry;
use forecourt_model::{
    ChannelRules, Identifier, IdentifierKind, Origin, RecordKind,
    broadcast::{Broadcast, BroadcastStep, ChainStep, Reached, Variant},
    channel::ChannelRule,
    command::{Action, ChannelsOf, Command, JourneyEntry, MessageWish, Recipient},
    gate::{Cap, Gate},
    journey::{Journey, JourneyStep},
    message::{DELIVER_SOURCE, MessageChannel, MessageState, Outcome, Reaction, ReactionKind, Sending, id_of_step},
    message_template::{Content, MessageTemplate},
    segment::Segment,
    time::HOUR_US,
};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::app::{App, KEY};

/// An event of a small world in which people meet devices, repeat themselves and come late.
#[derive(Debug, Clone)]
struct Touch {
    kind: u8,
    device: Option<u8>,
    user: Option<u8>,
    email: Option<u8>,
    lead: Option<u8>,
    minutes: u16,
    repeat: bool,
}

fn touch() -> impl Strategy<Value = Touch> {
    let maybe = |n: u8| proptest::option::of(0..n);
    (0..6u8, maybe(4), maybe(3), maybe(3), maybe(2), 0..20_000u16, proptest::bool::weighted(0.1))
        .prop_map(|(kind, device, user, email, lead, minutes, repeat)| Touch { kind, device, user, email, lead, minutes, repeat })
}

/// Now and then the channel rules change, or a part of history is decided anew.
fn channel_command(touch: &Touch) -> Option<Action> {
    let rules = |channel: &str| ChannelRule { name: String::new(), conditions: vec![], channel: channel.to_owned() };
    let decide = |of, after: &str, until: &str| Action::DecideChannels { of, after: after.to_owned(), until: until.to_owned() };
    match touch.minutes % 23 {
        0 => Some(Action::SetChannelRules { rules: vec![rules("one")] }),
        1 => Some(Action::SetChannelRules { rules: ChannelRules::built_in().rules().to_vec() }),
        2 | 3 => Some(decide(ChannelsOf::Fragments, "-1", &(i64::MAX / 2).to_string())),
        4 => Some(decide(ChannelsOf::Fragments, &(i64::MAX / 2).to_string(), &i64::MAX.to_string())),
        5 => Some(decide(ChannelsOf::Leads, "", "L0")),
        6 => Some(decide(ChannelsOf::Orders, "", "P")),
        _ => None,
    }
}

/// The segments that the world begins with, computed.
fn first_segments() -> Vec<Action> {
    let rules = [
        (
            "keen",
            r#"{"if":"did","event":"lead_created","measure":{"of":"count"},"is":{"op":"at_least","number":2},"within":{"last":"9d"}}"#,
        ),
        ("silent", r#"{"if":"not","rule":{"if":"seen","which":"latest","within":"5d"}}"#),
        (
            "known",
            r#"{"if":"any","rules":[{"if":"trait","name":"name","is":{"op":"is","values":["N1","N3"]}},{"if":"stage","stages":["captured"],"less_than":"1d"}]}"#,
        ),
    ];
    let computed = |(at, (id, rule)): (usize, (&str, &str))| {
        let number = at as u32 + 1;
        let fill = Action::FillSegment { number, chunk: 0, is_last: true, rows: "[]".to_owned() };
        let segment = Segment {
            segment_id: id.to_owned(),
            name: id.to_owned(),
            description: String::new(),
            tz: "UTC".to_owned(),
            rule: serde_json::from_str(rule).expect("a rule"),
        };
        let mut actions = vec![Action::SetSegment { segment }];
        actions.extend((id == "keen").then_some(fill));
        actions.push(Action::DecideSegment { number, after: -1, until: i64::MAX });
        actions
    };
    rules.into_iter().enumerate().flat_map(computed).collect()
}

/// Now and then a segment's rule changes, and what the change asks for is done in pieces, also what it does not ask for.
fn segment_command(touch: &Touch) -> Option<Action> {
    let half = i64::MAX / 2;
    let number = 4 + u32::from(touch.minutes % 3);
    match touch.minutes % 17 {
        0 => Some(Action::SetSegment {
            segment: Segment {
                segment_id: "keen".to_owned(),
                name: "keen".to_owned(),
                description: String::new(),
                tz: "UTC".to_owned(),
                rule: serde_json::from_str(r#"{"if":"all","rules":[{"if":"segment","segment_id":"known"},{"if":"did","event":"*","measure":{"of":"distinct","field":"event"},"is":{"op":"above","number":1},"within":{"last":"12d"}}]}"#)
                    .expect("a rule"),
            },
        }),
        1 | 2 => Some(Action::FillSegment { number, chunk: u32::from(touch.minutes % 2), is_last: touch.minutes.is_multiple_of(2), rows: "[]".to_owned() }),
        3 | 4 => Some(Action::DecideSegment { number, after: -1, until: half }),
        5 => Some(Action::DecideSegment { number, after: half, until: i64::MAX }),
        6 => Some(Action::DecideSegment { number: 2, after: -1, until: i64::MAX }),
        7 => Some(Action::RefillSegment { number }),
        8 => Some(Action::RemoveSegment { segment_id: "silent".to_owned() }),
        _ => None,
    }
}

/// The templates that the world begins with, and the freedom to send.
fn first_templates() -> Vec<Action> {
    let template = |id: &str, message_channel, subject: &str| {
        let content = Content { subject: subject.to_owned(), body: "b".to_owned(), text: "t".to_owned(), ..Content::default() };
        let uses = vec!["profile.name".to_owned()];
        Action::SetTemplate {
            template: MessageTemplate {
                template_id: id.to_owned(),
                name: id.to_owned(),
                folder: String::new(),
                message_channel,
                language: "en".to_owned(),
                brand_id: String::new(),
                content,
                uses,
                is_archived: false,
            },
        }
    };
    vec![
        template("mail", MessageChannel::Email, "s"),
        template("push", MessageChannel::Telegram, ""),
        Action::SetSending { sending: Sending { safe_mode: false, ..Sending::default() } },
    ]
}

fn chain(minutes: u16) -> Vec<ChainStep> {
    let step = |template_id: &str| ChainStep {
        template_id: template_id.to_owned(),
        wait_s: 3_600 * i64::from(1 + minutes % 30),
        until: Reached::Read,
    };
    match minutes % 3 {
        0 => vec![step("mail")],
        1 => vec![step("mail"), step("mail"), step("push")],
        _ => vec![step("push"), step("mail")],
    }
}

/// Now and then something is sent to somebody, also to who is not there; or a broadcast is set, started, sent, paused.
fn message_command(touch: &Touch) -> Option<Action> {
    let broadcast_id = "spring".to_owned();
    let half = i64::MAX / 2;
    let purpose = ["service", "marketing", "transactional"][usize::from(touch.minutes % 3)].to_owned();
    let step = |step| Some(Action::StepBroadcast { broadcast_id: "spring".to_owned(), step });
    match touch.minutes % 19 {
        0..=2 => {
            let identifier = Identifier { kind: IdentifierKind::Email, value: format!("e{}@example.com", touch.minutes % 4) };
            let variables = serde_json::json!({ "n": touch.minutes });
            Some(Action::SendMessage {
                message: Box::new(MessageWish {
                    idempotency_key: format!("k{}", touch.minutes % 40),
                    to: Recipient::Identifier(identifier),
                    purpose,
                    chain: chain(touch.minutes),
                    variables,
                    postpone_s: 86_400 * i64::from(touch.minutes % 2),
                }),
            })
        }
        3 | 4 => Some(Action::SetBroadcast {
            broadcast: Broadcast {
                broadcast_id,
                name: "Spring".to_owned(),
                segment_id: (touch.minutes % 2 == 0).then(|| "known".to_owned()),
                excluded_segment_ids: vec![],
                purpose,
                variants: vec![Variant { name: "a".to_owned(), share: 800, chain: chain(touch.minutes) }],
                holdout: 200,
                starts_us: None,
                per_minute: None,
                postpone_s: 7_200,
            },
        }),
        5..=7 => step(BroadcastStep::Start),
        8 => step(BroadcastStep::Pause),
        9 => step(BroadcastStep::Resume),
        10 | 11 => Some(Action::SendBroadcast { broadcast_id, after: -1, until: half }),
        12 => Some(Action::SendBroadcast { broadcast_id, after: half, until: i64::MAX }),
        13 => Some(Action::SuppressAddresses {
            message_channel: MessageChannel::Email,
            addresses: vec!["e1@example.com".to_owned()],
            reason: "asked".to_owned(),
        }),
        14 => Some(Action::ReleaseAddresses { message_channel: MessageChannel::Email, addresses: vec!["e1@example.com".to_owned()] }),
        16 => {
            let ids = (0..2).map(|step| id_of_step(&KEY, &format!("api:k{}", touch.minutes % 40), step));
            Some(Action::RetryMessages { message_ids: ids.collect() })
        }
        15 => Some(Action::SetGate {
            gate: Gate {
                caps: vec![Cap { name: "c".to_owned(), message_channels: vec![], purposes: vec![], most: 1, within_h: 30 }],
                ..Gate::default()
            },
        }),
        _ => None,
    }
}

/// The journeys that the world begins with: by an event with a key, by a segment, and by hand.
fn first_journeys() -> Vec<Action> {
    let send = |id: &str, template: &str, next: serde_json::Value| serde_json::json!({ "step_id": id, "does": { "do": "send", "purpose": "service", "chain": [{ "template_id": template, "wait_s": 7_200 }, { "template_id": "push" }], "next": next } });
    let drive = serde_json::json!({ "step_id": "drive", "does": { "do": "wait_for", "within": "9h", "next": "read", "otherwise": "name",
        "what": { "for": "event", "event": "test_drive_done", "key": "properties.lead_id", "since_entry": true } } });
    let read = serde_json::json!({ "step_id": "read", "does": { "do": "wait_for", "within": "8h", "next": null, "otherwise": "again",
        "what": { "for": "message", "step_id": "hello", "came": "read" } } });
    let name = serde_json::json!({ "step_id": "name", "does": { "do": "set_trait", "name": "name", "value": "N3", "next": "stage" } });
    let stage = serde_json::json!({ "step_id": "stage", "does": { "do": "set_stage", "stage": "lost", "next": "hand" } });
    let hand = serde_json::json!({ "step_id": "hand", "does": { "do": "journey", "journey_id": "hand", "next": null } });
    let call = serde_json::json!({ "step_id": "call", "does": { "do": "call_task", "title": "Call", "tries": 2, "gap": "1h", "within": "1d", "next": null, "otherwise": "sorry" } });
    let rest = serde_json::json!({ "step_id": "rest", "does": { "do": "wait", "wait": { "until": { "at": "10:00" } }, "next": "way" } });
    let way = serde_json::json!({ "step_id": "way", "does": { "do": "split", "arms": [{ "share": 500, "next": "mail" }, { "share": 500, "next": null }] } });
    let journeys = [
        serde_json::json!({ "journey_id": "hand", "name": "H", "entry": { "by": "call" }, "again": "always", "first": "call", "steps": [call, send("sorry", "mail", serde_json::Value::Null)] }),
        serde_json::json!({ "journey_id": "lead", "name": "L", "entry": { "by": "event", "event": "lead_created", "key": "properties.lead_id" }, "again": { "after": "6h" },
            "goal": { "event": "contract_signed", "within": "2d" }, "holdout": 200, "per_hour": 3, "first": "hello",
            "steps": [send("hello", "mail", serde_json::json!("drive")), drive, read, send("again", "push", serde_json::Value::Null), name, stage, hand] }),
        serde_json::json!({ "journey_id": "known", "name": "K", "entry": { "by": "segment", "segment_id": "known", "turn": "entered" }, "first": "rest",
            "exits": [{ "on": "segment", "segment_id": "known", "turn": "left" }], "steps": [rest, way, send("mail", "mail", serde_json::Value::Null)] }),
    ];
    let publish = |journey: serde_json::Value| {
        let journey: Journey = serde_json::from_value(journey).expect("a journey");
        let journey_id = journey.journey_id.clone();
        [Action::SetJourney { journey: Box::new(journey) }, Action::StepJourney { journey_id, step: JourneyStep::Publish }]
    };
    journeys.into_iter().flat_map(publish).collect()
}

/// Now and then a journey is published anew, closed, stopped, or somebody enters by hand.
fn journey_command(touch: &Touch) -> Option<Action> {
    let step = |id: &str, step| Some(Action::StepJourney { journey_id: id.to_owned(), step });
    match touch.minutes % 31 {
        0 => step("lead", JourneyStep::Publish),
        1 => step("lead", JourneyStep::Close),
        2 => step("lead", JourneyStep::Reopen),
        3 => step("known", JourneyStep::Stop),
        4 => step("known", JourneyStep::Publish),
        5..=8 => {
            let identifier = Identifier { kind: IdentifierKind::Email, value: format!("e{}@example.com", touch.minutes % 4) };
            let entry = JourneyEntry {
                idempotency_key: format!("j{}", touch.minutes % 9),
                journey_id: "hand".to_owned(),
                who: Recipient::Identifier(identifier),
                key: format!("L{}", touch.minutes % 2),
                properties: serde_json::Value::Null,
            };
            Some(Action::EnterJourney { entry: Box::new(entry) })
        }
        _ => None,
    }
}

/// The dealers and the rules that leads are dealt with by; clocks run short.
fn first_desk() -> Vec<Action> {
    let dealer = |id: &str, more: serde_json::Value| Action::SetDealer { dealer: Box::new(crate::leads::dealer(id, more)) };
    let mut rules = crate::leads::rules();
    (rules.base_points, rules.reappear.quiet_h) = (25, 1);
    rules.points[1].when = forecourt_model::lead::PointsWhen::Event { event: "test_drive_done".to_owned(), within_days: 30 };
    rules.reappear.events = vec!["page_viewed".to_owned()];
    vec![
        dealer("d1", serde_json::json!({ "quality": 90, "open_leads_max": 1, "webhook": "https://d1.example/" })),
        dealer("d2", serde_json::json!({ "hours": {} })),
        dealer("d3", serde_json::json!({ "hours": {} })),
        Action::SetLeadRules { rules: Box::new(rules) },
    ]
}

/// Now and then somebody does something with a lead, or the rules change.
fn desk_command(touch: &Touch) -> Option<Action> {
    use forecourt_model::lead::{ContactBy, LeadAct, Verified};
    let said = String::new;
    let act = match touch.minutes % 41 {
        0 | 1 => LeadAct::Accept,
        2 => LeadAct::Contact { by: ContactBy::Call, reached: touch.repeat, note: said() },
        3 => LeadAct::Stage { stage: "lost".to_owned(), reason: "too_expensive".to_owned(), note: said() },
        4 => LeadAct::Return { reason: "r".to_owned() },
        5 => LeadAct::Assign { dealer_id: "d2".to_owned(), owner: said(), reason: said() },
        6 | 7 => LeadAct::Verify { outcome: Verified::Qualified, note: said() },
        8 => LeadAct::Verify { outcome: Verified::NotNow, note: said() },
        9 => LeadAct::Claim,
        10 => LeadAct::Seen,
        11 => LeadAct::Stage { stage: "delivered".to_owned(), reason: said(), note: said() },
        12 => return Some(Action::RemoveDealer { dealer_id: "d3".to_owned() }),
        13 => return Some(Action::SetStage { lead_id: "L0".to_owned(), stage: "offer".to_owned() }),
        _ => return None,
    };
    Some(Action::WorkLead { lead_id: format!("L{}", touch.minutes % 2), dealer_id: None, act })
}

/// Now and then something is told of a message, also of one that there is not.
fn told_of_message(app: &App, n: usize, touch: &Touch) -> Option<Entry> {
    let key = touch.minutes % 40;
    let message_id = id_of_step(&KEY, &format!("api:k{key}"), u32::from(touch.minutes % 2));
    let who = Identifier { kind: IdentifierKind::Email, value: format!("e{}@example.com", touch.minutes % 4) };
    let (definition, purpose, at_us) = ("api:mail".to_owned(), "service".to_owned(), app.now_us);
    let outcome = |state, is_permanent| {
        Outcome {
            message_id: message_id.clone(),
            round: 0,
            message_channel: MessageChannel::Email,
            definition: definition.clone(),
            who: who.clone(),
            state,
            reason: "r".to_owned(),
            is_permanent,
            at_us,
        }
        .to_item()
    };
    let reaction = |kind| {
        Reaction {
            message_id: message_id.clone(),
            message_channel: MessageChannel::Email,
            definition: definition.clone(),
            purpose: purpose.clone(),
            who: who.clone(),
            kind,
            url: String::new(),
            bot_score: 0,
            at_us,
        }
        .to_item()
    };
    let item = match touch.minutes % 13 {
        0 | 1 => outcome(MessageState::Sent, false),
        2 => outcome(MessageState::Delivered, false),
        3 => outcome(MessageState::Failed, false),
        4 => outcome(MessageState::Undelivered, true),
        5 => reaction(ReactionKind::Opened),
        6 => reaction(ReactionKind::Clicked),
        7 if touch.repeat => reaction(ReactionKind::Unsubscribed),
        8 if touch.repeat => reaction(ReactionKind::Complained),
        _ => return None,
    };
    Some(app.of_source(DELIVER_SOURCE, &format!("d{n}"), Origin::Live, &item.to_string()))
}

/// Now and then somebody is erased, also somebody who is not there.
fn erasure(touch: &Touch) -> Option<Action> {
    let identifier = |kind, value: &str| Identifier { kind, value: value.to_owned() }.fragment_id(&KEY, 0);
    let asked = match touch.minutes % 29 {
        0 => identifier(IdentifierKind::UserId, "user-0"),
        1 => identifier(IdentifierKind::Email, "e1@example.com"),
        2 => identifier(IdentifierKind::AnonymousId, "dev-0"),
        3 => identifier(IdentifierKind::AnonymousId, "dev-9"),
        _ => return None,
    };
    Some(Action::EraseProfile { profile_id: asked.into() })
}

/// One in three events is told of the past, and one in seven says that the person agrees.
fn entry(app: &App, message_id: &str, touch: &Touch) -> Entry {
    let origin = if touch.minutes.is_multiple_of(3) { Origin::History } else { Origin::Live };
    let json = json(touch);
    let agreeing = json.replace(r#""type":"identify","traits":{"#, r#""type":"identify","traits":{"consent":true,"#);
    app.event_of(origin, message_id, if touch.minutes.is_multiple_of(7) { &agreeing } else { &json })
}

fn json(touch: &Touch) -> String {
    let mut fields = Vec::new();
    let device = if touch.device.is_none() && touch.user.is_none() && touch.email.is_none() { Some(9) } else { touch.device };
    if let Some(device) = device {
        fields.push(format!(r#""anonymousId":"dev-{device}""#));
    }
    if let Some(user) = touch.user {
        fields.push(format!(r#""userId":"user-{user}""#));
    }
    let email = touch.email.map(|email| format!(r#""email":"e{email}@example.com""#)).unwrap_or_default();
    let lead = touch.lead.map(|lead| format!(r#""lead_id":"L{lead}""#)).unwrap_or_default();
    let properties = [email.clone(), lead].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(",");
    let call = match touch.kind {
        0 => r#""type":"page","context":{"page":{"url":"https://c.example/?utm_source=g&utm_medium=cpc"}}"#.to_owned(),
        1 => format!(r#""type":"identify","traits":{{"name":"N{}"{}{email}}}"#, touch.minutes % 5, if email.is_empty() { "" } else { "," }),
        2 => format!(r#""type":"track","event":"lead_created","properties":{{{properties}}}"#),
        3 => format!(
            r#""type":"track","event":"contract_signed","properties":{{"order_id":"O1","value":10{}{properties}}}"#,
            if properties.is_empty() { "" } else { "," }
        ),
        4 => format!(r#""type":"track","event":"test_drive_done","properties":{{{properties}}}"#),
        _ => r#""type":"page","context":{"page":{"url":"https://c.example/","referrer":""}}"#.to_owned(),
    };
    let at = forecourt_model::time::iso(1_772_000_000_000_000 + i64::from(touch.minutes) * 60_000_000);
    format!(r#"{{{call},{},"timestamp":"{at}"}}"#, fields.join(",")).replace(",,", ",")
}

#[test]
fn batches_of_any_size_end_in_the_same_state() {
    let cases = if std::env::var_os("FORECOURT_PROVE").is_some() { 300 } else { 25 };
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let worlds = (proptest::collection::vec(touch(), 1..80), proptest::collection::vec(1..40usize, 1..6));
    runner
        .run(&worlds, |(touches, sizes)| {
            runtime.block_on(async {
                let mut one = App::new(None).await;
                let command = |action| {
                    let command = Command { actor: "ana@example.com".into(), action };
                    Entry { kind: RecordKind::Command as u8, body: serde_json::to_vec(&command).expect("json").into() }
                };
                one.append(
                    first_segments()
                        .into_iter()
                        .chain(first_templates())
                        .chain(first_journeys())
                        .chain(first_desk())
                        .map(command)
                        .collect(),
                )
                .await;
                for (n, touch) in touches.iter().enumerate() {
                    one.now_us += if touch.minutes.is_multiple_of(5) { 7 * HOUR_US } else { 30_000_000 };
                    if touch.minutes.is_multiple_of(4) {
                        one.append(vec![Entry { kind: RecordKind::Tick as u8, body: Default::default() }]).await;
                    }
                    let id = if touch.repeat { n / 2 } else { n };
                    let entry = entry(&one, &format!("m{id}"), touch);
                    one.append(vec![entry]).await;
                    let actions = channel_command(touch).into_iter().chain(erasure(touch)).chain(segment_command(touch));
                    for action in actions.chain(message_command(touch)).chain(journey_command(touch)).chain(desk_command(touch)) {
                        one.append(vec![command(action)]).await;
                    }
                    if let Some(told) = told_of_message(&one, n, touch) {
                        one.append(vec![told]).await;
                    }
                }
                one.fold_all(1).await;
                let mut told = vec![one.folded.iter().flat_map(|folded| folded.block.events.clone()).collect::<Vec<_>>()];
                let derived = |app: &App| app.folded.iter().flat_map(|folded| folded.block.derived.clone()).collect::<Vec<_>>();
                let derived_one_by_one = derived(&one);
                let mut moves = vec![one.folded.iter().flat_map(|folded| folded.block.moves.clone()).collect::<Vec<_>>()];
                for size in sizes.iter().copied().chain([10_000]) {
                    let mut other = App::new(None).await;
                    std::mem::swap(&mut other.log, &mut one.log);
                    other.fold_and_restart(size, 3).await;
                    other.fold_all(size).await;
                    std::mem::swap(&mut other.log, &mut one.log);
                    let difference = one.store.first_difference(&other.store).await.expect("compared");
                    prop_assert_eq!(difference, None, "batches of {}", size);
                    prop_assert_eq!(&derived(&other), &derived_one_by_one);
                    let attributed = |touch: forecourt_model::EventAttribution| (touch.offset, touch.fragment_id, touch.profile_id);
                    let events: Vec<_> = other.folded.iter().flat_map(|folded| folded.block.events.clone()).collect();
                    prop_assert_eq!(
                        events.iter().copied().map(attributed).collect::<Vec<_>>(),
                        told[0].iter().copied().map(attributed).collect::<Vec<_>>()
                    );
                    moves.push(other.folded.iter().flat_map(|folded| folded.block.moves.clone()).collect());
                    prop_assert_eq!(&moves[0], moves.last().expect("one"));
                    told.truncate(1);
                }
                Ok(())
            })
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// A steady stream about few people: less waits than may, and each batch is worth a note.
#[tokio::test]
async fn what_waits_is_in_the_tables_within_a_minute() {
    let app = App::new(None).await;
    let settings = forecourt_process::Settings { waiting_fragments_max: 1_000, ..crate::app::settings() };
    let mut fold = forecourt_process::Fold::open(app.store.clone(), settings).await.expect("a fold");
    let mut seen_after = None;
    for second in 0..80i64 {
        let at_us = app.now_us + second * 1_000_000;
        let tell = |json: &str| app.event(&format!("{second}-{}", json.len()), json);
        let entries = vec![
            tell(r#"{"type":"identify","userId":"u-1","traits":{"email":"ana@example.com","name":"Ana Berg"}}"#),
            tell(r#"{"type":"track","event":"car_viewed","userId":"u-1"}"#),
        ];
        let from = app.log.end_offset();
        app.log.append(at_us, entries).await.expect("appended");
        let records = app.log.reader(from).and_then(|mut reader| reader.next_batch(2, 1 << 20)).expect("records");
        let mut batch = forecourt_process::Batch::decode(records, "RU");
        batch.is_large = true;
        fold.process_batch(&batch, 0).await.expect("folded");
        if seen_after.is_none() && app.find("ana@example.com").await.len() == 1 && app.find("berg").await.len() == 1 {
            seen_after = Some(second);
        }
    }
    let seen_after = seen_after.expect("the table has the profile");
    assert!((31..=63).contains(&seen_after), "after {seen_after} s");
    assert!(fold.has_waiting(), "what came lately waits");

    // What a person sets by hand does not wait.
    let ana = app.find("ana@example.com").await[0];
    let action = Action::SetTrait { profile_id: ana, name: "name".into(), value: "Anna Kovalenko".into() };
    let body = serde_json::to_vec(&Command { actor: "ana@example.com".into(), action }).expect("json").into();
    let from = app.log.end_offset();
    app.log.append(app.now_us + 80_000_000, vec![Entry { kind: RecordKind::Command as u8, body }]).await.expect("appended");
    let records = app.log.reader(from).and_then(|mut reader| reader.next_batch(2, 1 << 20)).expect("records");
    let mut batch = forecourt_process::Batch::decode(records, "RU");
    batch.is_large = true;
    fold.process_batch(&batch, 0).await.expect("folded");
    assert_eq!(app.find("kovalenko").await, [ana]);
}
