//! When to try again, and when to give up.

use forecourt_model::{
    message::MessageChannel,
    time::{HOUR_US, MINUTE_US, SECOND_US},
};

const FIRST_US: i64 = 2 * SECOND_US;
const LAST_US: i64 = 15 * MINUTE_US;

/// How long a message is worth sending, from when it was admitted or had sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub sms_us: i64,
    pub webhook_us: i64,
    /// Of messengers and web push: as of an SMS, they are read when they come.
    pub messenger_us: i64,
    /// A mailbox that is full today may take it tomorrow.
    pub email_us: i64,
}

impl Default for Patience {
    /// "We will call you" an hour late only puzzles; a call centre wants to know a day later still.
    fn default() -> Self {
        Self { sms_us: HOUR_US, webhook_us: 24 * HOUR_US, messenger_us: 4 * HOUR_US, email_us: 24 * HOUR_US }
    }
}

impl Patience {
    pub fn of(&self, channel: MessageChannel) -> i64 {
        match channel {
            MessageChannel::Sms => self.sms_us,
            MessageChannel::Webhook => self.webhook_us,
            MessageChannel::Email => self.email_us,
            MessageChannel::Viber | MessageChannel::Whatsapp | MessageChannel::Telegram | MessageChannel::WebPush => self.messenger_us,
        }
    }
}

/// When the attempt after `number` is due: twice as late each time, and a little different for each message, so that those that
/// failed together do not come back together.
///
/// * `asked_us`: how long the other side asked to wait, if it did.
pub(crate) fn next_us(message_id: &str, number: i64, now_us: i64, asked_us: Option<i64>) -> i64 {
    let doublings = (number - 1).clamp(0, 20);
    let wait_us = (FIRST_US << doublings).min(LAST_US);
    let quarter = wait_us / 4;
    let jitter_us = spread(message_id, number, 2 * quarter) - quarter;
    now_us + (wait_us + jitter_us).max(asked_us.unwrap_or(0))
}

/// A number below `below` that is the same for the same message and attempt, and else any.
pub(crate) fn spread(message_id: &str, number: i64, below: i64) -> i64 {
    // FNV-1a: evenness is all that is asked of it.
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = message_id.bytes().chain(number.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    ((hash >> 1) as i64) % below.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_differ_and_respect_what_was_asked() {
        for (number, about) in [(1, 2), (2, 4), (3, 8), (10, 900), (60, 900)] {
            let wait = next_us("msg_1", number, 0, None);
            assert!((about * SECOND_US * 3 / 4..=about * SECOND_US * 5 / 4).contains(&wait), "{number}: {wait}");
        }
        assert_eq!(next_us("msg_1", 1, 5, None), next_us("msg_1", 1, 5, None));
        let waits: std::collections::BTreeSet<i64> = (0..100).map(|id| next_us(&format!("msg_{id}"), 1, 0, None)).collect();
        assert!(90 < waits.len());
        assert_eq!(next_us("msg_1", 1, 0, Some(MINUTE_US)), MINUTE_US);
    }
}
