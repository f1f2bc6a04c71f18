//! The loop of each message channel: what waits, what is due, what runs.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
    time::{Duration, Instant},
};

use forecourt_model::{
    message::{MessageChannel, Outcome},
    time::DAY_US,
};
use forecourt_store::{
    StoreError,
    attempts::{Note, Settled},
};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{Deliver, Shared, send::Item};

/// Messages of one channel under way at a time.
const RUNNING_MAX: usize = 48;
/// Messages of one channel in memory; the rest waits in the outbox.
const IN_MEMORY_MAX: usize = 20_000;
const PAGE: u32 = 500;
/// The setting that a restore makes true, and people false.
const PAUSED: &str = "sending_paused";
/// How often the outbox is looked at without being told to.
const LOOK: Duration = Duration::from_secs(1);
/// How long attempts are kept to be looked at.
const KEPT_US: i64 = 400 * DAY_US;

impl Deliver {
    /// Sends until `stop` turns true; then what is under way is waited for.
    ///
    /// * `outbox`: moves when there may be more to send.
    pub async fn run(self, outbox: watch::Receiver<u64>, stop: watch::Receiver<bool>) -> Result<(), StoreError> {
        self.shared.recover().await?;
        let mut channels = JoinSet::new();
        for channel in MessageChannel::ALL {
            channels.spawn(Channel::new(self.shared.clone(), channel).run(outbox.clone(), stop.clone()));
        }
        while channels.join_next().await.is_some() {}
        Ok(())
    }
}

impl Shared {
    /// Settles what a crash cut off, and tells the log what it may not have been told.
    async fn recover(&self) -> Result<(), StoreError> {
        let now_us = self.now_us();
        let cut_off = self.attempts.settle_cut_off(now_us).await?;
        if 0 < cut_off {
            tracing::warn!(messages = cut_off, "the server had stopped while sending: whether these went out is unknown, see Deliveries");
        }
        for settled in self.attempts.untold().await? {
            self.tell_again(&settled).await?;
        }
        self.attempts.drop_before(now_us - KEPT_US).await
    }

    async fn tell_again(&self, settled: &Settled) -> Result<(), StoreError> {
        match self.store.message(&settled.message_id).await? {
            Some(mut message) => {
                message.round = settled.round;
                self.tell(&Outcome::of(&message, settled.state, settled.reason.as_str(), settled.at_us)).await;
            }
            // A trial, or a message that the outbox forgot: there is nobody to tell.
            None => self.attempts.record(&[Note::Told((settled.message_id.clone(), settled.round))]).await?,
        }
        Ok(())
    }
}

struct Channel {
    shared: Arc<Shared>,
    channel: MessageChannel,
    /// By when they are due.
    waiting: BinaryHeap<Reverse<(i64, u64)>>,
    items: BTreeMap<u64, Item>,
    next_number: u64,
    running: JoinSet<Option<Item>>,
    /// Where the last page of the outbox ended.
    read_to: (u64, String),
    may_have_more: bool,
    /// When the outbox was looked at last.
    looked: Instant,
}

impl Channel {
    fn new(shared: Arc<Shared>, channel: MessageChannel) -> Self {
        Self {
            shared,
            channel,
            waiting: BinaryHeap::new(),
            items: BTreeMap::new(),
            next_number: 0,
            running: JoinSet::new(),
            read_to: (0, String::new()),
            may_have_more: true,
            looked: Instant::now(),
        }
    }

    async fn run(mut self, mut outbox: watch::Receiver<u64>, mut stop: watch::Receiver<bool>) {
        let mut is_told = true;
        loop {
            if let Err(error) = self.fill().await {
                tracing::warn!(%error, channel = self.channel.as_str(), "the outbox cannot be read, trying again");
            }
            let is_paused = self.is_paused().await;
            if !is_paused {
                self.start_due();
            }
            let next_due = if is_paused { LOOK } else { self.until_next_due() };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                moved = outbox.changed(), if is_told => {
                    self.may_have_more = true;
                    // The fold has stopped: what waits goes on.
                    is_told = moved.is_ok();
                }
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => self.take_back(ended),
                () = sleep(next_due) => {}
            }
        }
        while let Some(ended) = self.running.join_next().await {
            self.take_back(ended);
        }
    }

    /// A restored installation sends nothing until somebody has looked at what the other may have sent since the backup.
    async fn is_paused(&self) -> bool {
        match self.shared.control.setting::<bool>(PAUSED).await {
            Ok(paused) => paused.unwrap_or(false),
            Err(error) => {
                tracing::warn!(%error, channel = self.channel.as_str(), "whether sending is paused cannot be read: it waits");
                true
            }
        }
    }

    /// Takes in what the outbox has that is not in memory.
    async fn fill(&mut self) -> Result<(), StoreError> {
        if LOOK <= self.looked.elapsed() {
            (self.may_have_more, self.looked) = (true, Instant::now());
        }
        while self.may_have_more && self.items.len() + self.running.len() < IN_MEMORY_MAX {
            let after = (self.read_to.0, self.read_to.1.as_str());
            let page = self.shared.store.pending_messages(self.channel, after, PAGE).await?;
            let keys: Vec<_> = page.iter().map(|message| (message.message_id.clone(), message.round)).collect();
            let progress = self.shared.attempts.progress(&keys).await?;
            self.may_have_more = page.len() == PAGE as usize;
            let now_us = self.shared.now_us();
            for (message, key) in page.into_iter().zip(keys) {
                let read_to = (message.pending_offset, message.message_id.clone());
                let begun = progress.get(&key).cloned().unwrap_or_default();
                match begun.settled {
                    // Its outcome is known here and not there: a restored copy, or a crash just before it was told.
                    Some(settled) => self.shared.tell_again(&settled).await?,
                    None => {
                        let expires_us = message.changed_us + self.shared.patience.of(self.channel);
                        let due_us = begun.retry_us.unwrap_or(now_us);
                        self.wait(Item { message, attempts: begun.attempts, due_us, expires_us });
                    }
                }
                self.read_to = read_to;
            }
        }
        Ok(())
    }

    fn wait(&mut self, item: Item) {
        let number = self.next_number;
        self.next_number += 1;
        self.waiting.push(Reverse((item.due_us, number)));
        self.items.insert(number, item);
    }

    fn start_due(&mut self) {
        let now_us = self.shared.now_us();
        while self.running.len() < RUNNING_MAX {
            let Some(Reverse((due_us, number))) = self.waiting.peek().copied() else { return };
            if now_us < due_us {
                return;
            }
            self.waiting.pop();
            if let Some(item) = self.items.remove(&number) {
                let shared = self.shared.clone();
                self.running.spawn(async move { shared.advance(item).await });
            }
        }
    }

    fn until_next_due(&self) -> Duration {
        if RUNNING_MAX <= self.running.len() {
            return LOOK;
        }
        let Some(Reverse((due_us, _))) = self.waiting.peek() else { return LOOK };
        let wait_us = (due_us - self.shared.now_us()).max(1_000);
        Duration::from_micros(wait_us as u64).min(LOOK)
    }

    fn take_back(&mut self, ended: Result<Option<Item>, tokio::task::JoinError>) {
        match ended {
            Ok(Some(item)) => self.wait(item),
            Ok(None) => {}
            // Its attempt has no end: the next start settles it as unknown.
            Err(error) => tracing::error!(%error, "sending a message ended by a defect"),
        }
    }
}
