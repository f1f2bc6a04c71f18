//! Who may do what: asked from outside, route by route.

use reqwest::{
    Method, StatusCode,
    header::{COOKIE, RETRY_AFTER, SET_COOKIE},
};
use serde_json::{Value, json};

use crate::{installation::Installation, server::Server};

/// What a caller of the dealer `north` must never read.
const FOREIGN: [&str; 4] = ["south", "bob", "Bob", "+79160000002"];

/// Two dealers with one person each.
pub async fn two_dealers() -> (Installation, Server) {
    two_dealers_of(Installation::new()).await
}

pub async fn two_dealers_of(installation: Installation) -> (Installation, Server) {
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    for (dealer, name, phone) in [("north", "ana", "+79160000001"), ("south", "bob", "+79160000002")] {
        let traits = json!({ "email": format!("{name}@example.com"), "phone": phone, "name": format!("{name} Petrov") });
        let identify = json!({ "anonymousId": format!("device-{name}"), "userId": name, "traits": traits });
        assert!(server.post("/v1/identify", &write_key, &identify).await.expect("an answer").status().is_success());
        let number = if dealer == "north" { 1 } else { 2 };
        let about = json!({ "dealer": dealer, "model": "Aster", "lead_id": format!("lead-{dealer}"), "order_id": format!("order-{dealer}"),
            "call_id": format!("call-{dealer}"), "stage": "new", "status": "confirmed", "revenue": 1000 * number, "value": number, "region": dealer });
        for event in ["car_viewed", "lead_created", "order_confirmed", "call_ended"] {
            server.track(&write_key, json!({ "event": event, "userId": name, "properties": about })).await;
        }
    }
    server.wait_for_number("SELECT count(*) FROM events WHERE dealer IS NOT NULL", 8).await;
    (installation, server)
}

pub fn token(installation: &Installation, role: &str, dealer: Option<&str>) -> String {
    let mut arguments = vec!["token", "create", "--role", role];
    arguments.extend(dealer.iter().flat_map(|dealer| ["--dealer", dealer]));
    installation.ask(&arguments)["token"].as_str().expect("a token").to_owned()
}

pub async fn profile_of(server: &Server, email: &str) -> String {
    let found = server.get(&format!("/api/profiles?q={email}")).await;
    found["profiles"][0]["profile_id"].as_str().unwrap_or_else(|| panic!("no profile: {found}")).to_owned()
}

pub fn assert_nothing_foreign(what: &str, answer: &Value, profile: &str) {
    let text = answer.to_string();
    for foreign in FOREIGN.iter().chain([&profile]) {
        assert!(!text.contains(foreign), "{what} shows `{foreign}`: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_sees_its_own_rows_and_no_others() {
    let (installation, server) = two_dealers().await;
    let north = token(&installation, "dealer", Some("north"));
    let (ana, bob) = (profile_of(&server, "ana@example.com").await, profile_of(&server, "bob@example.com").await);
    let ask = async |method: Method, path: &str, body: Option<&Value>| server.call(method, path, Some(&north), body).await;

    // Its own are there: an empty answer would hide everything just as well.
    let (status, own) = ask(Method::GET, &format!("/api/profiles/{ana}"), None).await;
    assert_eq!(status, StatusCode::OK, "{own}");
    assert_eq!(own["profile"]["leads"][0]["lead_id"], "lead-north");
    let (_, found) = ask(Method::GET, "/api/profiles?q=ana", None).await;
    assert_eq!(found["profiles"][0]["profile_id"], json!(ana), "{found}");

    for path in [format!("/api/profiles/{bob}"), format!("/api/profiles/{bob}/timeline")] {
        let (status, answer) = ask(Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {answer}");
    }
    for query in ["bob@example.com", "bob", "%2B79160000002", "device-bob", "petrov", ""] {
        let (status, answer) = ask(Method::GET, &format!("/api/profiles?q={query}"), None).await;
        assert!(status == StatusCode::OK || status == StatusCode::BAD_REQUEST, "{query}: {answer}");
        assert_nothing_foreign(&format!("a search for `{query}`"), &answer, &bob);
    }

    for (condition, profiles) in
        [(None, 1), (Some("dealer = 'north'"), 1), (Some("dealer = 'south'"), 0), (Some("dealer = 'south' OR 1 = 1"), 1)]
    {
        let step = match condition {
            None => json!({ "event": "car_viewed" }),
            Some(condition) => json!({ "event": "car_viewed", "where": condition }),
        };
        let spec = json!({ "steps": [step, { "event": "lead_created" }], "window": "30d", "by": ["dealer"] });
        let (status, report) = ask(Method::POST, "/api/reports/funnel", Some(&spec)).await;
        assert_eq!((status, &report["steps"][0]["profiles"]), (StatusCode::OK, &json!(profiles)), "{condition:?}: {report}");
        if condition.is_none() {
            assert_nothing_foreign("the funnel", &report, &bob);
            let people = json!({ "spec": spec, "step": 1, "outcome": "reached" });
            let (status, people) = ask(Method::POST, "/api/reports/funnel/people", Some(&people)).await;
            assert_eq!(status, StatusCode::OK, "{people}");
            assert_nothing_foreign("the people of the funnel", &people, &bob);
        }
    }
    let visited = json!({ "event": "car_viewed" });
    let spec = json!({ "cohort": visited, "return": { "event": "lead_created" }, "grain": "month", "by": ["dealer"] });
    let (status, report) = ask(Method::POST, "/api/reports/retention", Some(&spec)).await;
    assert_eq!((status, &report["people"], &report["rows_scanned"]), (StatusCode::OK, &json!(1), &Value::Null), "{report}");
    assert_nothing_foreign("retention", &report, &bob);
    for cohort in report["cohorts"].as_array().into_iter().flatten() {
        let people = json!({ "spec": spec, "cohort": cohort["start"], "period": 0, "outcome": "began" });
        let (status, people) = ask(Method::POST, "/api/reports/retention/people", Some(&people)).await;
        assert_eq!(status, StatusCode::OK, "{people}");
        assert_nothing_foreign("the people of retention", &people, &bob);
    }

    let spec = json!({ "stages": [visited, { "event": "lead_created" }], "by": ["dealer"] });
    let (status, report) = ask(Method::POST, "/api/reports/flow", Some(&spec)).await;
    assert_eq!((status, &report["stages"][0]["entered"], &report["rows_scanned"]), (StatusCode::OK, &json!(1), &Value::Null), "{report}");
    assert_nothing_foreign("flow", &report, &bob);
    for (stage, outcome) in [(1, "entered"), (1, "moved"), (2, "waits")] {
        let people = json!({ "spec": spec, "stage": stage, "outcome": outcome });
        let (status, people) = ask(Method::POST, "/api/reports/flow/people", Some(&people)).await;
        assert_eq!((status, &people["total"]), (StatusCode::OK, &json!(1)), "{people}");
        assert_nothing_foreign("the people of flow", &people, &bob);
    }

    let spec = json!({ "exposure": visited, "variant": "dealer", "goal": { "event": "lead_created" } });
    let (status, report) = ask(Method::POST, "/api/reports/experiment", Some(&spec)).await;
    assert_eq!((status, &report["people"], &report["rows_scanned"]), (StatusCode::OK, &json!(1), &Value::Null), "{report}");
    assert_nothing_foreign("an experiment", &report, &bob);
    let people = json!({ "spec": spec, "variant": report["variants"][0]["name"], "outcome": "exposed" });
    let (status, people) = ask(Method::POST, "/api/reports/experiment/people", Some(&people)).await;
    assert_eq!((status, &people["total"]), (StatusCode::OK, &json!(1)), "{people}");
    assert_nothing_foreign("the people of an experiment", &people, &bob);

    let spec = json!({ "start": visited, "split": "dealer", "goal": { "event": "lead_created" } });
    let (status, report) = ask(Method::POST, "/api/reports/paths", Some(&spec)).await;
    assert_eq!((status, &report["people"], &report["rows_scanned"]), (StatusCode::OK, &json!(1), &Value::Null), "{report}");
    assert_nothing_foreign("paths", &report, &bob);
    let (status, people) = ask(Method::POST, "/api/reports/paths/people", Some(&json!({ "spec": spec }))).await;
    assert_eq!((status, &people["total"]), (StatusCode::OK, &json!(1)), "{people}");
    assert_nothing_foreign("the people of paths", &people, &bob);

    let spec = json!({ "conversion": { "event": "lead_created" }, "touches": [visited], "by": ["dealer"] });
    let (status, report) = ask(Method::POST, "/api/reports/attribution", Some(&spec)).await;
    assert_eq!((status, &report["total"]["conversions"]), (StatusCode::OK, &json!(1.0)), "{report}");
    assert_nothing_foreign("attribution", &report, &bob);
    for row in report["rows"].as_array().into_iter().flatten() {
        assert_eq!(row["cost"], Value::Null, "a dealer sees no costs");
        let people = json!({ "spec": spec, "by": row["by"] });
        let (status, people) = ask(Method::POST, "/api/reports/attribution/people", Some(&people)).await;
        assert_eq!(status, StatusCode::OK, "{people}");
        assert_nothing_foreign("the people of attribution", &people, &bob);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_does_not_lead_a_dealer_out() {
    let (installation, server) = two_dealers().await;
    let north = token(&installation, "dealer", Some("north"));
    let bob = profile_of(&server, "bob@example.com").await;
    // Rows of the entity tables are copied into the lake a little later than events.
    server.wait_for_number("SELECT count(*) FROM leads", 2).await;

    let own = server.try_query("SELECT count(*), min(dealer), max(dealer) FROM events", Some(&north)).await.expect("an answer");
    assert_eq!(own.rows, [[json!(4), json!("north"), json!("north")]]);
    let own = server.try_query("SELECT lead_id FROM leads", Some(&north)).await.expect("an answer");
    assert_eq!(own.rows, [[json!("lead-north")]]);

    let files = installation.data().join("lake").join("data");
    let files = files.display();
    let attempts = [
        "SELECT * FROM events WHERE dealer <> 'north' OR true".to_owned(),
        "SELECT * FROM (SELECT * FROM events UNION ALL SELECT * FROM events) AS e".into(),
        "WITH e AS (SELECT * FROM events) SELECT * FROM e JOIN e AS other ON true".into(),
        "SELECT (SELECT max(dealer) FROM events)".into(),
        "SELECT count(*) FROM events GROUP BY dealer HAVING dealer <> 'north'".into(),
        "SELECT dealer, row_number() OVER (PARTITION BY dealer) FROM events".into(),
        "SELECT * FROM profiles".into(),
        "SELECT * FROM leads".into(),
        "SELECT * FROM orders".into(),
        "SELECT * FROM calls".into(),
        "SELECT * FROM ad_costs".into(),
        "SELECT leads.* FROM leads RIGHT JOIN orders ON true".into(),
        "EXPLAIN SELECT * FROM events WHERE dealer = 'south'".into(),
        "EXPLAIN ANALYZE SELECT * FROM events".into(),
        "SELECT * FROM information_schema.columns".into(),
        "SHOW ALL".into(),
        "SET datafusion.execution.batch_size = 1".into(),
        "SELECT 1; SELECT * FROM events".into(),
        format!("COPY events TO '{files}/stolen.parquet'"),
        format!("CREATE EXTERNAL TABLE stolen STORED AS PARQUET LOCATION '{files}'"),
        format!("SELECT * FROM '{files}'"),
        format!("SELECT * FROM read_parquet('{files}/**/*.parquet')"),
        "CREATE VIEW mine AS SELECT * FROM events".into(),
        "INSERT INTO events SELECT * FROM events".into(),
        "DELETE FROM events".into(),
        "UPDATE events SET dealer = 'north'".into(),
        "DROP TABLE events".into(),
    ];
    for sql in attempts {
        match server.try_query(&sql, Some(&north)).await {
            Err(told) => {
                assert!(told.starts_with("400") || told.starts_with("403"), "{sql}: {told}");
                let told = told.replace(&sql, "").replace("'south'", "");
                assert_nothing_foreign(&sql, &json!(told), &bob);
            }
            Ok(rows) => assert_nothing_foreign(&sql, &json!(rows.rows), &bob),
        }
    }
    assert_eq!(server.number("SELECT count(*) FROM events WHERE dealer IS NOT NULL").await, 8, "somebody wrote");
    server.stop().await;
}

/// Every route that there is, as the server itself lists them: method and path, with `id` in each gap.
pub async fn routes(server: &Server, id: &str) -> Vec<(Method, String)> {
    let document = server.get("/api/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths");
    assert!(20 < paths.len(), "the document lists {} paths", paths.len());
    let of_path = |(path, item): (&String, &Value)| {
        let mut filled = String::new();
        for (at, piece) in path.split(['{', '}']).enumerate() {
            filled += if at % 2 == 0 { piece } else { id };
        }
        let methods: Vec<Method> = item.as_object().expect("methods").keys().filter_map(|name| name.to_uppercase().parse().ok()).collect();
        methods.into_iter().filter(|method| method != Method::OPTIONS).map(move |method| (method, filled.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_shows_a_dealer_what_is_anothers() {
    let (installation, server) = two_dealers().await;
    let north = token(&installation, "dealer", Some("north"));
    let bob = profile_of(&server, "bob@example.com").await;
    let mut refused = 0;
    for (method, path) in routes(&server, &bob).await {
        if method != Method::GET || path.ends_with("/stream") {
            continue;
        }
        let (status, answer) = server.call(method, &path, Some(&north), None).await;
        assert!(!status.is_server_error(), "{path}: {status} {answer}");
        refused += usize::from(status == StatusCode::FORBIDDEN);
        let answer = json!(answer.to_string().replace(&path, ""));
        assert_nothing_foreign(&path, &answer, &bob);
    }
    assert!(6 <= refused, "only {refused} routes are closed to a dealer");
    let (status, _) = server.call(Method::GET, "/api/live/stream", Some(&north), None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_key_reads_nothing_and_a_stranger_nothing_either() {
    // There are more routes than one address may ask in a moment.
    let (installation, server) = two_dealers_of(Installation::new().configured("[access]\nrequests_per_second = 0\n")).await;
    let write_key = installation.source("another");
    for (method, path) in routes(&server, "1").await {
        // Signing in is for those who are not signed in.
        if path.starts_with("/api/auth/") || path == "/api/openapi.json" {
            continue;
        }
        let url = format!("{}{path}", server.address);
        let plain = server.http.request(method.clone(), &url);
        let requests = [
            ("as bearer", plain.try_clone().map(|request| request.bearer_auth(&write_key))),
            ("as user", plain.try_clone().map(|request| request.basic_auth(&write_key, Some("")))),
            ("as session", plain.try_clone().map(|request| request.header(COOKIE, format!("forecourt_session={write_key}")))),
            ("not at all", Some(plain)),
        ];
        for (way, request) in requests {
            let answer = request.expect("a request").json(&json!({})).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}, key shown {way}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_does_what_is_its_own() {
    let (installation, server) = two_dealers().await;
    let account = json!({ "email": "eve@example.com", "name": "Eve", "role": "admin", "password": "long enough for anybody" });
    let source = json!({ "name": "mine" });
    let token_asked = json!({ "name": "mine", "role": "admin" });
    let sql = json!({ "sql": "SELECT 1" });
    let trait_told = json!({ "name": "plan", "value": "gold" });
    let ana = profile_of(&server, "ana@example.com").await;
    let traits = format!("/api/profiles/{ana}/traits");
    // (who, users, tokens, sources, SQL, traits)
    let table = [
        ("marketer", false, false, true, true, true),
        ("analyst", false, false, false, true, false),
        ("operator", false, false, false, false, true),
    ];
    for (role, users, tokens, sources, query, edits) in table {
        let shown = token(&installation, role, None);
        let attempts = [
            ("/api/users", &account, users),
            ("/api/tokens", &token_asked, tokens),
            ("/api/sources", &source, sources),
            ("/api/query", &sql, query),
            (&*traits, &trait_told, edits),
        ];
        for (path, body, may) in attempts {
            let (status, answer) = server.call(Method::POST, path, Some(&shown), Some(body)).await;
            if may {
                assert!(status.is_success(), "{role} {path}: {status} {answer}");
            } else {
                assert_eq!(status, StatusCode::FORBIDDEN, "{role} {path}: {answer}");
            }
        }
    }
    assert_eq!(server.get("/api/users").await["users"], json!([]));
    server.stop().await;
}

/// Sends a form as a browser does that holds `cookie`.
async fn browse(server: &Server, method: Method, path: &str, cookie: &str, csrf: Option<&str>, body: &Value) -> reqwest::Response {
    let mut request = server.http.request(method, format!("{}{path}", server.address)).header(COOKIE, cookie);
    if let Some(csrf) = csrf {
        request = request.header("x-csrf-token", csrf);
    }
    request.json(body).send().await.expect("an answer")
}

fn cookie_of(answer: &reqwest::Response) -> String {
    let set = answer.headers()[SET_COOKIE].to_str().expect("a cookie").to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    set.split(';').next().expect("a cookie").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_works_once_and_sessions_are_guarded() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let printed = server.printed();
    let link = printed.split_whitespace().find_map(|word| word.split_once("/setup?token=")).map(|(_, token)| token);
    let link = link.unwrap_or_else(|| panic!("no set-up link:\n{printed}")).to_owned();

    let valid = async |token: &str| {
        let url = format!("{}/api/auth/setup?token={token}", server.address);
        server.http.get(url).send().await.expect("an answer").json::<Value>().await.expect("JSON")["valid"].clone()
    };
    assert_eq!((valid(&link).await, valid("guessed").await), (json!(true), json!(false)));
    let set_up = |token: &str| json!({ "token": token, "email": "ana@example.com", "name": "Ana", "password": "correct horse battery" });
    let refused = browse(&server, Method::POST, "/api/auth/setup", "", None, &set_up("guessed")).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let made = browse(&server, Method::POST, "/api/auth/setup", "", None, &set_up(&link)).await;
    assert_eq!(made.status(), StatusCode::OK);
    let cookie = cookie_of(&made);
    let csrf = made.json::<Value>().await.expect("JSON")["csrf"].as_str().expect("a token").to_owned();
    assert_eq!(valid(&link).await, json!(false));
    let again = browse(&server, Method::POST, "/api/auth/setup", "", None, &set_up(&link)).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST, "the link worked twice");

    // A page of somebody else can send the cookie along, but not the token.
    let source = json!({ "name": "site" });
    for (shown, expected) in [(None, StatusCode::FORBIDDEN), (Some("guessed"), StatusCode::FORBIDDEN), (Some(&*csrf), StatusCode::OK)] {
        let answer = browse(&server, Method::POST, "/api/sources", &cookie, shown, &source).await;
        assert!(answer.status() == expected || expected.is_success() && answer.status().is_success(), "{shown:?}: {}", answer.status());
    }
    assert_eq!(server.get("/api/sources").await["sources"].as_array().map(Vec::len), Some(1));

    let ended = browse(&server, Method::POST, "/api/auth/logout", &cookie, Some(&csrf), &json!({})).await;
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    let me = browse(&server, Method::GET, "/api/me", &cookie, None, &json!({})).await;
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED, "the session outlived its end");
    server.stop().await;

    // With an account there is no link any more.
    let server = installation.serve().await;
    assert!(!server.printed().contains("/setup?token="));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down() {
    let installation = Installation::new();
    let server = installation.serve().await;
    for name in ["ana", "bob"] {
        let account =
            json!({ "email": format!("{name}@example.com"), "name": name, "role": "analyst", "password": "correct horse battery" });
        let (status, answer) = server.call(Method::POST, "/api/users", None, Some(&account)).await;
        assert!(status.is_success(), "{answer}");
    }
    let sign_in = async |name: &str, password: &str| {
        let body = json!({ "email": format!("{name}@example.com"), "password": password });
        browse(&server, Method::POST, "/api/auth/login", "", None, &body).await
    };
    let right = sign_in("ana", "correct horse battery").await;
    assert_eq!(right.status(), StatusCode::OK);
    cookie_of(&right);

    let mut wrong = 0;
    let throttled = loop {
        let answer = sign_in("ana", "guess").await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            break answer;
        }
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        wrong += 1;
        assert!(wrong < 30, "nobody slows down the guessing");
    };
    assert!(3 <= wrong, "typing errors are punished");
    let wait = throttled.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    assert!(wait.is_some_and(|seconds| 0 < seconds), "{:?}", throttled.headers());
    // Another account is not in the way of it, nobody's account answers like everybody's.
    assert_eq!(sign_in("bob", "correct horse battery").await.status(), StatusCode::OK);
    let (unknown, known) = (sign_in("nobody", "guess").await, sign_in("bob", "guess").await);
    assert_eq!((unknown.status(), known.status()), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(unknown.text().await.expect("a body"), known.text().await.expect("a body"));
    server.stop().await;
}
