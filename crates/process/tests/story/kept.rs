use forecourt_log::Entry;
use forecourt_model::{
    Origin, RecordKind, Refusal, RefusalCode, Scope, Stamp,
    command::{Action, DeadLetterState, Verdict},
    entity::AdCost,
    record, time,
};

use crate::app::for_each_backend;

#[tokio::test]
async fn a_repeated_message_counts_once_for_thirty_days() {
    for_each_backend(async |mut app| {
        let page = r#"{"type":"page","anonymousId":"dev-1"}"#;
        app.at("2026-03-01T09:00:00Z").send_as("same", page).await;
        app.at("2026-03-31T08:00:00Z").send_as("same", page).await;
        assert_eq!(app.profile("dev-1").await.summary.events, 1);
        app.at("2026-04-02T10:00:00Z").send_as("same", page).await;
        assert_eq!(app.profile("dev-1").await.summary.events, 2, "after thirty days it is a new one");

        app.at("2026-04-02T10:00:00Z").send_as("import:1", page).await;
        app.at("2027-04-02T10:00:00Z").send_as("import:1", page).await;
        assert_eq!(app.profile("dev-1").await.summary.events, 3, "an import repeated after a year changes nothing");
        let totals = app.store.totals(0, 100_000).await.expect("read");
        let duplicates: i64 = totals.iter().filter(|total| total.metric == "duplicates").map(|total| total.count).sum();
        assert_eq!(duplicates, 2);
    })
    .await;
}

#[tokio::test]
async fn messages_seen_in_many_batches_are_all_remembered() {
    for_each_backend(async |mut app| {
        for round in 0..2 {
            for batch in 0..70 {
                let entries = (0..60)
                    .map(|n| app.event(&format!("{batch}-{n}"), &format!(r#"{{"type":"track","event":"e","anonymousId":"d{}"}}"#, n % 7)))
                    .collect();
                app.append(entries).await;
                app.fold_all(60).await;
            }
            let events: u64 = app.store.profiles_page(-1, 100).await.expect("read").iter().map(|(summary, _)| summary.events).sum();
            assert_eq!(events, 70 * 60, "round {round}");
        }
        let runs = app.store.runs().await.expect("read");
        assert!(runs.len() < 20, "{runs:?}");
    })
    .await;
}

#[tokio::test]
async fn a_lead_is_told_by_events_and_a_sale_came_the_way_its_lead_came() {
    for_each_backend(async |mut app| {
        app.at("09:00").send(r#"{"type":"page","anonymousId":"dev-1","context":{"page":{"url":"https://c.example/?utm_source=vk&utm_medium=cpc"}}}"#).await;
        app.at("09:05")
            .send(r#"{"type":"track","event":"lead_created","anonymousId":"dev-1","properties":{"lead_id":"L1","email":"ana@example.com","dealer":"North Motors","model":"Aster"}}"#)
            .await;
        app.at("11:00").send(r#"{"type":"track","event":"test_drive_done","properties":{"lead_id":"L1","email":"ana@example.com"}}"#).await;
        app.at("12:00")
            .send(r#"{"type":"track","event":"contract_signed","properties":{"lead_id":"L1","order_id":"O1","value":21000.5,"currency":"EUR","email":"ana@example.com"}}"#)
            .await;
        let ana = app.profile("ana@example.com").await.summary.profile_id;
        let lead = &app.store.leads_of(&Scope::Everything, ana).await.expect("read")[0];
        assert_eq!((lead.stage.as_str(), lead.dimensions.channel.as_deref(), lead.dimensions.dealer.as_deref()), ("contract", Some("paid_social"), Some("North Motors")));
        let order = &app.store.orders_of(&Scope::Everything, ana).await.expect("read")[0];
        assert_eq!((order.status.as_str(), order.revenue, order.dimensions.channel.as_deref()), ("confirmed", Some(21000.5), Some("paid_social")));
        assert_eq!(order.dimensions.model.as_deref(), Some("Aster"));

        let sales = |totals: Vec<forecourt_store::totals::DailyTotal>| {
            totals.into_iter().filter(|total| total.metric == "sales").map(|total| (total.dimension, total.count, total.amount)).collect::<Vec<_>>()
        };
        let today = time::day(app.now_us);
        assert_eq!(sales(app.store.totals(today, today).await.expect("read")), [("paid_social".to_owned(), 1, 2_100_050)]);
        app.at("13:00").send(r#"{"type":"track","event":"order_cancelled","properties":{"order_id":"O1","email":"ana@example.com"}}"#).await;
        assert_eq!(sales(app.store.totals(today, today).await.expect("read")), [], "a cancelled deal is reversed");

        // Both are found by the beginning of their id, with whose they are; a dealer's own by him alone.
        let found = app.store.leads_by_id(&Scope::Everything, "L", 10).await.expect("read");
        assert_eq!(found.iter().map(|lead| (lead.entity.lead_id.as_str(), lead.profile_id)).collect::<Vec<_>>(), [("L1", ana)]);
        let found = app.store.orders_by_id(&Scope::Everything, "O", 10).await.expect("read");
        assert_eq!(found.iter().map(|order| (order.entity.order_id.as_str(), order.profile_id)).collect::<Vec<_>>(), [("O1", ana)]);
        assert!(app.store.leads_by_id(&Scope::Dealer("South Motors".into()), "L", 10).await.expect("read").is_empty());

        // A dealer sees his own people only.
        let theirs = |dealer: &str| Scope::Dealer(dealer.to_owned());
        assert!(app.store.profile(&theirs("North Motors"), ana).await.expect("read").is_some());
        assert!(app.store.profile(&theirs("South Motors"), ana).await.expect("read").is_none());
        assert!(app.store.leads_of(&theirs("South Motors"), ana).await.expect("read").is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_cost_told_twice_counts_as_told_last() {
    for_each_backend(async |mut app| {
        for cost in [100.0, 80.25] {
            let cost = AdCost {
                day: "2026-03-01".into(),
                channel: "cpc".into(),
                utm_source: "google".into(),
                campaign: "spring".into(),
                region: "North".into(),
                cost,
                impressions: 1000,
                clicks: 10,
                currency: "EUR".into(),
            };
            let stamp = Stamp {
                origin: Origin::History,
                received_us: app.now_us,
                sent_us: None,
                source: "import".into(),
                message_id: "".into(),
                ip: "".into(),
            };
            let body = stamp.encode(&serde_json::to_vec(&cost).expect("json")).into();
            app.append(vec![Entry { kind: RecordKind::AdCost as u8, body }]).await;
            app.fold_all(10).await;
        }
        let costs = app.store.costs_page("", 10).await.expect("read");
        assert_eq!((costs.len(), costs[0].cost), (1, 80.25));
        let day = time::day(time::parse_us("2026-03-01").expect("a day"));
        let totals = app.store.totals(day, day).await.expect("read");
        let cost = totals.iter().find(|total| total.metric == "cost").expect("a total");
        assert_eq!((cost.dimension.as_str(), cost.amount), ("cpc", 8025));
        assert_eq!(totals.iter().find(|total| total.metric == "clicks").expect("clicks").count, 10);
    })
    .await;
}

#[tokio::test]
async fn what_was_refused_is_kept_and_can_be_settled_once() {
    for_each_backend(async |mut app| {
        let stamp = Stamp {
            origin: Origin::Live,
            received_us: app.now_us,
            sent_us: None,
            source: "site".into(),
            message_id: "".into(),
            ip: "".into(),
        };
        let refusal = Refusal::new(RefusalCode::NoIdentifier, "the item has no identifier");
        let body = record::encode_refused(&stamp, &refusal, b"{\"type\":\"page\"}\xff").into();
        let offset = app.append(vec![Entry { kind: RecordKind::Refused as u8, body }]).await;
        app.fold_all(10).await;
        let page = app.store.dead_letters(None, 10, None, None).await.expect("read");
        assert_eq!(
            (page.total_open, page.letters[0].code.as_str(), page.letters[0].raw.as_slice()),
            (1, "no_identifier", b"{\"type\":\"page\"}\xff".as_slice())
        );

        let settle = Action::SettleDeadLetter { offset, state: DeadLetterState::Retried };
        assert_eq!(app.command(settle.clone()).await, Verdict::Done);
        assert!(matches!(app.command(settle).await, Verdict::Refused { reason } if reason.contains("already")));
        assert_eq!(app.store.dead_letters(None, 10, None, Some("open")).await.expect("read").letters, []);
    })
    .await;
}

#[tokio::test]
async fn a_trait_set_by_hand_is_the_last_word_until_a_later_one() {
    for_each_backend(async |mut app| {
        app.at("09:00").send(r#"{"type":"identify","userId":"ana","traits":{"name":"Ana","city":"Kyiv"}}"#).await;
        let ana = app.profile("ana").await.summary.profile_id;
        app.at("10:00");
        let set = Action::SetTrait { profile_id: ana, name: "name".into(), value: "Anna Kovalenko".into() };
        assert_eq!(app.command(set).await, Verdict::Done);
        assert_eq!(app.profile("koval").await.summary.name.as_deref(), Some("Anna Kovalenko"));
        let gone = Action::SetTrait { profile_id: forecourt_model::ProfileId(1), name: "x".into(), value: 1.into() };
        assert!(matches!(app.command(gone).await, Verdict::Refused { .. }));
        let wrong = Action::SetStage { lead_id: "L9".into(), stage: "contract".into() };
        assert!(matches!(app.command(wrong).await, Verdict::Refused { reason } if reason.contains("L9")));
    })
    .await;
}

#[tokio::test]
async fn a_machine_is_counted_and_no_more() {
    for_each_backend(async |mut app| {
        let entries =
            (0..60).map(|n| app.event(&format!("{n}"), &format!(r#"{{"type":"track","event":"tick-{n}","anonymousId":"bot"}}"#))).collect();
        app.append(entries).await;
        app.fold_all(7).await;
        let bot = app.profile("bot").await;
        assert!(bot.state.machine);
        assert_eq!((bot.summary.events, bot.state.counts.len()), (60, 50));
    })
    .await;
}

#[tokio::test]
async fn what_an_import_brought_is_known_before_it_comes_again() {
    for_each_backend(async |mut app| {
        const ROWS: u64 = 9_000;
        let ids = |from: u64| (from..from + ROWS).map(|n| format!("import:{n}"));
        // Small batches make many runs, which are merged on the way.
        let page = r#"{"type":"page","anonymousId":"dev-1"}"#;
        let entries = ids(0).chain(["of-an-sdk".to_owned()]).map(|id| app.event(&id, page)).collect();
        app.append(entries).await;
        app.fold_all(700).await;
        let mut keys: Vec<u64> = ids(ROWS / 3).chain(["of-an-sdk".to_owned()]).map(|id| record::message_key("site", &id)).collect();
        keys.sort_unstable();
        assert_eq!(app.store.known_for_ever(&keys).await.expect("read"), ROWS - ROWS / 3);
        assert_eq!(app.store.known_for_ever(&[]).await.expect("read"), 0);
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_event_names_is_counted_as_one_and_a_replay_counts_the_same() {
    use forecourt_model::event_names::NAMES_A_DAY_MAX;

    for_each_backend(async |mut app| {
        app.at("2026-03-01T09:00:00Z");
        let invented = (0..NAMES_A_DAY_MAX + 300).map(|n| {
            let json = format!(r#"{{"type":"track","event":"flood {n}","anonymousId":"dev-1"}}"#);
            app.event(&format!("flood-{n}"), &json)
        });
        let invented: Vec<Entry> = invented.collect();
        app.append(invented).await;
        app.fold_all(2_000).await;
        app.send(r#"{"type":"track","event":"car_viewed","anonymousId":"dev-1"}"#).await;
        app.at("2026-03-02T09:00:00Z").send(r#"{"type":"track","event":"car_viewed","anonymousId":"dev-1"}"#).await;

        let volumes = app.store.event_volumes().await.expect("read");
        assert_eq!(volumes.len(), NAMES_A_DAY_MAX + 2);
        let told: Vec<(&str, i64)> = volumes.iter().take(2).map(|volume| (volume.event.as_str(), volume.count)).collect();
        assert_eq!(told, [("(other)", 301), ("car_viewed", 1)], "what comes on the next day is counted by its name");

        let live = app.store.copy_to(&app.place("live")).await.expect("a copy");
        let replayed = forecourt_store::Store::open(&app.place("genesis")).await.expect("a store");
        let to = live.folded_offset().await.expect("an offset");
        forecourt_process::replay(&app.log, &replayed, &crate::app::settings(), to, 701, |_| {}).await.expect("replayed");
        assert_eq!(live.first_difference(&replayed).await.expect("compared"), None);
    })
    .await;
}

#[tokio::test]
async fn a_sources_hours_are_kept_for_five_weeks() {
    for_each_backend(async |mut app| {
        let page = r#"{"type":"page","anonymousId":"dev-1"}"#;
        app.at("2026-03-01T09:10:00Z").send(page).await;
        app.at("2026-03-01T09:40:00Z").send(page).await;
        app.at("2026-03-01T10:00:00Z").send(page).await;
        let hours = app.store.source_hours(0).await.expect("read");
        let told: Vec<String> = hours
            .iter()
            .map(|hour| format!("{} {} {} {}", hour.source, hour.hour % 24, hour.accepted, &time::iso(hour.last_us)[11..16]))
            .collect();
        assert_eq!(told, ["site 9 2 09:40", "site 10 1 10:00"]);
        app.at("2026-04-05T09:30:00Z").append(vec![Entry { kind: RecordKind::Tick as u8, body: Vec::new().into() }]).await;
        app.fold_all(10).await;
        let kept = app.store.source_hours(0).await.expect("read");
        assert_eq!(kept.iter().map(|hour| hour.hour % 24).collect::<Vec<_>>(), [9, 10], "of the very hour five weeks ago all is kept");
        app.at("2026-04-05T10:30:00Z").append(vec![Entry { kind: RecordKind::Tick as u8, body: Vec::new().into() }]).await;
        app.fold_all(10).await;
        assert_eq!(app.store.source_hours(0).await.expect("read").len(), 1);
    })
    .await;
}
