//! Whether a person or a program followed a link: a score for each hit, of signs that are written down.
//!
//! Programs open mail to look for harm, or to load its pictures ahead of time. A hit that scores [`BOT_SCORE_MIN`] or more counts
//! as a program's, and is kept apart.
//!
//! [`BOT_SCORE_MIN`]: forecourt_model::message::BOT_SCORE_MIN

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use forecourt_model::time::SECOND_US;

/// So soon after sending nobody reads.
const AT_ONCE_US: i64 = 2 * SECOND_US;
/// Different links of one message within this time: somebody tries them all.
const WINDOW_US: i64 = 2 * SECOND_US;
const LINKS_MIN: usize = 3;
/// Messages whose hits are remembered.
const MESSAGES_MAX: usize = 10_000;
const HITS_MAX: usize = 16;

/// User agents of programs that look for harm, or look ahead: parts of them, in lower case.
const SCANNERS: [&str; 24] = [
    "barracuda",
    "proofpoint",
    "mimecast",
    "safelinks",
    "bingpreview",
    "messagelabs",
    "symantec",
    "trendmicro",
    "fortinet",
    "sophos",
    "cisco",
    "forcepoint",
    "zscaler",
    "googlebot",
    "slackbot",
    "telegrambot",
    "whatsapp/",
    "viber",
    "facebookexternalhit",
    "twitterbot",
    "headlesschrome",
    "python-requests",
    "curl/",
    "go-http-client",
];

/// What is known of one hit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit<'a> {
    pub is_head: bool,
    /// Whether it is the picture, rather than a link.
    pub is_open: bool,
    /// Whether the link is one that no person sees.
    pub is_trap: bool,
    pub user_agent: &'a str,
    /// Since the message was taken by the other side; `None` where that is not known.
    pub after_us: Option<i64>,
    /// Different links of the message that were followed just now, this one among them.
    pub links_lately: usize,
}

/// How sure it is that a program did it, 0 to 100.
pub(crate) fn score(hit: &Hit<'_>) -> u8 {
    let user_agent = hit.user_agent.trim().to_ascii_lowercase();
    if hit.is_trap || hit.is_head {
        return 100;
    }
    // Google's proxy loads a picture when a person opens the mail; it follows no links.
    if user_agent.contains("googleimageproxy") {
        return if hit.is_open { 0 } else { 90 };
    }
    let mut score = 0_u32;
    if SCANNERS.iter().any(|scanner| user_agent.contains(scanner)) {
        score += 90;
    }
    if user_agent.is_empty() {
        score += 60;
    }
    // Apple Mail loads pictures ahead of time, and says no more than this.
    if hit.is_open && user_agent == "mozilla/5.0" {
        score += 80;
    }
    if hit.after_us.is_some_and(|after_us| after_us < AT_ONCE_US) {
        score += 60;
    }
    if LINKS_MIN <= hit.links_lately {
        score += 70;
    }
    score.min(100) as u8
}

/// The links that were followed just now, by message.
#[derive(Debug, Default)]
pub(crate) struct LinksLately {
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    by_message: HashMap<String, Vec<(i64, u64)>>,
    /// In the order they came, so that the oldest is forgotten first.
    order: VecDeque<String>,
}

impl LinksLately {
    /// Notes a link, and says how many different ones of the message were followed within the window.
    pub fn note(&self, message_id: &str, url: &str, now_us: i64) -> usize {
        let link = u64::from_le_bytes(<sha2::Sha256 as sha2::Digest>::digest(url.as_bytes())[..8].try_into().unwrap_or_default());
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = &mut *inside;
        if !inside.by_message.contains_key(message_id) {
            inside.order.push_back(message_id.to_owned());
            if MESSAGES_MAX < inside.order.len()
                && let Some(oldest) = inside.order.pop_front()
            {
                inside.by_message.remove(&oldest);
            }
        }
        let hits = inside.by_message.entry(message_id.to_owned()).or_default();
        hits.retain(|(at_us, other)| now_us - at_us <= WINDOW_US && *other != link);
        if hits.len() < HITS_MAX {
            hits.push((now_us, link));
        }
        hits.len()
    }
}

/// Ids of events that were told lately.
#[derive(Debug, Default)]
pub(crate) struct ToldLately {
    inside: Mutex<HashSet<String>>,
}

impl ToldLately {
    /// Whether this is the first time.
    pub fn note(&self, event_id: &str) -> bool {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if MESSAGES_MAX <= inside.len() {
            inside.clear();
        }
        inside.insert(event_id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use forecourt_model::message::BOT_SCORE_MIN;

    use super::*;

    const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";

    #[test]
    fn people_are_told_from_programs() {
        let hit =
            Hit { is_head: false, is_open: false, is_trap: false, user_agent: PHONE, after_us: Some(60 * SECOND_US), links_lately: 1 };
        let proxy = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)";
        for (who, is_program, hit) in [
            ("a person", false, hit),
            ("a person, two links one after the other", false, Hit { links_lately: 2, ..hit }),
            ("a person who opens", false, Hit { is_open: true, ..hit }),
            ("a person by Gmail", false, Hit { is_open: true, user_agent: proxy, after_us: Some(SECOND_US), ..hit }),
            ("Gmail's proxy does not click", true, Hit { user_agent: proxy, ..hit }),
            ("a look without fetching", true, Hit { is_head: true, ..hit }),
            ("the link that nobody sees", true, Hit { is_trap: true, ..hit }),
            ("no name", true, Hit { user_agent: "", ..hit }),
            ("a scanner", true, Hit { user_agent: "Mozilla/5.0 (compatible; Barracuda Sentinel)", ..hit }),
            ("Safe Links", true, Hit { user_agent: "Mozilla/5.0 (Windows NT 10.0) SafeLinks", ..hit }),
            ("Bing's preview", true, Hit { user_agent: "Mozilla/5.0 BingPreview/1.0b", ..hit }),
            ("Apple loads ahead", true, Hit { is_open: true, user_agent: "Mozilla/5.0", ..hit }),
            ("within a second of sending", true, Hit { after_us: Some(SECOND_US), ..hit }),
            ("all links at once", true, Hit { links_lately: 5, ..hit }),
            ("when it was sent is not known", false, Hit { after_us: None, ..hit }),
        ] {
            assert_eq!(BOT_SCORE_MIN <= score(&hit), is_program, "{who}: {}", score(&hit));
        }
    }

    #[test]
    fn links_are_counted_within_a_moment_and_forgotten_in_the_end() {
        let lately = LinksLately::default();
        assert_eq!(lately.note("m", "a", 0), 1);
        assert_eq!(lately.note("m", "a", 1), 1, "the same link twice is one");
        assert_eq!(lately.note("m", "b", 2), 2);
        assert_eq!(lately.note("n", "c", 3), 1, "another message");
        assert_eq!(lately.note("m", "c", 3 * SECOND_US), 1);
        for number in 0..2 * MESSAGES_MAX {
            lately.note(&number.to_string(), "a", 0);
        }
        assert!(lately.inside.lock().unwrap().by_message.len() <= MESSAGES_MAX);
    }
}
