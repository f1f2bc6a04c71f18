//! Bits flipped and ends cut off in the files of a stopped installation: said or isolated, never a panic, never other figures.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, rounds, seed, server::Server};

const ALL_ROWS: &str = "SELECT message_id, profile_id, ts, event, channel, value, properties, received_at FROM events
    WHERE message_id <> 'later' ORDER BY message_id";

/// What is done to a file.
#[derive(Debug, Clone, Copy)]
enum Wound {
    Flip { at: u64, bit: u8 },
    Cut { to: u64 },
    Zeros { at: u64, bytes: u64 },
}

impl Wound {
    fn random(bytes: u64, chance: &mut StdRng) -> Self {
        let at = chance.random_range(0..bytes);
        match chance.random_range(0..4) {
            0 => Self::Cut { to: at },
            1 => Self::Zeros { at, bytes: chance.random_range(1..=512).min(bytes - at) },
            _ => Self::Flip { at, bit: chance.random_range(0..8) },
        }
    }

    fn inflict(self, path: &Path) {
        let mut content = fs::read(path).expect("the file to damage");
        match self {
            Self::Flip { at, bit } => content[at as usize] ^= 1 << bit,
            Self::Cut { to } => content.truncate(to as usize),
            Self::Zeros { at, bytes } => content[at as usize..(at + bytes) as usize].fill(0),
        }
        fs::write(path, content).expect("the damaged file");
    }
}

/// What came of a start and a question after the damage.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// The server did not start and said why.
    Refused,
    /// The question was answered by an error.
    Told,
    /// As if nothing had happened.
    Unharmed,
    /// Fewer rows than were there, and the installation says so of itself.
    Isolated,
}

const DAYS: i64 = 3;
const PEOPLE: i64 = 17;
/// In this time a server that is whole has moved the rows of merged profiles; one that is not never does.
const SETTLED_WITHIN: Duration = Duration::from_secs(12);

/// An installation before the damage, and what it answers.
struct Whole {
    installation: Installation,
    write_key: String,
    truth: Vec<Vec<Value>>,
}

async fn installation_with_files() -> Whole {
    let installation = Installation::new();
    let write_key = installation.source("shop");
    for day in 0..DAYS {
        let server = installation.serve().await;
        let event = |number: u32| {
            let person = i64::from(number) % PEOPLE;
            json!({ "type": "track", "event": "car_viewed", "messageId": format!("m-{day}-{number}"), "anonymousId": format!("device-{person}"),
                "properties": { "model": "Aster", "value": number, "note": format!("{:x}", u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15)) } })
        };
        let batch: Vec<Value> = (0..200).map(event).collect();
        let answer = server.post("/v1/batch", &write_key, &json!({ "batch": batch })).await.expect("an answer");
        assert!(answer.status().is_success());
        let joined = json!({ "anonymousId": format!("device-{day}"), "userId": format!("account-{day}"), "messageId": format!("i-{day}") });
        assert!(server.post("/v1/identify", &write_key, &joined).await.expect("an answer").status().is_success());
        server.wait_for_number("SELECT count(*) FROM events", (day + 1) * 201).await;
        if day + 1 < DAYS {
            server.stop().await;
            continue;
        }
        // The last day's rows are in the log and in the store, not yet in files.
        server.wait_for_number("SELECT count(DISTINCT profile_id) FROM events", PEOPLE).await;
        let truth = server.query(ALL_ROWS).await;
        server.kill();
        return Whole { installation, write_key, truth };
    }
    unreachable!("there is a last day")
}

/// Damages one file in a copy of the installation and looks what comes of it.
async fn damaged(whole: &Whole, file: &Path, wound: Wound) -> Outcome {
    let installation = &whole.installation;
    let dir = tempfile::Builder::new().prefix("forecourt-damaged-").tempdir().expect("a temporary folder");
    let aside = dir.path().join("whole");
    // The catalogue names files by their full path: the copy is kept aside and put back, not worked on.
    copy(installation.data(), &aside);
    wound.inflict(file);
    let outcome = looked_at(whole, &format!("{wound:?} in {}", file.display())).await;
    fs::remove_dir_all(installation.data()).expect("the damaged folder");
    copy(&aside, installation.data());
    outcome
}

async fn looked_at(whole: &Whole, what: &str) -> Outcome {
    let Whole { installation, write_key, truth } = whole;
    let mut server = Server::spawn(installation, &[]);
    let deadline = Instant::now() + WITHIN;
    while !server.is_up(installation.data()).await {
        if server.printed().lines().any(|line| line.starts_with("forecourt: ")) {
            let status = server.ended().await;
            assert_eq!(status.code(), Some(1), "{what}:\n{}", server.printed());
            server.assert_no_defect();
            return Outcome::Refused;
        }
        assert!(Instant::now() < deadline, "{what}: neither up nor ended:\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let goes_on = goes_on(&server, write_key).await;
    let answer = settled(&server, truth).await;
    server.assert_no_defect();
    let outcome = match answer {
        Err(_) => Outcome::Told,
        Ok(rows) if rows == *truth => {
            if goes_on {
                Outcome::Unharmed
            } else {
                Outcome::Told
            }
        }
        Ok(rows) => {
            let invented: Vec<_> = rows.iter().filter(|row| !truth.contains(row)).take(5).collect();
            let gone: Vec<_> = truth.iter().filter(|row| !rows.contains(row)).take(5).collect();
            assert!(invented.is_empty(), "{what}: other figures than before: {invented:?} instead of {gone:?}\n{}", server.printed());
            Outcome::Isolated
        }
    };
    let printed = server.printed();
    server.kill();
    if outcome == Outcome::Isolated {
        let told = installation.run(&["doctor"]);
        assert!(!told.ok, "{what}: rows are gone, and nothing says so:\n{}\n{printed}", told.out);
    }
    outcome
}

/// What the server answers once it answers the truth, or has had the time to.
async fn settled(server: &Server, truth: &[Vec<Value>]) -> Result<Vec<Vec<Value>>, String> {
    let deadline = Instant::now() + SETTLED_WITHIN;
    loop {
        let rows = server.try_query(ALL_ROWS, None).await?.rows;
        if rows == truth || deadline < Instant::now() {
            return Ok(rows);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether a new event arrives in the lake; `false` if the server says that it cannot.
async fn goes_on(server: &Server, write_key: &str) -> bool {
    let event = json!({ "event": "came_later", "anonymousId": "device-99", "messageId": "later" });
    match server.post("/v1/track", write_key, &event).await.expect("an answer").status().as_u16() {
        200 => {}
        401 | 500 | 503 => return false,
        other => panic!("an event was answered {other}:\n{}", server.printed()),
    }
    let deadline = Instant::now() + WITHIN;
    loop {
        match server.try_query("SELECT count(*) FROM events WHERE message_id = 'later'", None).await {
            Ok(rows) if rows.rows[0][0] == json!(1) => return true,
            _ if server.printed().contains("a worker stopped") => return false,
            Ok(_) => {}
            Err(_) => return false,
        }
        assert!(Instant::now() < deadline, "an accepted event is not seen, and nothing says why:\n{}", server.printed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

fn files(dir: &Path, fits: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(files(&entry, fits));
        } else if fits(&entry) && 0 < entry.metadata().expect("a size").len() {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// Wounds random files among those that fit, and returns what came of each.
async fn wound_some(name: &str, count: usize, fits: impl Fn(&Path) -> bool) -> Vec<(PathBuf, Wound, Outcome)> {
    let whole = installation_with_files().await;
    let installation = &whole.installation;
    let mut chance = StdRng::seed_from_u64(seed(name));
    let mut outcomes = Vec::new();
    for _ in 0..count {
        let found = files(installation.data(), &fits);
        assert!(!found.is_empty(), "no file fits");
        let file = &found[chance.random_range(0..found.len())];
        let wound = Wound::random(file.metadata().expect("a size").len(), &mut chance);
        let outcome = damaged(&whole, file, wound).await;
        println!("{name}: {wound:?} in {}: {outcome:?}", file.strip_prefix(installation.data()).unwrap_or(file).display());
        outcomes.push((file.clone(), wound, outcome));
    }
    // Whole again, it is what it was.
    assert_eq!(looked_at(&whole, "no damage").await, Outcome::Unharmed);
    installation.verify();
    outcomes
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_log() {
    wound_some("damage of the log", rounds(6, 60), |path| has_extension(path, "log")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_state() {
    wound_some("damage of the state", rounds(6, 60), |path| path.ends_with("state.sqlite")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_accounts() {
    wound_some("damage of the accounts", rounds(4, 40), |path| path.ends_with("control.sqlite")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_lakes_files() {
    wound_some("damage of the lake", rounds(8, 80), |path| has_extension(path, "parquet")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_lakes_catalogue() {
    wound_some("damage of the catalogue", rounds(6, 60), |path| path.ends_with("catalogue.sqlite")).await;
}
