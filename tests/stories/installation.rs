//! An installation in a temporary folder, and the commands that people run on it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{LOOK_EVERY, WITHIN, server::Server};

pub const BINARY: &str = env!("CARGO_BIN_EXE_forecourt");

/// Small segments and frequent flushes, so that a short story sees many files.
const CONFIG: &str = "
[log]
segment_bytes = 262144
[lake]
flush_rows = 500
[logging]
format = \"human\"
";

pub struct Installation {
    /// Configuration and what the servers print; the data folder too, unless it is elsewhere.
    dir: TempDir,
    data: PathBuf,
    /// What the commands and servers find in their environment.
    env: Vec<(String, String)>,
    starts: AtomicU32,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Installation {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("forecourt-story-").tempdir().expect("a temporary folder");
        let data = dir.path().join("data");
        Self::over(dir, data)
    }

    /// On a data folder that is, or will be, elsewhere.
    pub fn at(data: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("forecourt-story-").tempdir().expect("a temporary folder");
        Self::over(dir, data.to_owned())
    }

    fn over(dir: TempDir, data: PathBuf) -> Self {
        std::fs::write(dir.path().join("config.toml"), CONFIG).expect("a configuration");
        Self { dir, data, env: Vec::new(), starts: AtomicU32::new(0) }
    }

    /// On a PostgreSQL database instead of SQLite files.
    pub fn on_postgres(mut self, url: String) -> Self {
        self.env.push(("FORECOURT_STORE_URL".into(), url));
        self
    }

    /// With more of a configuration, section by section.
    pub fn configured(self, more: &str) -> Self {
        std::fs::write(self.dir.path().join("config.toml"), format!("{CONFIG}{more}")).expect("a configuration");
        self
    }

    /// With files of the lake that go as soon as no snapshot has them.
    pub fn without_outside_readers(self) -> Self {
        let path = self.dir.path().join("config.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        std::fs::write(path, text.replace("[lake]", "[lake]\nkeep_files_s = 0")).expect("a configuration");
        self
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The program with `arguments` on this folder, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(arguments).arg("--data").arg(&self.data).arg("--config").arg(self.dir.path().join("config.toml"));
        command.envs(self.env.iter().map(|(name, value)| (name, value))).env("RUST_BACKTRACE", "1").stdin(Stdio::null());
        command
    }

    /// A file for what the next server prints.
    pub fn next_output(&self) -> PathBuf {
        self.dir.path().join(format!("server-{}.txt", self.starts.fetch_add(1, Ordering::Relaxed)))
    }

    pub async fn serve(&self) -> Server {
        Server::start(self, &[]).await
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let out = self.dir.path().join("command.out");
        let err = self.dir.path().join("command.err");
        let file = |path: &Path| std::fs::File::create(path).expect("a file for what the command prints");
        let mut child = self.command(arguments).stdout(file(&out)).stderr(file(&err)).spawn().expect("the command starts");
        let deadline = Instant::now() + WITHIN;
        let status = loop {
            match child.try_wait().expect("the command's status") {
                Some(status) => break status,
                None if deadline < Instant::now() => {
                    let _ = child.kill();
                    panic!("`forecourt {}` does not end", arguments.join(" "));
                }
                None => std::thread::sleep(LOOK_EVERY),
            }
        };
        let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).expect("what the command printed")).into_owned();
        let said = Said { ok: status.success(), out: read(&out), err: read(&err) };
        assert!(!said.err.contains("panicked"), "`forecourt {}` ran into a defect:\n{}", arguments.join(" "), said.err);
        said
    }

    /// Runs a command that must succeed and reads its answer as JSON.
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--format", "json"]].concat());
        assert!(said.ok, "`forecourt {}` failed:\n{}", arguments.join(" "), said.err);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out))
    }

    /// Makes a source; returns its write key.
    pub fn source(&self, name: &str) -> String {
        let source = self.ask(&["source", "add", name]);
        source["write_key"].as_str().expect("a write key").to_owned()
    }

    /// Asserts that folding the log again ends in the store's very rows.
    pub fn verify(&self) {
        let said = self.run(&["replay", "--verify"]);
        assert!(said.ok, "the replay does not agree:\n{}{}", said.out, said.err);
        assert!(said.out.contains("records replayed"), "{said:?}");
    }
}
