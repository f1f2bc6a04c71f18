//! How many e-mails a second go out through SMTP: an outbox of its own, a sink in the same process, and the worker between.
//!
//! `cargo run -p forecourt-deliver --example send_rate -- [messages] [dkim]` prints one line of JSON.

#[path = "../tests/app/mod.rs"]
mod app;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Instant,
};

use app::{App, id, message, news};
use forecourt_model::{
    message::{MessageChannel::Email, MessageState},
    sender::dkim_place,
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let many: usize = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let is_signed = arguments.next().as_deref() == Some("dkim");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let counts = Counts::default();
    tokio::spawn(accept(listener, counts.clone()));

    let app = App::open().await;
    let dkim = if is_signed { json!([{ "domain": "aurora.example", "selector": "s1" }]) } else { json!([]) };
    let sender = json!({
        "host": "127.0.0.1", "port": port, "security": "none", "from": "Aurora <news@aurora.example>", "dkim": dkim, "connections": 16,
    });
    app.setting(Email, sender, "").await;
    if is_signed {
        let pem = app::smtp::key(&["genrsa", "2048"]);
        app.control.put_secret(&dkim_place("aurora.example", "s1"), &pem, 0).await.expect("the key is kept");
    }
    app.template(&news(Email)).await;
    let messages: Vec<_> = (0..many).map(|number| message(number, Email, &format!("p{number}@example.org"))).collect();
    for chunk in messages.chunks(1_000) {
        app.admit(chunk).await;
    }

    let started = Instant::now();
    let (_running, _stop) = app.run(app.deliver());
    for number in 0..many {
        assert_eq!(app.settled(&id(number)).await.0, MessageState::Sent);
    }
    let took_s = started.elapsed().as_secs_f64();
    let counts = counts.lock().expect("the counts");
    let twice = counts.values().filter(|times| 1 < **times).count();
    let told = json!({
        "messages": many,
        "arrived": counts.len(),
        "twice": twice,
        "dkim": is_signed,
        "seconds": took_s,
        "messages_per_second": many as f64 / took_s,
    });
    println!("{told}");
}

async fn accept(listener: TcpListener, counts: Counts) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(speak(stream, counts.clone()));
    }
}

/// As much of SMTP as it takes.
async fn speak(mut stream: TcpStream, counts: Counts) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let (reading, mut writing) = stream.split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 sink\r\n").await.ok()?;
    while let Ok(Some(line)) = lines.next_line().await {
        let answer: &[u8] = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await.ok()?;
                while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                    if let Some(id) = line.strip_prefix("Message-ID: ") {
                        *counts.lock().ok()?.entry(id.to_owned()).or_default() += 1;
                    }
                }
                b"250 taken\r\n"
            }
            "QUIT" => {
                writing.write_all(b"221 bye\r\n").await.ok()?;
                return Some(());
            }
            _ => b"250 ok\r\n",
        };
        writing.write_all(answer).await.ok()?;
    }
    Some(())
}
