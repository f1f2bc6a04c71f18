//! Accounts, sessions, sources and jobs, on both databases.

mod postgres;

use forecourt_model::{
    Role,
    audit::{Action, Actor, Outcome},
    conversion::{Conversion, ConversionKind},
    currency::Rate,
    time::{DAY_US, HOUR_US, SECOND_US},
};
use forecourt_store::{
    Database,
    control::{
        AccountError, AuditFilter, AuditHead, AuditNote, BrandWish, Control, Credentials, Device, EventNote, EventStatus, JobState,
        Keyring, Means, NewUser, NoticeState, NoticeWish, SESSION_IDLE_US, SESSION_LIFE_US, Secret, Session, SignInError, UserChange,
        ViewWish,
    },
};

const NOON_US: i64 = 1_767_268_800 * SECOND_US;

/// Runs a story on an empty database of each kind.
async fn on_both(story: impl AsyncFn(Control)) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let sqlite = Database::sqlite(&dir.path().join("control.sqlite"), 2).await.expect("SQLite");
    let postgres = Database::postgres(&postgres::url().await, "control").await.expect("PostgreSQL");
    for database in [sqlite, postgres] {
        let control = Control::open(database, Keyring::random()).await.expect("opened");
        story(control.clone()).await;
        control.close().await;
    }
}

async fn sign_in(control: &Control, email: &str, password: &str, address: &str, now_us: i64) -> Result<(Secret, Session), SignInError> {
    let device = Device { address: address.into(), agent: "Firefox".into() };
    control.sign_in(Credentials { email, password, code: None }, &device, now_us).await
}

fn ana() -> NewUser {
    person("Ana@Example.com ", Role::Admin, None)
}

fn person(email: &str, role: Role, dealer: Option<&str>) -> NewUser {
    NewUser { email: email.into(), name: "Ana".into(), role, dealer: dealer.map(str::to_owned), password: "correct horse".into() }
}

#[tokio::test]
async fn a_session_lasts_while_it_is_used_and_no_longer() {
    on_both(async |control| {
        control.add_user(ana(), NOON_US).await.unwrap();
        let (token, begun) = sign_in(&control, "ana@example.COM", "correct horse", "10.0.0.1", NOON_US).await.unwrap();
        assert_eq!((begun.user.email.as_str(), begun.user.role), ("ana@example.com", Role::Admin));

        let found = control.session(token.reveal(), NOON_US + HOUR_US).await.unwrap().expect("signed in");
        assert_eq!(found.csrf, begun.csrf);
        assert_eq!(control.users().await.unwrap()[0].last_seen_us, Some(NOON_US + HOUR_US));
        assert!(control.session("guessed", NOON_US).await.unwrap().is_none());

        let idle_us = NOON_US + HOUR_US + SESSION_IDLE_US;
        assert!(control.session(token.reveal(), idle_us - 1).await.unwrap().is_some(), "its use an hour in counts");
        assert!(control.session(token.reveal(), idle_us - 1 + SESSION_IDLE_US).await.unwrap().is_none(), "idle for too long");

        let mut at_us = NOON_US;
        let (token, _) = sign_in(&control, "ana@example.com", "correct horse", "10.0.0.1", at_us).await.unwrap();
        while at_us < NOON_US + SESSION_LIFE_US {
            assert!(control.session(token.reveal(), at_us).await.unwrap().is_some());
            at_us += 3 * DAY_US;
        }
        assert!(control.session(token.reveal(), at_us).await.unwrap().is_none(), "used, but too old");
    })
    .await;
}

#[tokio::test]
async fn signing_out_and_removal_end_sessions() {
    on_both(async |control| {
        control.add_user(ana(), NOON_US).await.unwrap();
        let leo = control.add_user(person("leo@example.com", Role::Analyst, None), NOON_US).await.unwrap();
        let (anas, _) = sign_in(&control, "ana@example.com", "correct horse", "10.0.0.1", NOON_US).await.unwrap();
        let (leos, _) = sign_in(&control, "leo@example.com", "correct horse", "10.0.0.1", NOON_US).await.unwrap();

        control.end_session(anas.reveal()).await.unwrap();
        assert!(control.session(anas.reveal(), NOON_US).await.unwrap().is_none());
        assert!(control.remove_user(&leo.id).await.unwrap());
        assert!(!control.remove_user(&leo.id).await.unwrap());
        assert!(control.session(leos.reveal(), NOON_US).await.unwrap().is_none());
        assert!(control.begin_session(&leo.id, Means::Password, &Device::default(), NOON_US).await.unwrap().is_none());

        let last = control.users().await.unwrap().remove(0);
        let refused = control.remove_user(&last.id).await.unwrap_err();
        assert_eq!(refused.to_string(), "this is the last admin: make another one first");
    })
    .await;
}

#[tokio::test]
async fn guessing_is_slowed_down_by_account_and_by_address() {
    on_both(async |control| {
        control.add_user(ana(), NOON_US).await.unwrap();
        for _ in 0..6 {
            let wrong = sign_in(&control, "ana@example.com", "guess", "10.0.0.1", NOON_US).await.unwrap_err();
            assert!(matches!(wrong, SignInError::Wrong), "{wrong}");
        }
        let throttled = sign_in(&control, "ana@example.com", "correct horse", "10.0.0.2", NOON_US).await.unwrap_err();
        assert_eq!(throttled.to_string(), "too many attempts: wait 1 s, then try again");
        sign_in(&control, "ana@example.com", "correct horse", "10.0.0.2", NOON_US + SECOND_US).await.expect("after the delay");
        sign_in(&control, "ana@example.com", "guess", "10.0.0.2", NOON_US + SECOND_US).await.expect_err("wrong");
        sign_in(&control, "ana@example.com", "correct horse", "10.0.0.2", NOON_US + SECOND_US).await.expect("success forgave the account");

        for guess in 0..15 {
            let wrong = sign_in(&control, &format!("nobody{guess}@example.com"), "guess", "10.0.0.1", NOON_US + SECOND_US).await;
            assert!(matches!(wrong, Err(SignInError::Wrong)), "{wrong:?}");
        }
        let throttled = sign_in(&control, "somebody@example.com", "guess", "10.0.0.1", NOON_US + SECOND_US).await;
        assert!(matches!(throttled, Err(SignInError::Throttled { .. })), "{throttled:?}");
    })
    .await;
}

#[tokio::test]
async fn many_guesses_at_once_do_not_pass_for_one() {
    on_both(async |control| {
        control.add_user(ana(), NOON_US).await.unwrap();
        let tries = (0..12).map(|_| {
            let control = control.clone();
            tokio::spawn(async move { sign_in(&control, "ana@example.com", "guess", "10.0.0.1", NOON_US).await })
        });
        let mut throttled = 0;
        for outcome in tries.collect::<Vec<_>>() {
            throttled += usize::from(matches!(outcome.await.unwrap(), Err(SignInError::Throttled { .. })));
        }
        assert_eq!(throttled, 6, "five are free and the sixth starts the delay");
    })
    .await;
}

#[tokio::test]
async fn accounts_that_make_no_sense_are_refused_with_a_reason() {
    on_both(async |control| {
        let refusals = [
            (person("ana", Role::Admin, None), "`ana` is not an e-mail address"),
            (person("d@example.com", Role::Dealer, None), "the role dealer needs `dealer`: whose leads it may see"),
            (person("m@example.com", Role::Marketer, Some("D01")), "the role marketer sees all dealers: leave `dealer` out"),
            (NewUser { password: "short".into(), ..ana() }, "the password has 5 characters: take 10 or more, 15 is better"),
            (NewUser { password: "Password123".into(), ..ana() }, "the password is among the first that anybody would guess: take another"),
            (
                NewUser { password: "ana@example.com".into(), ..ana() },
                "the password is among the first that anybody would guess: take another",
            ),
        ];
        for (user, told) in refusals {
            assert_eq!(control.add_user(user, NOON_US).await.unwrap_err().to_string(), told);
        }
        control.add_user(ana(), NOON_US).await.unwrap();
        let twice = control.add_user(person("ANA@example.com", Role::Analyst, None), NOON_US).await.unwrap_err();
        assert_eq!(twice.to_string(), "there is an account for ana@example.com already");
    })
    .await;
}

#[tokio::test]
async fn the_setup_link_makes_one_admin() {
    on_both(async |control| {
        let old = control.new_setup_link(NOON_US).await.unwrap();
        let link = control.new_setup_link(NOON_US).await.unwrap();
        assert!(!control.setup_link_is_valid(old.reveal(), NOON_US).await.unwrap());
        assert!(!control.setup_link_is_valid(link.reveal(), NOON_US + 3 * DAY_US).await.unwrap());

        let weak = control.use_setup_link(link.reveal(), NewUser { password: "short".into(), ..ana() }, NOON_US).await;
        assert!(matches!(weak, Err(AccountError::WeakPassword(_))));
        assert!(control.setup_link_is_valid(link.reveal(), NOON_US).await.unwrap(), "a refusal does not use it up");

        let both = tokio::join!(
            control.use_setup_link(link.reveal(), ana(), NOON_US),
            control.use_setup_link(link.reveal(), person("eve@example.com", Role::Admin, None), NOON_US)
        );
        assert_ne!(both.0.is_ok(), both.1.is_ok(), "one of two who open it at once: {both:?}");
        assert!(control.use_setup_link(link.reveal(), person("m@example.com", Role::Admin, None), NOON_US).await.is_err());
        assert_eq!(control.users_count().await.unwrap(), 1);

        let later = control.new_setup_link(NOON_US).await.unwrap();
        assert!(!control.setup_link_is_valid(later.reveal(), NOON_US).await.unwrap(), "there is an account already");
    })
    .await;
}

#[tokio::test]
async fn tokens_are_shown_once_and_can_be_taken_back() {
    on_both(async |control| {
        let (token, secret) = control.add_token("reports", Role::Dealer, Some("D01".into()), NOON_US).await.unwrap();
        assert!(secret.reveal().starts_with("fct_") && secret.reveal().starts_with(&token.prefix));
        assert_eq!(format!("{secret:?}"), "Secret(…)");

        let known = control.token(secret.reveal(), NOON_US).await.unwrap().expect("known");
        assert_eq!((known.id.as_str(), known.dealer.as_deref()), (token.id.as_str(), Some("D01")));
        assert!(control.token("fct_guess", NOON_US).await.unwrap().is_none());
        assert_eq!(control.tokens().await.unwrap()[0].last_used_us, Some(NOON_US));

        assert!(control.remove_token(&token.id).await.unwrap());
        assert!(control.token(secret.reveal(), NOON_US).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn sources_are_named_switched_and_rekeyed() {
    on_both(async |control| {
        let site = control.add_source(" Site ", "segment", NOON_US).await.unwrap();
        assert_eq!((site.name.as_str(), site.write_key.len(), site.enabled), ("Site", 32, true));
        let app = control.add_source("App", "segment", NOON_US).await.unwrap();
        assert_eq!(
            control.add_source("Site", "segment", NOON_US).await.unwrap_err().to_string(),
            "there is a source `Site` already: take another name"
        );
        assert!(control.add_source("", "segment", NOON_US).await.is_err());

        let off = control.update_source(&site.id, None, Some(false)).await.unwrap().expect("known");
        assert_eq!((off.name.as_str(), off.enabled), ("Site", false));
        let renamed = control.update_source(&site.id, Some("Web"), None).await.unwrap().expect("known");
        assert_eq!((renamed.name.as_str(), renamed.enabled), ("Web", false));
        assert!(control.update_source(&site.id, Some("App"), None).await.is_err(), "taken");
        assert!(control.update_source("src_none", None, Some(true)).await.unwrap().is_none());

        let rekeyed = control.rotate_write_key(&app.id).await.unwrap().expect("known");
        assert_ne!(rekeyed.write_key, app.write_key);
        let names: Vec<String> = control.sources().await.unwrap().into_iter().map(|source| source.name).collect();
        assert_eq!(names, ["App", "Web"]);
        assert_eq!(control.source(&app.id).await.unwrap(), Some(rekeyed));
    })
    .await;
}

#[tokio::test]
async fn jobs_show_progress_and_an_interruption() {
    on_both(async |control| {
        let first = control.start_job("import", "people.csv", 0, "rows", NOON_US).await.unwrap();
        control.note_progress(&first, 10, 100, NOON_US + 1).await.unwrap();
        control.end_job(&first, JobState::Done, Some("100 rows"), NOON_US + 2).await.unwrap();
        control.start_job("demo_seed", "Demo", 5, "events", NOON_US + 3).await.unwrap();
        assert_eq!(control.interrupt_jobs(NOON_US + 4).await.unwrap(), 1);

        let told: Vec<String> = control
            .jobs(10)
            .await
            .unwrap()
            .iter()
            .map(|job| format!("{} {} {}/{}", job.kind, job.state.as_str(), job.done, job.total))
            .collect();
        assert_eq!(told, ["demo_seed failed 0/5", "import done 10/100"]);
    })
    .await;
}

#[tokio::test]
async fn settings_keep_their_shape() {
    on_both(async |control| {
        assert_eq!(control.setting::<String>("name").await.unwrap(), None);
        control.put_setting("name", &"First").await.unwrap();
        control.put_setting("name", &"Aurelia").await.unwrap();
        assert_eq!(control.setting::<String>("name").await.unwrap().as_deref(), Some("Aurelia"));
        assert!(control.setting::<i64>("name").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn secrets_are_sealed_and_open_in_their_place_only() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let sqlite = Database::sqlite(&dir.path().join("control.sqlite"), 2).await.expect("SQLite");
    let postgres = Database::postgres(&postgres::url().await, "control").await.expect("PostgreSQL");
    for database in [sqlite, postgres] {
        let keys = Keyring::random();
        let control = Control::open(database.clone(), keys.clone()).await.unwrap();
        control.put_secret("gateway/a/password", "hunter2", NOON_US).await.unwrap();
        control.put_secret("gateway/a/password", "hunter3", NOON_US).await.unwrap();
        control.put_secret("gateway/b/password", "other", NOON_US).await.unwrap();
        assert_eq!(control.secret("gateway/a/password").await.unwrap().unwrap().reveal(), "hunter3");
        assert!(control.has_secret("gateway/b/password").await.unwrap() && control.secret("gateway/c").await.unwrap().is_none());

        let kept = database.query("SELECT sealed FROM vault ORDER BY place", vec![]).await.unwrap();
        assert!(kept.iter().all(|row| !row.bytes(0).unwrap().windows(7).any(|bytes| bytes == b"hunter3")));
        database.execute("UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE place = 'gateway/a/password')", vec![]).await.unwrap();
        let moved = control.secret("gateway/b/password").await.unwrap_err().to_string();
        assert!(moved.contains("changed or moved"), "{moved}");
        control.remove_secret("gateway/b/password").await.unwrap();

        let rotated = keys.with_new_key();
        let control = Control::open(database.clone(), rotated.clone()).await.unwrap();
        assert_eq!(control.reseal_secrets(NOON_US).await.unwrap(), 1);
        let told = Control::open(database.clone(), keys).await.unwrap_err().to_string();
        assert!(told.contains(&rotated.current_id()) && told.contains("from a backup"), "{told}");
        let control = Control::open(database.clone(), rotated.current_only()).await.unwrap();
        assert_eq!(control.secret("gateway/a/password").await.unwrap().unwrap().reveal(), "hunter3");

        assert_eq!(Control::forget_secrets(&database).await.unwrap(), 1);
        let control = Control::open(database.clone(), Keyring::random()).await.unwrap();
        assert!(control.secret("gateway/a/password").await.unwrap().is_none());
        database.close().await;
    }
}
fn looked(at: &str) -> AuditNote {
    AuditNote {
        actor: Actor::User { id: "usr_1".into(), email: "ana@example.com".into() },
        address: "10.0.0.1".into(),
        action: Action::ProfileOpened,
        object: at.into(),
        outcome: Outcome::Done,
        details: String::new(),
    }
}

#[tokio::test]
async fn the_audit_log_is_found_by_who_what_and_when() {
    on_both(async |control| {
        for number in 1..=5_i64 {
            control.note(&looked(&format!("100%_{number}\0")), NOON_US + number).await.unwrap();
        }
        let search = AuditNote { action: Action::PeopleSearched, object: "Ана".into(), outcome: Outcome::Refused, ..looked("") };
        assert_eq!(control.note(&search, NOON_US + 6).await.unwrap(), 6);

        let numbers = async |filter: AuditFilter, before| {
            let rows = control.audit(&filter, before, 3).await.unwrap();
            rows.into_iter().map(|row| row.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(AuditFilter::default(), None).await, [6, 5, 4]);
        assert_eq!(numbers(AuditFilter::default(), Some(4)).await, [3, 2, 1]);
        assert_eq!(
            numbers(AuditFilter { actor: Some("ANA@".into()), action: Some("people_searched".into()), ..Default::default() }, None).await,
            [6]
        );
        assert_eq!(numbers(AuditFilter { object: Some("0%_3".into()), ..Default::default() }, None).await, [3]);
        assert_eq!(numbers(AuditFilter { object: Some("1%3".into()), ..Default::default() }, None).await, [0; 0]);
        assert_eq!(numbers(AuditFilter { outcome: Some("refused".into()), ..Default::default() }, None).await, [6]);
        let period = AuditFilter { from_us: Some(NOON_US + 2), to_us: Some(NOON_US + 4), ..Default::default() };
        assert_eq!(numbers(period, None).await, [3, 2]);
        assert_eq!(control.verify_audit(None).await.unwrap().broken, None);
    })
    .await;
}

#[tokio::test]
async fn notes_taken_at_once_make_one_chain() {
    on_both(async |control| {
        let notes = (0..40).map(|number| {
            let control = control.clone();
            tokio::spawn(async move { control.note(&looked(&number.to_string()), NOON_US).await.unwrap() })
        });
        let notes: Vec<_> = notes.collect();
        let mut numbers = Vec::new();
        for note in notes {
            numbers.push(note.await.unwrap());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
        let proof = control.verify_audit(None).await.unwrap();
        assert_eq!((proof.broken, proof.head.number), (None, 40));
    })
    .await;
}

#[tokio::test]
async fn an_audit_log_that_somebody_changed_is_found_out() {
    let tampered: [(&str, &str); 6] = [
        ("UPDATE audit SET object = 'nobody' WHERE number = 3", "row 3 was changed"),
        ("UPDATE audit SET at_us = at_us - 1 WHERE number = 5", "row 5 was changed"),
        ("DELETE FROM audit WHERE number = 2", "from 2 to 2 are gone"),
        ("DELETE FROM audit WHERE number = 5", "from 5 to 5 are gone"),
        ("UPDATE audit_head SET number = 4, hash = (SELECT hash FROM audit WHERE number = 4)", "row 5 lies behind the end"),
        ("UPDATE audit_head SET hash = 'x'", "not the one that the log ended with"),
    ];
    for (sql, expected) in tampered {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::sqlite(&dir.path().join("control.sqlite"), 2).await.unwrap();
        let control = Control::open(database.clone(), Keyring::random()).await.unwrap();
        for number in 1..=5 {
            control.note(&looked(&number.to_string()), NOON_US).await.unwrap();
        }
        assert_eq!(database.execute(sql, vec![]).await.unwrap(), 1);
        let broken = control.verify_audit(None).await.unwrap().broken.unwrap_or_default();
        assert!(broken.contains(expected), "{sql}: {broken}");
    }
}

#[tokio::test]
async fn a_log_written_anew_does_not_lead_through_the_head_that_was_noted() {
    on_both(async |control| {
        assert_eq!(control.audit_head().await.unwrap().number, 0);
        control.note(&looked("1"), NOON_US).await.unwrap();
        let noted = control.audit_head().await.unwrap();
        control.note(&looked("2"), NOON_US).await.unwrap();
        assert_eq!(control.verify_audit(Some(&noted)).await.unwrap().broken, None);
        let other = AuditHead { hash: "0".repeat(64), ..noted.clone() };
        assert!(control.verify_audit(Some(&other)).await.unwrap().broken.unwrap().contains("written anew"));
        let later = AuditHead { number: 9, ..noted };
        assert!(control.verify_audit(Some(&later)).await.unwrap().broken.unwrap().contains("ends before"));
    })
    .await;
}

#[tokio::test]
async fn an_account_that_is_disabled_is_signed_out_and_an_admin_stays() {
    on_both(async |control| {
        let ana = control.add_user(ana(), NOON_US).await.unwrap();
        let boris = control.add_user(person("boris@example.com", Role::Marketer, None), NOON_US).await.unwrap();
        let (token, _) = sign_in(&control, "boris@example.com", "correct horse", "10.0.0.1", NOON_US).await.unwrap();

        let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
        assert!(control.update_user(&boris.id, disabled.clone()).await.unwrap().unwrap().disabled);
        assert!(control.session(token.reveal(), NOON_US).await.unwrap().is_none());
        let refused = sign_in(&control, "boris@example.com", "correct horse", "10.0.0.1", NOON_US).await;
        assert!(matches!(refused, Err(SignInError::Wrong)));
        assert!(matches!(control.update_user(&ana.id, disabled).await, Err(AccountError::Invalid(_))), "the last admin stays");

        let dealer =
            UserChange { role: Some((Role::Dealer, Some("North Motors".into()))), disabled: Some(false), name: Some("Boris".into()) };
        let changed = control.update_user(&boris.id, dealer).await.unwrap().unwrap();
        assert_eq!((changed.name.as_str(), changed.role, changed.dealer.as_deref()), ("Boris", Role::Dealer, Some("North Motors")));
        assert!(sign_in(&control, "boris@example.com", "correct horse", "10.0.0.2", NOON_US).await.is_ok());
        let dealerless = UserChange { role: Some((Role::Dealer, None)), ..UserChange::default() };
        assert!(matches!(control.update_user(&boris.id, dealerless).await, Err(AccountError::Invalid(_))));
        assert!(control.update_user("usr_gone", UserChange::default()).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_view_is_its_owners_unless_it_is_shared() {
    on_both(async |control| {
        let boris = control.add_user(person("boris@example.com", Role::Marketer, None), NOON_US).await.unwrap();
        control.add_user(ana(), NOON_US).await.unwrap();
        let wish = |name: &str, roles: &[Role]| ViewWish {
            page: "/funnel".into(),
            name: name.into(),
            state: "by=channel".into(),
            roles: roles.to_vec(),
        };
        let private = control.add_view("boris@example.com", wish("Mine", &[]), NOON_US).await.unwrap();
        let shared = control.add_view("boris@example.com", wish("Ours", &[Role::Analyst, Role::Admin]), NOON_US).await.unwrap();
        let names = async |owner: &str, role: Role| {
            let views = control.views(owner, role).await.unwrap();
            views.into_iter().map(|view| view.name).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(names("boris@example.com", Role::Marketer).await, "Mine, Ours");
        assert_eq!(names("eva@example.com", Role::Analyst).await, "Ours");
        assert_eq!(names("eva@example.com", Role::Operator).await, "");
        assert_eq!(control.view(&private.id).await.unwrap().unwrap(), private, "whoever has the link sees it");

        assert!(control.update_view(&shared.id, "eva@example.com", wish("Hers", &[]), NOON_US).await.unwrap().is_none());
        let renamed =
            control.update_view(&shared.id, "boris@example.com", wish("Everybody's", &Role::ALL), NOON_US).await.unwrap().unwrap();
        assert_eq!((renamed.name.as_str(), renamed.roles.len()), ("Everybody's", 5));
        for page in ["//evil.example", "https://evil.example", "funnel", "/a b"] {
            let wish = ViewWish { page: page.into(), ..wish("x", &[]) };
            assert!(matches!(control.add_view("boris@example.com", wish, NOON_US).await, Err(AccountError::Invalid(_))), "{page}");
        }
        assert!(!control.remove_view(&private.id, None).await.unwrap(), "an admin does not reach into private ones");
        control.remove_user(&boris.id).await.unwrap();
        assert!(control.view(&private.id).await.unwrap().is_none());
        assert!(control.remove_view(&shared.id, None).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn brands_and_notes_are_kept_as_they_were_written() {
    on_both(async |control| {
        let wish = BrandWish {
            name: "Aurora".into(),
            email_from: "Aurora <news@aurora.example>".into(),
            sms_sender: "AURORA".into(),
            logo: "data:image/png;base64,iVBORw0KGgo=".into(),
        };
        let aurora = control.add_brand(wish.clone(), NOON_US).await.unwrap();
        assert!(matches!(control.add_brand(wish.clone(), NOON_US).await, Err(AccountError::Invalid(told)) if told.contains("already")));
        let polaris = control.add_brand(BrandWish { name: "Polaris".into(), ..wish.clone() }, NOON_US).await.unwrap();
        assert!(control.update_brand(&polaris.id, wish.clone(), NOON_US).await.is_err(), "the name is taken");
        let wrong = BrandWish { sms_sender: "twelve letters".into(), ..wish.clone() };
        assert!(control.update_brand(&aurora.id, wrong, NOON_US).await.is_err());
        assert!(control.remove_brand(&polaris.id).await.unwrap());
        assert_eq!(control.brands().await.unwrap(), [aurora]);

        let note = |description: &str, status| EventNote {
            description: description.into(),
            owner: "Web team".into(),
            status,
            updated_us: NOON_US,
            updated_by: "ana@example.com".into(),
        };
        control.put_event_note("car_viewed", &note("A car's page", EventStatus::Expected)).await.unwrap();
        control.put_event_note("car_viewed", &note("A car's page was opened", EventStatus::Deprecated)).await.unwrap();
        let notes = control.event_notes().await.unwrap();
        assert_eq!(notes["car_viewed"], note("A car's page was opened", EventStatus::Deprecated));
        assert!(control.put_event_note("x", &note(&"long ".repeat(500), EventStatus::Expected)).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn an_incident_and_its_notices_are_written_together_and_sent_one_by_one() {
    use forecourt_model::alert::{AlertRule, Finding, Level};

    on_both(async |control| {
        control.begin_alert_rules(NOON_US).await.unwrap();
        control.begin_alert_rules(NOON_US).await.unwrap();
        let rules = control.alert_rules().await.unwrap();
        assert_eq!(rules.iter().map(|kept| kept.rule.clone()).collect::<Vec<_>>(), AlertRule::usual());

        let finding = Finding::new("src_1", "Site", Level::Wrong, [("minutes", 31.0)]);
        let say = |kind: &'static str| {
            vec![NoticeWish {
                incident_id: None,
                kind,
                way: "email",
                target: "ana@example.com".into(),
                subject: "Site is silent".into(),
                body: "For 31 minutes".into(),
            }]
        };
        let incident = control.open_incident(&rules[0], &finding, |_| say("opened"), NOON_US).await.unwrap();
        assert_eq!(control.open_incidents().await.unwrap(), std::slice::from_ref(&incident));

        let taken = control.take_notice(NOON_US).await.unwrap().expect("one is due");
        assert_eq!((taken.state, taken.attempts), (NoticeState::Sending, 1));
        assert!(control.take_notice(NOON_US).await.unwrap().is_none(), "nobody takes it twice");
        control.settle_notice(&taken.id, NoticeState::Pending, Some("busy"), NOON_US + 60, NOON_US).await.unwrap();
        assert!(control.take_notice(NOON_US + 59).await.unwrap().is_none());
        assert_eq!(control.take_notice(NOON_US + 60).await.unwrap().unwrap().attempts, 2);
        assert_eq!(control.interrupt_notices(NOON_US + 61).await.unwrap(), 1);
        assert_eq!(control.notices(10).await.unwrap()[0].state, NoticeState::Unknown);

        control.close_incident(&incident.id, say("closed"), NOON_US + HOUR_US).await.unwrap();
        control.close_incident(&incident.id, say("closed"), NOON_US + 2 * HOUR_US).await.unwrap();
        assert_eq!(control.notices(10).await.unwrap().len(), 2, "the end is told once");
        assert_eq!(control.incidents(10).await.unwrap()[0].closed_us, Some(NOON_US + HOUR_US));
        assert!(control.remove_alert_rule(&rules[0].id).await.unwrap());
        let senseless = AlertRule::FoldLags { seconds: 0 };
        assert!(matches!(control.update_alert_rule(&rules[1].id, &senseless, true, NOON_US).await, Err(AccountError::Invalid(_))));
        control.drop_incidents_before(NOON_US + DAY_US).await.unwrap();
        assert!(control.incidents(10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn conversions_are_named_once_and_kept_under_their_id() {
    let conversion = |id: &str, name: &str, kind| Conversion {
        id: id.into(),
        name: name.into(),
        kind,
        event: "Test Drive done".into(),
        condition: Some("  ".into()),
        value: None,
    };
    on_both(async |control| {
        let drive = control.add_conversion(conversion("", " Test drive ", ConversionKind::Macro), NOON_US).await.unwrap();
        assert_eq!((drive.id.as_str(), drive.name.as_str(), &drive.condition), ("test_drive_done", "Test drive", &None));
        let again = control.add_conversion(conversion("", "Second drive", ConversionKind::Micro), NOON_US).await.unwrap();
        assert_eq!(again.id, "test_drive_done_2");
        let taken = control.add_conversion(conversion("x", "Test drive", ConversionKind::Micro), NOON_US).await.unwrap_err();
        assert_eq!(taken.to_string(), "`name`: there is a conversion `Test drive` already: take another name");
        for (bad, told) in [
            (conversion("", "  ", ConversionKind::Micro), "`name`: a conversion needs a name of 1 to 100 characters"),
            (conversion("Größe", "a", ConversionKind::Micro), "`id`: write at most 40 of the letters a-z, digits, `_` and `-`"),
            (Conversion { event: String::new(), ..conversion("", "a", ConversionKind::Micro) }, "`event`: name the event that is counted"),
        ] {
            assert_eq!(control.add_conversion(bad, NOON_US).await.unwrap_err().to_string(), told);
        }
        let bad = Conversion { value: Some(-1.0), ..conversion("", "a", ConversionKind::Micro) };
        assert!(control.add_conversion(bad, NOON_US).await.unwrap_err().to_string().starts_with("`value`: write a number"));

        let priced = Conversion { value: Some(2.5), condition: Some("value > 1".into()), ..again.clone() };
        assert_eq!(control.update_conversion(priced.clone(), NOON_US).await.unwrap(), Some(priced.clone()));
        assert_eq!(control.conversions().await.unwrap(), [priced, drive], "micro-conversions first");
        let renamed = Conversion { name: "Test drive".into(), ..again };
        assert!(control.update_conversion(renamed, NOON_US).await.is_err());
        assert_eq!(control.update_conversion(conversion("gone", "b", ConversionKind::Micro), NOON_US).await.unwrap(), None);
        assert!(control.remove_conversion("test_drive_done").await.unwrap());
        assert!(!control.remove_conversion("test_drive_done").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_rate_of_the_same_day_replaces_the_one_before() {
    let rate = |currency: &str, day, rate| Rate { base: "EUR".into(), currency: currency.into(), day, rate };
    on_both(async |control| {
        control.put_rates(&[rate("USD", 10, 1.1), rate("USD", 10, 1.2), rate("GBP", 10, 0.8)]).await.unwrap();
        control.put_rates(&[rate("USD", 10, 1.3), rate("USD", 11, 1.4)]).await.unwrap();
        let held = control.rates().await.unwrap();
        assert_eq!(held, [rate("GBP", 10, 0.8), rate("USD", 11, 1.4), rate("USD", 10, 1.3)]);
        assert!(control.remove_rate("EUR", "GBP", 10).await.unwrap());
        assert!(!control.remove_rate("EUR", "GBP", 10).await.unwrap());
        assert_eq!(control.rates().await.unwrap().len(), 2);
    })
    .await;
}
