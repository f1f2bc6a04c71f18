//! Clients that hold on and send nothing, slowly, or too much: those who behave are served all the same.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{LOOK_EVERY, WITHIN, installation::Installation, rounds};

/// Nobody who behaves waits longer than this, whatever else the machine does.
const GOOD_WITHIN: Duration = Duration::from_secs(20);
/// What one head may have of headers, and one more.
const HEADERS: usize = 101;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_behave_are_served_while_others_do_not() {
    let connections = rounds(1_000, 10_000);
    let installation = Installation::new();
    let key = installation.source("site");
    let server = installation.serve().await;
    let good = Good { url: server.address.clone(), key, http: server.http.clone() };
    let before = good.traffic(rounds(200, 2_000), "before").await;

    let hold = Arc::new(AtomicBool::new(true));
    let address: SocketAddr = server.address.trim_start_matches("http://").parse().expect("the server's address");
    let idle = hold_idle(address, connections).await;
    let mut hostile = JoinSet::new();
    let refused = Arc::new(AtomicUsize::new(0));
    for number in 0..rounds(20, 100) {
        hostile.spawn(trickle(address, number, hold.clone()));
        hostile.spawn(trickle_body(address, number, hold.clone()));
    }
    for number in 0..rounds(4, 10) {
        hostile.spawn(flood_headers(address, number, hold.clone(), refused.clone()));
    }
    let during = good.traffic(rounds(400, 5_000), "during").await;
    // On a busy machine the good may be done before the first flood is.
    let deadline = Instant::now() + WITHIN;
    while refused.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < deadline, "heads of {HEADERS} headers are refused");
        sleep(LOOK_EVERY).await;
    }
    println!(
        "hostile_clients: {connections} idle connections, slow heads and bodies, header floods: p99 of good requests {:?} before, {:?} during; {} heads refused",
        before.p99,
        during.p99,
        refused.load(Ordering::Relaxed)
    );

    // None of them is held for ever: the server closes what sends no head.
    let deadline = Instant::now() + WITHIN;
    let mut open = idle;
    while !open.is_empty() {
        assert!(Instant::now() < deadline, "{} idle connections are still open", open.len());
        open.retain(|stream| !is_closed(stream));
        sleep(LOOK_EVERY).await;
    }
    hold.store(false, Ordering::Relaxed);
    while let Some(ended) = hostile.join_next().await {
        ended.expect("a hostile client met something that it should not");
    }
    server.wait_until_folded().await;
    let stored = server.number("SELECT count(*) FROM events WHERE event = 'car_viewed'").await;
    assert_eq!(stored, i64::try_from(before.requests + during.requests).expect("a count"), "each good request once");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_house_closes_who_idles_and_nobody_who_works() {
    let installation = Installation::new().configured("[server]\nconnections_max = 40\nconnections_per_address_max = 30\n");
    let key = installation.source("site");
    let server = installation.serve().await;
    let address: SocketAddr = server.address.trim_start_matches("http://").parse().expect("the server's address");
    // Many times the room, from two addresses.
    let mut idle = hold_idle(address, 300).await;
    let good = Good { url: server.address.clone(), key, http: server.http.clone() };
    let served = good.traffic(50, "full").await;
    println!("hostile_clients: a house for 40 with 300 at the door: p99 {:?}", served.p99);
    idle.retain(|stream| !is_closed(stream));
    assert!(idle.len() <= 40, "{} idle connections are open in a house for 40", idle.len());
    server.stop().await;
}

/// Somebody who behaves.
struct Good {
    url: String,
    key: String,
    http: reqwest::Client,
}

struct Served {
    requests: usize,
    p99: Duration,
}

impl Good {
    /// Sends one event a request, a few at a time, on connections old and new; each must be accepted.
    async fn traffic(&self, requests: usize, name: &str) -> Served {
        let mut took = Vec::with_capacity(requests);
        let mut underway = JoinSet::new();
        for number in 0..requests {
            let request = self.http.post(format!("{}/v1/track", self.url)).basic_auth(&self.key, Some(""));
            let request = if number % 4 == 0 { request.header("connection", "close") } else { request };
            let body = json!({ "event": "car_viewed", "anonymousId": format!("{name}-{number}"), "messageId": format!("{name}-{number}") });
            underway.spawn(async move {
                let began = Instant::now();
                let answer = timeout(GOOD_WITHIN, request.json(&body).send()).await.expect("in time").expect("an answer");
                assert_eq!(answer.status(), 200);
                began.elapsed()
            });
            if 8 <= underway.len() {
                took.extend(underway.join_next().await.map(|ended| ended.expect("a good request is answered")));
            }
        }
        while let Some(ended) = underway.join_next().await {
            took.push(ended.expect("a good request is answered"));
        }
        took.sort();
        Served { requests: took.len(), p99: took[took.len() * 99 / 100] }
    }
}

/// A connection from one of many addresses of this machine.
async fn connect(to: SocketAddr, number: usize) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let from = Ipv4Addr::new(127, 0, 1, 1 + u8::try_from(number % 200).unwrap_or(0));
    socket.bind(SocketAddr::from((from, 0)))?;
    socket.connect(to).await
}

/// Opens connections and says nothing on them.
async fn hold_idle(to: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut open = Vec::with_capacity(count);
    for number in 0..count {
        match timeout(WITHIN, connect(to, number)).await.expect("a connection in time") {
            Ok(stream) => open.push(stream),
            Err(error) => panic!("connection {number}: {error}: raise the limit of open files"),
        }
    }
    open
}

fn is_closed(stream: &TcpStream) -> bool {
    let mut byte = [0; 1];
    match stream.try_read(&mut byte) {
        Ok(0) => true,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        // A 408 before the end.
        Ok(_) => false,
    }
}

/// A head, one byte at a time.
async fn trickle(to: SocketAddr, number: usize, hold: Arc<AtomicBool>) {
    while hold.load(Ordering::Relaxed) {
        let Ok(mut stream) = connect(to, number).await else { continue };
        for byte in b"POST /v1/track HTTP/1.1\r\nhost: x\r\nx-slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
            if !hold.load(Ordering::Relaxed) || stream.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// A body that never ends, one byte at a time.
async fn trickle_body(to: SocketAddr, number: usize, hold: Arc<AtomicBool>) {
    let head = b"POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n";
    while hold.load(Ordering::Relaxed) {
        let Ok(mut stream) = connect(to, number).await else { continue };
        let mut sending = stream.write_all(head).await;
        while hold.load(Ordering::Relaxed) && sending.is_ok() {
            sleep(Duration::from_millis(200)).await;
            sending = stream.write_all(b" ").await;
        }
    }
}

/// Heads with more headers, and with more bytes, than anybody needs.
async fn flood_headers(to: SocketAddr, number: usize, hold: Arc<AtomicBool>, refused: Arc<AtomicUsize>) {
    let many: String = (0..HEADERS).map(|header| format!("x-{header}: 1\r\n")).collect();
    let large = format!("x-large: {}\r\n", "a".repeat(100_000));
    for round in 0.. {
        if !hold.load(Ordering::Relaxed) {
            return;
        }
        let Ok(mut stream) = connect(to, number).await else { continue };
        let headers = if round % 2 == 0 { &many } else { &large };
        let _ = stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).await;
        let mut answer = [0; 64];
        // Cut off in the middle of writing counts as refused too.
        let read = timeout(WITHIN, stream.read(&mut answer)).await.expect("the server is done with it in time").unwrap_or(0);
        assert!(!answer[..read].starts_with(b"HTTP/1.1 200"), "a head of that size was served");
        refused.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(5)).await;
    }
}
