//! What people do with their own accounts: passwords, reset links, second factors, sessions; on both databases.

mod postgres;

use forecourt_model::{
    Role,
    time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US},
};
use forecourt_store::{
    Database,
    control::{
        AccountError, Control, Credentials, Device, Keyring, Means, NewUser, RESET_LINK_LIFE_US, SecondFactorPolicy, Secret, Session,
        SessionLimits, SignInError, SsoAttempt, User,
    },
};

const NOON_US: i64 = 1_767_268_800 * SECOND_US;
const PASSWORD: &str = "correct horse";

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

async fn add(control: &Control, email: &str, role: Role) -> User {
    let user = NewUser { email: email.into(), name: "Ana".into(), role, dealer: None, password: PASSWORD.into() };
    control.add_user(user, NOON_US).await.expect("added")
}

fn device(address: &str) -> Device {
    Device { address: address.into(), agent: "Firefox on Linux".into() }
}

async fn enter(control: &Control, password: &str, code: Option<&str>, now_us: i64) -> Result<(Secret, Session), SignInError> {
    control.sign_in(Credentials { email: "ana@example.com", password, code }, &device("10.0.0.1"), now_us).await
}

/// What the authenticator app shows.
fn code(secret: &Secret, now_us: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret.reveal()).unwrap();
    totp_rs::Builder::new().with_secret(secret).build().unwrap().generate((now_us / SECOND_US) as u64).to_string()
}

async fn with_second_factor(control: &Control, user: &User, session: &str, now_us: i64) -> (Secret, Vec<Secret>) {
    let secret = control.begin_second_factor(user, now_us).await.unwrap();
    let codes = control.confirm_second_factor(user, &code(&secret, now_us), session, now_us).await.unwrap().expect("the right code");
    (secret, codes)
}

#[tokio::test]
async fn a_reset_link_works_once_for_half_an_hour_and_ends_all_sessions() {
    on_both(async |control| {
        let ana = add(&control, "ana@example.com", Role::Admin).await;
        let (signed_in, _) = enter(&control, PASSWORD, None, NOON_US).await.unwrap();
        assert!(control.new_reset_link("nobody@example.com", NOON_US).await.unwrap().is_none());
        let (_, first) = control.new_reset_link("ana@example.com", NOON_US).await.unwrap().expect("an account");
        let (of, link) = control.new_reset_link(" ANA@example.com", NOON_US).await.unwrap().expect("an account");
        assert_eq!(of.id, ana.id);
        assert!(control.user_of_reset_link(first.reveal(), NOON_US).await.unwrap().is_none(), "a newer one ends it");

        let weak = control.use_reset_link(link.reveal(), "qwertyuiop".into(), NOON_US).await.unwrap_err();
        assert!(matches!(weak, AccountError::WeakPassword(_)), "{weak}");
        assert!(control.user_of_reset_link(link.reveal(), NOON_US + RESET_LINK_LIFE_US - 1).await.unwrap().is_some());
        assert!(control.user_of_reset_link(link.reveal(), NOON_US + RESET_LINK_LIFE_US).await.unwrap().is_none());

        let both = tokio::join!(
            control.use_reset_link(link.reveal(), "tram fiddle ochre".into(), NOON_US),
            control.use_reset_link(link.reveal(), "tram fiddle umber".into(), NOON_US)
        );
        assert_ne!(both.0.is_ok(), both.1.is_ok(), "used by one of two at once: {both:?}");
        assert!(control.session(signed_in.reveal(), NOON_US).await.unwrap().is_none());
        let password = if both.0.is_ok() { "tram fiddle ochre" } else { "tram fiddle umber" };
        enter(&control, PASSWORD, None, NOON_US).await.expect_err("the old one");
        enter(&control, password, None, NOON_US).await.expect("the new one");
    })
    .await;
}

#[tokio::test]
async fn asking_for_links_is_slowed_down_alike_for_known_and_unknown() {
    on_both(async |control| {
        add(&control, "ana@example.com", Role::Admin).await;
        let mut outcomes = Vec::new();
        for email in ["ana@example.com", "nobody@example.com"] {
            let mut admitted = Vec::new();
            for number in 0..6 {
                admitted.push(control.admit_reset(email, &format!("10.0.{number}.1"), NOON_US).await.is_ok());
            }
            outcomes.push(admitted);
        }
        assert_eq!(outcomes[0], [true, true, true, true, false, false]);
        assert_eq!(outcomes[0], outcomes[1]);
        let mut from_one_address = 0;
        for number in 0..20 {
            from_one_address += u32::from(control.admit_reset(&format!("n{number}@example.com"), "10.9.9.9", NOON_US).await.is_ok());
        }
        assert_eq!(from_one_address, 11);
    })
    .await;
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    on_both(async |control| {
        let ana = add(&control, "ana@example.com", Role::Admin).await;
        let (here, session) = enter(&control, PASSWORD, None, NOON_US).await.unwrap();
        let (elsewhere, _) = enter(&control, PASSWORD, None, NOON_US).await.unwrap();
        let (_, link) = control.new_reset_link("ana@example.com", NOON_US).await.unwrap().unwrap();
        let change = |old: &'static str, new: &'static str| control.change_password(&ana, old.into(), new.into(), &session.id, NOON_US);
        assert!(!change("guess", "tram fiddle ochre").await.unwrap());
        assert!(matches!(change(PASSWORD, "short").await, Err(AccountError::WeakPassword(_))));
        assert!(control.session(elsewhere.reveal(), NOON_US).await.unwrap().is_some());
        assert!(change(PASSWORD, "tram fiddle ochre").await.unwrap());
        assert!(control.session(here.reveal(), NOON_US).await.unwrap().is_some());
        assert!(control.session(elsewhere.reveal(), NOON_US).await.unwrap().is_none());
        assert!(control.user_of_reset_link(link.reveal(), NOON_US).await.unwrap().is_none(), "a link in a mailbox ends too");
        for _ in 0..6 {
            assert!(!change("guess", "tram fiddle umber").await.unwrap());
        }
        assert!(matches!(change("guess", "tram fiddle umber").await, Err(AccountError::Throttled { .. })));
    })
    .await;
}

#[tokio::test]
async fn a_code_is_needed_and_taken_once() {
    on_both(async |control| {
        let ana = add(&control, "ana@example.com", Role::Admin).await;
        let (here, session) = enter(&control, PASSWORD, None, NOON_US).await.unwrap();
        let (elsewhere, _) = enter(&control, PASSWORD, None, NOON_US).await.unwrap();
        let secret = control.begin_second_factor(&ana, NOON_US).await.unwrap();
        enter(&control, PASSWORD, None, NOON_US).await.expect("it is not in force before it is confirmed");
        let wrong = code(&secret, NOON_US + HOUR_US);
        assert!(control.confirm_second_factor(&ana, &wrong, &session.id, NOON_US).await.unwrap().is_none());
        let right = code(&secret, NOON_US);
        let recovery = control.confirm_second_factor(&ana, &right, &session.id, NOON_US).await.unwrap().expect("confirmed");
        assert_eq!(recovery.len(), 10);
        assert!(control.session(here.reveal(), NOON_US).await.unwrap().is_some());
        assert!(control.session(elsewhere.reveal(), NOON_US).await.unwrap().is_none());

        assert!(matches!(enter(&control, PASSWORD, None, NOON_US).await, Err(SignInError::CodeNeeded)));
        assert!(matches!(enter(&control, "guess", Some(&right), NOON_US).await, Err(SignInError::Wrong)));
        assert!(matches!(enter(&control, PASSWORD, Some(&right), NOON_US).await, Err(SignInError::WrongCode)), "it confirmed already");
        let later_us = NOON_US + MINUTE_US;
        let next = code(&secret, later_us);
        enter(&control, PASSWORD, Some(&next), later_us).await.expect("the next code");
        assert!(matches!(enter(&control, PASSWORD, Some(&next), later_us).await, Err(SignInError::WrongCode)), "a replay");
        assert!(matches!(
            enter(&control, PASSWORD, Some(&code(&secret, NOON_US + 30 * SECOND_US)), later_us).await,
            Err(SignInError::WrongCode)
        ));

        enter(&control, PASSWORD, Some(recovery[0].reveal()), later_us).await.expect("a recovery code");
        assert!(matches!(enter(&control, PASSWORD, Some(recovery[0].reveal()), later_us).await, Err(SignInError::WrongCode)));
        let typed = recovery[1].reveal().to_uppercase().replace('-', " ");
        enter(&control, PASSWORD, Some(&typed), later_us).await.expect("as people type it");
        assert_eq!(control.recovery_codes_left(&ana.id).await.unwrap(), 8);
        assert_eq!(control.new_recovery_codes(&ana.id).await.unwrap().len(), 10);
        assert!(matches!(enter(&control, PASSWORD, Some(recovery[2].reveal()), later_us).await, Err(SignInError::WrongCode)), "replaced");

        let known = control.user(&ana.id).await.unwrap().unwrap();
        let again = control.begin_second_factor(&known, NOON_US).await.unwrap_err().to_string();
        assert!(again.contains("remove it first"), "{again}");
        assert!(control.remove_second_factor(&ana.id).await.unwrap());
        enter(&control, PASSWORD, None, later_us + HOUR_US).await.expect("without a code");
    })
    .await;
}

#[tokio::test]
async fn a_code_that_is_shown_twice_at_once_is_taken_once() {
    on_both(async |control| {
        let ana = add(&control, "ana@example.com", Role::Admin).await;
        let (secret, _) = with_second_factor(&control, &ana, "", NOON_US).await;
        let now_us = NOON_US + MINUTE_US;
        let code = code(&secret, now_us);
        let mut entered = 0;
        let tries = (0..4).map(|_| {
            let (control, code) = (control.clone(), code.clone());
            tokio::spawn(async move { enter(&control, PASSWORD, Some(&code), now_us).await.is_ok() })
        });
        for outcome in tries.collect::<Vec<_>>() {
            entered += u32::from(outcome.await.unwrap());
        }
        assert_eq!(entered, 1);
    })
    .await;
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_for_whoever_knows_the_password() {
    on_both(async |control| {
        let ana = add(&control, "ana@example.com", Role::Admin).await;
        with_second_factor(&control, &ana, "", NOON_US).await;
        let now_us = NOON_US + MINUTE_US;
        let mut guesses = 0;
        for _ in 0..10 {
            // Asking without a code in between must not buy another guess.
            let _ = enter(&control, PASSWORD, None, now_us).await;
            match enter(&control, PASSWORD, Some("000000"), now_us).await {
                Err(SignInError::WrongCode) => guesses += 1,
                Err(SignInError::Throttled { .. }) => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(guesses <= 3, "{guesses}");
        let mut checks = 0;
        while control.check_second_factor(&ana.id, "000000", now_us).await.is_ok() {
            checks += 1;
        }
        assert_eq!(checks, 6);
    })
    .await;
}

#[tokio::test]
async fn who_must_have_a_second_factor_is_led_to_it() {
    on_both(async |control| {
        let ana = add(&control, "ana@example.com", Role::Admin).await;
        let (before, _) = enter(&control, PASSWORD, None, NOON_US).await.unwrap();
        let policy = SecondFactorPolicy { required_for: vec![Role::Admin, Role::Marketer] };
        control.set_second_factor_policy(&policy).await.unwrap();
        assert_eq!(control.second_factor_policy().await.unwrap(), policy);
        assert!(control.session(before.reveal(), NOON_US).await.unwrap().unwrap().must_enrol, "at once");
        let (token, session) = enter(&control, PASSWORD, None, NOON_US).await.unwrap();
        assert!(session.must_enrol);
        let (by_sso, _) = control.begin_session(&ana.id, Means::SingleSignOn, &device("10.0.0.1"), NOON_US).await.unwrap().unwrap();
        assert!(!control.session(by_sso.reveal(), NOON_US).await.unwrap().unwrap().must_enrol, "the provider asks");
        with_second_factor(&control, &ana, &session.id, NOON_US).await;
        assert!(!control.session(token.reveal(), NOON_US).await.unwrap().unwrap().must_enrol);
        control.remove_second_factor(&ana.id).await.unwrap();
        control.set_second_factor_policy(&SecondFactorPolicy::default()).await.unwrap();
        assert!(!enter(&control, PASSWORD, None, NOON_US).await.unwrap().1.must_enrol);
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner() {
    on_both(async |control| {
        let limits = SessionLimits { idle_us: HOUR_US, life_us: DAY_US };
        let control = control.with_session_limits(limits);
        let ana = add(&control, "ana@example.com", Role::Admin).await;
        let leo = add(&control, "leo@example.com", Role::Analyst).await;
        let (first, _) = enter(&control, PASSWORD, None, NOON_US).await.unwrap();
        let (second, here) = enter(&control, PASSWORD, None, NOON_US + MINUTE_US).await.unwrap();
        let now_us = NOON_US + 2 * MINUTE_US;
        let open = control.sessions_of(&ana.id, now_us).await.unwrap();
        assert_eq!(open.len(), 2);
        assert_eq!((open[0].id.as_str(), open[0].device.address.as_str()), (here.id.as_str(), "10.0.0.1"));
        assert_eq!(open[1].device.agent, "Firefox on Linux");
        assert!(!control.end_session_of(&leo.id, &open[1].id).await.unwrap(), "nobody ends another's");
        assert!(control.end_session_of(&ana.id, &open[1].id).await.unwrap());
        assert!(control.session(first.reveal(), now_us).await.unwrap().is_none());
        enter(&control, PASSWORD, None, now_us).await.unwrap();
        assert_eq!(control.end_other_sessions(&ana.id, &here.id).await.unwrap(), 1);
        assert!(control.session(second.reveal(), now_us).await.unwrap().is_some());
        assert!(control.session(second.reveal(), now_us + HOUR_US).await.unwrap().is_none(), "idle for as long as was configured");
        assert!(control.sessions_of(&ana.id, now_us + HOUR_US).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_sign_on_attempt_is_taken_once_by_the_browser_that_began_it() {
    on_both(async |control| {
        let attempt = SsoAttempt { nonce: "n".into(), verifier: "v".into(), return_to: "/live".into() };
        let (browser, other) = (Secret::from("browser".to_owned()), Secret::from("other".to_owned()));
        for state in ["one", "two"] {
            control.note_sso_attempt(state, &browser, &attempt, NOON_US).await.unwrap();
        }
        assert!(control.take_sso_attempt("one", other.reveal(), NOON_US).await.unwrap().is_none());
        assert!(control.take_sso_attempt("guess", browser.reveal(), NOON_US).await.unwrap().is_none());
        assert_eq!(control.take_sso_attempt("one", browser.reveal(), NOON_US).await.unwrap(), Some(attempt));
        assert!(control.take_sso_attempt("one", browser.reveal(), NOON_US).await.unwrap().is_none(), "once");
        assert!(control.take_sso_attempt("two", browser.reveal(), NOON_US + HOUR_US).await.unwrap().is_none(), "too late");

        let leo = control.add_sso_user("leo@example.com", "Leo", Role::Analyst, None, NOON_US).await.unwrap();
        control.link_sso(&leo.id, "https://id.example.com", "42", NOON_US).await.unwrap();
        assert_eq!(control.user_of_sso("https://id.example.com", "42").await.unwrap().unwrap().id, leo.id);
        assert!(control.user_of_sso("https://evil.example.com", "42").await.unwrap().is_none());
        let credentials = Credentials { email: "leo@example.com", password: "", code: None };
        assert!(matches!(control.sign_in(credentials, &device("10.0.0.3"), NOON_US).await, Err(SignInError::Wrong)));
        assert!(!control.has_password(&leo.id).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_superuser_is_told_from_an_owner() {
    let url = postgres::url().await;
    assert_eq!(Database::postgres_superuser(&url).await.unwrap(), None);
    assert_eq!(Database::postgres_superuser(&postgres::as_superuser(&url)).await.unwrap(), Some("postgres".into()));
}
