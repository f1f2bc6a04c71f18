//! The disk runs full and is freed again: senders are told to come back, nothing is lost, nobody restarts anything.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    LOOK_EVERY, WITHIN,
    installation::Installation,
    kill::{check_when_all_is_in, prefix},
    ledger::{Ledger, Message, Request},
    senders::Senders,
    server::Server,
};

/// A file system of its own, in memory.
struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// `None`, having said so, where the test may not mount.
    fn mount(mebibytes: u32) -> Option<Self> {
        let dir = tempfile::Builder::new().prefix("forecourt-disk-").tempdir().expect("a temporary folder");
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "forecourt-story"]).arg(dir.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { dir }),
            told => {
                println!("SKIPPED: a full disk needs a small one to be mounted: run the tests as root ({told:?})");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Takes all the room there is.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("ballast");
        let mut file = File::create(&path).expect("the ballast");
        let mut piece = vec![0x5a_u8; 1 << 20];
        while !piece.is_empty() {
            match file.write(&piece) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 2),
                Err(error) => panic!("the ballast: {error}"),
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that was killed may not have let go yet.
        let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}

/// What else is done to the room while it is short.
struct Story {
    disk: SmallDisk,
    installation: Installation,
    write_key: String,
    ledger: Arc<Ledger>,
    server: Server,
}

impl Story {
    /// Some load, and then no room.
    async fn begin(disk: SmallDisk, installation: Installation) -> (Self, PathBuf) {
        let write_key = installation.source("shop");
        let ledger = Arc::new(Ledger::default());
        let server = installation.serve().await;
        let story = Self { disk, installation, write_key, ledger, server };
        story.load(0).await;
        let ballast = story.disk.fill();
        (story, ballast)
    }

    /// Senders at work until some hundred more are acknowledged.
    async fn load(&self, round: usize) {
        let wanted = self.ledger.acknowledged_count() + 400;
        let senders = Senders::start(&self.server, &self.write_key, &self.ledger, &prefix(round), round as u64);
        let deadline = Instant::now() + WITHIN;
        while self.ledger.acknowledged_count() < wanted {
            assert!(Instant::now() < deadline, "senders are not answered:\n{}", self.server.printed());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        senders.stop().await;
    }

    /// One event, entered in the ledger.
    async fn send(&self, id: String) -> Response {
        let message = Message { id: id.clone(), person: 0, joins: false };
        let body = json!({ "type": "track", "event": "car_viewed", "messageId": id, "anonymousId": "device-0", "properties": { "note": "x".repeat(2_000) } });
        let request = Request { path: "/v1/track", body: body.clone(), messages: vec![message] };
        self.ledger.sending(&request);
        let answer = self.server.post("/v1/track", &self.write_key, &body).await.expect("an answer, whatever the disk says");
        match answer.status() {
            StatusCode::OK => self.ledger.acknowledged(request),
            _ => self.ledger.unanswered(request),
        }
        answer
    }

    /// Sends until the log has no room; the refusal must say when to come back.
    async fn send_until_refused(&self, round: usize) {
        for number in 0..2_000 {
            let answer = self.send(format!("{}-full-{number}", prefix(round))).await;
            if answer.status() == StatusCode::OK {
                continue;
            }
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            let wait = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
            assert!(wait.is_some_and(|seconds| 0 < seconds), "no Retry-After: {:?}", answer.headers());
            return;
        }
        panic!("a full disk took 2,000 events");
    }

    /// Sends until accepted, as a sender does that was told to come back.
    async fn send_until_accepted(&self, round: usize) {
        let deadline = Instant::now() + WITHIN;
        for number in 0.. {
            if self.send(format!("{}-freed-{number}", prefix(round))).await.status() == StatusCode::OK {
                return;
            }
            assert!(Instant::now() < deadline, "there is room again, and nothing is accepted:\n{}", self.server.printed());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn is_alive(&self) -> bool {
        let answer = self.server.http.get(format!("{}/healthz", self.server.address)).send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
    }

    /// Everything that was acknowledged is there, now and after a restart, and the replay agrees.
    async fn end(self) {
        let prefixes: Vec<String> = (0..6).map(prefix).collect();
        check_when_all_is_in(&self.server, &self.ledger, &prefixes).await;
        self.server.stop().await;
        self.installation.verify();
        let server = self.installation.serve().await;
        check_when_all_is_in(&server, &self.ledger, &prefixes).await;
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_of_everything_runs_full() {
    let Some(disk) = SmallDisk::mount(96) else { return };
    let installation = Installation::at(&disk.path().join("data"));
    let (story, mut ballast) = Story::begin(disk, installation).await;
    for round in 1..=2 {
        story.send_until_refused(round).await;
        assert!(story.is_alive().await);
        fs::remove_file(&ballast).expect("the ballast is removed");
        story.send_until_accepted(round).await;
        story.load(round + 2).await;
        if round == 1 {
            ballast = story.disk.fill();
        }
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_of_the_log_runs_full() {
    let Some(disk) = SmallDisk::mount(16) else { return };
    let installation = Installation::new();
    let log = disk.path().join("log");
    fs::create_dir_all(&log).expect("the log's folder");
    fs::create_dir_all(installation.data()).expect("the data folder");
    symlink(&log, installation.data().join("log")).expect("a link");
    let (story, ballast) = Story::begin(disk, installation).await;
    story.send_until_refused(1).await;
    assert!(story.is_alive().await);
    // What was acknowledged before is still answered for.
    story.server.wait_until_folded().await;
    fs::remove_file(&ballast).expect("the ballast is removed");
    story.send_until_accepted(1).await;
    story.load(2).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_of_the_databases_runs_full() {
    let Some(disk) = SmallDisk::mount(96) else { return };
    let installation = Installation::at(&disk.path().join("data"));
    let log = tempfile::Builder::new().prefix("forecourt-log-").tempdir().expect("a temporary folder");
    fs::create_dir_all(installation.data()).expect("the data folder");
    symlink(log.path(), installation.data().join("log")).expect("a link");
    let (story, ballast) = Story::begin(disk, installation).await;
    // The log has room: it goes on accepting, and the fold waits.
    let deadline = Instant::now() + WITHIN;
    let mut round = 1;
    while !story.server.printed().contains("a batch is not saved") {
        assert!(round < 4 && Instant::now() < deadline, "the fold found room on a full disk:\n{}", story.server.printed());
        story.load(round).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        round += 1;
    }
    assert!(story.is_alive().await);
    assert_eq!(story.send(format!("{}-held-0", prefix(4))).await.status(), StatusCode::OK);
    fs::remove_file(&ballast).expect("the ballast is removed");
    story.server.wait_until_folded().await;
    story.load(5).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_says_so_and_harms_nothing() {
    let Some(disk) = SmallDisk::mount(96) else { return };
    let installation = Installation::at(&disk.path().join("data"));
    let (story, ballast) = Story::begin(disk, installation).await;
    let Story { disk, installation, write_key, ledger, server } = story;
    server.kill();
    let mut server = Server::spawn(&installation, &[]);
    let deadline = Instant::now() + WITHIN;
    loop {
        if server.is_up(installation.data()).await {
            server.kill();
            break;
        }
        let printed = server.printed();
        if printed.lines().any(|line| line.starts_with("forecourt: ")) {
            assert_eq!(server.ended().await.code(), Some(1), "{printed}");
            server.assert_no_defect();
            break;
        }
        assert!(Instant::now() < deadline, "neither up nor ended:\n{printed}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    fs::remove_file(&ballast).expect("the ballast is removed");
    let server = installation.serve().await;
    Story { disk, installation, write_key, ledger, server }.end().await;
}
