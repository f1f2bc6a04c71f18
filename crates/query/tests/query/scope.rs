//! A dealer sees his rows, whatever he asks.

use forecourt_lake::tables::{AD_COSTS, CALLS, LEADS, ORDERS, PROFILES};
use forecourt_model::Scope;
use forecourt_query::{EventFilter, FunnelSpec, Outcome, PeopleSpec, TimelineKind};

use crate::rows::{SmallLake, event, lake, profile, rows_of, table};

fn north() -> Scope {
    Scope::Dealer("north".into())
}

/// Two dealers, a profile of each, one of both, one of none.
fn dealers() -> SmallLake {
    let events = vec![
        event(profile(0, 1), 10, "viewed").dealer("north").value(1.0),
        event(profile(0, 1), 20, "asked").dealer("north").value(2.0),
        event(profile(5, 2), 30, "viewed").dealer("south").value(0.0).properties(r#"{"secret":"s"}"#),
        event(profile(5, 2), 40, "asked").dealer("south").value(0.0),
        event(profile(9, 3), 50, "viewed").dealer("north").value(3.0),
        event(profile(9, 3), 60, "asked").dealer("south").value(0.0),
        event(profile(12, 4), 70, "viewed").value(0.0),
    ];
    let ids = [profile(0, 1), profile(5, 2), profile(9, 3), profile(12, 4), profile(13, 5)].map(|id| id.to_string());
    let [one, two, three, four, five] = ids.each_ref().map(String::as_str);
    let leads = table(
        &LEADS,
        &[&[("lead_id", "L1"), ("profile_id", two), ("dealer", "south")], &[("lead_id", "L2"), ("profile_id", five), ("dealer", "north")]],
    );
    let profiles = table(
        &PROFILES,
        &[
            &[("profile_id", one), ("name", "Ana"), ("dealer", "north")],
            &[("profile_id", two), ("name", "Boris"), ("dealer", "south")],
            &[("profile_id", three), ("name", "Chen"), ("dealer", "south")],
            &[("profile_id", four), ("name", "Dora")],
            &[("profile_id", five), ("name", "Eve")],
        ],
    );
    let costs = table(&AD_COSTS, &[&[("day", "1970-01-01"), ("channel", "cpc"), ("cost", "5")]]);
    let orders = table(&ORDERS, &[&[("order_id", "O1"), ("profile_id", two), ("dealer", "south"), ("revenue", "9")]]);
    lake(11, events, vec![("leads", leads), ("orders", orders), ("calls", table(&CALLS, &[])), ("ad_costs", costs), ("profiles", profiles)])
}

#[tokio::test]
async fn no_expression_reaches_another_dealers_rows() {
    let small = dealers();
    let scope = north();
    let ask = async |sql: &str| rows_of(&small.query, &scope, sql).await;
    assert_eq!(ask("SELECT count(*) FROM events").await, ["3"]);
    assert_eq!(ask("SELECT count(*) FROM events WHERE dealer = 'south' OR true").await, ["3"]);
    assert_eq!(ask("SELECT DISTINCT dealer FROM events").await, ["north"]);
    assert_eq!(ask("SELECT dealer FROM events UNION SELECT dealer FROM leads UNION ALL SELECT dealer FROM orders").await, ["north"]);
    assert_eq!(ask("SELECT (SELECT count(*) FROM events e WHERE e.event = x.event) FROM events x ORDER BY x.ts").await, ["2", "1", "2"]);
    assert_eq!(ask("SELECT count(*) FROM forecourt.main.events e FULL JOIN events f ON e.dealer <> f.dealer").await, ["6"]);
    assert_eq!(ask("SELECT max(value), min(ts) FROM events").await, ["3.0|1970-01-01T00:00:00.000Z"]);
    assert_eq!(ask("SELECT count(*) FROM events WHERE json_get(properties, 'secret') IS NOT NULL").await, ["0"]);
    assert_eq!(ask("SELECT lead_id FROM leads").await, ["L2"]);
    assert_eq!(ask("SELECT count(*) FROM orders").await, ["0"]);
    assert_eq!(ask("SHOW TABLES").await, ["events", "leads", "orders", "calls", "profiles"]);
    // His people, by an event or a lead; the name of another dealer is blank.
    assert_eq!(ask("SELECT name, dealer FROM profiles ORDER BY name").await, ["Ana|north", "Chen|null", "Eve|null"]);
    assert_eq!(ask("SELECT count(*) FROM profiles WHERE dealer = 'south'").await, ["0"]);
}

#[tokio::test]
async fn an_error_tells_nothing_of_hidden_rows() {
    let small = dealers();
    // Every hidden row has a value of 0, so that a filter that ran below the scope would divide by it.
    for sql in [
        "SELECT sum(1 / CAST(value AS BIGINT)) FROM events",
        "SELECT count(*) FROM events WHERE 6 / CAST(value AS BIGINT) > 0",
        "SELECT count(*) FROM events WHERE dealer = 'south' AND 6 / CAST(value AS BIGINT) > 0",
        "SELECT a.event FROM events a JOIN events b ON a.ts = b.ts AND 6 / CAST(a.value AS BIGINT) > 0",
        "SELECT event FROM events ORDER BY 1 / CAST(value AS BIGINT) LIMIT 1",
        "SELECT count(*) FROM profiles WHERE CASE name WHEN 'Boris' THEN 1 / (events - events) ELSE 1 END > 0",
    ] {
        small.query.sql(&north(), sql, 100).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(small.query.sql(&Scope::Everything, sql, 100).await.is_err(), "{sql} should fail for who sees the rows");
    }
}

#[tokio::test]
async fn what_tells_of_hidden_rows_is_refused() {
    let small = dealers();
    for (sql, reason) in [
        ("EXPLAIN SELECT 1", "EXPLAIN is not for accounts that see one dealer"),
        ("EXPLAIN ANALYZE SELECT count(*) FROM events", "EXPLAIN is not for accounts"),
        ("SELECT * FROM information_schema.tables", "not found: the tables are events, leads, orders, calls, profiles"),
        ("SELECT * FROM ad_costs", "not found: the tables are events, leads"),
        ("SELECT * FROM '/etc/passwd'", "not found"),
        ("SHOW ALL", "queries only read"),
    ] {
        let error = small.query.sql(&north(), sql, 100).await.expect_err(sql).to_string();
        assert!(error.contains(reason), "{sql}: {error}");
    }
}

#[tokio::test]
async fn funnels_people_timelines_and_catalogues_are_cut_alike() {
    let small = dealers();
    let step = |event: &str| EventFilter { event: event.into(), condition: None };
    let spec =
        FunnelSpec { steps: vec![step("viewed"), step("asked")], window: "1d".into(), by: vec!["dealer".into()], ..FunnelSpec::default() };
    let report = small.query.funnel(&north(), &spec).await.expect("a report");
    assert_eq!(report.steps.iter().map(|step| step.profiles).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((report.groups.len(), report.rows_scanned), (1, None));
    let mut sly = spec.clone();
    sly.steps[0].condition = Some("dealer = 'south' OR 6 / CAST(value AS BIGINT) > 0".into());
    assert_eq!(small.query.funnel(&north(), &sly).await.expect("a report").steps[0].profiles, 2);
    assert!(
        small.query.funnel(&Scope::Everything, &sly).await.is_ok_and(|report| report.steps[0].profiles == 3)
            || small.query.funnel(&Scope::Everything, &sly).await.is_err()
    );

    let wanted = PeopleSpec { step: 1, outcome: Outcome::Reached, by: Default::default(), limit: 10, cursor: None };
    let people = small.query.funnel_people(&north(), &spec, &wanted).await.expect("people");
    assert_eq!(people.profile_ids, [profile(0, 1), profile(9, 3)]);
    let theirs = small.query.timeline(&north(), profile(5, 2), TimelineKind::All, None, 10).await.expect("a timeline");
    assert!(theirs.items.is_empty());
    let both = small.query.timeline(&north(), profile(9, 3), TimelineKind::All, None, 10).await.expect("a timeline");
    assert_eq!(both.items.len(), 1);
    let catalogue = small.query.catalogue(&north()).await.expect("a catalogue");
    assert_eq!(catalogue.dimensions["dealer"], ["north"]);
    assert_eq!(catalogue.events.iter().map(|entry| (entry.event.as_str(), entry.count)).collect::<Vec<_>>(), [("viewed", 2), ("asked", 1)]);
}

/// One person with everything that names people, in every table that holds it.
fn named_person() -> SmallLake {
    let properties = r#"{"name":"Ivan Petrov","phone":"8 916 123-45-12","email":"ivan@example.com","lead_id":"L1","comment":"call Ivan"}"#;
    let events = vec![event(profile(0, 1), 10, "form_sent").dealer("north").value(1.0).properties(properties)];
    let id = profile(0, 1).to_string();
    let profiles = table(
        &PROFILES,
        &[&[
            ("profile_id", id.as_str()),
            ("name", "Ivan Petrov"),
            ("email", "ivan@example.com"),
            ("phone", "+79161234512"),
            ("traits", r#"{"first_name":"Ivan","plan":"gold"}"#),
        ]],
    );
    let leads = table(&LEADS, &[&[("lead_id", "L1"), ("profile_id", id.as_str())]]);
    lake(12, events, vec![("leads", leads), ("orders", table(&ORDERS, &[])), ("calls", table(&CALLS, &[])), ("profiles", profiles)])
}

#[tokio::test]
async fn who_sees_people_masked_reaches_no_name_by_any_expression() {
    let small = named_person();
    let ask = async |sql: &str| rows_of(&small.query, &Scope::Masked, sql).await;
    assert_eq!(ask("SELECT name, email, phone FROM profiles").await, ["I*** P***|i***@example.com|+7 *** ** 12"]);
    assert_eq!(ask("SELECT traits FROM profiles").await, [r#"{"first_name":"I***","plan":"gold"}"#]);
    assert_eq!(ask("SELECT json_get(properties, 'phone'), json_get(properties, 'lead_id') FROM events").await, ["+8 *** ** 12|L1"]);
    // Nothing that looks through the mask: not by comparing, not by the files' statistics, not by the shape of the answer.
    for sql in [
        "SELECT count(*) FROM profiles WHERE email = 'ivan@example.com'",
        "SELECT count(*) FROM profiles WHERE email LIKE 'iv%'",
        "SELECT count(*) FROM profiles WHERE name BETWEEN 'Iva' AND 'Ivb'",
        "SELECT count(*) FROM profiles WHERE length(name) = 11",
        "SELECT count(*) FROM profiles WHERE phone IN ('+79161234512')",
        "SELECT count(*) FROM profiles WHERE reverse(email) LIKE '%navi'",
        "SELECT count(*) FROM events WHERE properties LIKE '%Petrov%'",
        "SELECT count(*) FROM events e JOIN profiles p ON p.name = 'Ivan Petrov'",
    ] {
        assert_eq!(ask(sql).await, ["0"], "{sql}");
    }
    assert_eq!(ask("SELECT min(email), max(name), min(phone) FROM profiles").await, ["i***@example.com|I*** P***|+7 *** ** 12"]);
    assert!(small.query.sql(&Scope::Masked, "EXPLAIN VERBOSE SELECT email FROM profiles", 10).await.is_err());
    let spec = |condition: &str| FunnelSpec {
        steps: vec![EventFilter { event: "form_sent".into(), condition: Some(condition.into()) }],
        window: "1d".into(),
        ..FunnelSpec::default()
    };
    let reached = async |scope: &Scope| {
        let report = small.query.funnel(scope, &spec("json_get(properties, 'email') = 'ivan@example.com'")).await.unwrap();
        report.steps[0].profiles
    };
    assert_eq!((reached(&Scope::Everything).await, reached(&Scope::Masked).await), (1, 0));
    let timeline = small.query.timeline(&Scope::Masked, profile(0, 1), TimelineKind::All, None, 10).await.unwrap();
    let told = serde_json::to_string(&timeline.items).unwrap();
    assert!(!["Ivan", "Petrov", "ivan@", "123-45"].iter().any(|secret| told.contains(secret)), "{told}");
}
