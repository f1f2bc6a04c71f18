//! Random journeys over random histories: the fold sends what a naive interpreter sends, which knows no batches, no rows and no timers.
//!
//! The interpreter goes through time minute by minute and asks each run at each minute what it would do.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_log::Entry;
use forecourt_model::{
    RecordKind,
    command::{Action, Command},
    journey::{Journey, JourneyStep, run::draw, run::run_id},
    message::Sending,
    time::MINUTE_US,
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::{app::App, app::KEY, journeys::journey, messages::gate};

/// One step as it is drawn by chance; its exits lead to later steps, or back through a wait.
#[derive(Debug, Clone)]
struct Drawn {
    kind: u8,
    a: u8,
    b: u8,
    minutes: u16,
    event: u8,
    flag: bool,
}

#[derive(Debug, Clone)]
struct DrawnJourney {
    steps: Vec<Drawn>,
    entry: u8,
    is_keyed: bool,
    again: u8,
    goal: Option<u8>,
    exit: Option<u8>,
}

#[derive(Debug, Clone)]
struct Happens {
    after_minutes: u16,
    person: u8,
    event: u8,
    key: u8,
}

fn drawn() -> impl Strategy<Value = DrawnJourney> {
    let step = (0..6u8, 0..8u8, 0..8u8, 1..90u16, 0..4u8, any::<bool>()).prop_map(|(kind, a, b, minutes, event, flag)| Drawn {
        kind,
        a,
        b,
        minutes,
        event,
        flag,
    });
    let maybe = || proptest::option::weighted(0.4, 0..4u8);
    (proptest::collection::vec(step, 1..7), 0..4u8, any::<bool>(), 0..4u8, maybe(), maybe())
        .prop_map(|(steps, entry, is_keyed, again, goal, exit)| DrawnJourney { steps, entry, is_keyed, again, goal, exit })
}

fn happens() -> impl Strategy<Value = Happens> {
    (0..45u16, 0..3u8, 0..4u8, 0..3u8).prop_map(|(after_minutes, person, event, key)| Happens { after_minutes, person, event, key })
}

fn event(number: u8) -> String {
    format!("e{number}")
}

/// A way out leads to a later step or to none, so that there is no circle; waits may lead back, where the flag says so.
fn way(from: usize, by: u8, steps: usize, back: bool) -> Value {
    let to = if back { usize::from(by) % steps } else { from + 1 + usize::from(by) % 3 };
    if to < steps { json!(format!("s{to}")) } else { Value::Null }
}

fn built(number: usize, drawn: &DrawnJourney) -> Journey {
    let count = drawn.steps.len();
    let steps: Vec<Value> = drawn
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let span = format!("{}m", step.minutes);
            let (next, otherwise) = (way(at, step.a, count, false), way(at, step.b, count, false));
            let back = way(at, step.b, count, step.flag);
            let does = match step.kind {
                0 | 1 => json!({ "do": "send", "purpose": "transactional", "chain": [{ "template_id": "mail" }], "next": next }),
                2 => json!({ "do": "wait", "wait": { "lasting": span }, "next": back }),
                3 => {
                    let key = if step.flag { json!("properties.k") } else { Value::Null };
                    json!({ "do": "wait_for", "within": span, "next": next, "otherwise": back,
                        "what": { "for": "event", "event": event(step.event), "key": key, "since_entry": step.a % 2 == 0 } })
                }
                4 => json!({ "do": "branch", "otherwise": otherwise, "arms": [
                    { "when": { "on": "event", "field": "properties.k", "is": { "op": "is", "values": [format!("k{}", step.event % 3)] } }, "next": next }] }),
                _ => json!({ "do": "split", "arms": [{ "share": 300, "next": next }, { "share": 700, "next": otherwise }] }),
            };
            json!({ "step_id": format!("s{at}"), "does": does })
        })
        .collect();
    let key = if drawn.is_keyed { json!("properties.k") } else { Value::Null };
    let again = [json!("never"), json!("when_ended"), json!({ "after": "3h" }), json!("always")][usize::from(drawn.again)].clone();
    let mut whole = json!({ "journey_id": format!("j{number}"), "name": "J", "first": "s0", "again": again, "steps": steps,
        "entry": { "by": "event", "event": event(drawn.entry), "key": key } });
    if let Some(goal) = drawn.goal {
        whole["goal"] = json!({ "event": event(goal), "within": "1d" });
    }
    if let Some(exit) = drawn.exit {
        whole["exits"] = json!([{ "on": "event", "event": event(exit) }]);
    }
    // What nothing leads to is left out, as a person would.
    let mut reached = BTreeSet::from(["s0".to_owned()]);
    let mut left = vec!["s0".to_owned()];
    let found = journey(whole.clone());
    while let Some(at) = left.pop() {
        let ways: Vec<String> = found
            .step(&at)
            .map(|step| step.does.ways().into_iter().filter_map(|(_, to)| to.map(str::to_owned)).collect())
            .unwrap_or_default();
        left.extend(ways.into_iter().filter(|to| reached.insert(to.clone())));
    }
    let kept: Vec<Value> = whole["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|step| reached.contains(step["step_id"].as_str().unwrap_or_default()))
        .cloned()
        .collect();
    whole["steps"] = json!(kept);
    journey(whole)
}

/// What was sent: minute, person, journey and step.
type Sent = (i64, u8, String, String);

/// One that happened: minute, log offset, person, event, key.
type Happened = (i64, u64, u8, String, String);

/// The interpreter. It reads a journey as the JSON that people write, and knows nothing else of the product.
struct Naive<'a> {
    journey: &'a Value,
    is_met: BTreeMap<u64, ()>,
    sent: Vec<Sent>,
}

struct NaiveRun {
    id: String,
    person: u8,
    key: String,
    entered: i64,
    ended: Option<i64>,
    at: Option<String>,
    /// Minute at which the step was begun; `None` before.
    since: Option<i64>,
    /// Steps that an event came for before they were reached.
    early: BTreeSet<String>,
    entry_key: String,
}

fn minutes_of(span: &str) -> i64 {
    let (number, unit) = span.split_at(span.len() - 1);
    number.parse::<i64>().expect("a number") * BTreeMap::from([("m", 1), ("h", 60), ("d", 1_440), ("w", 10_080)])[unit]
}

impl Naive<'_> {
    fn step(&self, id: &str) -> Option<&Value> {
        self.journey["steps"].as_array()?.iter().find(|step| step["step_id"] == id).map(|step| &step["does"])
    }

    fn go(&mut self, run: &mut NaiveRun, now: i64, mut to: Option<String>) {
        loop {
            run.since = None;
            run.at.clone_from(&to);
            let Some(id) = to else {
                run.ended = Some(now);
                return;
            };
            let step = self.step(&id).expect("a step").clone();
            let next = |name: &str| step[name].as_str().map(str::to_owned);
            match step["do"].as_str().expect("a kind") {
                "send" => {
                    self.sent.push((now, run.person, self.journey["journey_id"].as_str().unwrap_or_default().to_owned(), id));
                    to = next("next");
                }
                "branch" => {
                    let wanted = &step["arms"][0]["when"]["is"]["values"][0];
                    to = if *wanted == json!(run.entry_key) {
                        step["arms"][0]["next"].as_str().map(str::to_owned)
                    } else {
                        next("otherwise")
                    };
                }
                "split" => {
                    let arm = usize::from(300 <= draw(&run.id, &id));
                    to = step["arms"][arm]["next"].as_str().map(str::to_owned);
                }
                "wait_for" if step["what"]["since_entry"] == true && run.early.remove(&id) => to = next("next"),
                _ => {
                    run.since = Some(now);
                    return;
                }
            }
        }
    }

    /// When the step it is in is over by itself.
    fn due(&self, run: &NaiveRun) -> Option<(i64, Option<String>)> {
        let step = self.step(run.at.as_deref()?)?;
        let since = run.since?;
        match step["do"].as_str()? {
            "wait" => Some((since + minutes_of(step["wait"]["lasting"].as_str()?), step["next"].as_str().map(str::to_owned))),
            _ => Some((since + minutes_of(step["within"].as_str()?), step["otherwise"].as_str().map(str::to_owned))),
        }
    }

    fn interpret(mut self, happened: &[Happened], until: i64) -> Vec<Sent> {
        let mut runs: Vec<NaiveRun> = Vec::new();
        let entry = self.journey["entry"]["event"].as_str().unwrap_or_default().to_owned();
        let is_keyed = self.journey["entry"]["key"].is_string();
        for minute in 0..=until {
            for (_, offset, person, name, key) in happened.iter().filter(|one| one.0 == minute) {
                self.is_met.insert(*offset, ());
                for run in runs.iter_mut().filter(|run| run.person == *person && run.ended.is_none()) {
                    let is_goal = self.journey["goal"]["event"] == json!(name) && minute <= run.entered + 1_440;
                    let is_exit = self.journey["exits"][0]["event"] == json!(name);
                    if is_goal || is_exit {
                        (run.ended, run.at) = (Some(minute), None);
                        continue;
                    }
                    let takes = |step: &Value| {
                        step["do"] == "wait_for"
                            && step["what"]["event"] == json!(name)
                            && (step["what"]["key"].is_null() || *key == run.key)
                    };
                    for step in self.journey["steps"].as_array().into_iter().flatten() {
                        let id = step["step_id"].as_str().unwrap_or_default();
                        if takes(&step["does"]) && step["does"]["what"]["since_entry"] == true && run.at.as_deref() != Some(id) {
                            run.early.insert(id.to_owned());
                        }
                    }
                    let here = run.at.clone().and_then(|id| self.step(&id).cloned());
                    if let Some(step) = here.filter(|step| takes(step)) {
                        self.go(run, minute, step["next"].as_str().map(str::to_owned));
                    }
                }
                if *name == entry {
                    let run_key = if is_keyed { key.clone() } else { String::new() };
                    let bars = |run: &NaiveRun| {
                        run.person == *person
                            && run.key == run_key
                            && match &self.journey["again"] {
                                Value::String(again) if again == "never" => true,
                                Value::String(again) if again == "when_ended" => run.ended.is_none_or(|ended| minute < ended),
                                Value::String(_) => false,
                                _ => minute < run.entered + 180,
                            }
                    };
                    if !runs.iter().any(bars) {
                        let id = run_id(&KEY, self.journey["journey_id"].as_str().unwrap_or_default(), &offset.to_string());
                        let mut run = NaiveRun {
                            id,
                            person: *person,
                            key: run_key,
                            entered: minute,
                            ended: None,
                            at: None,
                            since: None,
                            early: BTreeSet::new(),
                            entry_key: key.clone(),
                        };
                        self.go(&mut run, minute, Some("s0".to_owned()));
                        runs.push(run);
                    }
                }
            }
            // Time comes after what happened in the minute.
            for run in &mut runs {
                while run.ended.is_none()
                    && let Some((due, to)) = self.due(run).filter(|(due, _)| *due <= minute)
                {
                    assert_eq!(due, minute, "missed");
                    self.go(run, minute, to);
                }
            }
        }
        self.sent
    }
}

#[test]
fn the_fold_sends_what_a_naive_interpreter_sends() {
    let cases = if std::env::var_os("FORECOURT_PROVE").is_some() { 3_400 } else { 30 };
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let worlds = (
        proptest::collection::vec(drawn(), 3..4),
        proptest::collection::vec(happens(), 1..40),
        proptest::collection::vec(1..30usize, 1..4),
    );
    let sends = std::cell::Cell::new(0);
    runner
        .run(&worlds, |(drawn, happens, sizes)| {
            let journeys: Vec<Journey> = drawn.iter().enumerate().map(|(number, drawn)| built(number, drawn)).collect();
            prop_assume!(journeys.iter().all(|journey| journey.problems().is_empty()));
            runtime.block_on(async {
                let mut app = App::new(None).await;
                app.open_messages(gate()).await;
                app.command(Action::SetSending { sending: Sending { safe_mode: false, ..Sending::default() } }).await;
                for person in 0..3 {
                    app.send(&format!(r#"{{"type":"identify","userId":"u{person}","traits":{{"email":"p{person}@example.com"}}}}"#)).await;
                }
                let command = |action| Entry {
                    kind: RecordKind::Command as u8,
                    body: serde_json::to_vec(&Command { actor: "ana@example.com".into(), action }).expect("json").into(),
                };
                for journey in &journeys {
                    let journey_id = journey.journey_id.clone();
                    app.append(vec![command(Action::SetJourney { journey: Box::new(journey.clone()) })]).await;
                    app.append(vec![command(Action::StepJourney { journey_id, step: JourneyStep::Publish })]).await;
                }
                // A tick each minute, after what happened in it.
                let begin_us = app.now_us;
                let mut happened: Vec<Happened> = Vec::new();
                let mut minute = 0i64;
                let tick = || Entry { kind: RecordKind::Tick as u8, body: Default::default() };
                for one in &happens {
                    let then = minute + i64::from(one.after_minutes);
                    for passed in minute..then {
                        app.now_us = begin_us + passed * MINUTE_US;
                        app.append(vec![tick()]).await;
                    }
                    minute = then;
                    app.now_us = begin_us + minute * MINUTE_US;
                    let (name, key) = (event(one.event), format!("k{}", one.key));
                    let json = json!({ "type": "track", "event": name, "userId": format!("u{}", one.person), "properties": { "k": key } });
                    let offset = app.log.end_offset();
                    let entry = app.event(&format!("h{offset}"), &json.to_string());
                    app.append(vec![entry]).await;
                    happened.push((minute, offset, one.person, name, key));
                }
                let until = minute + 400;
                for passed in minute..=until {
                    app.now_us = begin_us + passed * MINUTE_US;
                    app.append(vec![tick()]).await;
                }
                let mut size = sizes.iter().copied().cycle();
                // Killed and begun again, by batches of any size.
                app.fold_and_restart(size.next().unwrap_or(1), 5).await;
                app.fold_all(size.next().unwrap_or(1) * 40).await;

                let mut naive: Vec<Sent> = Vec::new();
                for journey in &journeys {
                    let journey = serde_json::to_value(journey).expect("json");
                    naive.extend(Naive { journey: &journey, is_met: BTreeMap::new(), sent: vec![] }.interpret(&happened, until));
                }
                naive.sort();
                let mut fold: Vec<Sent> = Vec::new();
                let mut before = None;
                loop {
                    let page = forecourt_store::outbox::Listing { limit: 500, before: before.clone(), ..Default::default() };
                    let page = app.store.list_messages(&page).await.expect("read");
                    let Some(last) = page.last() else { break };
                    before = Some((last.admitted_us, last.message_id.clone()));
                    for message in page {
                        let plan = message.plan.as_deref().expect("made of a template");
                        let minute = (message.admitted_us - begin_us) / MINUTE_US;
                        let person = message.recipient.as_bytes()[1] - b'0';
                        fold.push((minute, person, message.definition.trim_start_matches("journey:").to_owned(), plan.variant.clone()));
                    }
                }
                fold.sort();
                sends.set(sends.get() + fold.len());
                prop_assert_eq!(fold, naive);
                Ok(())
            })
        })
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(cases as usize <= sends.get(), "hardly anything was sent: {}", sends.get());
}
