use forecourt_model::Scope;

use crate::app::for_each_backend;

#[tokio::test]
async fn form_then_call_is_one_profile() {
    for_each_backend(async |mut app| {
        app.at("09:00")
            .send(r#"{"type":"track","event":"form_submitted","anonymousId":"dev-1","properties":{"email":"Ana@example.com","phone":"8 (912) 345-67-89"}}"#)
            .await;
        app.at("10:00").send(r#"{"type":"track","event":"call_completed","properties":{"call_id":"c1","phone":"+79123456789","direction":"in"}}"#).await;
        assert_eq!(app.profiles().await, "+79123456789, ana@example.com, dev-1: call_completed 1 10:00, form_submitted 1 09:00");
        for question in ["ana@example.com", "ANA@example.com", "8 912 345 67 89", "9123456789", "dev-1", "anonymous_id:dev-1"] {
            assert_eq!(app.find(question).await.len(), 1, "{question}");
        }
        assert!(app.find("bob@example.com").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_was_done_before_signing_in_is_the_persons() {
    for_each_backend(async |mut app| {
        app.at("09:00")
            .send(
                r#"{"type":"page","anonymousId":"dev-1","context":{"page":{"url":"https://c.example/?utm_source=google&utm_medium=cpc"}}}"#,
            )
            .await;
        let before = app.find("dev-1").await[0];
        app.at("09:05").send(r#"{"type":"identify","anonymousId":"dev-1","userId":"ana","traits":{"name":"Ana Petrova"}}"#).await;
        app.at("09:06").send(r#"{"type":"track","event":"car_viewed","anonymousId":"dev-1"}"#).await;
        assert_eq!(app.profiles().await, "ana, dev-1, dev-1#1: car_viewed 1 09:06, identified 1 09:05, page_viewed 1 09:00");

        let ana = app.profile("petr").await;
        assert_eq!(ana.summary.name.as_deref(), Some("Ana Petrova"));
        assert_eq!(ana.summary.channel.as_deref(), Some("cpc"));
        let mut rules: Vec<&str> = ana.evidence.iter().map(|evidence| evidence.rule.as_str()).collect();
        rules.sort_unstable();
        assert_eq!(rules, ["login_interval", "signed_in"]);
        assert_eq!(ana.summary.identifiers, 2, "what happened after the login is no identifier of its own");
        assert_eq!(app.store.profiles_count().await.expect("counted"), 1);
        // Whichever of the two ids is retired leads on to the profile.
        for fragment in &ana.fragments {
            let view = app.store.profile(&Scope::Everything, fragment.fragment_id.into()).await.expect("read").expect("there");
            assert_eq!(view.summary.profile_id, ana.summary.profile_id);
        }
        let moves: Vec<_> = app.folded.iter().flat_map(|folded| folded.block.moves.clone()).collect();
        match ana.summary.profile_id == before {
            true => assert!(moves.iter().all(|moved| moved.from != before), "the user had no events of his own yet: nothing to move"),
            false => {
                assert_eq!(moves[0].from, before);
                assert_eq!(moves.last().map(|moved| moved.to), Some(ana.summary.profile_id), "each goes on where the last one led");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn two_people_on_one_device_never_meet() {
    for_each_backend(async |mut app| {
        app.at("09:00").send(r#"{"type":"page","anonymousId":"tablet"}"#).await;
        app.at("09:01").send(r#"{"type":"identify","anonymousId":"tablet","userId":"ana"}"#).await;
        app.at("10:00").send(r#"{"type":"identify","anonymousId":"tablet","userId":"bob"}"#).await;
        app.at("10:01").send(r#"{"type":"page","anonymousId":"tablet"}"#).await;
        assert_eq!(
            app.profiles().await,
            "ana, tablet: identified 1 09:01, page_viewed 1 09:00\nbob, tablet#1: identified 1 10:00, page_viewed 1 10:01"
        );
    })
    .await;
}

#[tokio::test]
async fn a_constant_sent_for_everyone_joins_nobody() {
    for_each_backend(async |mut app| {
        for user in 0..200 {
            app.at("09:00").send(&format!(r#"{{"type":"identify","anonymousId":"server-1","userId":"user-{user}"}}"#)).await;
        }
        let people = app.store.profiles_page(-1, 1000).await.expect("read");
        assert_eq!(people.iter().filter(|(summary, _)| 0 < summary.events).count(), 200);
    })
    .await;
}

#[tokio::test]
async fn ten_devices_of_one_household_keep_two_people_apart() {
    for_each_backend(async |mut app| {
        for device in 0..10 {
            for (user, at) in [("ana", "09:00"), ("bob", "09:30")] {
                app.at(at).send(&format!(r#"{{"type":"identify","anonymousId":"dev-{device}","userId":"{user}"}}"#)).await;
            }
        }
        let (ana, bob) = (app.profile("ana").await, app.profile("bob").await);
        assert_ne!(ana.summary.profile_id, bob.summary.profile_id);
        assert_eq!((ana.fragments.len(), bob.fragments.len()), (11, 1), "a device is the first one's who signed in on it");
        for device in 0..10 {
            app.at("10:00").send(&format!(r#"{{"type":"page","anonymousId":"dev-{device}"}}"#)).await;
        }
        let bob = app.profile("bob").await;
        assert_eq!((bob.fragments.len(), bob.state.counts["page_viewed"].count), (11, 10), "what follows a login is his who signed in");
    })
    .await;
}

#[tokio::test]
async fn a_user_id_that_became_another_is_one_person() {
    for_each_backend(async |mut app| {
        app.at("09:00").send(r#"{"type":"identify","userId":"ana","anonymousId":"dev-1","traits":{"email":"ana@example.com"}}"#).await;
        app.at("09:10")
            .send(r#"{"type":"alias","userId":"ana-new","previousId":"ana","anonymousId":"dev-1","traits":{"email":"ana@example.com"}}"#)
            .await;
        app.at("09:20").send(r#"{"type":"track","event":"car_viewed","userId":"ana-new"}"#).await;
        assert_eq!(app.find("user_id:ana").await, app.find("user_id:ana-new").await);
        assert_eq!(app.profile("ana@example.com").await.state.counts["car_viewed"].count, 1);
        // Told by nobody, two user ids stay two people.
        app.at("09:30").send(r#"{"type":"identify","userId":"bob","traits":{"email":"ana@example.com"}}"#).await;
        assert_ne!(app.find("user_id:ana").await, app.find("user_id:bob").await);
    })
    .await;
}
