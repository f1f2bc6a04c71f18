//! Prints what matching finds in the public labelled sets and what it costs, one line of JSON for each set.
//!
//! `cargo run --release --example match_rate -- [SET…]`; sets are febrl4, febrl3, fake_1000, historical_50k, names, and crm:ROWS for a made-up one.

#[path = "../tests/public/mod.rs"]
mod public;

use public::{Labelled, area_under_curve, fake_1000, febrl3, febrl4, figures, historical_50k, matched, person_names};
use serde_json::json;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let asked = |name: &str| wanted.is_empty() || wanted.iter().any(|known| known == name);
    type Read = fn() -> Option<Labelled>;
    let sets: [(&str, Read); 4] = [("febrl4", febrl4), ("febrl3", febrl3), ("fake_1000", fake_1000), ("historical_50k", historical_50k)];
    for (name, read) in sets {
        if asked(name)
            && let Some(set) = read()
        {
            measure(&set);
        }
    }
    if let Some(rows) = wanted.iter().find_map(|word| word.strip_prefix("crm:")?.parse().ok()).or(wanted.is_empty().then_some(1_000_000)) {
        measure(&public::crm::crm(rows, 10, 7));
    }
    if asked("names")
        && let Some(names) = person_names()
    {
        let scored: Vec<_> = names.iter().map(|(left, right, same)| (forecourt_matching::name_similarity(left, right), *same)).collect();
        println!("{}", json!({ "data": "names", "pairs": scored.len(), "auc": area_under_curve(&scored) }));
    }
}

fn measure(set: &Labelled) {
    let (started, cpu) = (std::time::Instant::now(), cpu_s());
    let matched = matched(set);
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_s() - cpu);
    let found = figures(set, &matched);
    let line = json!({
        "data": set.name, "rows": set.rows.len(), "true_pairs": found.true_pairs, "candidates": matched.candidates.len(),
        "blocking_recall": found.blocking_recall, "f1": found.f1, "precision": found.precision, "recall": found.recall,
        "precision_at_0.99": found.precision_merged, "recall_at_0.99": found.recall_merged, "largest": found.largest,
        "cpu_s": cpu, "wall_s": wall, "rss_mb": max_rss_mb(), "prior": matched.model.prior,
    });
    println!("{line}");
    if std::env::var_os("MODEL").is_some() {
        for column in &matched.model.columns {
            let level = |(at, name): (usize, &&str)| {
                format!("{name} {:.1} (m {:.3} u {:.5})", column.bits(at as u8), column.among_matches[at], column.among_others[at])
            };
            println!(
                "  {}: {} rare {:.6}",
                column.column.name,
                column.column.kind.levels().iter().enumerate().map(level).collect::<Vec<_>>().join(", "),
                column.rare
            );
        }
    }
}

fn cpu_s() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The most memory that the process has had so far.
fn max_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}
