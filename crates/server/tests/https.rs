//! HTTPS by one's own certificate, and behind a proxy.

mod house;

use std::{path::Path, process::Command};

use house::{House, PASSWORD};
use reqwest::{Certificate, Client, Method};
use serde_json::json;

/// Writes a certificate for this machine and returns it.
fn certify(dir: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(dir.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

fn trusting(pem: &str) -> Client {
    let authority = Certificate::from_pem(pem.as_bytes()).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap()
}

#[tokio::test]
async fn the_own_certificate_is_served_and_read_again() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let files = tempfile::tempdir().unwrap();
    let first = certify(files.path());
    let path = |name: &str| files.path().join(name).display().to_string();
    let config = format!("[tls]\ncert = '{}'\nkey = '{}'", path("cert.pem"), path("key.pem"));
    let mut house = House::start_as(&config, trusting(&first)).await;
    assert!(house.url.starts_with("https://"), "{}", house.url);

    let body = json!({ "token": house.setup_token, "email": "ana@example.com", "name": "Ana", "password": PASSWORD });
    let made = house.send(Method::POST, "/api/auth/setup", &[], Some(&body)).await;
    let cookie = made.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-forecourt_session=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(made.headers["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
    let shown = [("cookie", cookie.split(';').next().unwrap().to_owned())];
    assert_eq!(house.send(Method::GET, "/api/me", &shown, None).await.status, 200);
    let unprefixed = [("cookie", shown[0].1.replace("__Host-", ""))];
    assert_eq!(house.send(Method::GET, "/api/me", &unprefixed, None).await.status, 401, "another host could have set it");
    // Commands reach it too, by the address in their own note.
    assert_eq!(house.json(&["user", "list", "--format", "json"])[0]["email"], "ana@example.com");

    let second = certify(files.path());
    let running: serde_json::Value = serde_json::from_slice(&std::fs::read(house.data().join("server.json")).unwrap()).unwrap();
    assert!(Command::new("kill").args(["-HUP", &running["pid"].to_string()]).status().unwrap().success());
    house.http = trusting(&second);
    house.until("the new certificate is served", async |house| house.http.get(format!("{}/healthz", house.url)).send().await.is_ok()).await;
    assert!(trusting(&first).get(format!("{}/healthz", house.url)).send().await.is_err());
}

#[tokio::test]
async fn only_a_trusted_proxy_makes_a_request_https() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = Client::builder().no_proxy().build().unwrap();
    for (trusted, expected) in [("['127.0.0.0/8']", true), ("['10.0.0.0/8']", false)] {
        let house = House::start_as(&format!("[server]\ntrusted_proxies = {trusted}"), plain.clone()).await;
        house.admin().await;
        let headers = [("x-forwarded-proto", "https".to_owned()), ("x-forwarded-for", "203.0.113.9".to_owned())];
        let body = json!({ "email": "ana@example.com", "password": PASSWORD });
        let answer = house.send(Method::POST, "/api/auth/login", &headers, Some(&body)).await;
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        assert_eq!((cookie.starts_with("__Host-"), cookie.contains("Secure")), (expected, expected), "{cookie}");
        assert_eq!(answer.headers.contains_key("strict-transport-security"), expected);
        let shown = [("cookie", cookie.split(';').next().unwrap().to_owned()), headers[0].clone()];
        let sessions = house.send(Method::GET, "/api/account/sessions", &shown, None).await.body;
        let addresses: Vec<&str> = sessions["sessions"].as_array().unwrap().iter().filter_map(|open| open["address"].as_str()).collect();
        assert_eq!(addresses.contains(&"203.0.113.9"), expected, "{addresses:?}");
    }
}
