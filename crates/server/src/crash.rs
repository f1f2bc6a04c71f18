//! For tests only, compiled out of releases: dies at a named step, as a power cut or a defect would make it.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;

/// Reads `FORECOURT_CRASH_AT=POINT:COUNT`: the process aborts when it comes by that fail point for the COUNTth time; and
/// `FORECOURT_FAIL_AT=POINT=ACTIONS`, in the words of the crate `fail`: `2*off->1*panic`, `1*return`.
pub fn prepare() -> anyhow::Result<()> {
    if let Ok(asked) = std::env::var("FORECOURT_FAIL_AT") {
        let (point, actions) = asked.split_once('=').context("`FORECOURT_FAIL_AT` is written POINT=ACTIONS")?;
        fail::cfg(point, actions).map_err(|told| anyhow::anyhow!("the fail point {point}: {told}"))?;
    }
    let Ok(asked) = std::env::var("FORECOURT_CRASH_AT") else { return Ok(()) };
    let told = "`FORECOURT_CRASH_AT` is written POINT:COUNT";
    let (point, count) = asked.rsplit_once(':').context(told)?;
    let count: u32 = count.parse().context(told)?;
    let (name, visits) = (point.to_owned(), AtomicU32::new(0));
    let die = move || {
        if visits.fetch_add(1, Ordering::Relaxed) + 1 == count {
            eprintln!("crashing at {name}, visit {count}");
            std::process::abort();
        }
    };
    fail::cfg_callback(point, die).map_err(|told| anyhow::anyhow!("the fail point {point}: {told}"))
}
