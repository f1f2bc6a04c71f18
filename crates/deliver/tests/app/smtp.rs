//! A real SMTP server, and who verifies what is signed.

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use forecourt_deliver::email::{Security, SmtpOptions};
use serde_json::Value;

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/tools");

/// A server of its own for each test; it ends with the test.
pub struct SmtpServer {
    process: Option<Child>,
    lines: Option<Lines<BufReader<ChildStdout>>>,
    pub port: u16,
}

impl SmtpServer {
    pub fn start(arguments: &[&str]) -> Self {
        let python = Command::new(format!("{TOOLS}/smtp-venv")).output().unwrap();
        assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
        let python = String::from_utf8(python.stdout).unwrap();
        let mut server = Command::new(python.trim());
        server.arg(format!("{TOOLS}/smtp_server.py")).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = server.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        Self { process: Some(process), lines: Some(lines), port }
    }

    pub fn next_message(&mut self) -> Value {
        serde_json::from_str(&self.lines.as_mut().unwrap().next().unwrap().unwrap()).unwrap()
    }

    /// Its end, once this is dropped.
    pub fn end(&mut self) -> std::process::ChildStdin {
        self.process.as_mut().unwrap().stdin.take().unwrap()
    }

    /// The process and what it prints: for who reads on while something else is going on.
    pub fn into_parts(mut self) -> (Child, Lines<BufReader<ChildStdout>>) {
        (self.process.take().unwrap(), self.lines.take().unwrap())
    }

    pub fn options(&self) -> SmtpOptions {
        SmtpOptions {
            host: "localhost".to_owned(),
            port: self.port,
            security: Security::None,
            credentials: None,
            from: "Forecourt <cdp@example.com>".to_owned(),
            authority: None,
            timeout: Duration::from_secs(10),
        }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }
}

/// What an implementation that is not ours says of a mail's signature, and the headers that it covers.
pub fn verified(mail: &[u8], record: &str) -> String {
    let python = Command::new(format!("{TOOLS}/dkim-venv")).output().unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let python = String::from_utf8(python.stdout).unwrap();
    let mut verifier = Command::new(python.trim())
        .args([&format!("{TOOLS}/dkim_verify.py"), record])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    verifier.stdin.take().unwrap().write_all(mail).unwrap();
    String::from_utf8(verifier.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

/// A private key as `openssl` makes it.
pub fn key(arguments: &[&str]) -> String {
    let made = Command::new("openssl").args(arguments).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap()
}
