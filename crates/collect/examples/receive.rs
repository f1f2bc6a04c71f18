//! A collector alone on a port, to try an SDK or a load against: `receive FOLDER ADDRESS`.
//!
//! Takes the write keys `wk_site` and `wk_crm`. With `--dump` instead of an address it prints what the folder's log
//! holds, a JSON object a line.

use std::{
    error::Error,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use forecourt_collect::{Collector, Limits, Source, Sources};
use forecourt_log::{Log, Options};
use forecourt_model::{Event, RecordKind, Stamp, record::decode_refused};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, dir, what] = &args[..] else { return Err("say a folder, and an address or `--dump`".into()) };
    let log = Log::open(Path::new(dir), Options::default())?;
    if what == "--dump" { dump(&log) } else { serve(log, what.parse()?).await }
}

async fn serve(log: Log, address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let source = |id: &str| Source { id: id.into(), name: id.into(), enabled: true, ..Source::default() };
    let sources = Sources::from_iter([("wk_site", source("site")), ("wk_crm", source("crm"))]);
    let (_keep, sources) = watch::channel(Arc::new(sources));
    let clock = Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_micros() as i64));
    let collector = Collector::new(log, sources, Limits::default(), clock, "RU".into());
    let listener = TcpListener::bind(address).await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    let service = collector.router().into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await?;
    Ok(())
}

fn dump(log: &Log) -> Result<(), Box<dyn Error>> {
    let mut reader = log.reader(log.first_offset())?;
    loop {
        let records = reader.next_batch(1_000, 1 << 20)?;
        if records.is_empty() {
            return Ok(());
        }
        for record in records {
            let line = match RecordKind::from_u8(record.kind) {
                Some(RecordKind::Event) => event(&record.body)?,
                Some(RecordKind::Refused) => {
                    let (stamp, refusal, raw) = decode_refused(&record.body)?;
                    json!({ "refused": refusal, "source": stamp.source, "raw": String::from_utf8_lossy(raw) })
                }
                other => json!({ "kind": format!("{other:?}") }),
            };
            println!("{line}");
        }
    }
}

fn event(body: &[u8]) -> Result<Value, Box<dyn Error>> {
    let (stamp, raw) = Stamp::decode(body)?;
    let event = Event::parse(raw, &stamp, "RU")?;
    let identifiers: Vec<String> = event.identifiers.iter().map(ToString::to_string).collect();
    let raw: Value = serde_json::from_slice(raw)?;
    Ok(json!({
        "source": stamp.source, "message_id": event.message_id, "type": event.event_type.as_str(), "event": event.name,
        "identifiers": identifiers, "traits": event.traits, "ip": stamp.ip, "raw": raw,
    }))
}
