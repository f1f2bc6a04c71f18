//! The import wizard in real Chromium: a damaged cp1251 file from the drop zone to the refused rows, by mouse and by keys alone.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use tokio::process::Command;

use crate::{installation::Installation, server::Server};

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "correct horse battery";
const ROWS: usize = 240;

/// Leads as an old program of a dealer writes them: cp1251, semicolons; in every fortieth row something is wrong.
fn leads_1251() -> Vec<u8> {
    let mut text = "Номер лида;Имя;Телефон;Дата создания;Канал;Этап;Примечание\r\n".to_owned();
    for row in 0..ROWS {
        let date = if row % 40 == 39 { "когда-то".to_owned() } else { format!("{:02}.03.2026 10:{:02}", 1 + row % 28, row % 60) };
        let stage = ["Новый", "Пробная поездка", "Договор"][row % 3];
        let channel = ["cpc", "email", "organic"][row % 3];
        text += &format!("Л-{row};Анна Петрова;+7 912 345-{:02}-{:02};{date};{channel};{stage};=1+1\r\n", row / 100, row % 100);
    }
    text.chars().map(cp1251).collect()
}

fn cp1251(c: char) -> u8 {
    match c {
        'А'..='я' => (c as u32 - 'А' as u32) as u8 + 0xc0,
        c => u8::try_from(c as u32).expect("a character of cp1251"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_from_the_drop_zone_to_the_refused_rows() {
    let installation = Installation::new();
    let server = Server::start(&installation, &[]).await;
    let account = json!({ "email": EMAIL, "name": "Ana", "role": "admin", "password": PASSWORD });
    let (status, told) = server.call(Method::POST, "/api/users", None, Some(&account)).await;
    assert!(status.is_success(), "{told}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("лиды.csv");
    std::fs::write(&file, leads_1251()).expect("a file");

    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
    let mut command = Command::new("node");
    command.arg("tests/browser/import_wizard.mjs").current_dir(web).kill_on_drop(true);
    command.env("BASE_URL", &server.address).env("EMAIL", EMAIL).env("PASSWORD", PASSWORD).env("FILE", &file);
    let output = command.output().await.expect("node, to drive the browser");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the wizard failed:\n{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 3, "{told}");

    // Three walks gave one file, and the leads are there once.
    let imports = server.get("/api/imports").await;
    let states: Vec<&str> = imports["imports"].as_array().into_iter().flatten().filter_map(|held| held["state"].as_str()).collect();
    assert_eq!(states, ["done", "done", "done"]);
    server.wait_until_folded().await;
    server.wait_for_number("SELECT count(*) FROM events", (ROWS - ROWS / 40) as i64).await;
    server.stop().await;
}
