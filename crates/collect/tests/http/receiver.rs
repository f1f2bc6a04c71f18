//! A collector on a port, a raw HTTP client, and what ended up in the log.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use forecourt_collect::{Collector, Limits, Reach, Source, Sources};
use forecourt_log::{Log, Options};
use forecourt_model::{Event, Origin, RecordKind, Stamp, record::decode_refused};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub const KEY: &str = "wk_site";

pub struct Receiver {
    pub address: SocketAddr,
    pub collector: Collector,
    pub log: Log,
    pub sources: watch::Sender<Arc<Sources>>,
    pub _dir: TempDir,
}

/// A record of the log, read back as its readers will.
#[derive(Debug)]
pub enum Kept {
    Event { event: Box<Event>, origin: Origin, ip: String, raw: Value },
    Refused { source: String, code: String, reason: String, raw: Vec<u8> },
}

pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Receiver {
    pub async fn start() -> Self {
        Self::with(Limits::default(), Options::default(), Reach::default()).await
    }

    pub async fn with(limits: Limits, options: Options, reach: Reach) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let log = Log::open(dir.path(), options).expect("a log");
        Self::on(log, dir, limits, reach).await
    }

    pub async fn on(log: Log, dir: TempDir, limits: Limits, reach: Reach) -> Self {
        let source = |id: &str, enabled| Source { id: id.into(), name: id.into(), enabled, ..Source::default() };
        let sources = [(KEY, source("site", true)), ("wk_crm", source("crm", true)), ("wk_old", source("old", false))];
        let (sources, watched) = watch::channel(Arc::new(Sources::from_iter(sources)));
        let clock = Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_micros() as i64));
        let collector = Collector::reached_by(log.clone(), watched, limits, clock, "RU".into(), reach);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let service = collector.clone().router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, collector, log, sources, _dir: dir }
    }

    /// POST with the write key as basic authentication.
    pub async fn post(&self, path: &str, body: &str) -> Response {
        self.send("POST", path, &[("authorization", &basic(KEY))], body.as_bytes()).await
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send("GET", path, &[], b"").await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        self.exchange(&[request.as_bytes(), body].concat()).await
    }

    /// Sends bytes as they are and reads until the server closes.
    pub async fn exchange(&self, request: &[u8]) -> Response {
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        let (mut reader, mut writer) = stream.into_split();
        let request = request.to_vec();
        // A server that refuses early stops reading: what it answers counts, not whether all was written.
        let write = tokio::spawn(async move {
            let _ = writer.write_all(&request).await;
            writer
        });
        let response = read_response(&mut reader).await;
        drop(write.await);
        response
    }

    /// Everything in the log.
    pub fn kept(&self) -> Vec<Kept> {
        let mut reader = self.log.reader(0).expect("a reader");
        let mut kept = Vec::new();
        loop {
            let records = reader.next_batch(1_000, 1 << 20).expect("records");
            if records.is_empty() {
                return kept;
            }
            kept.extend(records.into_iter().map(|record| match RecordKind::from_u8(record.kind) {
                Some(RecordKind::Event) => {
                    let (stamp, raw) = Stamp::decode(&record.body).expect("a stamp");
                    let event = Event::parse(raw, &stamp, "RU").expect("what was accepted reads back");
                    let raw = serde_json::from_slice(raw).expect("JSON");
                    Kept::Event { event: Box::new(event), origin: stamp.origin, ip: stamp.ip.into_owned(), raw }
                }
                Some(RecordKind::Refused) => {
                    let (stamp, refusal, raw) = decode_refused(&record.body).expect("a dead letter");
                    let code = refusal.code.as_str().to_owned();
                    Kept::Refused { source: stamp.source.into_owned(), code, reason: refusal.message, raw: raw.to_vec() }
                }
                other => panic!("a record of kind {other:?}"),
            }));
        }
    }

    pub fn events(&self) -> Vec<Event> {
        self.kept().into_iter().filter_map(|kept| if let Kept::Event { event, .. } = kept { Some(*event) } else { None }).collect()
    }

    /// Code and raw text of each dead letter.
    pub fn dead_letters(&self) -> Vec<(String, String)> {
        let letter = |kept| match kept {
            Kept::Refused { code, raw, .. } => Some((code, String::from_utf8_lossy(&raw).into_owned())),
            Kept::Event { .. } => None,
        };
        self.kept().into_iter().filter_map(letter).collect()
    }
}

pub async fn read_response(reader: &mut (impl AsyncReadExt + Unpin)) -> Response {
    let mut bytes = Vec::new();
    let read = reader.read_to_end(&mut bytes);
    // An early refusal may be followed by a reset; what arrived before it is the answer.
    let _ = tokio::time::timeout(Duration::from_secs(30), read).await.expect("the server answers and closes");
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a response with a head");
    let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).expect("a status");
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    Response { status, headers: lines.filter_map(header).collect(), body: bytes[split + 4..].to_vec() }
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub fn basic(key: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{key}:")))
}

/// `n` track calls, as a batch's list.
pub fn tracks(n: usize) -> String {
    let items: Vec<String> = (0..n).map(|n| format!(r#"{{"type":"track","event":"e{n}","userId":"u{n}","messageId":"m{n}"}}"#)).collect();
    format!(r#"{{"batch":[{}]}}"#, items.join(","))
}
