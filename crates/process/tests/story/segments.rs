//! Segments: who enters and leaves as things happen, as time passes, as people become one.

use std::collections::BTreeMap;

use forecourt_model::{
    Origin, RecordKind,
    command::{Action, Verdict},
    measure::{Measure, MeasureSpec},
    rule::Rule,
    segment::{Filled, Segment, VersionState, size_name},
};
use serde_json::json;

use crate::app::{App, for_each_backend};

fn segment(id: &str, rule: serde_json::Value) -> Segment {
    let rule: Rule = serde_json::from_value(rule).expect("a rule");
    Segment { segment_id: id.into(), name: id.to_uppercase(), description: String::new(), tz: "UTC".into(), rule }
}

fn viewed(times: u32, last: &str) -> serde_json::Value {
    json!({ "if": "did", "event": "car_viewed", "measure": { "of": "count" }, "is": { "op": "at_least", "number": times }, "within": { "last": last } })
}

fn visit(device: &str, event: &str) -> String {
    json!({ "type": "track", "event": event, "anonymousId": device }).to_string()
}

impl App {
    /// Sets a segment and computes it; nothing of the past has to be brought in.
    pub async fn segment(&mut self, id: &str, rule: serde_json::Value) -> u32 {
        let set = self.command(Action::SetSegment { segment: segment(id, rule) }).await;
        assert_eq!(set, Verdict::Done);
        let number = self.next_version(id).await;
        let version = self.store.segments().await.expect("read").versions[&number].clone();
        if matches!(version.state, VersionState::Filling { .. }) {
            let done = Action::FillSegment { number, chunk: 0, is_last: true, rows: "[]".into() };
            assert_eq!(self.command(done).await, Verdict::Done);
        }
        assert_eq!(self.command(Action::DecideSegment { number, after: -1, until: i64::MAX }).await, Verdict::Done);
        number
    }

    async fn next_version(&self, id: &str) -> u32 {
        self.store.segments().await.expect("read").next(id).expect("a version to come").number
    }

    /// Who is in a segment, by the least of each person's identifiers.
    async fn members_of(&self, id: &str) -> String {
        let segments = self.store.segments().await.expect("read");
        let number = segments.live(id).expect("in force").number;
        let mut names = Vec::new();
        for (profile_id, _) in self.store.members_after(number, -1, 1_000).await.expect("read") {
            let view = self.store.profile(&forecourt_model::Scope::Everything, profile_id).await.expect("read").expect("there");
            names.push(view.fragments.iter().map(|row| row.value.clone()).min().expect("an identifier"));
        }
        names.sort();
        let size = self.store.fold_numbers().await.expect("read").get(&size_name(number)).copied().unwrap_or(0);
        assert_eq!(size, names.len() as i64, "the size that is shown");
        names.join(" ")
    }

    /// What was told since the last time: who entered and left what, and why.
    fn entered_and_left(&mut self) -> Vec<String> {
        let folded = std::mem::take(&mut self.folded);
        let derived = folded.iter().flat_map(|folded| &folded.block.derived);
        derived
            .map(|event| {
                let said: serde_json::Value = serde_json::from_str(&event.properties).expect("json");
                let why = said["because"][0]["if"].as_str().unwrap_or("?");
                format!("{} {} {why} {}", event.name, said["segment_id"].as_str().expect("an id"), said["cause"].as_str().expect("a cause"))
            })
            .collect()
    }

    pub async fn tick(&mut self) {
        self.append(vec![forecourt_log::Entry { kind: RecordKind::Tick as u8, body: Default::default() }]).await;
        self.fold_all(10_000).await;
    }
}

#[tokio::test]
async fn an_event_brings_in_and_time_takes_out() {
    for_each_backend(async |mut app| {
        app.at("09:00").segment("keen", viewed(2, "3d")).await;
        app.send(&visit("d1", "car_viewed")).await.send(&visit("d2", "car_viewed")).await;
        assert_eq!(app.members_of("keen").await, "");
        app.entered_and_left();
        app.at("10:30").send(&visit("d1", "car_viewed")).await.send(&visit("d1", "car_viewed")).await;
        assert_eq!(
            (app.members_of("keen").await.as_str(), app.entered_and_left()),
            ("d1", vec!["segment_entered keen did event".to_owned()])
        );
        // 09:00 leaves the window first, which leaves two; then those of 10:30, as the hour's whole.
        app.at("2026-03-05T10:59:00Z").tick().await;
        assert_eq!((app.members_of("keen").await.as_str(), app.entered_and_left()), ("d1", vec![]));
        app.at("2026-03-05T11:00:00Z").tick().await;
        assert_eq!((app.members_of("keen").await.as_str(), app.entered_and_left()), ("", vec!["segment_left keen did time".to_owned()]));
        assert_eq!(app.store.memberships_turn_us().await.expect("read"), None, "nothing is waited for any more");
    })
    .await;
}

#[tokio::test]
async fn silence_is_noticed_by_the_minute_and_ended_by_an_event() {
    for_each_backend(async |mut app| {
        let silent = json!({ "if": "not", "rule": { "if": "seen", "which": "latest", "within": "30d" } });
        app.at("09:00").segment("silent", silent).await;
        app.send(&visit("d1", "page_viewed")).await;
        app.at("2026-03-20T12:00:00Z").send(&visit("d1", "page_viewed")).await;
        app.at("2026-04-01T12:00:00Z").tick().await;
        app.tick().await;
        assert_eq!(app.members_of("silent").await, "", "the first visit's time came, the second's did not");
        app.at("2026-04-19T12:01:00Z").tick().await;
        assert_eq!(app.members_of("silent").await, "d1");
        app.entered_and_left();
        app.at("2026-05-01T12:00:00Z").send(&visit("d1", "page_viewed")).await;
        assert_eq!(
            (app.members_of("silent").await.as_str(), app.entered_and_left()),
            ("", vec!["segment_left silent not event".to_owned()])
        );
    })
    .await;
}

#[tokio::test]
async fn two_who_turn_out_to_be_one_count_together() {
    for_each_backend(async |mut app| {
        app.at("09:00").segment("keen", viewed(2, "3d")).await;
        let kiev = json!({ "if": "trait", "name": "city", "is": { "op": "is", "values": ["Kyiv"] } });
        app.segment("kiev", kiev).await;
        app.send(&visit("d1", "car_viewed")).await.send(&visit("d2", "car_viewed")).await;
        app.send(r#"{"type":"identify","userId":"u1","anonymousId":"d1","traits":{"city":"kyiv"}}"#).await;
        assert_eq!((app.members_of("keen").await.as_str(), app.members_of("kiev").await.as_str()), ("", "d1"));
        app.entered_and_left();
        app.send(r#"{"type":"identify","userId":"u1","anonymousId":"d2"}"#).await;
        assert_eq!((app.members_of("keen").await.as_str(), app.members_of("kiev").await.as_str()), ("d1", "d1"));
        assert_eq!(app.entered_and_left(), ["segment_entered keen did merge"], "who was in the other already does not enter again");
    })
    .await;
}

#[tokio::test]
async fn what_is_told_of_the_past_counts_and_starts_nothing() {
    for_each_backend(async |mut app| {
        app.at("09:00").segment("keen", viewed(1, "3d")).await;
        let entry = app.event_of(Origin::History, "import:1", &visit("d1", "car_viewed"));
        app.append(vec![entry]).await;
        app.fold_all(10_000).await;
        assert_eq!((app.members_of("keen").await.as_str(), app.entered_and_left()), ("d1", vec![]));
    })
    .await;
}

#[tokio::test]
async fn a_segment_may_look_at_another() {
    for_each_backend(async |mut app| {
        app.at("09:00").segment("keen", viewed(1, "1h")).await;
        let rule = json!({ "if": "all", "rules": [
            { "if": "segment", "segment_id": "keen" },
            { "if": "not", "rule": { "if": "identifier", "kind": "email" } } ] });
        app.segment("unknown-keen", rule).await;
        app.send(&visit("d1", "car_viewed")).await;
        assert_eq!(app.members_of("unknown-keen").await, "d1");
        app.entered_and_left();
        app.at("10:01").tick().await;
        assert_eq!(app.entered_and_left(), ["segment_left keen did time", "segment_left unknown-keen segment time"]);
        let circle = json!({ "if": "segment", "segment_id": "unknown-keen" });
        let refused = app.command(Action::SetSegment { segment: segment("keen", circle) }).await;
        assert!(matches!(&refused, Verdict::Refused { reason } if reason.contains("circle")), "{refused:?}");
        let refused = app.command(Action::RemoveSegment { segment_id: "keen".into() }).await;
        assert!(matches!(&refused, Verdict::Refused { reason } if reason.contains("unknown-keen")), "{refused:?}");
        assert_eq!(app.command(Action::RemoveSegment { segment_id: "unknown-keen".into() }).await, Verdict::Done);
        assert_eq!(app.command(Action::RemoveSegment { segment_id: "keen".into() }).await, Verdict::Done);
    })
    .await;
}

/// While the past is brought in, events go on; the version in force stays it until all is decided.
#[tokio::test]
async fn a_change_of_rule_is_filled_beside_the_old_and_takes_its_place_at_once() {
    for_each_backend(async |mut app| {
        let old = app.at("09:00").segment("keen", viewed(1, "3d")).await;
        app.send(&visit("d1", "car_viewed")).await.send(&visit("d2", "car_viewed")).await;
        let id = |view: &forecourt_store::profile::ProfileView| view.fragments[0].fragment_id;
        let (d1, d2) = (id(&app.profile("d1").await), id(&app.profile("d2").await));
        // Forms were counted by nobody so far: their past is in the lake.
        app.send(&visit("d1", "form_sent")).await.send(&visit("d2", "form_sent")).await;
        let rule = json!({ "if": "did", "event": "form_sent", "measure": { "of": "count" }, "is": { "op": "at_least", "number": 2 } });
        assert_eq!(app.command(Action::SetSegment { segment: segment("keen", rule) }).await, Verdict::Done);
        let number = app.next_version("keen").await;
        app.send(&visit("d1", "form_sent")).await;
        assert_eq!(app.members_of("keen").await, "d1 d2", "the version in force");

        let version = app.store.segments().await.expect("read").versions[&number].clone();
        let kept = version.measures[0].clone();
        let past = |spec: &MeasureSpec| -> Measure {
            serde_json::from_value(json!({ "b": { "0": [1, 0] } })).unwrap_or_else(|e| panic!("{spec:?} {e}"))
        };
        let rows: Filled = [d1, d2].map(|id| (id, BTreeMap::from([(kept.key.clone(), past(&kept.spec))]))).to_vec();
        let rows = serde_json::to_string(&rows).expect("json");
        let fill = |chunk, is_last, rows: &str| Action::FillSegment { number, chunk, is_last, rows: rows.to_owned() };
        assert_eq!(app.command(fill(0, false, &rows)).await, Verdict::Done);
        assert!(matches!(app.command(fill(0, false, &rows)).await, Verdict::Refused { .. }), "the same part twice");
        assert_eq!(app.command(fill(1, true, "[]")).await, Verdict::Done);
        let early = app.command(Action::DecideSegment { number, after: 5, until: i64::MAX }).await;
        assert!(matches!(early, Verdict::Refused { .. }), "a range that is not due");
        app.entered_and_left();
        assert_eq!(app.command(Action::DecideSegment { number, after: -1, until: d1.0.min(d2.0) }).await, Verdict::Done);
        assert_eq!(app.members_of("keen").await, "d1 d2", "still the version in force");
        assert_eq!(app.command(Action::DecideSegment { number, after: d1.0.min(d2.0), until: i64::MAX }).await, Verdict::Done);
        assert_eq!(app.members_of("keen").await, "d1", "one before and one after the definition");
        assert_eq!(app.entered_and_left(), Vec::<String>::new(), "a definition starts nothing");
        let segments = app.store.segments().await.expect("read");
        assert_eq!(segments.versions.keys().copied().collect::<Vec<_>>(), [number], "{old} is gone");
        app.send(&visit("d2", "form_sent")).await;
        assert_eq!(app.members_of("keen").await, "d1 d2");
    })
    .await;
}

#[tokio::test]
async fn who_is_erased_is_in_nothing() {
    for_each_backend(async |mut app| {
        app.at("09:00").segment("keen", viewed(1, "3d")).await;
        app.send(&visit("d1", "car_viewed")).await.send(&visit("d2", "car_viewed")).await;
        let profile_id = app.profile("d1").await.summary.profile_id;
        assert_eq!(app.command(Action::EraseProfile { profile_id }).await, Verdict::Done);
        assert_eq!(app.members_of("keen").await, "d2");
    })
    .await;
}

#[tokio::test]
async fn dates_stages_and_orders_turn_by_the_day_and_by_what_is_told() {
    for_each_backend(async |mut app| {
        let soon = json!({ "if": "date", "name": "delivery", "from_days": 0, "to_days": 30 });
        app.at("09:00").segment("soon", soon).await;
        let waits = json!({ "if": "stage", "stages": ["contract"], "at_least": "2d" });
        app.segment("waits", waits).await;
        let buyers = json!({ "if": "orders", "measure": "revenue", "is": { "op": "above", "number": 10000.5 } });
        app.segment("buyers", buyers).await;
        app.send(r#"{"type":"identify","userId":"u1","traits":{"delivery":"2026-04-10"}}"#).await;
        app.send(r#"{"type":"track","event":"contract_signed","userId":"u1","properties":{"lead_id":"L1","stage":"contract"}}"#).await;
        app.send(
            r#"{"type":"track","event":"order_paid","userId":"u1","properties":{"order_id":"O1","status":"confirmed","value":10000.51}}"#,
        )
        .await;
        assert_eq!([app.members_of("soon").await, app.members_of("waits").await], ["", ""]);
        assert_eq!(app.members_of("buyers").await, "u1");
        app.at("2026-03-04T09:05:00Z").tick().await;
        assert_eq!(app.members_of("waits").await, "u1");
        app.at("2026-03-11T00:00:00Z").tick().await;
        assert_eq!(app.members_of("soon").await, "u1");
        app.at("2026-04-11T00:00:00Z").tick().await;
        assert_eq!(app.members_of("soon").await, "");
        app.send(r#"{"type":"track","event":"order_cancelled","userId":"u1","properties":{"order_id":"O1","status":"cancelled"}}"#).await;
        assert_eq!(app.command(Action::SetStage { lead_id: "L1".into(), stage: "delivered".into() }).await, Verdict::Done);
        assert_eq!([app.members_of("buyers").await, app.members_of("waits").await], ["", ""]);
    })
    .await;
}
