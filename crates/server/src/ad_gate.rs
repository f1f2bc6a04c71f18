//! Looks at the gates of advertising every hour.

use std::time::Duration;

use forecourt_api::AdGates;
use tokio::sync::watch;

use crate::clock::now_us;

const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// After a start: what was missed while nobody looked.
const FIRST_LOOK: Duration = Duration::from_secs(60);

/// Looks until `stop` is true. A look that fails is made again an hour later.
pub async fn run(gates: AdGates, mut stop: watch::Receiver<bool>) {
    let mut wait = FIRST_LOOK;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = LOOK_EVERY;
        if let Err(error) = gates.look(now_us()).await {
            tracing::warn!(%error, "a look at the gates of advertising failed, the next is in an hour");
        }
    }
}
