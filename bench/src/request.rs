//! Whole HTTP requests, written once; what changes is patched in place, so their length never changes.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::item::{self, MESSAGE_ID, PERSON, TIME, Who};

/// How the events of one connection are mixed.
#[derive(Debug, Clone)]
pub struct Mix {
    pub run: u32,
    pub connection: u64,
    pub connections: u64,
    pub profiles: u64,
    /// How many events the one heavy profile still has to get.
    pub heavy_events: u64,
    pub duplicate_percent: u64,
    pub late_percent: u64,
}

/// The requests of one connection. Small batches take turns among several, so that each kind of event has its turn.
pub struct Requests {
    written: Vec<Written>,
    /// Of `written`, the one that was filled last.
    turn: usize,
    mix: Mix,
    /// Of the next event, over all requests: numbers message ids.
    next: u64,
    /// Of the next person of each kind.
    people: [u64; 3],
    /// How many draws decided what is a duplicate or late.
    drawn: u64,
}

struct Written {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

/// Where one event's changing parts stand in the request.
struct Slot {
    who: Who,
    message_id: usize,
    people: Vec<usize>,
    time: usize,
    /// What was sent here last: a duplicate in the next request repeats it.
    sent: Option<Sent>,
}

#[derive(Clone, Copy)]
struct Sent {
    number: u64,
    person: u64,
    late: bool,
    at_us: i64,
}

/// What one filled request says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filled {
    /// Number of the first event; new events count on from it.
    pub first: u64,
    pub new: u64,
    pub duplicates: u64,
    pub late: u64,
}

/// Slots after which the kinds of events come round again.
const KINDS: usize = 10;
const THREE_DAYS_US: i64 = 3 * 24 * 3_600 * 1_000_000;

impl Requests {
    pub fn new(host: &str, key: &str, batch: usize, mix: Mix) -> Self {
        let written = (0..KINDS.div_ceil(batch)).map(|turn| Written::new(host, key, turn * batch, batch)).collect();
        Self { written, turn: 0, mix, next: 0, people: [0; 3], drawn: 0 }
    }

    /// The request that was filled last.
    pub fn bytes(&self) -> &[u8] {
        &self.written[self.turn].bytes
    }

    /// What stands before the number in the message ids.
    pub fn prefix(&self) -> String {
        format!("{:08x}-{:06x}-", self.mix.run, self.mix.connection)
    }

    /// Fills in the next events.
    pub fn fill(&mut self) -> Filled {
        self.turn = (self.turn + 1) % self.written.len();
        let now_us = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_micros() as i64);
        let (now, late) = (iso(now_us), iso(now_us - THREE_DAYS_US));
        let mut filled = Filled { first: self.next, ..Filled::default() };
        for at in 0..self.written[self.turn].slots.len() {
            let repeats = self.draw(self.mix.duplicate_percent);
            let slot = &self.written[self.turn].slots[at];
            let who = slot.who;
            if let Some(sent) = slot.sent.filter(|_| repeats) {
                filled.duplicates += 1;
                let time = iso(sent.at_us - if sent.late { THREE_DAYS_US } else { 0 });
                self.patch(at, sent, &time);
                continue;
            }
            let is_late = self.draw(self.mix.late_percent);
            let sent = Sent { number: self.next, person: self.person(who), late: is_late, at_us: now_us };
            self.next += 1;
            filled.new += 1;
            filled.late += u64::from(is_late);
            self.patch(at, sent, if is_late { &late } else { &now });
        }
        filled
    }

    /// Whether the next draw is one of `percent` in a hundred: by a hash of its number, so that runs can be repeated.
    fn draw(&mut self, percent: u64) -> bool {
        self.drawn += 1;
        let mut mixed = self.drawn.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % 100 < percent
    }

    fn person(&mut self, who: Who) -> u64 {
        if who == Who::Person && 0 < self.mix.heavy_events {
            self.mix.heavy_events -= 1;
            return 6;
        }
        let (first_digit, digits) = who.last_digits();
        // A person who signs in does so soon after the device was seen.
        let turn = match who {
            Who::Meeting => self.people[0].saturating_sub(1),
            Who::Before => advance(&mut self.people[0]),
            Who::Device => advance(&mut self.people[1]),
            Who::Person => advance(&mut self.people[2]),
        };
        let own = self.mix.connection + turn * self.mix.connections;
        (own / digits * 10 + first_digit + own % digits) % (self.mix.profiles / 10 * 10)
    }

    fn patch(&mut self, at: usize, sent: Sent, time: &[u8; 24]) {
        let Written { bytes, slots } = &mut self.written[self.turn];
        let slot = &mut slots[at];
        slot.sent = Some(sent);
        let id = &mut bytes[slot.message_id..slot.message_id + MESSAGE_ID.len()];
        hex(&mut id[..8], u64::from(self.mix.run));
        id[8] = b'-';
        hex(&mut id[9..15], self.mix.connection);
        id[15] = b'-';
        hex(&mut id[16..], sent.number);
        for &place in &slot.people {
            hex(&mut bytes[place..place + PERSON.len()], sent.person);
        }
        bytes[slot.time..slot.time + time.len()].copy_from_slice(time);
    }
}

impl Written {
    /// A request of `batch` events, the first one for slot `first`.
    fn new(host: &str, key: &str, first: usize, batch: usize) -> Self {
        let items: Vec<String> = (first..first + batch).map(item::template).collect();
        // A batch of one, too: the paths of single events say their type, which differs here from event to event.
        let body = format!(r#"{{"batch":[{}],"writeKey":"{key}"}}"#, items.join(","));
        let head =
            format!("POST /v1/batch HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        let text = head + &body;
        let mut places = Places { text: &text, from: 0 };
        let slots = (first..first + batch).map(|slot| places.slot(Who::at(slot))).collect();
        Self { slots, bytes: text.into_bytes() }
    }
}

struct Places<'a> {
    text: &'a str,
    from: usize,
}

impl Places<'_> {
    fn slot(&mut self, who: Who) -> Slot {
        let people = (0..if who == Who::Meeting { 2 } else { 1 }).map(|_| self.next(PERSON)).collect();
        Slot { who, people, message_id: self.next(MESSAGE_ID), time: self.next(TIME), sent: None }
    }

    fn next(&mut self, mark: &str) -> usize {
        let at = self.text[self.from..].find(mark).map(|at| self.from + at);
        let at = at.unwrap_or_else(|| unreachable!("a template has its marks in the order they are looked for"));
        self.from = at + mark.len();
        at
    }
}

fn advance(turn: &mut u64) -> u64 {
    *turn += 1;
    *turn - 1
}

fn hex(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

/// `2026-01-01T10:00:00.000Z`
fn iso(us: i64) -> [u8; 24] {
    let ms = us.div_euclid(1_000);
    let (day, ms) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Days to a date of the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
    let shifted = day + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let mut out = *b"0000-00-00T00:00:00.000Z";
    let parts = [
        (0, 4, year),
        (5, 2, month),
        (8, 2, day_of_month),
        (11, 2, ms / 3_600_000),
        (14, 2, ms / 60_000 % 60),
        (17, 2, ms / 1_000 % 60),
        (20, 3, ms % 1_000),
    ];
    for (at, digits, mut number) in parts {
        for place in (at..at + digits).rev() {
            out[place] = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;

    fn mix(duplicate_percent: u64, late_percent: u64) -> Mix {
        Mix { run: 0xABCD, connection: 2, connections: 4, profiles: 1_000, heavy_events: 50, duplicate_percent, late_percent }
    }

    fn items(request: &Requests) -> Vec<Value> {
        let text = String::from_utf8_lossy(request.bytes()).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.contains(&format!("content-length: {}", body.len())));
        let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
        body["batch"].as_array().cloned().unwrap_or_default()
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (us, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_767_268_800_123_000, "2026-01-01T12:00:00.123Z"),
            (1_709_164_799_999_000, "2024-02-28T23:59:59.999Z"),
            (1_709_164_800_000_000, "2024-02-29T00:00:00.000Z"),
        ] {
            assert_eq!(std::str::from_utf8(&iso(us)), Ok(text));
        }
    }

    #[test]
    fn the_mix_is_as_asked() {
        for batch in [100, 1] {
            the_mix_holds(batch);
        }
    }

    fn the_mix_holds(batch: usize) {
        let mut request = Requests::new("h", "k", batch, mix(5, 2));
        let (mut ids, mut total) = (BTreeMap::new(), Filled::default());
        let (mut devices, mut people, mut both) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for _ in 0..20_000 / batch {
            let filled = request.fill();
            total.new += filled.new;
            total.duplicates += filled.duplicates;
            total.late += filled.late;
            for item in items(&request) {
                let id = item["messageId"].as_str().unwrap_or_default().to_owned();
                assert!(id.starts_with(&request.prefix()));
                // A message id always stands for the same event.
                assert_eq!(ids.entry(id).or_insert(item.clone()), &item);
                let own = |field: &str| item[field].as_str().and_then(|text| text.split_once('-')).map(|(_, number)| number.to_owned());
                devices.extend(own("anonymousId"));
                people.extend(own("userId"));
                both.extend(own("anonymousId").filter(|_| own("userId").is_some()));
            }
        }
        assert_eq!(total.new + total.duplicates, 20_000);
        assert_eq!(ids.len() as u64, total.new);
        assert!((800..1_200).contains(&total.duplicates), "{total:?}");
        assert!((300..500).contains(&total.late), "{total:?}");
        // Of this connection's people all were seen; one in five merged.
        let all = devices.union(&people).count();
        assert!((240..=260).contains(&all), "{all}");
        assert!((48..=52).contains(&both.len()), "{}", both.len());
        let heavy = ids.values().filter(|item| item["userId"] == "person-00000000006").count();
        assert!((50..60).contains(&heavy), "{heavy}");
    }

    #[test]
    fn events_are_of_the_size_of_real_ones() {
        let bytes: usize = (0..100).map(|slot| item::template(slot).len()).sum();
        assert!((45_000..60_000).contains(&bytes), "{bytes}");
    }
}
