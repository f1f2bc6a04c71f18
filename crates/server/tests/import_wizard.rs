//! Files given over the network: looked at, mapped, tried, taken in, stopped and gone on with.

mod house;

use calamine::{Data, Reader as _, Xlsx};
use house::{House, Person};
use serde_json::{Value, json};

/// A file as an old program of a dealer writes it: cp1251, semicolons, and rows that are damaged.
fn leads_1251() -> Vec<u8> {
    let text = "Номер лида;Имя;Телефон;Дата создания;Канал;Примечание\r\n\
        Л-1;Анна Петрова;+7 912 345-67-89;01.03.2026 10:15;cpc;=2+3\r\n\
        Л-2;Иван Сидоров;8 (912) 345-67-80;02.03.2026 11:00;email;\r\n\
        Л-3;Пётр;89123456781;когда-то;email;-скидка\r\n\
        Л-4;Лишняя;89123456782;03.03.2026;cpc;ячейка;ещё\r\n\
        Л-5;Анна Петрова;+79123456789;04.03.2026 09:00;cpc;\r\n\
        ;Без номера;89123456783;05.03.2026;cpc;\r\n";
    text.chars().map(cp1251).collect()
}

fn cp1251(c: char) -> u8 {
    match c {
        'А'..='я' => (c as u32 - 'А' as u32) as u8 + 0xc0,
        'ё' => 0xb8,
        c => u8::try_from(c as u32).expect("a character of cp1251"),
    }
}

async fn import(house: &House, person: &Person, id: &str) -> Value {
    house.get(person, &format!("/api/imports/{id}")).await.body
}

/// Waits until the work has come to one of the states.
async fn until_state(house: &House, person: &Person, id: &str, states: &[&str]) -> Value {
    house
        .until(&format!("{id} is {states:?}"), async |house| {
            let held = import(house, person, id).await;
            assert!(held["state"] != "failed" || states.contains(&"failed"), "{held}");
            states.contains(&held["state"].as_str().unwrap_or_default())
        })
        .await;
    import(house, person, id).await
}

async fn act(house: &House, person: &Person, id: &str, act: &str) -> Value {
    let answer = house.post(person, &format!("/api/imports/{id}/{act}"), &json!({})).await;
    assert_eq!(answer.status, 200, "{act}: {}", answer.body);
    answer.body
}

async fn checked(house: &House, person: &Person, id: &str) -> Value {
    act(house, person, id, "check").await;
    let held = until_state(house, person, id, &["draft"]).await;
    assert!(!held["checked"].is_null(), "{held}");
    held["checked"].clone()
}

fn id_of(held: &Value) -> String {
    held["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_damaged_cp1251_file_is_mapped_tried_and_taken_in_once() {
    let house = House::start().await;
    let ana = house.admin().await;
    let given = house.upload(&ana, "../../Лиды.csv", leads_1251()).await;
    assert_eq!((given.status.as_u16(), &given.body["state"], &given.body["name"]), (200, &json!("draft"), &json!("Лиды.csv")));
    assert_eq!((&given.body["kind"], &given.body["mapping"]["lead_id"]["column"]), (&json!("leads"), &json!("Номер лида")));
    let id = id_of(&given.body);

    let look =
        house.post(&ana, &format!("/api/imports/{id}/look"), &json!({ "mapping": given.body["mapping"], "kind": "leads" })).await.body;
    assert_eq!((&look["format"]["encoding"], &look["format"]["delimiter"]), (&json!("windows-1251"), &json!(";")));
    assert_eq!((&look["preview"]["looked_at"], &look["preview"]["refused"]), (&json!(6), &json!(3)));
    let rows = look["preview"]["rows"].as_array().unwrap();
    assert_eq!((&rows[0]["cells"][1], &rows[0]["item"]["properties"]["lead_id"]), (&json!("Анна Петрова"), &json!("Л-1")));
    assert_eq!((&rows[2]["problem"]["code"], &rows[2]["problem"]["column"]), (&json!("invalid_timestamp"), &json!("Дата создания")));
    assert_eq!(&rows[5]["problem"]["column"], "Номер лида");

    let first = checked(&house, &ana, &id).await;
    assert_eq!((&first["rows"], &first["accepted"], &first["refused"], &first["starts"]), (&json!(6), &json!(3), &json!(3), &json!(0)));
    assert_eq!((&first["known"]["new"], &first["known"]["known"]), (&json!(3), &json!(0)));
    assert_eq!(first["profiles"], json!({ "new": 2, "known": 0 }), "two rows name one phone");
    let events = ["query", "SELECT count(*) AS n FROM events", "--format", "json"];
    assert_eq!(house.json(&events), json!([{ "n": 0 }]), "a dry run changes nothing");

    act(&house, &ana, &id, "start").await;
    let done = until_state(&house, &ana, &id, &["done"]).await;
    assert_eq!((&done["accepted"], &done["refused"], &done["has_rejected"]), (&json!(3), &json!(3), &json!(true)));
    house.until("the events are seen", async |house| house.json(&events) == json!([{ "n": 3 }])).await;

    let (status, name, file) = house.download(&ana, &format!("/api/imports/{id}/rejected")).await;
    let text = String::from_utf8(file).unwrap();
    assert_eq!((status.as_u16(), name.contains("rejected.csv")), (200, true), "{name}");
    assert!(text.starts_with("rejected_row,rejected_code,rejected_reason,Номер лида"), "{text}");
    assert!(text.contains(",'-скидка") && !text.contains(",-скидка"), "{text}");

    let next = id_of(&act(&house, &ana, &id, "again").await);
    let second = checked(&house, &ana, &next).await;
    assert_eq!((&second["known"]["new"], &second["known"]["known"]), (&json!(0), &json!(3)), "known by now: {second}");
    assert_eq!(second["profiles"], json!({ "new": 0, "known": 2 }));
    act(&house, &ana, &next, "start").await;
    until_state(&house, &ana, &next, &["done"]).await;
    let held = house.get(&ana, "/api/imports").await.body;
    let states: Vec<&str> = held["imports"].as_array().unwrap().iter().filter_map(|held| held["state"].as_str()).collect();
    assert_eq!(states, ["done", "done"]);
    let offset = house.get(&ana, "/api/overview?from=2026-03-01&to=2026-03-31").await.body["freshness"]["log_offset"].as_u64().unwrap();
    house
        .until("all is folded", async |house| {
            let now = house.get(&ana, "/api/overview?from=2026-03-01&to=2026-03-31").await.body;
            offset <= now["freshness"]["lake_offset"].as_u64().unwrap_or(0)
        })
        .await;
    assert_eq!(house.json(&events), json!([{ "n": 3 }]), "the second import changed nothing");
}

#[tokio::test]
async fn an_import_is_paused_killed_and_gone_on_with_and_counts_each_row_once() {
    const ROWS: u64 = 400_000;
    let mut house = House::start().await;
    let ana = house.admin().await;
    let mut text = String::from("event,ts,user_id\n");
    for row in 0..ROWS {
        text += &format!("page_viewed,2026-01-{:02}T10:00:00Z,u{}\n", 1 + row % 28, row / 4);
    }
    let id = id_of(&house.upload(&ana, "clicks.csv", text).await.body);
    act(&house, &ana, &id, "start").await;
    house.until("some rows are in", async |house| 0 < import(house, &ana, &id).await["rows"].as_u64().unwrap()).await;
    act(&house, &ana, &id, "pause").await;
    let paused = until_state(&house, &ana, &id, &["paused"]).await;
    let at = paused["rows"].as_u64().unwrap();
    assert!(0 < at && at < ROWS, "{paused}");

    house.restart().await;
    assert_eq!((&import(&house, &ana, &id).await["state"], import(&house, &ana, &id).await["rows"].as_u64()), (&json!("paused"), Some(at)));
    act(&house, &ana, &id, "resume").await;
    house.until("it has gone on", async |house| at < import(house, &ana, &id).await["rows"].as_u64().unwrap()).await;
    house.kill();
    house.restart().await;
    // Nobody asks for it: a server that starts takes up what was broken off.
    let done = until_state(&house, &ana, &id, &["done"]).await;
    assert_eq!((done["rows"].as_u64(), done["accepted"].as_u64()), (Some(ROWS), Some(ROWS)));
    let count = ["query", "SELECT count(*) AS n, count(DISTINCT message_id) AS d FROM events", "--format", "json"];
    house.until("each row is there once", async |house| house.json(&count) == json!([{ "n": ROWS, "d": ROWS }])).await;

    let cancelled = id_of(&act(&house, &ana, &id, "again").await);
    act(&house, &ana, &cancelled, "start").await;
    act(&house, &ana, &cancelled, "cancel").await;
    let held = until_state(&house, &ana, &cancelled, &["cancelled", "done"]).await;
    assert_eq!(held["state"], "cancelled");
    let late = house.post(&ana, &format!("/api/imports/{cancelled}/resume"), &json!({})).await;
    assert_eq!(late.status, 409);
}

#[tokio::test]
async fn what_is_too_large_too_tight_or_not_theirs_is_refused() {
    let house = House::start_with("[imports]\nfile_bytes_max = 5000\n").await;
    let ana = house.admin().await;
    let leo = house.person(&ana, "leo@example.com", "analyst", None).await;
    let dan = house.person(&ana, "dan@example.com", "dealer", Some("North")).await;
    for person in [&leo, &dan] {
        assert_eq!(house.upload(person, "a.csv", "a,b\n1,2\n").await.status, 403);
        assert_eq!(house.get(person, "/api/imports").await.status, 403);
        assert_eq!(house.download(person, "/api/profiles/export?format=csv").await.0, 403);
    }
    let large = "email\n".to_owned() + &"ana@example.com\n".repeat(400);
    let refused = house.upload(&ana, "large.csv", large.clone()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["error"]["code"]), (413, &json!("too_large")));
    let streamed = reqwest::Body::wrap_stream(futures::stream::iter(
        large.into_bytes().chunks(500).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>(),
    ));
    assert_eq!(house.upload(&ana, "large.csv", streamed).await.status, 413, "also when it does not say how large it is");
    let refused = house.upload(&ana, "old.xls", vec![0xd0, 0xcf, 0x11, 0xe0, 1, 2]).await;
    assert_eq!(refused.status, 400);
    let told = refused.body["error"]["message"].as_str().unwrap();
    assert!(told.contains("old.xls") && told.contains("save it as .xlsx") && !told.contains("upload"), "{told}");
    assert_eq!(std::fs::read_dir(house.data().join("imports")).unwrap().count(), 0, "nothing is left of what was refused");

    let id = id_of(&house.upload(&ana, "a.csv", "email,name\nana@example.com,Ana\n").await.body);
    let joined =
        json!({ "kind": "profiles", "mapping": { "email": { "join": { "file": "../../secrets/hash.key", "key": "a", "column": "b" } } } });
    let answer = house.put(&ana, &format!("/api/imports/{id}"), &joined).await;
    assert!(answer.status == 400 && answer.body["error"]["message"].as_str().unwrap().contains("second file"), "{}", answer.body);
    for odd in ["..%2F..%2Fsecrets", "imp_0000000000000000", "%00"] {
        assert_eq!(house.get(&ana, &format!("/api/imports/{odd}")).await.status, 404, "{odd}");
    }
    assert_eq!(house.delete(&ana, &format!("/api/imports/{id}")).await.status, 204);
    assert_eq!(house.get(&ana, &format!("/api/imports/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_disk_that_would_fill_takes_no_file() {
    let house = House::start_with("[imports]\nfree_bytes_min = 9000000000000000\n").await;
    let ana = house.admin().await;
    let refused = house.upload(&ana, "a.csv", "email\nana@example.com\n").await;
    assert_eq!((refused.status.as_u16(), &refused.body["error"]["code"]), (507, &json!("no_space")));
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("free some space"), "{}", refused.body);
}

#[tokio::test]
async fn mappings_are_kept_by_name_and_exports_are_safe_to_open() {
    let house = House::start().await;
    let ana = house.admin().await;
    let file = "email,name,phone\nana@example.com,=cmd|' /C calc'!A0,+7 912 345-67-89\nbo@example.com,Bo,\n";
    let held = house.upload(&ana, "people.csv", file).await.body;
    assert_eq!(held["kind"], "profiles");
    let kept = house.put(&ana, "/api/import-mappings/People%20monthly", &json!({ "kind": "profiles", "mapping": held["mapping"] })).await;
    assert_eq!(kept.status, 204);
    let mappings = house.get(&ana, "/api/import-mappings").await.body;
    assert_eq!((&mappings["mappings"][0]["name"], &mappings["mappings"][0]["mapping"]), (&json!("People monthly"), &held["mapping"]));

    let id = id_of(&held);
    act(&house, &ana, &id, "start").await;
    until_state(&house, &ana, &id, &["done"]).await;
    house.until("both are folded", async |house| house.get(&ana, "/api/profiles").await.body["total"] == 2).await;

    let (status, name, csv) = house.download(&ana, "/api/profiles/export?format=csv").await;
    let csv = String::from_utf8(csv).unwrap();
    assert_eq!((status.as_u16(), name.ends_with(".csv\"")), (200, true), "{name}");
    assert!(csv.contains(",'=cmd|' /C calc'!A0,") && csv.lines().count() == 3, "{csv}");
    let (_, _, found) = house.download(&ana, "/api/profiles/export?format=csv&q=bo@example.com").await;
    assert_eq!(String::from_utf8(found).unwrap().lines().count(), 2);
    let (_, _, book) = house.download(&ana, "/api/profiles/export?format=xlsx").await;
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(book)).unwrap();
    let sheet = book.worksheet_range("Profiles").unwrap();
    let names: Vec<&Data> = sheet.rows().skip(1).map(|row| &row[1]).collect();
    assert!(names.contains(&&Data::String("=cmd|' /C calc'!A0".into())), "{names:?}");
    assert!(book.worksheet_formula("Profiles").unwrap().is_empty());

    let counted = json!({ "sql": "SELECT count(*) AS n FROM profiles" });
    house
        .until("the lake has both", async |house| {
            house.post(&ana, "/api/query", &counted).await.body["rows"][0][0].to_string().contains('2')
        })
        .await;
    let path = house.data().join("people.xlsx");
    let exported = house.command(&["export", "profiles", "--to", path.to_str().unwrap(), "--format", "xlsx"], "");
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let mut book: Xlsx<_> = calamine::open_workbook(&path).unwrap();
    assert_eq!(book.worksheet_range("profiles").unwrap().rows().count(), 3);
    let events = house.download(&ana, "/api/events/export?format=csv&from=2020-01-01&to=2099-01-01").await;
    assert_eq!((events.0.as_u16(), String::from_utf8(events.2).unwrap().lines().count()), (200, 3));

    // What the command imports is in the same history.
    let path = house.data().join("more.csv");
    std::fs::write(&path, "email\ncy@example.com\n").unwrap();
    let imported = house.json(&["import", "profiles", path.to_str().unwrap(), "--format", "json"]);
    assert_eq!(imported["accepted"], 1);
    let held = house.get(&ana, "/api/imports").await.body["imports"][0].clone();
    assert_eq!(
        (&held["name"], &held["by"], &held["state"], &held["accepted"]),
        (&json!("more.csv"), &json!("command"), &json!("done"), &json!(1))
    );
    let jobs = house.get(&ana, "/api/jobs").await.body;
    assert_eq!(
        (&jobs["jobs"][0]["kind"], &jobs["jobs"][0]["title"], &jobs["jobs"][0]["state"]),
        (&json!("import"), &json!("more.csv"), &json!("done"))
    );
}
