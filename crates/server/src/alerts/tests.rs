//! Stories of alerts with a clock that the test moves: real databases, a real SMTP server, a real receiver of webhooks.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use axum::{Router, http::HeaderMap, routing::post};
use forecourt_api::WEBHOOK_SECRET;
use forecourt_deliver::email::{Mailer, Security, SmtpOptions};
use forecourt_model::{lead::LearnedScore, time::parse_us};
use forecourt_outgoing::{Outgoing, Settings};
use forecourt_store::{
    Database,
    control::{KeptScore, Keyring, NoticeState},
    definition::{DefinitionChange, LEAD_SCORE},
};
use serde_json::json;

use super::*;

const GIB: u64 = 1 << 30;

struct World {
    control: Control,
    store: Store,
    watch: Watch,
    now_us: i64,
    lag_us: Arc<AtomicI64>,
    free: Arc<AtomicU64>,
    paused: Arc<Mutex<Vec<(String, bool)>>>,
    /// Who waits, as the flow tells it; and what it was asked.
    flow: Arc<Mutex<(FlowReport, Vec<FlowSpec>)>>,
    site: String,
    _dir: tempfile::TempDir,
}

impl World {
    /// An installation whose source `Site` sent `per_hour` events in each hour of five weeks, the last five minutes ago.
    async fn with_rhythm(per_hour: i64) -> Self {
        Self::with_post(per_hour, Post { mailer: None, outgoing: Outgoing::new(allowing_ourselves()) }).await
    }

    async fn with_post(per_hour: i64, post: Post) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite(&dir.path().join("control.sqlite"), 2).await.unwrap();
        let control = Control::open(database, Keyring::random()).await.unwrap();
        let store = Store::sqlite(&dir.path().join("state.sqlite")).await.unwrap();
        let now_us = parse_us("2026-03-04T10:05:00Z").unwrap();
        let site = control.add_source("Site", "segment", now_us).await.unwrap().id;
        let this_hour = now_us / HOUR_US;
        let mut tx = store.begin().await.unwrap();
        let hour = |hour: i64| ((site.clone(), hour), (per_hour, 0, hour * HOUR_US + 59 * MINUTE_US));
        tx.add_source_hours(&(this_hour - 35 * 24..this_hour).map(hour).collect()).await.unwrap();
        tx.commit().await.unwrap();

        let (lag_us, free) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicU64::new(500 * GIB)));
        let paused = Arc::new(Mutex::new(Vec::new()));
        let flow = Arc::new(Mutex::new((flow_of(&[]), Vec::new())));
        let (lag, space, channels, flows) = (lag_us.clone(), free.clone(), paused.clone(), flow.clone());
        let readings = Readings {
            lag_us: Arc::new(move || lag.load(Ordering::SeqCst)),
            disk: Arc::new(move || Ok((space.load(Ordering::SeqCst), 1_000 * GIB))),
            channels: Arc::new(move || channels.lock().unwrap().clone()),
            flow: Arc::new(move |spec| {
                let mut flows = flows.lock().unwrap();
                flows.1.push(spec);
                let report = flows.0.clone();
                Box::pin(async move { Ok(report) })
            }),
        };
        let watch = Watch::new(control.clone(), store.clone(), readings, post, now_us - DAY_US);
        control.begin_alert_rules(now_us).await.unwrap();
        Self { control, store, watch, now_us, lag_us, free, paused, flow, site, _dir: dir }
    }

    /// Lets minutes pass, with a look at each.
    async fn pass(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.now_us += MINUTE_US;
            self.watch.round(self.now_us).await.unwrap();
            self.watch.post.clone().send_due(&self.control, self.now_us).await.unwrap();
        }
    }

    async fn send(&self, accepted: i64, refused: i64) {
        let mut tx = self.store.begin().await.unwrap();
        let change = ((self.site.clone(), self.now_us / HOUR_US), (accepted, refused, if 0 < accepted { self.now_us } else { 0 }));
        tx.add_source_hours(&[change].into_iter().collect()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn tell(&self, targets: AlertTargets) {
        self.control.put_setting(TARGETS_SETTING, &targets).await.unwrap();
    }

    /// `kind name` of what is open.
    async fn open(&self) -> Vec<String> {
        let open = self.control.open_incidents().await.unwrap();
        open.iter().map(|incident| format!("{} {}", incident.kind, incident.name).trim_end().to_owned()).collect()
    }
}

/// By region: how many wait longer than the class of waiting times takes.
fn flow_of(regions: &[(&str, u64)]) -> FlowReport {
    let stage = |long: u64| {
        json!({ "event": "lead_created", "entered": 9, "moved": 0, "lost": 0, "stock": long + 1, "ages": [1, long],
        "within": null, "quantiles": [], "curve": [] })
    };
    let groups: Vec<_> = regions.iter().map(|(region, long)| json!({ "by": { "region": region }, "stages": [stage(*long)] })).collect();
    let all = stage(regions.iter().map(|(_, long)| long).sum());
    let report = json!({ "stages": [all], "ages_s": [604_800], "groups": groups, "groups_omitted": 0, "within_s": 1, "until": "", "tz": "UTC",
        "rows_scanned": null, "elapsed_ms": 1, "as_of": "" });
    serde_json::from_value(report).unwrap()
}

#[tokio::test]
async fn a_stage_that_builds_up_is_told_by_place() {
    let mut world = World::with_rhythm(0).await;
    let rule = AlertRule::StageBuildsUp {
        stage: "lead_created".into(),
        ends: vec!["lead_contacted".into(), "lead_lost".into()],
        per: Some("lead_id".into()),
        by: Some("region".into()),
        days: 7,
        cases: 20,
    };
    world.control.add_alert_rule(&rule, true, world.now_us).await.unwrap();
    world.flow.lock().unwrap().0 = flow_of(&[("north", 25), ("south", 19)]);
    world.pass(2).await;
    assert_eq!(world.open().await, ["stage_builds_up lead_created, north"]);
    assert_eq!(world.control.open_incidents().await.unwrap()[0].figures["waiting"], 25.0);
    world.pass(7).await;
    let asked = std::mem::take(&mut world.flow.lock().unwrap().1);
    assert_eq!(asked.len(), 2, "the report is asked once in ten minutes, for now and for a week ago");
    assert_eq!((asked[0].lost[0].event.as_str(), asked[0].ages[0].as_str()), ("lead_lost", "7d"));
    assert_eq!(asked[1].to.as_deref(), Some("2026-02-25T10:06:00.000Z"));
    world.flow.lock().unwrap().0 = flow_of(&[("north", 16), ("south", 19)]);
    world.pass(15).await;
    assert_eq!(world.open().await, ["stage_builds_up lead_created, north"], "between the lines it stays");
    world.flow.lock().unwrap().0 = flow_of(&[("south", 19)]);
    world.pass(15).await;
    assert!(world.open().await.is_empty(), "where nobody waits any more there is no group");
}

fn allowing_ourselves() -> Settings {
    Settings { allow: vec!["127.0.0.1".parse().unwrap()], ..Settings::default() }
}

#[tokio::test]
async fn a_source_falls_silent_is_told_once_and_comes_back() {
    let mut world = World::with_rhythm(300).await;
    world.tell(AlertTargets { emails: vec!["ana@example.com".into()], ..AlertTargets::default() }).await;
    world.pass(20).await;
    assert!(world.open().await.is_empty(), "25 minutes of silence are not 30");
    world.pass(10).await;
    assert_eq!(world.open().await, ["source_silent Site"]);
    world.pass(60).await;
    let notices = world.control.notices(10).await.unwrap();
    assert_eq!(notices.len(), 1, "an hour later it is still one notice");
    assert_eq!(notices[0].subject, "Forecourt: the source Site is silent");
    assert!(notices[0].body.contains("it usually sends 300 events an hour"), "{}", notices[0].body);
    assert_eq!(world.control.open_incidents().await.unwrap()[0].figures["minutes"], 96.0, "the figures are the latest");

    world.send(1, 0).await;
    world.pass(3).await;
    assert!(world.open().await.is_empty());
    let notices = world.control.notices(10).await.unwrap();
    assert_eq!(notices.iter().map(|notice| notice.kind.as_str()).collect::<Vec<_>>(), ["closed", "opened"]);
    assert!(notices[0].subject.contains("in order again"), "{}", notices[0].subject);
}

#[tokio::test]
async fn a_quiet_source_a_late_fold_and_a_disabled_rule_wake_nobody() {
    let mut world = World::with_rhythm(5).await;
    world.pass(90).await;
    assert!(world.open().await.is_empty(), "five an hour is not a rhythm");

    let mut world = World::with_rhythm(300).await;
    let rules = world.control.alert_rules().await.unwrap();
    let lag = rules.iter().find(|kept| kept.rule.kind() == "fold_lags").unwrap();
    world.control.update_alert_rule(&lag.id, &lag.rule, false, world.now_us).await.unwrap();
    world.lag_us.store(90 * MINUTE_US, Ordering::SeqCst);
    world.pass(60).await;
    assert!(world.open().await.is_empty(), "what came in is not counted yet: that is not the source's silence");
}

/// A look at version 1 that found one column to be this far from what it was.
fn look(index: f64) -> String {
    let look = ScoreWatch { version: 1, at_us: 0, new_leads: 500, drift: vec![("channel".to_owned(), index)], outcome: None };
    serde_json::to_string(&look).unwrap()
}

#[tokio::test]
async fn a_score_that_does_not_fit_any_more_is_told() {
    let mut world = World::with_rhythm(5).await;
    let model = json!({
        "format": 1, "features": [{ "name": "channel", "kind": "category", "levels": [], "encoded": [], "otherwise": 0.1 }],
        "learner": "logistic", "intercept": -1.0, "weights": [[0.0]], "slope": 1.0, "shift": 0.0, "target": "won", "rows": 100, "positives": 20,
    });
    let score: LearnedScore = serde_json::from_value(json!({
        "version": 1, "looks": { "events": [], "half_life_days": 14.0 }, "model": model, "ranks": (1..100).collect::<Vec<_>>(),
    }))
    .unwrap();
    assert_eq!(score.check(), Ok(()));
    let kept = KeptScore {
        version: 1,
        made_us: world.now_us,
        made_by: "ana@example.com".into(),
        made_from: None,
        report: "{}".into(),
        watch: String::new(),
    };
    world.control.keep_lead_score(&score, &kept).await.unwrap();
    world.control.note_lead_score_watch(1, &look(0.5)).await.unwrap();
    world.pass(3).await;
    assert!(world.open().await.is_empty(), "leads are scored by points");
    let mut tx = world.store.begin().await.unwrap();
    let change = DefinitionChange {
        kind: LEAD_SCORE,
        definition_id: String::new(),
        log_offset: 1,
        changed_us: world.now_us,
        changed_by: "ana@example.com".into(),
        body: serde_json::to_string(&score).unwrap(),
    };
    tx.save_definitions(&[change]).await.unwrap();
    tx.commit().await.unwrap();
    world.pass(3).await;
    assert_eq!(world.open().await, ["score_drifts"]);
    assert_eq!(world.control.open_incidents().await.unwrap()[0].figures["drifted"], 1.0);
    world.control.note_lead_score_watch(1, &look(0.05)).await.unwrap();
    world.pass(3).await;
    assert!(world.open().await.is_empty());
}

#[tokio::test]
async fn lag_disk_channels_and_refusals_open_and_close_beyond_two_lines() {
    let mut world = World::with_rhythm(0).await;
    world.lag_us.store(61_000_000, Ordering::SeqCst);
    world.pass(1).await;
    assert!(world.open().await.is_empty(), "one odd reading");
    world.pass(1).await;
    assert_eq!(world.open().await, ["fold_lags"]);
    world.lag_us.store(45_000_000, Ordering::SeqCst);
    world.pass(5).await;
    assert_eq!(world.open().await, ["fold_lags"], "between the lines it stays");
    world.lag_us.store(0, Ordering::SeqCst);
    world.free.store(99 * GIB, Ordering::SeqCst);
    world.paused.lock().unwrap().push(("sms".into(), true));
    world.send(100, 50).await;
    world.pass(2).await;
    let mut open = world.open().await;
    open.sort();
    assert_eq!(open, ["channel_fails sms", "disk_fills", "refused_jumps Site"]);
    world.free.store(200 * GIB, Ordering::SeqCst);
    world.paused.lock().unwrap().clear();
    world.pass(120).await;
    assert!(world.open().await.is_empty(), "two hours later the refusals are not of the last hour any more");
}

#[tokio::test]
async fn an_incident_without_its_rule_ends_without_a_word() {
    let mut world = World::with_rhythm(0).await;
    world.tell(AlertTargets { emails: vec!["ana@example.com".into()], ..AlertTargets::default() }).await;
    world.lag_us.store(90_000_000, Ordering::SeqCst);
    world.pass(3).await;
    let open = world.control.open_incidents().await.unwrap();
    world.control.remove_alert_rule(&open[0].rule_id).await.unwrap();
    world.pass(1).await;
    assert!(world.open().await.is_empty());
    assert_eq!(world.control.notices(10).await.unwrap().len(), 1);
}

/// Each request that came: its headers and its body.
type Received = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A receiver of webhooks that answers 503 to the first request.
async fn receiver() -> (String, Received) {
    let received = Received::default();
    let kept = received.clone();
    let take = move |headers: HeaderMap, body: String| {
        let kept = kept.clone();
        async move {
            let mut kept = kept.lock().unwrap();
            kept.push((headers, body));
            if kept.len() == 1 { axum::http::StatusCode::SERVICE_UNAVAILABLE } else { axum::http::StatusCode::NO_CONTENT }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/alerts", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/alerts", post(take))).await });
    (url, received)
}

#[tokio::test]
async fn a_webhook_is_signed_repeated_under_the_same_id_and_sent_once_more_for_the_end() {
    let mut world = World::with_rhythm(0).await;
    let (url, received) = receiver().await;
    world.tell(AlertTargets { webhook_url: url, ..AlertTargets::default() }).await;
    world.control.put_secret(WEBHOOK_SECRET, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", world.now_us).await.unwrap();
    world.lag_us.store(90_000_000, Ordering::SeqCst);
    world.pass(2).await;
    assert_eq!(world.control.notices(10).await.unwrap()[0].state, NoticeState::Pending, "the receiver was not ready");
    world.pass(5).await;
    assert_eq!(world.control.notices(10).await.unwrap()[0].state, NoticeState::Sent);
    world.lag_us.store(0, Ordering::SeqCst);
    world.pass(3).await;

    let received = received.lock().unwrap();
    let header = |at: usize, name: &str| received[at].0[name].to_str().unwrap().to_owned();
    assert_eq!(received.len(), 3);
    assert_eq!(header(0, "webhook-id"), header(1, "webhook-id"));
    assert_ne!(header(1, "webhook-id"), header(2, "webhook-id"));
    assert!(header(1, "webhook-signature").starts_with("v1,") && header(0, "webhook-signature") != header(1, "webhook-signature"));
    let told: serde_json::Value = serde_json::from_str(&received[2].1).unwrap();
    assert_eq!((&told["type"], &told["data"]["kind"]), (&"alert.closed".into(), &"fold_lags".into()));
    assert!(told["data"]["closed_at"].is_string());
}

#[tokio::test]
async fn notices_go_out_by_mail_and_a_refusal_is_told() {
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools");
    let python = Command::new(format!("{tools}/smtp-venv")).output().unwrap();
    let python = String::from_utf8(python.stdout).unwrap();
    let mut server = Command::new(python.trim());
    server.arg(format!("{tools}/smtp_server.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = lines.next().unwrap().unwrap().parse().unwrap();
    let options = SmtpOptions {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        credentials: None,
        from: "Forecourt <cdp@example.com>".into(),
        authority: None,
        timeout: Duration::from_secs(10),
    };
    let post = Post { mailer: Some(Mailer::new(options).unwrap()), outgoing: Outgoing::new(allowing_ourselves()) };
    let mut world = World::with_post(0, post).await;
    let emails = vec!["ana@example.com".into(), "refused@example.com".into()];
    world.tell(AlertTargets { emails, language: "ru".into(), ..AlertTargets::default() }).await;
    world.lag_us.store(90_000_000, Ordering::SeqCst);
    world.pass(3).await;

    let taken: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(taken["to"], serde_json::json!(["ana@example.com"]));
    assert_eq!(taken["headers"]["Subject"], "Forecourt: события обрабатываются с опозданием");
    let mut notices = world.control.notices(10).await.unwrap();
    notices.sort_by(|a, b| a.target.cmp(&b.target));
    let fates: Vec<(&str, NoticeState)> = notices.iter().map(|notice| (notice.target.as_str(), notice.state)).collect();
    assert_eq!(fates, [("ana@example.com", NoticeState::Sent), ("refused@example.com", NoticeState::Failed)]);
    assert!(notices[1].told.as_ref().unwrap().contains("no such mailbox"));
    drop(server.stdin.take());
    server.wait().unwrap();
}
