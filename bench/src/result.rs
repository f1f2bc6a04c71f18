use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::{client::Answer, request::Filled};

/// What came of the requests of one connection, or of all.
#[derive(Debug, Default)]
pub struct Tally {
    pub statuses: BTreeMap<u16, u64>,
    pub accepted: u64,
    pub new: u64,
    pub duplicates: u64,
    pub late: u64,
    /// Answers that asked to come again.
    pub turned_away: u64,
    /// Connections that broke or were refused.
    pub broken: u64,
    pub latencies_us: Vec<u32>,
    pub acknowledged: Vec<Range>,
}

/// Message ids that were acknowledged: the prefix, then a number in 12 hexadecimal digits.
#[derive(Debug)]
pub struct Range {
    pub prefix: String,
    pub first: u64,
    pub count: u64,
}

impl Tally {
    pub fn note(&mut self, filled: Filled, answer: Answer, took: Duration) {
        *self.statuses.entry(answer.status).or_default() += 1;
        self.accepted += answer.accepted;
        self.new += filled.new;
        self.duplicates += filled.duplicates;
        self.late += filled.late;
        self.latencies_us.push(took.as_micros().min(u128::from(u32::MAX)) as u32);
    }

    pub fn add(&mut self, other: Self) {
        for (status, requests) in other.statuses {
            *self.statuses.entry(status).or_default() += requests;
        }
        self.accepted += other.accepted;
        self.new += other.new;
        self.duplicates += other.duplicates;
        self.late += other.late;
        self.turned_away += other.turned_away;
        self.broken += other.broken;
        self.latencies_us.extend(other.latencies_us);
        self.acknowledged.extend(other.acknowledged);
    }

    /// Latencies in milliseconds, of whole requests.
    pub fn to_json(&self, took: Duration) -> Value {
        let mut sorted = self.latencies_us.clone();
        sorted.sort_unstable();
        let at = |share: f64| {
            let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
            sorted.get(rank).map(|us| f64::from(*us) / 1_000.0)
        };
        let seconds = took.as_secs_f64();
        let statuses: BTreeMap<String, u64> = self.statuses.iter().map(|(status, requests)| (status.to_string(), *requests)).collect();
        json!({
            "seconds": seconds,
            "requests": sorted.len(),
            "statuses": statuses,
            "accepted": self.accepted,
            "accepted_per_s": (self.accepted as f64 / seconds).round(),
            "requests_per_s": (sorted.len() as f64 / seconds).round(),
            "new_events": self.new,
            "duplicates": self.duplicates,
            "late": self.late,
            "turned_away": self.turned_away,
            "broken_connections": self.broken,
            "latency_ms": { "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "p999": at(0.999), "max": at(1.0) },
            "generator_cpu_s": cpu_seconds(),
        })
    }
}

/// What this process took of the processors; unknown where there is no `/proc`.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: f64 = stat.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}
