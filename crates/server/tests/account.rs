//! What people do with their own accounts, as the pages do it.

mod house;

use house::{House, PASSWORD, Person};
use reqwest::Method;
use serde_json::{Value, json};

/// What the authenticator app shows at a time, in seconds since 1970.
fn code(secret: &str, at_s: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    totp_rs::Builder::new().with_secret(secret).build().unwrap().generate(at_s).to_string()
}

fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn error(answer: &house::Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["error"]["code"].as_str().unwrap_or_default())
}

async fn enrol(house: &House, person: &Person, password: Option<&str>) -> (String, Vec<String>) {
    let begun = house.post(person, "/api/account/second-factor", &json!({ "password": password })).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    let secret = begun.body["secret"].as_str().unwrap().to_owned();
    assert!(begun.body["uri"].as_str().unwrap().starts_with("otpauth://totp/Forecourt:"), "{}", begun.body["uri"]);
    assert!(begun.body["qr_svg"].as_str().unwrap().starts_with("<svg"));
    // The step before: so that the one of now is still good for signing in.
    let confirmed = house.post(person, "/api/account/second-factor/confirm", &json!({ "code": code(&secret, now_s() - 30) })).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let codes = confirmed.body["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    (secret, codes.collect())
}

async fn sign_in(house: &House, email: &str, code: Option<&str>) -> house::Answer {
    let body = json!({ "email": email, "password": PASSWORD, "code": code });
    house.send(Method::POST, "/api/auth/login", &[], Some(&body)).await
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_an_admin_resets_it() {
    let house = House::start().await;
    let ana = house.admin().await;
    let leo = house.person(&ana, "leo@example.com", "analyst", None).await;
    assert_eq!(error(&house.post(&leo, "/api/account/second-factor", &json!({})).await), (400, "invalid"));
    assert_eq!(error(&house.post(&leo, "/api/account/second-factor", &json!({ "password": "guess" })).await), (400, "wrong_password"));
    let (secret, recovery) = enrol(&house, &leo, Some(PASSWORD)).await;
    let account = house.get(&leo, "/api/account").await.body;
    assert_eq!((account["recovery_codes_left"].as_u64(), account["second_factor_since"].is_string()), (Some(10), true));

    assert_eq!(error(&sign_in(&house, "leo@example.com", None).await), (401, "code_needed"));
    assert_eq!(error(&sign_in(&house, "leo@example.com", Some("000000")).await), (401, "wrong_code"));
    let shown = code(&secret, now_s());
    assert_eq!(sign_in(&house, "leo@example.com", Some(&shown)).await.status, 200);
    assert_eq!(error(&sign_in(&house, "leo@example.com", Some(&shown)).await), (401, "wrong_code"), "a code serves once");
    assert_eq!(sign_in(&house, "leo@example.com", Some(&recovery[0])).await.status, 200);

    let users = house.get(&ana, "/api/users").await.body;
    let user = users["users"].as_array().unwrap().iter().find(|user| user["email"] == "leo@example.com").unwrap();
    assert_eq!(user["second_factor"], true);
    let id = user["id"].as_str().unwrap();
    assert_eq!(house.delete(&leo, &format!("/api/users/{id}/second-factor")).await.status, 403);
    assert_eq!(house.delete(&ana, &format!("/api/users/{id}/second-factor")).await.status, 204);
    assert_eq!(house.get(&leo, "/api/me").await.status, 401, "its sessions end");
    assert_eq!(sign_in(&house, "leo@example.com", None).await.status, 200);
    let everything = house.get(&ana, "/api/audit?limit=200").await.body.to_string();
    assert!(everything.contains("second_factor_changed") && !everything.contains(&secret), "{everything}");
}

#[tokio::test]
async fn whoever_must_enrol_can_do_nothing_else() {
    let house = House::start().await;
    let ana = house.admin().await;
    let leo = house.person(&ana, "leo@example.com", "analyst", None).await;
    assert_eq!(house.get(&leo, "/api/profiles").await.status, 200);
    let policy = json!({ "second_factor_required_for": ["analyst"] });
    assert_eq!(house.put(&leo, "/api/security/policy", &policy).await.status, 403);
    assert_eq!(house.put(&ana, "/api/security/policy", &policy).await.status, 204);
    assert_eq!(error(&house.get(&leo, "/api/profiles").await), (403, "second_factor_needed"));
    assert_eq!(house.get(&leo, "/api/me").await.body["must_enrol"], true);
    assert_eq!(house.get(&ana, "/api/profiles").await.status, 200, "another role is not bound");
    let again = Person::of(&sign_in(&house, "leo@example.com", None).await);
    assert_eq!(error(&house.post(&again, "/api/query", &json!({ "sql": "SELECT 1" })).await), (403, "second_factor_needed"));
    let (secret, _) = enrol(&house, &again, None).await;
    assert_eq!(house.get(&again, "/api/profiles").await.status, 200);
    assert_eq!(house.get(&leo, "/api/me").await.status, 401, "the older session ended");
    let remove = house.post(&again, "/api/account/second-factor/remove", &json!({ "code": code(&secret, now_s()) })).await;
    assert_eq!(error(&remove), (400, "invalid"));
}

#[tokio::test]
async fn a_lost_password_is_set_anew_by_a_link_of_the_command_line() {
    let house = House::start().await;
    let ana = house.admin().await;
    let leo = house.person(&ana, "leo@example.com", "analyst", None).await;
    let asked: Vec<(u16, Value)> = {
        let mut answers = Vec::new();
        for email in ["leo@example.com", "nobody@example.com"] {
            let answer = house.send(Method::POST, "/api/auth/reset/ask", &[], Some(&json!({ "email": email }))).await;
            answers.push((answer.status.as_u16(), answer.body));
        }
        answers
    };
    assert_eq!(asked[0], asked[1]);
    assert_eq!(asked[0].0, 202);

    let made = house.json(&["user", "reset", "leo@example.com", "--format", "json"]);
    let link = made["link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/reset#", house.url)), "{link}");
    let token = link.rsplit('#').next().unwrap();
    let state = house.send(Method::GET, &format!("/api/auth/reset?token={token}"), &[], None).await;
    assert_eq!(state.body["valid"], true);
    let reset = async |password: &str| {
        let body = json!({ "token": token, "password": password });
        house.send(Method::POST, "/api/auth/reset", &[], Some(&body)).await
    };
    assert_eq!(error(&reset("dragon12345").await), (400, "weak_password"));
    assert_eq!(reset("tram fiddle ochre").await.status, 204);
    assert_eq!(error(&reset("tram fiddle umber").await), (400, "invalid"));
    assert_eq!(house.get(&leo, "/api/me").await.status, 401);
    assert_eq!(house.sign_in("leo@example.com", PASSWORD).await.status, 401);
    assert_eq!(house.sign_in("leo@example.com", "tram fiddle ochre").await.status, 200);
    let unknown = house.command(&["user", "reset", "nobody@example.com"], "");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no account for nobody@example.com"));
}

#[tokio::test]
async fn sessions_are_seen_and_ended() {
    let house = House::start().await;
    let ana = house.admin().await;
    let elsewhere = Person::of(&sign_in(&house, "ana@example.com", None).await);
    let third = Person::of(&sign_in(&house, "ana@example.com", None).await);
    let listed = house.get(&ana, "/api/account/sessions").await.body;
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!((sessions.len(), sessions.iter().filter(|session| session["is_current"] == true).count()), (3, 1));
    assert!(sessions.iter().all(|session| session["address"] == "127.0.0.1"));
    // What is listed lets nobody in.
    let shown = listed.to_string();
    assert!([&ana, &elsewhere, &third].iter().all(|person| !shown.contains(person.cookie.split('=').nth(1).unwrap())));

    let own = house.get(&elsewhere, "/api/account/sessions").await.body;
    let id = own["sessions"].as_array().unwrap().iter().find(|session| session["is_current"] == true).unwrap()["id"].clone();
    assert_eq!(house.delete(&ana, &format!("/api/account/sessions/{}", id.as_str().unwrap())).await.status, 204);
    assert_eq!(house.get(&elsewhere, "/api/me").await.status, 401);
    assert_eq!(house.get(&third, "/api/me").await.status, 200);
    let change = json!({ "current": PASSWORD, "new": "tram fiddle ochre" });
    assert_eq!(house.post(&ana, "/api/account/password", &change).await.status, 204);
    assert_eq!((house.get(&ana, "/api/me").await.status.as_u16(), house.get(&third, "/api/me").await.status.as_u16()), (200, 401));

    let headers = ana.headers();
    let again = json!({ "email": "ana@example.com", "password": "tram fiddle ochre" });
    let rotated = house.send(Method::POST, "/api/auth/login", &headers, Some(&again)).await;
    assert_eq!(rotated.status, 200);
    assert_eq!(house.get(&ana, "/api/me").await.status, 401, "the session that signing in replaced is over");
}

#[tokio::test]
async fn a_caller_who_asks_too_often_is_told_to_wait() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let house = House::start_as("[access]\nrequests_per_second = 2", http).await;
    let ana = house.admin().await;
    let made = house.post(&ana, "/api/tokens", &json!({ "name": "script", "role": "analyst" })).await;
    let token = [("authorization", format!("Bearer {}", made.body["token"].as_str().unwrap()))];
    let mut statuses = Vec::new();
    let mut wait = None;
    for _ in 0..40 {
        let answer = house.send(Method::GET, "/api/me", &token, None).await;
        statuses.push(answer.status.as_u16());
        if answer.status == 429 {
            wait = answer.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        }
    }
    assert!(statuses[..10].iter().all(|status| *status == 200) && statuses.contains(&429), "{statuses:?}");
    assert_eq!(wait, Some(1));
    assert_eq!(house.get(&ana, "/api/me").await.status, 200, "others are not kept waiting");
    let headers = house.send(Method::GET, "/api/auth/setup?token=x", &[], None).await.headers;
    assert_eq!(headers["cache-control"], "no-store");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!headers.contains_key("strict-transport-security"), "over plain HTTP it means nothing");
}
