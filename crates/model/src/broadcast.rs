//! Broadcasts: one message, or one of several, to everybody of a segment; by chains of message channels.

use serde::{Deserialize, Serialize};

use crate::{
    ProfileId,
    message_template::check_id,
    time::{DAY_US, HOUR_US, MINUTE_US},
};

pub const BROADCASTS_MAX: usize = 2_000;
pub const CHAIN_STEPS_MAX: usize = 6;
const VARIANTS_MAX: usize = 8;
const EXCLUDED_MAX: usize = 20;
const NAME_CHARS_MAX: usize = 120;
/// What shares add up to.
pub const WHOLE: u32 = 1_000;
/// The name of those who get nothing, so that what a broadcast brings can be told.
pub const HOLDOUT: &str = "holdout";
const PER_MINUTE_MAX: u32 = 600_000;

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    Delivered,
    Read,
    Clicked,
}

/// One step of a chain of message channels: the next one is taken where this one did not come so far in time, or cannot be
/// sent at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainStep {
    pub template_id: String,
    /// How long to wait, in seconds, before the next step. Means nothing in the last.
    #[serde(default)]
    pub wait_s: i64,
    /// What makes the next step needless.
    #[serde(default = "read")]
    pub until: Reached,
}

fn read() -> Reached {
    Reached::Read
}

/// What a share of the people gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub name: String,
    /// In thousandths.
    pub share: u32,
    pub chain: Vec<ChainStep>,
}

/// A broadcast as people define it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broadcast {
    /// Lower-case letters, digits, `-` and `_`; never changes.
    pub broadcast_id: String,
    pub name: String,
    /// To whom; everybody where there is none.
    #[serde(default)]
    pub segment_id: Option<String>,
    /// And to none of these.
    #[serde(default)]
    pub excluded_segment_ids: Vec<String>,
    pub purpose: String,
    /// Their shares add up to a thousand, together with `holdout`.
    pub variants: Vec<Variant>,
    /// Who gets nothing, in thousandths.
    #[serde(default)]
    pub holdout: u32,
    /// When it starts; at once where there is none.
    #[serde(default)]
    pub starts_us: Option<i64>,
    /// Messages a minute at most; as fast as it goes where there is none.
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// How long a message may be postponed, by quiet hours or a cap, before it is dropped; in seconds.
    #[serde(default = "a_day")]
    pub postpone_s: i64,
}

fn a_day() -> i64 {
    DAY_US / 1_000_000
}

/// Where a broadcast stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum BroadcastState {
    Draft,
    /// Waits for its time.
    Scheduled,
    /// Decided for all people up to and with this profile id.
    Sending {
        until: i64,
    },
    Paused {
        until: i64,
    },
    Sent,
    Cancelled {
        until: i64,
    },
}

/// A broadcast with where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastOf {
    pub broadcast: Broadcast,
    #[serde(flatten)]
    pub state: BroadcastState,
    #[serde(default)]
    pub started_us: Option<i64>,
    #[serde(default)]
    pub ended_us: Option<i64>,
    /// When a person changed it last, and who.
    #[serde(default)]
    pub changed_us: i64,
    #[serde(default)]
    pub changed_by: String,
}

/// What a person wants done with a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BroadcastStep {
    /// Starts it, at its time or at once.
    Start,
    Pause,
    Resume,
    Cancel,
}

impl Broadcast {
    pub fn definition(&self) -> String {
        format!("broadcast:{}", self.broadcast_id)
    }

    /// Whether it can be kept; the reason says what to mend.
    pub fn check(&self) -> Result<(), String> {
        check_id("broadcast", &self.broadcast_id)?;
        let name_chars = self.name.trim().chars().count();
        if name_chars == 0 || NAME_CHARS_MAX < name_chars {
            return Err(format!("a broadcast's name has 1 to {NAME_CHARS_MAX} characters"));
        }
        if EXCLUDED_MAX < self.excluded_segment_ids.len() {
            return Err(format!("at most {EXCLUDED_MAX} segments can be left out: make one segment of them"));
        }
        if self.variants.is_empty() || VARIANTS_MAX < self.variants.len() {
            return Err(format!("a broadcast has 1 to {VARIANTS_MAX} variants"));
        }
        for (at, variant) in self.variants.iter().enumerate() {
            if variant.name.trim().is_empty() || variant.name == HOLDOUT || 40 < variant.name.chars().count() {
                return Err(format!("a variant's name has 1 to 40 characters and is not `{HOLDOUT}`"));
            }
            if self.variants[..at].iter().any(|other| other.name == variant.name) {
                return Err(format!("two variants are called `{}`: name them apart", variant.name));
            }
            check_chain(&variant.chain)?;
        }
        let shares: u32 = self.variants.iter().map(|variant| variant.share.min(WHOLE)).sum::<u32>() + self.holdout.min(WHOLE);
        if shares != WHOLE {
            return Err(format!("the shares of the variants and of those who get nothing add up to {shares} thousandths, not to {WHOLE}"));
        }
        if self.per_minute.is_some_and(|rate| rate == 0 || PER_MINUTE_MAX < rate) {
            return Err(format!("a throttle is 1 to {PER_MINUTE_MAX} messages a minute"));
        }
        if !(0..=30 * DAY_US / 1_000_000).contains(&self.postpone_s) {
            return Err("a message can be postponed for at most 30 days".to_owned());
        }
        Ok(())
    }

    /// All segments that it goes by.
    pub fn segment_ids(&self) -> impl Iterator<Item = &str> {
        self.segment_id.iter().chain(&self.excluded_segment_ids).map(String::as_str)
    }

    /// Which variant a person gets; `None` for nothing. The same for the same person at every asking.
    pub fn variant_of(&self, profile_id: ProfileId) -> Option<&Variant> {
        self.variant(draw(&self.broadcast_id, profile_id))
    }

    /// * `draw`: below [`WHOLE`].
    fn variant(&self, draw: u32) -> Option<&Variant> {
        let mut left = draw;
        for variant in &self.variants {
            if left < variant.share {
                return Some(variant);
            }
            left -= variant.share;
        }
        None
    }
}

/// Spread evenly over people, and another one in each broadcast.
fn draw(broadcast_id: &str, profile_id: ProfileId) -> u32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(broadcast_id.as_bytes());
    hasher.update(&profile_id.0.to_le_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    (u64::from_le_bytes(first) % u64::from(WHOLE)) as u32
}

/// Whether a chain can be sent by.
pub fn check_chain(chain: &[ChainStep]) -> Result<(), String> {
    if chain.is_empty() || CHAIN_STEPS_MAX < chain.len() {
        return Err(format!("a chain has 1 to {CHAIN_STEPS_MAX} steps"));
    }
    for step in &chain[..chain.len() - 1] {
        if !(MINUTE_US / 1_000_000..=30 * 24 * HOUR_US / 1_000_000).contains(&step.wait_s) {
            return Err("a chain waits 1 minute to 30 days before its next step".to_owned());
        }
    }
    Ok(())
}

impl BroadcastOf {
    pub fn new(broadcast: Broadcast) -> Self {
        Self { broadcast, state: BroadcastState::Draft, started_us: None, ended_us: None, changed_us: 0, changed_by: String::new() }
    }

    /// Whether something may still be sent.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, BroadcastState::Sent | BroadcastState::Cancelled { .. })
    }

    /// What becomes of it by a person's wish.
    pub fn step(&mut self, step: BroadcastStep, at_us: i64) -> Result<(), String> {
        use BroadcastState::{Cancelled, Draft, Paused, Scheduled, Sending, Sent};
        self.state = match (step, self.state) {
            (BroadcastStep::Start, Draft) if self.broadcast.starts_us.is_some_and(|starts_us| at_us < starts_us) => Scheduled,
            (BroadcastStep::Start, Draft | Scheduled) => {
                self.started_us = Some(at_us);
                Sending { until: -1 }
            }
            (BroadcastStep::Pause, Sending { until }) => Paused { until },
            (BroadcastStep::Pause, Scheduled) => Draft,
            (BroadcastStep::Resume, Paused { until }) => Sending { until },
            (BroadcastStep::Cancel, Draft | Scheduled) => {
                self.ended_us = Some(at_us);
                Cancelled { until: -1 }
            }
            (BroadcastStep::Cancel, Sending { until } | Paused { until }) => {
                self.ended_us = Some(at_us);
                Cancelled { until }
            }
            (_, Sent) => return Err("the broadcast is sent already".to_owned()),
            (_, Cancelled { .. }) => return Err("the broadcast was cancelled: make a copy of it".to_owned()),
            (BroadcastStep::Start, _) => return Err("the broadcast has started already".to_owned()),
            (BroadcastStep::Pause, _) => return Err("only a broadcast that is being sent can be paused".to_owned()),
            (BroadcastStep::Resume, _) => return Err("only a paused broadcast can go on".to_owned()),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broadcast() -> Broadcast {
        let step = |template_id: &str, wait_s| ChainStep { template_id: template_id.into(), wait_s, until: Reached::Read };
        let variant = |name: &str, share, chain| Variant { name: name.into(), share, chain };
        Broadcast {
            broadcast_id: "spring".into(),
            name: "Spring".into(),
            segment_id: None,
            excluded_segment_ids: Vec::new(),
            purpose: "marketing".into(),
            variants: vec![variant("a", 450, vec![step("mail", 3_600), step("sms", 0)]), variant("b", 450, vec![step("mail-b", 0)])],
            holdout: 100,
            starts_us: Some(100),
            per_minute: None,
            postpone_s: 3_600,
        }
    }

    #[test]
    fn a_broadcast_says_what_is_wrong_with_it() {
        assert_eq!(broadcast().check(), Ok(()));
        let told = |change: fn(&mut Broadcast)| {
            let mut broadcast = broadcast();
            change(&mut broadcast);
            broadcast.check().err().unwrap_or_default()
        };
        assert!(told(|broadcast| broadcast.holdout = 0).contains("add up to 900"));
        assert!(told(|broadcast| broadcast.variants[1].name = "a".into()).contains("apart"));
        assert!(told(|broadcast| broadcast.variants[0].chain[0].wait_s = 5).contains("1 minute"));
        assert!(told(|broadcast| broadcast.variants[0].chain.clear()).contains("steps"));
        assert!(told(|broadcast| broadcast.per_minute = Some(0)).contains("throttle"));
    }

    #[test]
    fn everybody_gets_one_variant_or_nothing_by_their_shares() {
        let broadcast = broadcast();
        let of = |name: &str| (0..WHOLE).filter(|draw| broadcast.variant(*draw).map_or(HOLDOUT, |variant| &variant.name) == name).count();
        assert_eq!((of("a"), of("b"), of(HOLDOUT)), (450, 450, 100));
    }

    #[test]
    fn a_broadcast_goes_its_way_and_no_other() {
        use BroadcastStep::{Cancel, Pause, Resume, Start};
        let mut of = BroadcastOf::new(broadcast());
        assert!(of.step(Pause, 0).is_err() && of.step(Resume, 0).is_err());
        assert_eq!((of.step(Start, 5), of.state), (Ok(()), BroadcastState::Scheduled));
        assert_eq!((of.step(Start, 100), of.state, of.started_us), (Ok(()), BroadcastState::Sending { until: -1 }, Some(100)));
        assert!(of.step(Start, 101).is_err());
        of.state = BroadcastState::Sending { until: 7 };
        assert_eq!((of.step(Pause, 102), of.state), (Ok(()), BroadcastState::Paused { until: 7 }));
        assert_eq!((of.step(Resume, 103), of.state), (Ok(()), BroadcastState::Sending { until: 7 }));
        assert_eq!((of.step(Cancel, 104), of.state), (Ok(()), BroadcastState::Cancelled { until: 7 }));
        assert!(of.step(Resume, 105).is_err());
    }
}
