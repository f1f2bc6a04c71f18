//! The loop of each message channel: what waits, what is due, what runs.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use forecourt_model::{
    message::MessageChannel,
    time::{DAY_US, SECOND_US},
};
use forecourt_store::{
    StoreError,
    attempts::{Note, SendKey, Settled},
};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    Deliver, Shared,
    limit::Bucket,
    send::{Item, key, outcome_of},
};

/// Messages of one channel under way at a time: what a crash leaves unknown at most.
const RUNNING_MAX: usize = 48;
/// Messages of one channel that wait for the fold.
const CLAIMED_MAX: usize = 4 * RUNNING_MAX;
/// How often it is looked whether the fold has come so far.
const FOLD_LOOK: Duration = Duration::from_millis(20);
/// A claim this old says nothing any more of what the log held.
const CLAIM_US: i64 = SECOND_US;
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
                self.tell(&outcome_of(&message, settled)).await;
            }
            // A trial, or a message that the outbox forgot: there is nobody to tell.
            None => self.attempts.record(&[Note::Told((settled.message_id.clone(), settled.round))]).await?,
        }
        Ok(())
    }
}

/// A message whose time has come, and how far the log had come then. It goes out once the fold has folded that far: what was
/// told before, such as that somebody wants no more mail, counts.
struct Claimed {
    item: Item,
    end_offset: u64,
    at_us: i64,
}

struct Channel {
    shared: Arc<Shared>,
    channel: MessageChannel,
    /// By when they are due.
    waiting: BinaryHeap<Reverse<(i64, u64)>>,
    items: BTreeMap<u64, Item>,
    next_number: u64,
    claimed: VecDeque<Claimed>,
    running: JoinSet<(SendKey, Option<Item>)>,
    running_max: usize,
    /// All that is waiting, claimed or running.
    known: HashSet<SendKey>,
    /// Of these, what the outbox listed once more.
    seen_again: HashSet<SendKey>,
    bucket: Bucket,
    /// Nothing goes out before this, for the channel's own limit.
    not_before_us: i64,
    /// How far the fold had come when it was looked at last.
    folded: u64,
    /// Where the last page of the outbox ended.
    read_to: (u64, String),
    may_have_more: bool,
    /// When the outbox was looked at last.
    looked: Instant,
    /// When it was looked at last whether sending is paused, and whether it was.
    paused: Option<(Instant, bool)>,
}

impl Channel {
    fn new(shared: Arc<Shared>, channel: MessageChannel) -> Self {
        Self {
            shared,
            channel,
            waiting: BinaryHeap::new(),
            items: BTreeMap::new(),
            next_number: 0,
            claimed: VecDeque::new(),
            running: JoinSet::new(),
            running_max: RUNNING_MAX,
            known: HashSet::new(),
            seen_again: HashSet::new(),
            bucket: Bucket::default(),
            not_before_us: 0,
            folded: 0,
            read_to: (0, String::new()),
            may_have_more: true,
            looked: Instant::now(),
            paused: None,
        }
    }

    async fn run(mut self, mut outbox: watch::Receiver<u64>, mut stop: watch::Receiver<bool>) {
        let mut is_told = true;
        loop {
            if let Err(error) = self.fill().await {
                tracing::warn!(%error, channel = self.channel.as_str(), "the outbox cannot be read, trying again");
            }
            let is_paused = self.is_paused().await;
            if !is_paused && let Err(error) = self.start_due().await {
                tracing::warn!(%error, channel = self.channel.as_str(), "our own database does not say how far the fold is, trying again");
            }
            let next_due = if is_paused { LOOK } else { self.until_next_due() };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                moved = outbox.changed(), if is_told => {
                    self.may_have_more = true;
                    // The fold has stopped: what waits goes on.
                    is_told = moved.is_ok();
                }
                Some(ended) = self.running.join_next(), if !self.running.is_empty() => {
                    self.take_back(ended);
                    while let Some(ended) = self.running.try_join_next() {
                        self.take_back(ended);
                    }
                }
                () = sleep(next_due) => {}
            }
        }
        while let Some(ended) = self.running.join_next().await {
            self.take_back(ended);
        }
    }

    /// A restored installation sends nothing until somebody has looked at what the other may have sent since the backup.
    async fn is_paused(&mut self) -> bool {
        if let Some((_, paused)) = self.paused.filter(|(looked, _)| looked.elapsed() < LOOK) {
            return paused;
        }
        let paused = match self.shared.control.setting::<bool>(PAUSED).await {
            Ok(paused) => paused.unwrap_or(false),
            Err(error) => {
                tracing::warn!(%error, channel = self.channel.as_str(), "whether sending is paused cannot be read: it waits");
                true
            }
        };
        self.paused = Some((Instant::now(), paused));
        paused
    }

    /// Takes in what the outbox has that is not in memory.
    async fn fill(&mut self) -> Result<(), StoreError> {
        if LOOK <= self.looked.elapsed() {
            (self.may_have_more, self.looked) = (true, Instant::now());
        }
        while self.may_have_more && self.known.len() < IN_MEMORY_MAX {
            let after = (self.read_to.0, self.read_to.1.as_str());
            let page = self.shared.store.pending_messages(self.channel, after, PAGE).await?;
            let keys: Vec<_> = page.iter().map(|message| (message.message_id.clone(), message.round)).collect();
            let progress = self.shared.attempts.progress(&keys).await?;
            self.may_have_more = page.len() == PAGE as usize;
            let now_us = self.shared.now_us();
            for (message, key) in page.into_iter().zip(keys) {
                let read_to = (message.pending_offset, message.message_id.clone());
                let begun = progress.get(&key).cloned().unwrap_or_default();
                // Postponed and due once more: it is on its way already.
                let is_known = !self.known.insert(key.clone());
                match begun.settled {
                    _ if is_known => {
                        self.seen_again.insert(key);
                    }
                    // Its outcome is known here and not there: a restored copy, or a crash just before it was told.
                    Some(settled) => {
                        self.known.remove(&key);
                        self.shared.tell_again(&settled).await?;
                    }
                    None => {
                        let expires_us = message.changed_us + self.shared.options.patience.of(self.channel);
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

    /// Claims what is due, and starts what the fold has caught up with.
    async fn start_due(&mut self) -> Result<(), StoreError> {
        let now_us = self.shared.now_us();
        if now_us < self.not_before_us {
            return Ok(());
        }
        self.claim_due(now_us);
        if self.claimed.is_empty() || self.running_max <= self.running.len() {
            return Ok(());
        }
        let senders = self.shared.senders.senders().await?;
        if self.channel == MessageChannel::Email {
            // While one is on the wire, the next is being recorded. More would wait for a connection after they were looked at.
            let connections = senders.mailer.as_ref().map_or(1, |mailer| mailer.connections());
            self.running_max = RUNNING_MAX.min(2 * connections as usize);
        }
        if self.claimed.iter().any(|claimed| self.folded < claimed.end_offset) {
            self.folded = self.shared.store.folded_offset().await?;
        }
        let per_second = senders.per_second(self.channel);
        while self.running.len() < self.running_max {
            let Some(mut claimed) = self.claimed.pop_front() else { break };
            if claimed.at_us + CLAIM_US < now_us {
                (claimed.end_offset, claimed.at_us) = (self.shared.log.end_offset(), now_us);
            }
            let taken = if self.folded < claimed.end_offset { Err(0) } else { self.bucket.take(per_second, now_us) };
            if let Err(until_us) = taken {
                self.not_before_us = until_us;
                self.claimed.push_front(claimed);
                break;
            }
            let shared = self.shared.clone();
            self.running.spawn(async move {
                let key = key(&claimed.item.message);
                (key, shared.advance(claimed.item).await)
            });
        }
        Ok(())
    }

    fn claim_due(&mut self, now_us: i64) {
        let end_offset = self.shared.log.end_offset();
        while self.claimed.len() < CLAIMED_MAX {
            let Some(Reverse((due_us, number))) = self.waiting.peek().copied() else { return };
            if now_us < due_us {
                return;
            }
            self.waiting.pop();
            if let Some(item) = self.items.remove(&number) {
                self.claimed.push_back(Claimed { item, end_offset, at_us: now_us });
            }
        }
    }

    fn until_next_due(&self) -> Duration {
        if self.running_max <= self.running.len() {
            return LOOK;
        }
        let now_us = self.shared.now_us();
        let until = |at_us: i64| Duration::from_micros((at_us - now_us).max(1_000) as u64).min(LOOK);
        if now_us < self.not_before_us {
            return until(self.not_before_us);
        }
        if !self.claimed.is_empty() {
            return FOLD_LOOK;
        }
        let Some(Reverse((due_us, _))) = self.waiting.peek() else { return LOOK };
        until(*due_us)
    }

    fn take_back(&mut self, ended: Result<(SendKey, Option<Item>), tokio::task::JoinError>) {
        match ended {
            Ok((_, Some(item))) => self.wait(item),
            Ok((key, None)) => {
                self.known.remove(&key);
                if self.seen_again.remove(&key) {
                    // It may have been dropped for a word that was taken back meanwhile: what is pending is read from the start.
                    (self.read_to, self.may_have_more) = ((0, String::new()), true);
                }
            }
            // Its attempt has no end: the next start settles it as unknown.
            Err(error) => tracing::error!(%error, "sending a message ended by a defect"),
        }
    }
}
