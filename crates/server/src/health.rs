//! Whether the process lives and is of use, and its figures for Prometheus.

use std::fmt::Write as _;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use forecourt_log::Log;
use forecourt_store::{Store, control::Control};
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    clock::now_us,
    node::Node,
    workers::{self, Board},
};

/// Behind by so many records the fold is not "live" any more; a restart right after a burst is no fault.
const LAG_MAX: u64 = 1_000_000;

#[derive(Clone)]
struct Health {
    log: Log,
    store: Store,
    control: Control,
    folded: watch::Receiver<u64>,
    collector: forecourt_collect::Collector,
    board: Board,
    started_us: i64,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    told: Option<String>,
}

/// `/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`: figures.
pub fn router(node: &Node) -> Router {
    let health = Health {
        log: node.log.clone(),
        store: node.store.clone(),
        control: node.control.clone(),
        folded: node.folded(),
        collector: node.collector.clone(),
        board: node.board.clone(),
        started_us: now_us(),
    };
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready)).route("/metrics", get(metrics)).with_state(health)
}

async fn ready(State(health): State<Health>) -> Response {
    let check = |name, outcome: Result<(), String>| Check { name, ok: outcome.is_ok(), told: outcome.err() };
    let mut checks = vec![
        check("log", health.log_is_writable()),
        check("state", health.store.folded_offset().await.map(drop).map_err(|error| error.to_string())),
        check("accounts", health.control.ping().await.map_err(|error| error.to_string())),
        check("lag", health.fold_keeps_up()),
    ];
    checks.extend(health.board.states().into_iter().map(|(worker, state)| check(worker, works(&state))));
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, checks })).into_response()
}

fn works(state: &workers::State) -> Result<(), String> {
    match state {
        workers::State::Runs => Ok(()),
        workers::State::Waits { reason } => Err(format!("{reason}; it is tried again by itself")),
        workers::State::Fell { reason } => Err(format!("it ended by a defect ({reason}): the process ends and must be started again")),
    }
}

impl Health {
    fn log_is_writable(&self) -> Result<(), String> {
        match self.log.failure() {
            Some(reason) => {
                Err(format!("the log stopped accepting ({reason}): check the disk; the process ends and must be started again"))
            }
            None if self.log.is_full() => Err("the disk is full, events are turned away: free space, no restart is needed".into()),
            None => Ok(()),
        }
    }

    fn lag(&self) -> u64 {
        self.log.end_offset().saturating_sub(*self.folded.borrow())
    }

    fn fold_keeps_up(&self) -> Result<(), String> {
        let lag = self.lag();
        if lag <= LAG_MAX { Ok(()) } else { Err(format!("the fold is {lag} records behind: the server's log says whether it stopped")) }
    }
}

async fn metrics(State(health): State<Health>) -> Response {
    let now_us = now_us();
    let counts = health.collector.counters().by_source(now_us);
    let mut out = String::new();
    let mut gauge = |name: &str, help: &str, value: f64| {
        let _ = writeln!(out, "# HELP forecourt_{name} {help}\n# TYPE forecourt_{name} gauge\nforecourt_{name} {value}");
    };
    gauge("uptime_seconds", "Time since the start.", (now_us - health.started_us) as f64 / 1e6);
    gauge("log_end_offset", "Offset that the next record gets.", health.log.end_offset() as f64);
    gauge("log_first_offset", "Oldest offset that is kept.", health.log.first_offset() as f64);
    gauge("log_bytes", "Bytes of the log on disk.", health.log.bytes() as f64);
    gauge("log_damaged_ranges", "Ranges of the log that can no longer be read.", health.log.corruption().len() as f64);
    gauge("log_accepting", "1 while the log accepts.", f64::from(u8::from(!health.log.is_poisoned())));
    gauge("disk_full", "1 while the last append was refused for want of space.", f64::from(u8::from(health.log.is_full())));
    let troubled = health.board.states().values().filter(|state| state.trouble().is_some()).count();
    gauge("workers_down", "Workers that do not work.", troubled as f64);
    gauge("fold_lag_records", "Records that are not folded yet.", health.lag() as f64);
    if let Ok(profiles) = health.store.profiles_count().await {
        gauge("profiles", "Profiles there are.", profiles as f64);
    }
    if let Some(bytes) = resident_bytes() {
        gauge("resident_bytes", "Memory that the process holds.", bytes as f64);
    }
    for (name, help) in [("accepted", "Items accepted in the last 24 hours."), ("refused", "Items refused in the last 24 hours.")] {
        let _ = writeln!(out, "# HELP forecourt_{name}_24h {help}\n# TYPE forecourt_{name}_24h gauge");
        for (source, counted) in &counts {
            let value = if name == "accepted" { counted.accepted_24h } else { counted.refused_24h };
            // Ids of sources are ours: letters, digits and `_`.
            let _ = writeln!(out, "forecourt_{name}_24h{{source=\"{}\"}} {value}", source.replace(['"', '\\', '\n'], "_"));
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response()
}

/// As Linux tells it; `None` elsewhere.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
