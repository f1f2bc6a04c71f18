//! The faults that were published about other platforms of this kind, each tried on this one.
//!
//! Two more classes are tried beside the code that they are about: requests to inner addresses, by a redirect and by a name
//! that answers differently the second time, in `crates/outgoing/tests/guard.rs`; templates in `crates/model/src/template.rs`.

use std::{collections::BTreeSet, path::Path, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    installation::Installation,
    roles::{routes, two_dealers},
    server::Server,
};

fn dealer_token(installation: &Installation, dealer: &str) -> String {
    let made = installation.ask(&["token", "create", "--role", "dealer", "--dealer", dealer]);
    made["token"].as_str().expect("a token").to_owned()
}

/// What breaks out of a text into SQL, a path, a template, a header or a page, where it is not kept a text.
const HOSTILE: [&str; 14] = [
    "'",
    "\" OR \"1\"=\"1",
    "x' OR '1'='1' --",
    "id; DROP TABLE users; --",
    "1 UNION SELECT password_hash FROM users",
    "last_us DESC, (SELECT 1/0)",
    "../../../etc/passwd",
    "..%2f..%2fsecrets%2fhash.key",
    "{{7*7}}",
    "{% for c in [1] %}{{c.__class__}}{% endfor %}",
    "${7*7}",
    "a\r\nSet-Cookie: forged=1",
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://evil.example\")",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_asked_becomes_sql() {
    let (installation, server) = two_dealers().await;
    let before = (server.get("/api/users").await, server.get("/api/sources").await["sources"].as_array().map(Vec::len));
    let document = server.get("/api/openapi.json").await;
    let mut asked = 0;
    // Every parameter behind the `?` of every list: names of fields, directions, cursors, limits alike.
    for (path, item) in document["paths"].as_object().expect("paths") {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        if path.ends_with("/stream") {
            continue;
        }
        for parameter in parameters.iter().filter_map(|parameter| parameter["name"].as_str()) {
            for hostile in HOSTILE {
                let path = path.replace(&format!("{{{parameter}}}"), &encoded(hostile)).replace(['{', '}'], "");
                let url = format!("{}{path}?{}={}", server.address, encoded(parameter), encoded(hostile));
                let answer = server.http.get(&url).bearer_auth(server.token()).send().await.expect("an answer");
                let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
                assert!(!status.is_server_error(), "{url}: {status} {text}");
                // What was asked may be said back.
                let text = text.replace(hostile, "");
                assert!(!text.contains("password_hash") && !text.contains("$argon2"), "{url}: {text}");
                asked += 1;
            }
        }
    }
    assert!(150 <= asked, "only {asked} questions were asked");

    // Specs of reports: dimensions, names of events, conditions, windows, zones.
    for hostile in HOSTILE {
        let step = json!({ "event": "car_viewed" });
        let specs = [
            json!({ "steps": [step], "window": "30d", "by": [hostile] }),
            json!({ "steps": [{ "event": hostile }], "window": "30d" }),
            json!({ "steps": [{ "event": "car_viewed", "where": hostile }], "window": "30d" }),
            json!({ "steps": [step], "window": hostile }),
            json!({ "steps": [step], "window": "30d", "tz": hostile }),
            json!({ "steps": [step], "window": "30d", "from": hostile }),
            json!({ "steps": [step], "window": "30d", "modes": [hostile] }),
        ];
        for spec in specs {
            let (status, answer) = server.call(Method::POST, "/api/reports/funnel", None, Some(&spec)).await;
            assert!(!status.is_server_error(), "{spec}: {status} {answer}");
        }
        let ana = server.get("/api/profiles?q=ana@example.com").await["profiles"][0]["profile_id"].as_str().expect("an id").to_owned();
        let told = json!({ "name": hostile, "value": hostile });
        let (status, answer) = server.call(Method::POST, &format!("/api/profiles/{ana}/traits"), None, Some(&told)).await;
        assert!(!status.is_server_error(), "{hostile}: {answer}");
        let shown = server.get(&format!("/api/profiles/{ana}")).await;
        if status.is_success() {
            let kept = shown["profile"]["traits"].as_array().into_iter().flatten().any(|held| held["value"] == hostile);
            assert!(kept, "`{hostile}` is not kept as it was told: {shown}");
        }
    }
    let after = (server.get("/api/users").await, server.get("/api/sources").await["sources"].as_array().map(Vec::len));
    assert_eq!(before, after, "somebody wrote");
    server.stop().await;
    installation.verify();
}

/// As it may stand in an address.
fn encoded(text: &str) -> String {
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if kept(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Sends bytes as they are: no client mends the path.
async fn raw(server: &Server, request: &[u8]) -> String {
    let host = server.address.trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).await.expect("a connection");
    connection.write_all(request).await.expect("the request is sent");
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(30), connection.read_to_end(&mut answer)).await;
    // A connection that was cut has said all that it says.
    let _ = read.expect("the server answers in time");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_what_is_served() {
    let installation = Installation::new();
    let server = installation.serve().await;
    // What must never be handed out, by the text that would give it away.
    std::fs::write(installation.data().join("canary.txt"), "canary-of-the-data-folder").expect("a canary");
    let up = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "%252e%252e%252f", "..;/", "%c0%ae%c0%ae/", "/"];
    let begins = ["/", "/assets/", "/f/", "/api/", "/api/profiles/", "/v1/", "/t/", "/static/"];
    let wanted = ["etc/passwd", "canary.txt", "secrets/hash.key", "control.sqlite", "config.toml"];
    for begin in begins {
        for step in up {
            for file in wanted {
                for depth in [1, 8] {
                    let path = format!("{begin}{}{file}", step.repeat(depth));
                    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
                    let answer = raw(&server, request.as_bytes()).await;
                    for gives_away in ["root:x:", "canary-of-the-data-folder", "SQLite format", "[lake]"] {
                        assert!(!answer.contains(gives_away), "{path}: {answer}");
                    }
                    assert!(!answer.starts_with("HTTP/1.1 5"), "{path}: {answer}");
                }
            }
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_lines_of_the_log_or_headers_of_the_answer() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    let forged = "x\r\nforged: 1\r\nforged-log-line INFO all is well\n\u{2028}forged-log-line\u{1b}[31m";
    let sign_in = json!({ "email": forged, "password": forged });
    for _ in 0..3 {
        server.http.post(format!("{}/api/auth/login", server.address)).json(&sign_in).send().await.expect("an answer");
    }
    let track = json!({ "event": forged, "userId": forged, "messageId": forged, "properties": { forged: forged }, "type": forged });
    let _ = server.post("/v1/track", &write_key, &track).await.expect("an answer");
    let _ = server.post("/v1/track", forged, &track).await;
    let account =
        json!({ "email": "a\r\nforged: 1@example.com", "name": forged, "role": "analyst", "password": "long enough for anybody" });
    let (status, _) = server.call(Method::POST, "/api/users", None, Some(&account)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let _ = server.call(Method::POST, "/api/sources", None, Some(&json!({ "name": forged }))).await;
    let _ = server.call(Method::POST, "/api/query", None, Some(&json!({ "sql": forged }))).await;
    for path in
        [format!("/{}", encoded(forged)), format!("/api/profiles?q={}", encoded(forged)), format!("/setup?token={}", encoded(forged))]
    {
        let answer = server.http.get(format!("{}{path}", server.address)).bearer_auth(server.token()).send().await.expect("an answer");
        assert!(!answer.headers().contains_key("forged"), "{path}: {:?}", answer.headers());
    }
    let smuggled = "GET /api/me HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 1.1.1.1\r\n forged\r\nConnection: close\r\n\r\n";
    assert!(raw(&server, smuggled.as_bytes()).await.starts_with("HTTP/1.1 4"));
    let printed = server.printed();
    for line in printed.lines() {
        assert!(!line.trim_start().starts_with("forged"), "a line of the log was forged: {line}");
        assert!(!line.contains("\u{1b}[31mforged") && !line.contains('\u{2028}'), "the log hands on control characters: {line:?}");
    }
    server.stop().await;
}

/// The schema that a body of `path` and `method` has to follow, where it is JSON.
fn body_of<'a>(document: &'a Value, path: &str, method: &Method) -> Option<&'a Value> {
    let name = method.as_str().to_lowercase();
    document["paths"][path][&name]["requestBody"]["content"]["application/json"].get("schema")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_form_does_not_ask_for_is_refused_and_so_is_what_is_said_twice() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let document = server.get("/api/openapi.json").await;
    let mut bodies = 0;
    for path in document["paths"].as_object().expect("paths").keys() {
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            let Some(schema) = body_of(&document, path, &method) else { continue };
            let (filled, body) = (path.replace(['{', '}'], ""), json!({ "not_a_field_of_ours": "admin" }));
            let (status, answer) = server.call(method.clone(), &filled, None, Some(&body)).await;
            assert!(status.is_client_error(), "{method} {path} takes a field that it does not know: {status} {answer}");
            let told = answer["error"]["message"].as_str().unwrap_or_default();
            let named = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
            let whole = named.map_or(schema, |name| &document["components"]["schemas"][name]);
            let is_choice = schema.to_string().contains("oneOf") || whole.get("oneOf").is_some();
            assert!(is_choice || told.contains("unknown field") || status == StatusCode::NOT_FOUND, "{method} {path}: {answer}");
            bodies += 1;
        }
    }
    assert!(12 <= bodies, "only {bodies} bodies were tried");

    // Role and id are not taken from where they are not asked for.
    let account =
        json!({ "email": "eve@example.com", "name": "Eve", "role": "analyst", "password": "long enough for anybody", "id": "usr_1" });
    assert_eq!(server.call(Method::POST, "/api/users", None, Some(&account)).await.0, StatusCode::BAD_REQUEST);
    let twice = r#"{"email":"eve@example.com","role":"analyst","role":"admin","name":"Eve","password":"long enough for anybody"}"#;
    let answer = server.http.post(format!("{}/api/users", server.address)).bearer_auth(server.token());
    let answer = answer.header("content-type", "application/json").body(twice).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "a role said twice");
    assert_eq!(server.get("/api/users").await["users"], json!([]));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_said_twice_in_one_has_one_meaning_everywhere() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    let twice = r#"{"event":"first","event":"second","userId":"ana","userId":"bob","properties":{"model":"A","model":"B"}}"#;
    let answer = server.http.post(format!("{}/v1/track", server.address)).basic_auth(&write_key, Some(""));
    let answer = answer.header("content-type", "application/json").body(twice).send().await.expect("an answer");
    server.wait_until_folded().await;
    if answer.status().is_success() {
        server.wait_for_number("SELECT count(*) FROM events", 1).await;
        let rows = server.query("SELECT event, json_get(properties, 'model') FROM events").await;
        let live = server.get("/api/live/recent").await["events"][0].clone();
        let (seen, told) = (rows[0][0].clone(), &live["event"]);
        assert_eq!(&seen, told, "the lake and the Live page read it differently");
        let named = if seen == "second" { "bob" } else { "ana" };
        let found = server.get(&format!("/api/profiles?q={named}")).await;
        assert_eq!(found["profiles"].as_array().map(Vec::len), Some(1), "its event is `{seen}`, and its person is not {named}: {found}");
    } else {
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(server.number("SELECT count(*) FROM events").await, 0);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_keeps_a_dealer_to_his_own_rows() {
    let (installation, server) = two_dealers().await;
    let north = dealer_token(&installation, "north");
    let found = server.get("/api/profiles?q=bob@example.com").await;
    let bob = found["profiles"][0]["profile_id"].as_str().expect("an id").to_owned();
    let source = server.get("/api/sources").await["sources"][0]["id"].as_str().expect("a source").to_owned();
    let before = [server.get("/api/users").await, server.get("/api/tokens").await["tokens"].as_array().map(Vec::len).into()];
    let foreign = ["south", "bob", "Bob", "+79160000002", "79160000002", bob.as_str()];
    let document = server.get("/api/openapi.json").await;
    let templates: Vec<String> = document["paths"].as_object().expect("paths").keys().cloned().collect();
    let mut asked = 0;
    for id in [bob.as_str(), source.as_str(), "lead-south", "order-south", "call-south", "south", "1", "0"] {
        for (method, path) in routes(&server, id).await {
            if path.ends_with("/stream") || path.starts_with("/api/auth/") {
                continue;
            }
            let has_body = method != Method::GET && method != Method::DELETE;
            let bodies = if has_body { vec![json!({}), json!({ "dealer": "south", "id": id, "q": "bob" })] } else { vec![Value::Null] };
            for body in bodies {
                let (status, answer) = server.call(method.clone(), &path, Some(&north), has_body.then_some(&body)).await;
                assert!(!status.is_server_error(), "{method} {path}: {status} {answer}");
                // What was asked may be said back.
                let text = answer.to_string().replace(&path, "").replace(id, "");
                for name in foreign.iter().filter(|name| **name != id) {
                    assert!(!text.contains(name), "{method} {path} shows `{name}` to another dealer: {text}");
                }
                asked += 1;
            }
        }
    }
    assert!(templates.len() * 8 <= asked, "only {asked} requests were made");
    let after = [server.get("/api/users").await, server.get("/api/tokens").await["tokens"].as_array().map(Vec::len).into()];
    assert_eq!(before, after, "a dealer changed accounts");
    let (_, still) = server.call(Method::GET, &format!("/api/profiles/{bob}"), None, None).await;
    assert_eq!(still["profile"]["email"], "bob@example.com");
    server.stop().await;
}

/// Every file under the folder, whole.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("inside").display().to_string();
                found.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn two_fresh_installations_share_no_secret_and_none_can_be_guessed() {
    let mut secrets: Vec<BTreeSet<String>> = Vec::new();
    let mut profile_ids = Vec::new();
    for _ in 0..2 {
        let installation = Installation::new();
        let write_key = installation.source("shop");
        let server = installation.serve().await;
        let printed = server.printed();
        let link = printed.split_whitespace().find_map(|word| word.split_once("/setup?token=")).expect("a set-up link").1.to_owned();
        let mut own = BTreeSet::from([write_key.clone(), server.token().to_owned(), link]);
        for number in 0..20 {
            let made = installation.ask(&["token", "create", "--role", "analyst", "--name", &format!("t{number}")]);
            let text = |name: &str| made[name].as_str().expect("a text").to_owned();
            own.extend([text("token"), text("id")]);
        }
        let identify = json!({ "userId": "ana", "traits": { "email": "ana@example.com" } });
        assert!(server.post("/v1/identify", &write_key, &identify).await.expect("an answer").status().is_success());
        server.wait_until_folded().await;
        let found = server.get("/api/profiles?q=ana").await;
        profile_ids.push(found["profiles"][0]["profile_id"].as_str().expect("an id").to_owned());
        server.stop().await;
        for (name, bytes) in files(&installation.data().join("secrets")) {
            assert!(32 <= bytes.len(), "secrets/{name} has {} bytes", bytes.len());
            own.insert(format!("{bytes:?}"));
        }
        // Nobody has an account before somebody makes one.
        secrets.push(own);
    }
    assert!(secrets[0].is_disjoint(&secrets[1]), "shared: {:?}", secrets[0].intersection(&secrets[1]));
    assert_ne!(profile_ids[0], profile_ids[1], "ids of people can be computed from their e-mail");

    // Tokens are long, and no character of them says anything about the next one's.
    let tokens: Vec<Vec<char>> =
        secrets.iter().flatten().filter_map(|secret| secret.strip_prefix("fct_")).map(|token| token.chars().collect()).collect();
    assert_eq!(tokens.len(), 40);
    for place in 0..tokens[0].len() {
        let different: BTreeSet<char> = tokens.iter().map(|token| token[place]).collect();
        assert!(10 <= different.len(), "character {place} of tokens is one of {different:?}");
    }
    // 32 characters, five bits each: more than 250 bits.
    assert!(tokens.iter().all(|token| 50 <= token.len()), "a short token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_in_a_name_is_shown_and_does_not_run() {
    let installation = Installation::new();
    let write_key = installation.source("<img src=x onerror=pwned()>");
    let server = installation.serve().await;
    let script = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'><svg onload=window.pwned=1>{{constructor.constructor('window.pwned=1')()}}";
    let traits =
        json!({ "email": "eve@example.com", "name": script, "plan": script, script: script, "website": "javascript:window.pwned=1" });
    let identify = json!({ "userId": "eve", "anonymousId": script, "traits": traits });
    assert!(server.post("/v1/identify", &write_key, &identify).await.expect("an answer").status().is_success());
    let properties = json!({ "dealer": script, "region": script, "model": script, "lead_id": script, "stage": script, "url": "javascript:window.pwned=1",
        "order_id": script, "status": script, "call_id": script, "result": script, script: script });
    for event in [script, "lead_created", "order_confirmed", "call_ended"] {
        server.track(&write_key, json!({ "event": event, "userId": "eve", "properties": properties,
            "context": { "campaign": { "source": script, "name": script }, "page": { "url": "javascript:window.pwned=1", "referrer": script } } })).await;
    }
    // Refused, for the list of dead letters.
    let _ = server.post("/v1/track", &write_key, &json!({ "event": "", "userId": "eve", "properties": properties })).await;
    server.wait_until_folded().await;
    let account = json!({ "email": "ana@example.com", "name": "<script>window.pwned=1</script>", "role": "admin", "password": "long enough for anybody" });
    let (status, told) = server.call(Method::POST, "/api/users", None, Some(&account)).await;
    assert!(status.is_success(), "{told}");
    let found = server.get("/api/profiles?q=eve@example.com").await;
    let eve = found["profiles"][0]["profile_id"].as_str().expect("an id").to_owned();

    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let mut command = tokio::process::Command::new("node");
    command.arg("tests/browser/stored_script.mjs").current_dir(web).kill_on_drop(true);
    command
        .env("BASE_URL", &server.address)
        .env("EMAIL", "ana@example.com")
        .env("PASSWORD", "long enough for anybody")
        .env("PROFILE", &eve);
    let output = command.output().await.expect("node, to drive the browser");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("ok "), "{told}");
    server.stop().await;
}

/// Cells of a CSV file, as RFC 4180 has them.
fn cells(text: &str) -> Vec<String> {
    let (mut found, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            ',' | '\n' if !quoted => found.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            other => cell.push(other),
        }
    }
    found.push(cell);
    found
}

/// What a spreadsheet would compute; a bare number computes to itself.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err()
}

/// Whether a workbook has a cell with a formula, by its own XML.
fn has_formula(workbook: &Path) -> bool {
    let look = "import re, sys, zipfile\nbook = zipfile.ZipFile(sys.argv[1])\n\
        sheets = [name for name in book.namelist() if name.startswith('xl/worksheets/')]\nassert sheets\n\
        print(any(re.search(rb'<f[ >/]', book.read(name)) for name in sheets))";
    let output = std::process::Command::new("python3").arg("-c").arg(look).arg(workbook).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim() == "True"
}

#[tokio::test(flavor = "multi_thread")]
async fn no_export_holds_a_formula() {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    let server = installation.serve().await;
    let formulas =
        ["=HYPERLINK(\"http://evil.example\",\"x\")", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "\t=1+1", "\r=1+1"];
    for (number, formula) in formulas.iter().enumerate() {
        let traits = json!({ "email": format!("eve{number}@example.com"), "name": formula, "plan": formula, *formula: formula });
        let identify = json!({ "userId": format!("eve-{number}"), "traits": traits });
        assert!(server.post("/v1/identify", &write_key, &identify).await.expect("an answer").status().is_success());
        let properties =
            json!({ "dealer": formula, "region": formula, "model": formula, "lead_id": formula, "stage": formula, *formula: formula });
        let context = json!({ "campaign": { "source": formula, "name": formula } });
        server
            .track(&write_key, json!({ "event": formula, "userId": format!("eve-{number}"), "properties": properties, "context": context }))
            .await;
    }
    server.wait_for_number("SELECT count(*) FROM events", 12).await;
    server.wait_for_number("SELECT count(*) FROM leads", 6).await;
    let dir = tempfile::tempdir().expect("a folder for the exports");
    let mut files = Vec::new();
    for table in ["profiles", "events", "leads"] {
        for format in ["csv", "xlsx"] {
            let file = dir.path().join(format!("{table}.{format}"));
            let said = installation.run(&["export", table, "--to", &file.display().to_string(), "--format", format]);
            assert!(said.ok, "{said:?}");
            files.push(file);
        }
    }
    // Every download that the API describes, but for that of one person, which is no table.
    let document = server.get("/api/openapi.json").await;
    for (path, item) in document["paths"].as_object().expect("paths") {
        if !path.ends_with("/export") || path.contains('{') || item.get("get").is_none() {
            continue;
        }
        for format in ["csv", "xlsx"] {
            let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
            let known = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
            let days = if known("from") { "&from=2020-01-01&to=2030-01-01" } else { "" };
            let url = format!("{}{path}?format={format}{days}", server.address);
            let answer = server.http.get(&url).bearer_auth(server.token()).send().await.expect("an answer");
            let (status, bytes) = (answer.status(), answer.bytes().await.expect("a body"));
            assert_eq!(status, StatusCode::OK, "{url}: {}", String::from_utf8_lossy(&bytes));
            let file = dir.path().join(format!("{}.{format}", path.replace('/', "-")));
            std::fs::write(&file, bytes).expect("written");
            files.push(file);
        }
    }
    assert!(10 <= files.len(), "only {files:?}");
    let mut seen = 0;
    for file in files {
        if file.extension().is_some_and(|extension| extension == "xlsx") {
            assert!(!has_formula(&file), "{} computes", file.display());
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("the export");
        for cell in cells(&text) {
            assert!(!is_formula(&cell), "{}: a spreadsheet computes `{cell}`", file.display());
            seen += usize::from(cell.starts_with("'="));
        }
    }
    assert!(6 <= seen, "only {seen} formulas were there to be made safe");
    server.stop().await;
}
