//! The real binary on a folder and a port of its own, spoken to as people and programs do.
#![allow(dead_code, reason = "each story uses some of it")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, Method, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const PATIENCE: Duration = Duration::from_secs(30);
pub const PASSWORD: &str = "correct horse";

pub struct House {
    pub dir: TempDir,
    server: Option<Child>,
    pub url: String,
    pub setup_token: String,
    pub http: Client,
}

/// Somebody signed in: a cookie and its token.
#[derive(Clone)]
pub struct Person {
    pub cookie: String,
    pub csrf: String,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: Value,
}

impl House {
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// With keys of the configuration.
    pub async fn start_with(config: &str) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self::start_as(config, Client::builder().no_proxy().build().unwrap()).await
    }

    /// With keys of the configuration, and a client that is spoken to it by.
    pub async fn start_as(config: &str, http: Client) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("own.toml"), config).unwrap();
        let mut house = Self { dir, server: None, url: String::new(), setup_token: String::new(), http };
        house.restart().await;
        house
    }

    /// At an address that stands in the configuration too.
    pub async fn start_at(config: &str, url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("own.toml"), config).unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut house = Self { dir, server: None, url: url.to_owned(), setup_token: String::new(), http };
        house.restart().await;
        house
    }

    pub fn config(&self) -> std::path::PathBuf {
        self.data().join("own.toml")
    }

    pub fn data(&self) -> &Path {
        self.dir.path()
    }

    pub async fn restart(&mut self) {
        self.stop();
        let mut command = Command::new(env!("CARGO_BIN_EXE_forecourt"));
        command.args(["serve", "--listen", &self.listen(), "--data"]).arg(self.data()).arg("--config").arg(self.config());
        command.env("RUST_LOG", "warn").stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut server = command.spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        self.url = first.rsplit(' ').next().unwrap().to_owned();
        // The link is printed before the first request is answered, or not at all.
        self.server = Some(server);
        let reading = std::thread::spawn(move || lines.next().and_then(Result::ok));
        self.until("the server answers", async |house| house.http.get(format!("{}/healthz", house.url)).send().await.is_ok()).await;
        if self.users_are_missing() {
            let line = reading.join().unwrap().unwrap();
            self.setup_token = line.rsplit("token=").next().unwrap().to_owned();
        }
    }

    /// Any port, but the same one again: it may stand in the configuration.
    fn listen(&self) -> String {
        self.url.split_once("://").map_or("127.0.0.1:0", |(_, address)| address).to_owned()
    }

    fn users_are_missing(&self) -> bool {
        self.setup_token.is_empty()
    }

    /// Ends the server as a power switch would, but for the disk's own memory.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Stops the server as a service manager does, and waits for it.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let asked = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
            assert!(asked.success());
            let deadline = Instant::now() + PATIENCE;
            while server.try_wait().unwrap().is_none() {
                assert!(Instant::now() < deadline, "the server does not stop");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Makes the first admin by the printed link.
    pub async fn admin(&self) -> Person {
        let body = json!({ "token": self.setup_token, "email": "ana@example.com", "name": "Ana", "password": PASSWORD });
        let answer = self.send(Method::POST, "/api/auth/setup", &[], Some(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Person::of(&answer)
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.send(Method::POST, "/api/auth/login", &[], Some(&json!({ "email": email, "password": password }))).await
    }

    /// Adds an account and signs it in.
    pub async fn person(&self, admin: &Person, email: &str, role: &str, dealer: Option<&str>) -> Person {
        let body = json!({ "email": email, "name": "", "role": role, "dealer": dealer, "password": PASSWORD });
        let added = self.post(admin, "/api/users", &body).await;
        assert_eq!(added.status, 200, "{}", added.body);
        Person::of(&self.sign_in(email, PASSWORD).await)
    }

    pub async fn get(&self, person: &Person, path: &str) -> Answer {
        self.send(Method::GET, path, &person.headers(), None).await
    }

    pub async fn put(&self, person: &Person, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, &person.headers(), Some(body)).await
    }

    pub async fn delete(&self, person: &Person, path: &str) -> Answer {
        self.send(Method::DELETE, path, &person.headers(), None).await
    }

    pub async fn post(&self, person: &Person, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &person.headers(), Some(body)).await
    }

    /// Gives a file as the pages do: its bytes as the body.
    pub async fn upload(&self, person: &Person, name: &str, bytes: impl Into<reqwest::Body>) -> Answer {
        let name: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let mut request = self.http.post(format!("{}/api/imports?name={name}", self.url)).body(bytes);
        for (name, value) in person.headers() {
            request = request.header(name, value);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// A file that the server hands out, and how it is called.
    pub async fn download(&self, person: &Person, path: &str) -> (StatusCode, String, Vec<u8>) {
        let mut request = self.http.get(format!("{}{path}", self.url));
        for (name, value) in person.headers() {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let name = answer.headers().get(header::CONTENT_DISPOSITION).map_or("", |value| value.to_str().unwrap()).to_owned();
        (answer.status(), name, answer.bytes().await.unwrap().to_vec())
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, String)], body: Option<&Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// Adds a source and returns its write key.
    pub async fn source(&self, admin: &Person, name: &str) -> String {
        let answer = self.post(admin, "/api/sources", &json!({ "name": name })).await;
        answer.body["write_key"].as_str().unwrap().to_owned()
    }

    /// Sends a batch as an SDK does: a source's key works from the moment it is shown.
    pub async fn batch(&self, write_key: &str, items: Value) -> Value {
        let request = self.http.post(format!("{}/v1/batch", self.url)).basic_auth(write_key, Some(""));
        let answer = request.json(&json!({ "batch": items })).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// Looks again and again until it is so.
    pub async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !is_so(self).await {
            assert!(began.elapsed() < PATIENCE, "in vain: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    }

    /// Runs a command of the binary on this folder.
    pub fn command(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_forecourt"));
        command.args(arguments).arg("--data").arg(self.data()).arg("--config").arg(self.config());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        running.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        running.wait_with_output().unwrap()
    }

    /// The JSON that a command prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments, "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Answer {
    async fn of(answer: reqwest::Response) -> Self {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap();
        Self { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Person {
    pub fn of(answer: &Answer) -> Self {
        let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        Self { cookie: cookie.split(';').next().unwrap().to_owned(), csrf: answer.body["csrf"].as_str().unwrap().to_owned() }
    }

    pub fn headers(&self) -> Vec<(&'static str, String)> {
        vec![("cookie", self.cookie.clone()), ("x-csrf-token", self.csrf.clone())]
    }
}
