//! Who is let in, and to what.

mod house;

use house::{House, PASSWORD, Person};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn the_printed_link_makes_one_admin() {
    let house = House::start().await;
    let check =
        async |token: &str| house.send(Method::GET, &format!("/api/auth/setup?token={token}"), &[], None).await.body["valid"] == true;
    assert!(check(&house.setup_token).await);
    assert!(!check("guessed").await);

    let ana = house.admin().await;
    assert!(!check(&house.setup_token).await, "used up");
    let me = house.get(&ana, "/api/me").await;
    assert_eq!((me.status.as_u16(), me.body["email"].as_str(), me.body["role"].as_str()), (200, Some("ana@example.com"), Some("admin")));
    assert_eq!(me.body["installation"]["demo"], false);
}

#[tokio::test]
async fn a_session_needs_its_token_for_changes_and_ends() {
    let house = House::start().await;
    let ana = house.admin().await;
    let source = json!({ "name": "site" });

    let forged = Person { csrf: "guessed".into(), ..ana.clone() };
    let refused = house.post(&forged, "/api/sources", &source).await;
    assert_eq!((refused.status.as_u16(), refused.body["error"]["code"].as_str()), (403, Some("forbidden")));
    assert_eq!(house.get(&forged, "/api/sources").await.status, 200, "reading needs none");
    assert_eq!(house.post(&ana, "/api/sources", &source).await.status, 200);

    let out = house.post(&ana, "/api/auth/logout", &json!({})).await;
    assert_eq!(out.status, 204);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let after = house.get(&ana, "/api/me").await;
    assert_eq!((after.status.as_u16(), after.body["error"]["code"].as_str()), (401, Some("sign_in")));
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down() {
    let house = House::start().await;
    house.admin().await;
    let signed_in = house.sign_in("ANA@example.com", PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    assert!(["HttpOnly", "SameSite=Lax", "Path=/"].iter().all(|part| cookie.contains(part)), "{cookie}");

    let mut answers = Vec::new();
    for _ in 0..7 {
        answers.push(house.sign_in("ana@example.com", "guess").await);
    }
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429]);
    let wait: u64 = answers[6].headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert!(answers[6].body["error"]["message"].as_str().unwrap().starts_with("too many attempts"));
}

#[tokio::test]
async fn each_role_may_do_its_own() {
    let house = House::start().await;
    let ana = house.admin().await;
    let mut told = Vec::new();
    for (role, dealer) in [("marketer", None), ("analyst", None), ("operator", None), ("dealer", Some("D01"))] {
        let person = house.person(&ana, &format!("{role}@example.com"), role, dealer).await;
        let mut may = Vec::new();
        for path in [
            "/api/overview?from=2026-01-01&to=2026-01-02",
            "/api/profiles",
            "/api/live/recent",
            "/api/sources",
            "/api/users",
            "/api/tokens",
        ] {
            let status = house.get(&person, path).await.status.as_u16();
            assert!(status == 200 || status == 403, "{path}: {status}");
            may.extend((status == 200).then_some(path.split(['?', '/']).nth(2).unwrap()));
        }
        for (path, body) in [("/api/sources", json!({ "name": role })), ("/api/query", json!({ "sql": "SELECT 1" }))] {
            may.extend((house.post(&person, path, &body).await.status == 200).then_some(if path == "/api/query" {
                "sql"
            } else {
                "add-source"
            }));
        }
        told.push(format!("{role}: {}", may.join(" ")));
    }
    assert_eq!(
        told,
        [
            "marketer: overview profiles live sources add-source sql",
            "analyst: overview profiles live sources sql",
            "operator: overview profiles live sources",
            "dealer: profiles sql",
        ]
    );
}

#[tokio::test]
async fn programs_show_tokens_and_write_keys_only_write() {
    let house = House::start().await;
    let ana = house.admin().await;
    let made = house.post(&ana, "/api/tokens", &json!({ "name": "reports", "role": "analyst" })).await.body;
    let bearer = |token: &str| [("authorization", format!("Bearer {token}"))];
    let shown = bearer(made["token"].as_str().unwrap());
    assert_eq!(house.send(Method::GET, "/api/profiles", &shown, None).await.status, 200);
    assert_eq!(house.send(Method::POST, "/api/sources", &shown, Some(&json!({ "name": "x" }))).await.status, 403, "an analyst's");

    let key = house.source(&ana, "site").await;
    assert_eq!(house.send(Method::GET, "/api/profiles", &bearer(&key), None).await.status, 401);

    let id = made["id"].as_str().unwrap();
    let headers = [("cookie", ana.cookie.clone()), ("x-csrf-token", ana.csrf.clone())];
    assert_eq!(house.send(Method::DELETE, &format!("/api/tokens/{id}"), &headers, None).await.status, 204);
    assert_eq!(house.send(Method::GET, "/api/profiles", &shown, None).await.status, 401);
}

#[tokio::test]
async fn answers_tell_browsers_what_not_to_do() {
    let house = House::start().await;
    let page = house.send(Method::GET, "/profiles/123", &[], None).await;
    assert_eq!((page.status.as_u16(), page.headers["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");

    let refused = house.send(Method::GET, "/api/me", &[], None).await;
    assert_eq!((refused.status.as_u16(), refused.headers["cache-control"].to_str().unwrap()), (401, "no-store"));
    let unknown = house.send(Method::GET, "/api/nothing", &[], None).await;
    assert_eq!((unknown.status.as_u16(), unknown.body["error"]["code"].as_str()), (404, Some("not_found")));
    let described = house.send(Method::GET, "/api/openapi.json", &[], None).await;
    assert!(described.body["paths"]["/api/me"]["get"].is_object());

    let schemas = house.send(Method::GET, "/api/schemas", &[], None).await;
    assert!(schemas.body["components"]["schemas"]["FunnelSpec"]["properties"]["steps"].is_object(), "{}", schemas.body);

    let ana = house.admin().await;
    let wrong = house.post(&ana, "/api/sources", &json!({ "name": "x", "colour": "red" })).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body["error"]["message"].as_str().unwrap().contains("unknown field `colour`"), "{}", wrong.body);
}
