//! The contact centre's people are rung one after another.

use forecourt_model::{
    command::{Action, Verdict},
    hours::OpeningHours,
    lead::{LeadAct, LeadRules, Moved, RingLine, RingStep, Verified},
    time::iso,
};
use serde_json::json;

use crate::{
    app::{App, for_each_backend},
    leads::{dealer, lead, person, refusal, rules},
};

/// Two operators, then their director; experts take what is given to them.
fn ringing_rules() -> LeadRules {
    let mut rules = rules();
    let day = vec!["09:00-18:00".to_owned()];
    let step = |people: &[&str], rings_max, only_free| RingStep {
        people: people.iter().map(|name| format!("{name}@example.com")).collect(),
        ring_s: 20,
        rings_max,
        only_free,
    };
    let hours = OpeningHours { tz: "Europe/Berlin".into(), week: vec![day; 7], holidays: vec!["2026-03-03".into()] };
    let first = RingLine {
        line: "first".into(),
        hours,
        channels: vec![],
        takes_new: true,
        steps: vec![step(&["ana", "ben"], 2, true), step(&["director"], 0, false)],
    };
    let expert = RingLine {
        line: "expert".into(),
        takes_new: false,
        steps: vec![step(&["eve"], 0, true)],
        hours: OpeningHours::default(),
        ..first.clone()
    };
    rules.verification.lines = vec![first, expert];
    rules
}

impl App {
    async fn present(&mut self, name: &str, is_present: bool) {
        let email = format!("{name}@example.com");
        assert_eq!(self.command(Action::SetPresence { email, is_present }).await, Verdict::Done);
    }

    /// Whom a lead rings at.
    async fn rings_at(&self, lead_id: &str) -> String {
        self.handling(lead_id).await.body.ringing.map_or("nobody".into(), |ringing| ringing.person.replace("@example.com", ""))
    }

    async fn hops(&self, lead_id: &str) -> Vec<String> {
        let mut moves = self.store.lead_moves(lead_id).await.expect("read");
        moves.reverse();
        let hops = moves.iter().filter(|held| matches!(held.act, Moved::Rung | Moved::Claimed | Moved::Transferred | Moved::Verified));
        hops.map(|held| {
            format!("{} {} {} {}", held.act.as_str(), held.from, held.to.replace("@example.com", ""), held.reason).trim_end().to_owned()
        })
        .collect()
    }
}

#[tokio::test]
async fn a_lead_rings_at_the_first_free_then_the_second_then_the_director_and_each_hop_is_recorded() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        assert_eq!(app.command(Action::SetLeadRules { rules: Box::new(ringing_rules()) }).await, Verdict::Done);
        for name in ["ana", "ben"] {
            app.present(name, true).await;
        }
        app.at("09:00").send(&person("kim")).await.send(&lead("L-kim", "kim", json!({}))).await;
        assert_eq!((app.where_is("L-kim").await, app.rings_at("L-kim").await), ("verification  captured".into(), "ana".into()));
        // Ana has a lead at hers: the next one rings at the one who is free, and the one after that waits.
        app.send(&person("lee")).await.send(&lead("L-lee", "lee", json!({}))).await;
        app.send(&person("mia")).await.send(&lead("L-mia", "mia", json!({}))).await;
        assert_eq!((app.rings_at("L-lee").await, app.rings_at("L-mia").await), ("ben".into(), String::new()));
        assert!(refusal(app.work("L-lee", LeadAct::Decline).await).contains("does not ring at yours"));
        assert_eq!(app.work("L-kim", LeadAct::Decline).await, Verdict::Done);
        assert_eq!(app.rings_at("L-kim").await, "director", "ben has another");
        app.at("2026-03-02T09:00:20Z").tick().await;
        assert_eq!((app.rings_at("L-kim").await, app.rings_at("L-lee").await), ("nobody".into(), "ana".into()));
        assert_eq!(app.hops("L-kim").await, ["rung first ana new", "rung first director declined", "rung first  nobody_took_it"]);
        assert_eq!(app.work("L-lee", LeadAct::Claim).await, Verdict::Done);
        // Nobody is rung while it is called; the lead that nobody took is still there for who looks.
        app.at("2026-03-02T09:05:00Z").tick().await;
        assert_eq!(app.hops("L-lee").await, ["rung first ben new", "rung first ana not_taken", "claimed first"]);
        assert_eq!(app.work("L-kim", LeadAct::Claim).await, Verdict::Done);
        // The first line gives it to an expert, who is rung when there; the experts' word settles it.
        app.present("eve", true).await;
        let transfer = |line: &str| LeadAct::Transfer { line: line.into(), note: "asks for fleet terms".into() };
        assert!(refusal(app.work("L-lee", transfer("none")).await).contains("no line `none`"));
        assert_eq!(app.work("L-lee", transfer("expert")).await, Verdict::Done);
        assert_eq!(app.rings_at("L-lee").await, "eve");
        assert_eq!(app.work("L-lee", LeadAct::Verify { outcome: Verified::Qualified, note: String::new() }).await, Verdict::Done);
        assert_eq!((app.where_is("L-lee").await, app.rings_at("L-lee").await), ("dealer d1 dispatched".into(), "nobody".into()));
        assert_eq!(app.hops("L-lee").await[3..], ["transferred first expert", "rung expert eve transferred", "verified expert qualified"]);
        // Nobody was reached: it rings again when it is to be called again.
        assert_eq!(app.work("L-kim", LeadAct::Verify { outcome: Verified::NoAnswer, note: String::new() }).await, Verdict::Done);
        app.present("ben", false).await;
        app.at("2026-03-02T10:34:00Z").tick().await;
        assert_eq!(app.rings_at("L-kim").await, "");
        app.at("2026-03-02T10:35:00Z").tick().await;
        assert_eq!(app.rings_at("L-kim").await, "ana");
        app.replays().await;
    })
    .await;
}

#[tokio::test]
async fn a_closed_line_rings_when_it_opens_and_who_never_answers_is_away() {
    for_each_backend(async |mut app| {
        app.open_desk(vec![dealer("d1", json!({}))]).await;
        assert_eq!(app.command(Action::SetLeadRules { rules: Box::new(ringing_rules()) }).await, Verdict::Done);
        app.present("ana", true).await;
        // Half past six in the evening there; tomorrow is a holiday.
        app.at("17:30").send(&person("kim")).await.send(&lead("L-kim", "kim", json!({}))).await;
        let ringing = app.handling("L-kim").await.body.ringing.expect("it waits");
        assert_eq!((ringing.person.as_str(), iso(ringing.until_us).as_str()), ("", "2026-03-04T08:00:00.000Z"));
        app.at("2026-03-03T12:00:00Z").tick().await;
        assert_eq!(app.hops("L-kim").await, ["rung first  closed"]);
        app.at("2026-03-04T08:00:00Z").tick().await;
        assert_eq!(app.rings_at("L-kim").await, "ana");
        app.at("2026-03-04T08:00:20Z").tick().await;
        app.at("2026-03-04T08:00:40Z").tick().await;
        assert_eq!(app.hops("L-kim").await[1..], ["rung first ana waited", "rung first director not_taken", "rung first  nobody_took_it"]);
        for (number, minute) in [(1, "08:10"), (2, "08:20"), (3, "08:30")] {
            let who = format!("p{number}");
            app.at(&format!("2026-03-04T{minute}:00Z")).send(&person(&who)).await.send(&lead(&format!("L-{who}"), &who, json!({}))).await;
            let is_there = number < 3;
            assert_eq!(app.rings_at(&format!("L-{who}")).await, if is_there { "ana" } else { "" }, "{who}");
            app.at(&format!("2026-03-04T{minute}:20Z")).tick().await;
        }
        let operators = app.store.operators().await.expect("read");
        let ana = &operators.iter().find(|(email, _)| email == "ana@example.com").expect("known").1;
        assert!(!ana.is_present, "{ana:?}");
        app.replays().await;
    })
    .await;
}
