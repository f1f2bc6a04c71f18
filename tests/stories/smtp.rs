//! A real SMTP server beside the installation: what it took, by message.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Instant,
};

use serde_json::Value;

use crate::{LOOK_EVERY, WITHIN};

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools");

pub struct Smtp {
    process: Child,
    pub port: u16,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Smtp {
    pub fn start() -> Self {
        let python = Command::new(format!("{TOOLS}/smtp-venv")).output().expect("the tool runs");
        assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
        let python = String::from_utf8(python.stdout).expect("a path");
        let mut server = Command::new(python.trim());
        server.arg(format!("{TOOLS}/smtp_server.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = server.spawn().expect("the SMTP server starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let port = lines.next().expect("a line").expect("text").parse().expect("a port");
        let taken: Arc<Mutex<Vec<Value>>> = Arc::default();
        let noted = taken.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let message = serde_json::from_str(&line).expect("JSON");
                noted.lock().expect("nobody panicked").push(message);
            }
        });
        Self { process, port, taken }
    }

    pub fn taken(&self) -> Vec<Value> {
        self.taken.lock().expect("nobody panicked").clone()
    }

    pub fn count(&self) -> usize {
        self.taken.lock().expect("nobody panicked").len()
    }

    /// How often each message came, by its `Message-ID`.
    pub fn by_message_id(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for message in self.taken() {
            *counts.entry(message["headers"]["Message-ID"].as_str().expect("an id").to_owned()).or_default() += 1;
        }
        counts
    }

    pub async fn wait_for(&self, messages: usize) {
        let deadline = Instant::now() + WITHIN;
        while self.count() < messages {
            assert!(Instant::now() < deadline, "{} of {messages} messages came", self.count());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
