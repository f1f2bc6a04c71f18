//! Too much, too fast, too slow: told apart, so that SDKs drop only what can never be taken.

use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use forecourt_collect::{Limits, Reach};
use forecourt_log::{Log, Options};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinSet};

use crate::faulty_disk::{Disk, Mood};
use crate::receiver::{KEY, Receiver, basic, read_response, tracks};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("compressed");
    encoder.finish().expect("compressed")
}

async fn limited(limits: Limits) -> Receiver {
    Receiver::with(limits, Options::default(), Reach::default()).await
}

#[tokio::test]
async fn bodies_of_10_mb_are_refused_with_the_limit() {
    let receiver = Receiver::start().await;
    let body = format!(r#"{{"event":"x","userId":"a","properties":{{"p":"{}"}}}}"#, "p".repeat(10 << 20));
    let response = receiver.post("/v1/track", &body).await;
    assert_eq!((response.status, &response.json()["code"]), (413, &json!("too_large")));
    assert!(response.text().contains("over 4194304 bytes"), "{}", response.text());
    let letters = receiver.dead_letters();
    assert_eq!(letters.len(), 1);

    // The same without a length in the head: cut off on the way, and its beginning kept.
    let head = format!("POST /v1/track HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ntransfer-encoding: chunked\r\n\r\n", basic(KEY));
    let mut chunked = head.into_bytes();
    for chunk in body.as_bytes().chunks(1 << 20) {
        chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let response = receiver.exchange(&chunked).await;
    assert_eq!(response.status, 413);
    let (code, raw) = receiver.dead_letters().pop().expect("a dead letter");
    assert_eq!(code, "too_large");
    assert!(raw.starts_with(r#"{"event":"x","userId":"a""#) && raw.len() <= 256 << 10);
}

#[tokio::test]
async fn a_batch_of_100_000_items_is_refused_with_the_limit() {
    let receiver = limited(Limits { body_bytes_max: 64 << 20, ..Limits::default() }).await;
    let response = receiver.post("/v1/batch", &tracks(100_000)).await;
    assert_eq!(response.status, 413);
    assert!(response.text().contains("100000 items, over the limit of 2500"), "{}", response.text());
    let letters = receiver.dead_letters();
    assert_eq!(letters.len(), 1, "noted once, not 100,000 times");
    assert!(letters[0].1.starts_with(r#"{"batch":[{"type":"track""#));

    let response = receiver.post("/v1/batch", &tracks(2_500)).await;
    assert_eq!((response.status, &response.json()["accepted"]), (200, &json!(2_500)));
}

#[tokio::test]
async fn compressed_bodies_are_held_to_their_limits() {
    let receiver = Receiver::start().await;
    let key = basic(KEY);
    let send = async |encoding: &str, body: &[u8]| {
        receiver.send("POST", "/v1/batch", &[("authorization", &key), ("content-encoding", encoding)], body).await
    };
    let bomb = gzip(&vec![b' '; 100 << 20]);
    let response = send("gzip", &bomb).await;
    assert_eq!(response.status, 413);
    assert!(response.text().contains("200 times"), "{}", response.text());

    let batch = gzip(tracks(2_000).as_bytes());
    assert_eq!(send("gzip", &batch).await.status, 200, "a repetitive batch is no bomb");
    assert_eq!(send("gzip", &batch[..batch.len() / 2]).await.status, 400);
    assert_eq!(send("gzip", b"{}").await.status, 400);
    let response = send("br", b"{}").await;
    assert_eq!((response.status, &response.json()["code"]), (415, &json!("unknown_encoding")));
    let codes: Vec<String> = receiver.dead_letters().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["too_large", "invalid_json", "invalid_json", "invalid_json"]);
}

#[tokio::test]
async fn a_sender_that_stalls_is_cut_off() {
    let limits = Limits { body_pause: Duration::from_millis(100), body_time: Duration::from_millis(400), ..Limits::default() };
    let receiver = limited(limits).await;
    let head = format!("POST /v1/track HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-length: 1000\r\n\r\n", basic(KEY));

    let (mut reader, mut writer) = TcpStream::connect(receiver.address).await.expect("a connection").into_split();
    writer.write_all(head.as_bytes()).await.expect("sent");
    writer.write_all(b"{\"event\":").await.expect("sent");
    let response = read_response(&mut reader).await;
    assert_eq!((response.status, &response.json()["code"]), (408, &json!("too_slow")), "SDKs come again after a 408");

    // One byte at a time never pauses for long, and still has an end.
    let (mut reader, mut writer) = TcpStream::connect(receiver.address).await.expect("a connection").into_split();
    writer.write_all(head.as_bytes()).await.expect("sent");
    let drip = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(20));
        while writer.write_all(b" ").await.is_ok() {
            every.tick().await;
        }
    });
    let response = read_response(&mut reader).await;
    drip.abort();
    assert_eq!(response.status, 408);
    assert_eq!(receiver.log.end_offset(), 0);
}

#[tokio::test]
async fn a_source_over_its_rate_is_told_when_to_come_again() {
    let receiver = limited(Limits { requests_per_second: 1, ..Limits::default() }).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let response = receiver.post("/v1/track", r#"{"event":"x","userId":"a"}"#).await;
        if response.status == 429 {
            assert_eq!((response.header("retry-after"), response.header("x-ratelimit-reset")), (Some("1"), Some("1")));
        }
        statuses.push(response.status);
    }
    assert_eq!(&statuses[..2], [200, 200]);
    assert!(statuses.contains(&429), "{statuses:?}");
    let other = receiver.send("POST", "/v1/t", &[("authorization", &basic("wk_crm"))], br#"{"event":"x","userId":"a"}"#).await;
    assert_eq!(other.status, 200, "another source is not held up");
}

/// A receiver whose log is on `disk`.
async fn on_disk(disk: &Disk, options: Options) -> Receiver {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let log = Log::open_on(Arc::new(disk.clone()), dir.path(), options).expect("a log");
    Receiver::on(log, dir, Limits::default(), Reach::default()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_a_503_that_says_when_to_come_again() {
    let disk = Disk::new(Mood::Well);
    let options = Options { queue_bytes_max: 4_000, frame_bytes_max: 4_000, record_bytes_max: 4_000, ..Options::default() };
    let receiver = Arc::new(on_disk(&disk, options).await);

    // While the disk holds its syncs back, a few batches wait and the next is turned away.
    disk.set(Mood::Held);
    let mut waiting = JoinSet::new();
    let deadline = Instant::now() + Duration::from_secs(20);
    let turned_away = loop {
        assert!(Instant::now() < deadline, "the queue never filled");
        let receiver = receiver.clone();
        waiting.spawn(async move { receiver.post("/v1/batch", &tracks(20)).await });
        if let Ok(Some(response)) = tokio::time::timeout(Duration::from_millis(50), waiting.join_next()).await {
            break response.expect("a response");
        }
    };
    assert_eq!((turned_away.status, turned_away.header("retry-after")), (503, Some("1")), "{}", turned_away.text());
    assert_eq!(turned_away.json()["code"], "overloaded");

    disk.set(Mood::Well);
    let mut accepted = 0;
    while let Some(response) = waiting.join_next().await {
        accepted += usize::from(response.expect("a response").status == 200);
    }
    assert!(1 <= accepted);
    assert_eq!(receiver.events().len(), accepted * 20, "what was acknowledged is there, and nothing else");
}

#[tokio::test]
async fn a_full_disk_is_a_503_until_there_is_space_again() {
    let disk = Disk::new(Mood::Well);
    let receiver = on_disk(&disk, Options::default()).await;
    assert_eq!(receiver.post("/v1/batch", &tracks(3)).await.status, 200);

    disk.set(Mood::Full);
    for body in [tracks(3), "nonsense".into()] {
        let response = receiver.post("/v1/batch", &body).await;
        assert_eq!((response.status, response.header("retry-after")), (503, Some("10")), "{}", response.text());
        assert!(response.text().contains("disk of the log is full"), "{}", response.text());
    }
    disk.set(Mood::Well);
    assert_eq!(receiver.post("/v1/batch", &tracks(2)).await.status, 200);
    assert_eq!(receiver.events().len(), 5);
}

#[tokio::test]
async fn a_failed_disk_is_a_503_without_its_secrets() {
    let disk = Disk::new(Mood::Well);
    let receiver = on_disk(&disk, Options::default()).await;
    disk.set(Mood::Failing);
    for _ in 0..2 {
        let response = receiver.post("/v1/batch", &tracks(3)).await;
        assert_eq!(response.status, 503);
        assert!(!response.text().contains(".log") && !response.text().contains('/'), "{}", response.text());
    }
}

#[tokio::test]
async fn memory_for_bodies_is_shared_out() {
    let receiver = limited(Limits { inflight_bytes_max: 10_000, ..Limits::default() }).await;
    let response = receiver.post("/v1/batch", &tracks(500)).await;
    assert_eq!((response.status, response.header("retry-after")), (503, Some("1")));
    assert_eq!(receiver.post("/v1/batch", &tracks(50)).await.status, 200, "and given back");
}
