use forecourt_model::{
    Scope,
    command::{Action, ChannelsOf, Verdict},
    time,
};
use forecourt_process::replay;
use forecourt_store::Store;

use crate::app::{App, for_each_backend, settings};

const FORUMS: &str = r#"[{"name":"Forums","channel":"forums","conditions":[{"mark":"referrer_host","test":"domain","values":["forum."]}]},
    {"name":"","channel":"any","conditions":[]}]"#;

fn visit(device: &str, from: &str) -> String {
    format!(r#"{{"type":"page","anonymousId":"{device}","context":{{"page":{{"url":"https://c.example/","referrer":"{from}"}}}}}}"#)
}

fn set(rules: &str) -> Action {
    Action::SetChannelRules { rules: serde_json::from_str(rules).expect("rules") }
}

fn everything(of: ChannelsOf) -> Action {
    let (after, until) = match of {
        ChannelsOf::Fragments => ("-1".to_owned(), i64::MAX.to_string()),
        _ => (String::new(), "\u{10ffff}".to_owned()),
    };
    Action::DecideChannels { of, after, until }
}

async fn lead_channel(app: &App, person: &str) -> Option<String> {
    let profile = app.profile(person).await.summary.profile_id;
    app.store.leads_of(&Scope::Everything, profile).await.expect("read")[0].dimensions.channel.clone()
}

#[tokio::test]
async fn rules_hold_from_the_record_after_and_history_changes_when_it_is_told_to() {
    for_each_backend(async |mut app| {
        app.at("09:00").send(&visit("old", "https://forum.example/t/1")).await;
        app.at("09:01")
            .send(
                r#"{"type":"track","event":"lead_created","anonymousId":"old","properties":{"lead_id":"L1","order_id":"O1","value":100}}"#,
            )
            .await;
        app.at("09:02")
            .send(r#"{"type":"track","event":"offline","anonymousId":"named","properties":{"channel":"fair","lead_id":"L2"}}"#)
            .await;
        assert_eq!(app.command(set(FORUMS)).await, Verdict::Done);
        let definition = app.store.changed_channel_rules().await.expect("read").expect("a definition");
        assert_eq!((definition.changed_by.as_str(), definition.version), ("ana@example.com", 1));

        app.at("10:00").send(&visit("new", "https://forum.example/t/1")).await;
        let channel = async |app: &App, device: &str| app.profile(device).await.state.last_touch.expect("a touch").channel;
        assert_eq!((channel(&app, "old").await, channel(&app, "new").await), ("referral".into(), "forums".into()), "before and after");

        for of in [ChannelsOf::Fragments, ChannelsOf::Leads, ChannelsOf::Orders, ChannelsOf::Calls] {
            assert_eq!(app.command(everything(of)).await, Verdict::Done);
        }
        assert_eq!(channel(&app, "old").await, "forums");
        assert_eq!(channel(&app, "named").await, "fair", "the sender's word stands");
        assert_eq!(lead_channel(&app, "old").await.as_deref(), Some("forums"));
        assert_eq!(lead_channel(&app, "named").await.as_deref(), Some("fair"));
        let today = time::day(app.now_us);
        let totals = app.store.totals(today, today).await.expect("read");
        let counted = |metric: &str| -> Vec<(String, i64, i64)> {
            let of_metric = totals.iter().filter(|total| total.metric == metric && total.count != 0);
            of_metric.map(|total| (total.dimension.clone(), total.count, total.amount)).collect()
        };
        assert_eq!(counted("leads"), [("fair".to_owned(), 1, 0), ("forums".to_owned(), 1, 0)]);
        assert_eq!(counted("sales"), [("forums".to_owned(), 1, 10_000)]);

        // A replay of the log, commands and all, ends in the same state.
        let live = app.store.copy_to(&app.place("live")).await.expect("a copy");
        let to = live.folded_offset().await.expect("an offset");
        for (name, records_max) in [("one", 1), ("many", 1000)] {
            let replayed = Store::open(&app.place(name)).await.expect("a store");
            replay(&app.log, &replayed, &settings(), to, records_max, |_| {}).await.expect("replayed");
            assert_eq!(live.first_difference(&replayed).await.expect("compared"), None, "in batches of {records_max}");
        }
    })
    .await;
}

#[tokio::test]
async fn rules_that_make_no_sense_are_refused_and_change_nothing() {
    for_each_backend(async |mut app| {
        let refused = app.command(set(r#"[{"channel":""}]"#)).await;
        assert!(matches!(refused, Verdict::Refused { reason } if reason.contains("rule 1: name its channel")));
        assert_eq!(app.store.changed_channel_rules().await.expect("read"), None);
        app.at("10:00").send(&visit("new", "https://forum.example/t/1")).await;
        assert_eq!(app.profile("new").await.summary.channel.as_deref(), Some("referral"));
    })
    .await;
}

/// What was decided anew is what a fold under the new rules from the beginning gives: touches, leads, orders, totals.
#[tokio::test]
async fn history_decided_anew_is_as_if_the_rules_had_always_been_so() {
    let froms = ["https://forum.example/", "https://google.com/", "", "https://m.vk.com/"];
    let tell = async |app: &mut App| {
        for n in 0..40 {
            app.now_us += 60_000_000;
            app.send(&visit(&format!("dev-{}", n % 7), froms[n % 4])).await;
            if n % 3 == 0 {
                let lead = format!(
                    r#"{{"type":"track","event":"lead_created","anonymousId":"dev-{}","userId":"u-{}","properties":{{"lead_id":"L{n}","order_id":"O{n}","value":{n}}}}}"#,
                    n % 7,
                    n % 7
                );
                app.send(&lead).await;
            }
        }
    };
    let mut after = App::new(None).await;
    tell(&mut after).await;
    after.command(set(FORUMS)).await;
    for of in [ChannelsOf::Fragments, ChannelsOf::Leads, ChannelsOf::Orders, ChannelsOf::Calls] {
        after.command(everything(of)).await;
    }
    let mut always = App::new(None).await;
    always.command(set(FORUMS)).await;
    always.at("00:00");
    tell(&mut always).await;

    let shown = async |app: &App| {
        let people: Vec<_> = app
            .store
            .profiles_page(-1, 100)
            .await
            .expect("read")
            .into_iter()
            .map(|(summary, state)| (summary.channel, state.first_touch, state.last_touch))
            .collect();
        let leads: Vec<_> = app.store.leads_page("", 100).await.expect("read").into_iter().map(|lead| lead.entity.dimensions).collect();
        let orders: Vec<_> = app.store.orders_page("", 100).await.expect("read").into_iter().map(|order| order.entity.dimensions).collect();
        let mut totals = app.store.totals(0, 100_000).await.expect("read");
        totals.retain(|total| ["leads", "sales"].contains(&total.metric.as_str()) && (total.count, total.amount) != (0, 0));
        (people, leads, orders, totals)
    };
    assert_eq!(shown(&after).await, shown(&always).await);
}
