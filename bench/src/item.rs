//! The events that are sent: what a car maker's site and call centre say of people, about 500 bytes each.

/// Who an event names. One person in five is anonymous at first and identified later, two are only ever a device, two
/// are known from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A device that stays one.
    Device,
    /// A known person.
    Person,
    /// A person's device before they sign in.
    Before,
    /// Device and person in one event: where the two become one.
    Meeting,
}

impl Who {
    /// The event at `slot` of every ten.
    pub fn at(slot: usize) -> Self {
        match slot % 10 {
            0 => Self::Before,
            5 => Self::Meeting,
            1..=4 => Self::Device,
            _ => Self::Person,
        }
    }

    /// People of this kind have numbers that end in these two or four digits, of ten.
    pub fn last_digits(self) -> (u64, u64) {
        match self {
            Self::Before | Self::Meeting => (0, 2),
            Self::Device => (2, 4),
            Self::Person => (6, 4),
        }
    }
}

/// Where what differs from event to event stands, with as many bytes as it always has.
pub const MESSAGE_ID: &str = "{message-id-is-of-28-chars}}";
pub const PERSON: &str = "{person12}}";
pub const TIME: &str = "{time-in-iso-of-24-char}";

/// The JSON of the event at `slot`, with the marks above where it is to be patched.
pub fn template(slot: usize) -> String {
    let who = match Who::at(slot) {
        Who::Device | Who::Before => format!(r#""anonymousId":"device-{PERSON}""#),
        Who::Person => format!(r#""userId":"person-{PERSON}""#),
        Who::Meeting => format!(r#""anonymousId":"device-{PERSON}","userId":"person-{PERSON}""#),
    };
    let what = match (Who::at(slot), slot % 7) {
        (Who::Meeting, _) => r#""type":"identify","traits":{"city":"Northport","consent_email":true}"#,
        (_, 0..=2) => r#""type":"page","name":"Model","properties":{"path":"/models/aster","title":"Aster"}"#,
        (_, 3 | 4) => r#""type":"track","event":"car_viewed","properties":{"model":"Aster","price":31900,"region":"North"}"#,
        (_, 5) => r#""type":"track","event":"configurator_opened","properties":{"model":"Borea","dealer":"d-17","region":"West"}"#,
        _ => r#""type":"track","event":"callback_requested","properties":{"model":"Aster","dealer":"d-03","region":"North"}"#,
    };
    let campaign = ["cpc", "social", "email"][slot % 3];
    format!(
        r#"{{{what},{who},"messageId":"{MESSAGE_ID}","timestamp":"{TIME}","context":{{"library":{{"name":"analytics.js","version":"npm:next-1.84.3"}},"locale":"en-GB","page":{{"path":"/models/aster","referrer":"https://search.example/","search":"?utm_medium={campaign}","title":"Aster","url":"https://cars.example/models/aster?utm_medium={campaign}"}},"campaign":{{"source":"search","medium":"{campaign}","name":"spring"}},"userAgent":"Mozilla/5.0 (X11; Linux x86_64)"}}}}"#
    )
}
