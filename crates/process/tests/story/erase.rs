//! A person erased: what goes, what stays, who comes back.

use forecourt_log::Entry;
use forecourt_model::{
    FragmentId, Identifier, IdentifierKind, Origin, ProfileId, Refusal, RefusalCode, Scope, Stamp,
    command::{Action, Verdict},
    message::MessageState,
    record::encode_refused,
};
use forecourt_process::{Fold, replay};
use forecourt_store::{Store, erasure::Erasure};

use crate::{
    app::{App, KEY, for_each_backend, settings},
    call_back::open,
};

const ANA: &str = "ana@example.com";

fn id_of(kind: IdentifierKind, value: &str) -> FragmentId {
    Identifier { kind, value: value.into() }.fragment_id(&KEY, 0)
}

impl App {
    /// Ana visits, signs in, asks for a test drive and buys a car; Bo does the same on a device of his own.
    async fn two_people(&mut self) -> ProfileId {
        for (name, device) in [("ana", "dev-a"), ("bo", "dev-b")] {
            self.at("09:00")
                .send(&format!(r#"{{"type":"page","anonymousId":"{device}","context":{{"page":{{"url":"https://c.example/?utm_source=g&utm_medium=cpc"}}}}}}"#))
                .await;
            self.at("09:05")
                .send(&format!(
                    r#"{{"type":"identify","userId":"u-{name}","anonymousId":"{device}","traits":{{"email":"{name}@example.com","name":"{name} Petrova"}}}}"#
                ))
                .await;
            self.send(&format!(
                r#"{{"type":"track","event":"lead_created","userId":"u-{name}","properties":{{"lead_id":"L-{name}","model":"X"}}}}"#
            ))
            .await;
            self.at("09:10")
                .send(&format!(
                    r#"{{"type":"track","event":"contract_signed","userId":"u-{name}","properties":{{"order_id":"O-{name}","lead_id":"L-{name}","value":100}}}}"#
                ))
                .await;
        }
        self.profile(ANA).await.summary.profile_id
    }

    async fn erase(&mut self, profile_id: ProfileId) -> Verdict {
        self.command(Action::EraseProfile { profile_id }).await
    }

    async fn history(&mut self, id: &str, json: &str) {
        let entry = self.event_of(Origin::History, id, json);
        self.take(entry).await;
    }

    async fn erasures(&self) -> Vec<Erasure> {
        self.store.erasures().await.expect("read")
    }

    /// Sum of a total over all days.
    async fn total(&self, metric: &str) -> i64 {
        let totals = self.store.totals(i32::MIN, i32::MAX).await.expect("read");
        totals.iter().filter(|total| total.metric == metric).map(|total| total.count).sum()
    }
}

fn gone() -> Verdict {
    Verdict::Refused { reason: "there is no such profile: it may have been erased".into() }
}

#[tokio::test]
async fn a_person_goes_and_what_they_bought_is_nobodys() {
    for_each_backend(async |mut app| {
        let ana = app.two_people().await;
        let (leads, sales) = (app.total("leads").await, app.total("sales").await);
        assert_eq!(app.at("10:00").erase(ana).await, Verdict::Done);

        assert_eq!(
            app.profiles().await,
            "bo@example.com, dev-b, u-bo: contract_signed 1 09:10, identified 1 09:05, lead_created 1 09:05, page_viewed 1 09:00"
        );
        for question in [ANA, "u-ana", "dev-a", "ana"] {
            assert_eq!(app.find(question).await, [], "{question}");
        }
        assert_eq!(app.store.profiles_count().await.expect("read"), 1);
        assert_eq!((app.total("leads").await, app.total("sales").await), (leads, sales), "reports of the past are what they were");
        let all = app.store.orders_page("", 10).await.expect("read");
        let nobodys = all.iter().find(|order| order.entity.fragment_id.0 < 0).expect("an order of nobody");
        assert_eq!((all.len(), nobodys.entity.revenue, nobodys.profile_id.0), (2, Some(100.0), nobodys.entity.fragment_id.0));
        let leads = app.store.leads_page("", 10).await.expect("read");
        let lead = leads.iter().find(|lead| lead.entity.fragment_id == nobodys.entity.fragment_id).expect("its lead");
        assert_eq!(nobodys.entity.lead_id.as_ref(), Some(&lead.entity.lead_id), "a sale still came of its lead");
        assert!(lead.entity.lead_id.starts_with("erased-"), "{}", lead.entity.lead_id);

        let told = app.erasures().await;
        assert_eq!((told.len(), told[0].profile_id, told[0].actor.as_str(), told[0].entities), (1, ana, ANA, 2));
        assert_eq!(told[0].fragments.len(), 3);
        assert_eq!(app.erase(ana).await, gone(), "twice");
        assert_eq!(app.erase(ProfileId(1)).await, gone(), "nobody");
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_is_somebody_new_and_what_an_import_tells_is_dropped() {
    for_each_backend(async |mut app| {
        let ana = app.two_people().await;
        app.at("10:00").erase(ana).await;

        app.at("11:00").send(r#"{"type":"page","anonymousId":"dev-a"}"#).await;
        let back = app.profile("dev-a").await;
        assert_eq!(
            (back.summary.events, back.state.traits.len(), back.state.first_touch.clone().map(|touch| touch.at_us == app.now_us)),
            (1, 0, Some(true))
        );
        assert_eq!(app.find(ANA).await, [], "the cookie alone leads to nothing old");

        let crm = r#"{"type":"identify","userId":"u-ana","traits":{"email":"Ana@Example.com","city":"Riga"}}"#;
        app.history("crm-1", crm).await;
        app.history("crm-2", r#"{"type":"page","anonymousId":"dev-a","timestamp":"2026-01-01T00:00:00Z"}"#).await;
        assert_eq!(app.find("u-ana").await, []);
        assert_eq!((app.total("suppressed").await, app.store.suppressed_records().await.expect("read").len()), (2, 2));
        // A phone that was offline tells late what happened before.
        app.send(r#"{"type":"page","anonymousId":"dev-a","timestamp":"2026-03-02T09:30:00Z"}"#).await;
        assert_eq!((app.profile("dev-a").await.summary.events, app.total("suppressed").await), (1, 3));

        // Bo, who is known, has given the same address: that is his own.
        app.history("crm-3", r#"{"type":"identify","userId":"u-bo","traits":{"email":"ana@example.com"}}"#).await;
        assert_eq!(app.profile("u-bo").await.fragments.len(), 4);
        let bo = app.profile("u-bo").await.summary.profile_id;
        app.erase(bo).await;
        assert_eq!(app.find(ANA).await, []);

        // She signs in herself: a new, empty profile, and imports stay out.
        app.at("12:00").send(r#"{"type":"identify","userId":"u-ana","anonymousId":"dev-a","traits":{"name":"Ana P"}}"#).await;
        assert_eq!(app.profile("u-ana").await.state.traits.keys().collect::<Vec<_>>(), ["name"]);
        app.history("crm-4", crm).await;
        assert_eq!(app.profile("u-ana").await.summary.email, None);

        // She agrees: from then on imports are taken.
        app.at("13:00").send(r#"{"type":"identify","userId":"u-ana","traits":{"email":"ana@example.com","consent":true}}"#).await;
        app.history("crm-5", crm).await;
        assert_eq!(app.profile("u-ana").await.state.traits["city"].value, "Riga");

        assert_eq!(app.command(Action::ForgetSuppressed { until: u64::MAX }).await, Verdict::Done);
        assert_eq!(app.store.suppressed_records().await.expect("read"), [] as [u64; 0]);
    })
    .await;
}

#[tokio::test]
async fn messages_and_dead_letters_go_too_and_what_came_of_a_message_brings_nobody_back() {
    for_each_backend(async |mut app| {
        app.open_call_back(open()).await;
        let submits = [("s1", r#"{"phone":"+7 916 123-45-67","name":"Ana"}"#), ("s2", r#"{"phone":"+79160000000","name":"Bo"}"#)];
        for (id, traits) in submits {
            let entry = app.submit(id, Origin::Live, traits);
            app.at("09:00").take(entry).await;
        }
        let refused = |raw: &str| {
            let refusal = Refusal::new(RefusalCode::InvalidJson, "broken");
            let stamp =
                Stamp { origin: Origin::Live, received_us: 1, sent_us: None, source: "site".into(), message_id: "".into(), ip: "".into() };
            Entry { kind: forecourt_model::RecordKind::Refused as u8, body: encode_refused(&stamp, &refusal, raw.as_bytes()).into() }
        };
        app.append(vec![refused(r#"{"phone": "8 (916) 123-45-67""#), refused("somebody else")]).await;
        app.fold_all(10_000).await;
        let sent = app.outbox().await;
        assert_eq!(sent.len(), 4);

        let ana = app.profile("+79161234567").await.summary.profile_id;
        assert_eq!(app.at("10:00").erase(ana).await, Verdict::Done);
        let left = app.outbox().await;
        assert!(left.len() == 2 && left.iter().all(|message| message.phone == "+79160000000"));
        let letters = app.store.dead_letters(None, 10, None, None).await.expect("read").letters;
        assert_eq!(letters.iter().map(|letter| letter.raw.as_slice()).collect::<Vec<_>>(), [b"somebody else"]);
        let told = &app.erasures().await[0];
        assert_eq!((told.message_ids.len(), told.dead_letters), (2, 1));

        for message in &sent {
            app.at("10:01").told(message, MessageState::Sent).await;
        }
        assert_eq!(app.find("+79161234567").await, []);
        assert!(app.outbox().await.iter().all(|message| message.state == MessageState::Sent));

        // Within ten minutes of the first SMS: who it went to is forgotten, so this is none of a repeat.
        let again = app.submit("s3", Origin::Live, r#"{"phone":"+7 916 123-45-67"}"#);
        app.at("10:02").take(again).await;
        assert_eq!(app.outbox().await.len(), 4);
        assert_eq!(app.profile("+79161234567").await.state.traits.keys().collect::<Vec<_>>(), ["phone"]);
        for message in app.outbox().await {
            app.told(&message, MessageState::Sent).await;
        }
        assert!(app.outbox().await.iter().all(|message| message.state == MessageState::Sent), "what the new one is sent is told");
    })
    .await;
}

#[tokio::test]
async fn a_device_that_others_use_stays_theirs() {
    for_each_backend(async |mut app| {
        for user in ["ana", "bo"] {
            app.at("09:00").send(&format!(r#"{{"type":"identify","userId":"{user}","anonymousId":"tablet"}}"#)).await;
        }
        let ana = app.profile("ana").await.summary.profile_id;
        app.at("10:00").erase(ana).await;
        assert_eq!(app.profiles().await, "bo: identified 1 09:00\ntablet: ");
        app.at("11:00").send(r#"{"type":"page","anonymousId":"tablet"}"#).await;
        assert_eq!(app.profile("bo").await.summary.events, 2, "he is still the one who uses it");
        app.send(r#"{"type":"identify","userId":"cy","anonymousId":"tablet"}"#).await;
        assert_eq!(app.find("cy").await.len() + app.find("bo").await.len(), 2, "a third person is a third person");
        assert_ne!(app.find("cy").await, app.find("bo").await);
        assert_eq!(
            app.store.profiles_count().await.expect("read"),
            2,
            "what is left of the tablet is his who was there first of those who stay"
        );
    })
    .await;
}

#[tokio::test]
async fn an_erasure_in_a_stream_takes_what_waits_and_is_replayed_to_the_letter() {
    for_each_backend(async |mut app| {
        let ana = app.two_people().await;
        let checkpoint = app.store.copy_to(&app.place("checkpoint")).await.expect("a checkpoint");
        checkpoint.close().await;
        let page = |device: &str| format!(r#"{{"type":"page","anonymousId":"{device}"}}"#);
        for n in 0..30 {
            let entry = app.event(&format!("w{n}"), &page(if n % 3 == 0 { "dev-a" } else { "dev-b" }));
            app.append(vec![entry]).await;
            if n == 20 {
                let command = forecourt_model::command::Command { actor: ANA.into(), action: Action::EraseProfile { profile_id: ana } };
                let body = serde_json::to_vec(&command).expect("json").into();
                app.append(vec![Entry { kind: forecourt_model::RecordKind::Command as u8, body }]).await;
                app.at("11:00");
            }
        }
        // Large batches, of which rows wait in memory; a stop in between; all of it again.
        app.fold_and_restart(6, 3).await;
        app.fold_and_restart(6, 1).await;
        app.fold_all(6).await;
        assert_eq!(app.find(ANA).await, []);
        let back = app.profile("dev-a").await;
        assert_eq!((back.summary.events, back.fragments[0].fragment_id), (3, id_of(IdentifierKind::AnonymousId, "dev-a")));
        app.fold = Fold::open(app.store.clone(), settings()).await.expect("a fold");
        assert_eq!(app.find(ANA).await, [], "what was noted before does not bring a row back");

        let live = app.store.copy_to(&app.place("live")).await.expect("a copy");
        for (name, records_max) in [("genesis", 3), ("checkpoint", 1000)] {
            let replayed = Store::open(&app.place(name)).await.expect("a store");
            let to = live.folded_offset().await.expect("an offset");
            replay(&app.log, &replayed, &settings(), to, records_max, |_| {}).await.expect("replayed");
            assert_eq!(live.first_difference(&replayed).await.expect("compared"), None, "from {name}");
        }
        let view = app.store.profile(&Scope::Everything, ana).await.expect("read");
        assert!(view.is_none_or(|view| view.state.traits.is_empty()));
    })
    .await;
}
