//! One connection: fills the next request, sends it when its time has come, notes what came back.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    client::{Answer, Client},
    request::{Filled, Mix, Requests},
    result::{Range, Tally},
};

#[derive(Debug, Clone)]
pub struct Plan {
    pub host: String,
    pub key: String,
    pub batch: usize,
    pub mix: Mix,
    pub first: Instant,
    /// From request to request; `None` to send as soon as the answer is there.
    pub interval: Option<Duration>,
    pub end: Instant,
    pub requests_max: Option<u64>,
    pub patience: Duration,
    pub keep_acknowledged: bool,
}

const RETRY_PAUSE: Duration = Duration::from_millis(50);

pub async fn drive(plan: Plan) -> Result<Tally> {
    let mut requests = Requests::new(&plan.host, &plan.key, plan.batch, plan.mix.clone());
    let mut tally = Tally::default();
    let mut client = None;
    let mut due = plan.first;
    for number in 0.. {
        if plan.requests_max.is_some_and(|max| max <= number) || plan.end <= Instant::now().max(due) {
            break;
        }
        let filled = requests.fill();
        // Behind the plan, the wait for this connection counts; ahead of it, the timer's imprecision is ours.
        let behind = due < Instant::now();
        sleep_until(due).await;
        let started = if plan.interval.is_some() && behind { due } else { Instant::now() };
        let Some(answer) = send(&plan, &mut client, requests.bytes(), &mut tally).await? else { break };
        tally.note(filled, answer, started.elapsed());
        if plan.keep_acknowledged && answer.status == 200 {
            tally.acknowledged.push(range(&requests, filled));
        }
        due = plan.interval.map_or_else(Instant::now, |interval| due + interval);
    }
    Ok(tally)
}

/// Sends until somebody takes it, as an SDK does. `None` when the time is over first.
async fn send(plan: &Plan, client: &mut Option<Client>, bytes: &[u8], tally: &mut Tally) -> Result<Option<Answer>> {
    let mut give_up = None;
    loop {
        let sent = match client {
            Some(client) => client.send(bytes).await,
            None => match Client::connect(&plan.host).await {
                Ok(connected) => client.insert(connected).send(bytes).await,
                Err(error) => Err(error),
            },
        };
        match sent {
            Ok(answer) => {
                if answer.closes {
                    *client = None;
                }
                if !matches!(answer.status, 408 | 429 | 503) {
                    return Ok(Some(answer));
                }
                tally.turned_away += 1;
                if plan.end <= Instant::now() {
                    return Ok(None);
                }
                sleep(Duration::from_secs(answer.retry_after_s).min(Duration::from_secs(1))).await;
            }
            Err(error) => {
                *client = None;
                tally.broken += 1;
                let give_up = *give_up.get_or_insert(Instant::now() + plan.patience);
                if give_up <= Instant::now() {
                    return Err(error).with_context(|| format!("nobody answers at {}: is Forecourt running there?", plan.host));
                }
                sleep(RETRY_PAUSE).await;
            }
        }
    }
}

fn range(requests: &Requests, filled: Filled) -> Range {
    Range { prefix: requests.prefix(), first: filled.first, count: filled.new }
}
