//! What an installation lets name a person.

use std::collections::BTreeMap;

use regex::{RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

use crate::IdentifierKind;

/// What a kind of identifier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindRole {
    Person,
    /// A browser, an app, a telephone set in a showroom: whose it is goes by who signs in.
    Device,
    /// It joins nothing, and nobody is found by it: a car's number names the car. The event is told of whoever else it names.
    Nobody,
}

/// How many values of a kind one person may gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    pub values: u32,
    /// Days; 0 for ever.
    pub window_days: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindSettings {
    pub role: KindRole,
    /// Two different values never live on one profile.
    #[serde(default)]
    pub is_unique: bool,
    #[serde(default)]
    pub limit: Option<Limit>,
    /// Values that name nobody, as regular expressions over the whole normalised value, whatever the case.
    #[serde(default)]
    pub blocked: Vec<String>,
}

/// Changed as a whole, by a command in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentitySettings {
    /// By kind; a kind that is not listed is a key of another system: a person's, and unique.
    pub kinds: BTreeMap<String, KindSettings>,
    /// An e-mail or a phone that goes with more given names is nobody's own.
    pub names_per_contact_max: u32,
    /// An e-mail or a phone that more people claim is nobody's own.
    pub people_per_contact_max: u32,
    /// A device that more people sign in on is nobody's own.
    pub people_per_device_max: u32,
    /// A profile with so many identifiers takes no more.
    pub identifiers_per_profile_max: u32,
}

/// Mailboxes of roles and of tests; phones that are patterns.
const BLOCKED_EMAILS: [&str; 4] = [
    r"(test|qwerty|asdf|mail|email|123|1234)@(test|example|mail|email|gmail|yandex)\.(com|ru|org|net)",
    r"(user|a|aa|aaa|b|bb|x|xx|xxx)@(test|example|a|aa|b|bb|x|xx)\.(com|ru|org|net)",
    r"(no-?reply|do-?not-?reply|noemail|no-?mail|none|null|unknown)@.*",
    r"(info|sales|office|support|admin|administrator|postmaster|webmaster|contact|hello|reception|call-?cent(er|re))@.*",
];
const BLOCKED_PHONES: [&str; 3] =
    [r"\+\d{1,3}?(0{7,}|1{7,}|2{7,}|3{7,}|4{7,}|5{7,}|6{7,}|7{7,}|8{7,}|9{7,})", r"\+(1|7|38|375|86)1234567\d{0,3}", r"\+1\d{3}8675309"];
const BLOCKED_ANY: [&str; 1] = [r"[0\-]+|-1|null|none|undefined|anonymous|guest|unknown"];

impl Default for IdentitySettings {
    fn default() -> Self {
        let of = |role, is_unique, limit, blocked: &[&str]| KindSettings {
            role,
            is_unique,
            limit,
            blocked: blocked.iter().map(|text| (*text).to_owned()).collect(),
        };
        let person = KindRole::Person;
        let yearly = Some(Limit { values: 5, window_days: 365 });
        let kinds = [
            ("user_id", of(person, true, None, &BLOCKED_ANY)),
            ("email", of(person, false, yearly, &BLOCKED_EMAILS)),
            ("phone", of(person, false, yearly, &BLOCKED_PHONES)),
            ("anonymous_id", of(KindRole::Device, false, None, &[])),
            ("ga_client_id", of(KindRole::Device, false, None, &[])),
            ("ym_client_id", of(KindRole::Device, false, None, &[])),
            ("device_id", of(KindRole::Device, false, None, &[])),
            ("idfa", of(KindRole::Device, false, None, &BLOCKED_ANY)),
            ("gaid", of(KindRole::Device, false, None, &BLOCKED_ANY)),
            ("vin", of(KindRole::Nobody, false, None, &[])),
            ("lead_id", of(KindRole::Nobody, false, None, &[])),
        ];
        Self {
            kinds: kinds.into_iter().map(|(name, settings)| (name.to_owned(), settings)).collect(),
            names_per_contact_max: 4,
            people_per_contact_max: 10,
            people_per_device_max: 10,
            identifiers_per_profile_max: 1_000,
        }
    }
}

/// Of a kind that the settings do not list.
static EXTERNAL: KindSettings = KindSettings { role: KindRole::Person, is_unique: true, limit: None, blocked: Vec::new() };

impl IdentitySettings {
    pub fn of(&self, kind: &str) -> &KindSettings {
        self.kinds.get(kind).unwrap_or(&EXTERNAL)
    }

    pub fn role(&self, kind: &str) -> KindRole {
        self.of(kind).role
    }

    /// A way to reach somebody that people share: not a key that some system made for one person.
    pub fn is_contact(&self, kind: &str) -> bool {
        let settings = self.of(kind);
        settings.role == KindRole::Person && !settings.is_unique
    }

    /// Says what is wrong with them, for the one who set them.
    pub fn check(&self) -> Result<(), String> {
        for (kind, settings) in &self.kinds {
            if kind.is_empty() || 64 < kind.len() {
                return Err("a kind of identifier is named by 1 to 64 letters".into());
            }
            if settings.limit.is_some_and(|limit| limit.values == 0) {
                return Err(format!("the limit of `{kind}` is 0 values: nobody could have one; set the role `nobody` instead"));
            }
            patterns(&settings.blocked).map_err(|error| format!("a blocked value of `{kind}` is no regular expression: {error}"))?;
        }
        match self.kinds.get(IdentifierKind::AnonymousId.as_str()) {
            Some(settings) if settings.role == KindRole::Person => {
                Err("`anonymous_id` names a device that people share: it cannot name a person".into())
            }
            _ if self.people_per_contact_max == 0 || self.people_per_device_max == 0 || self.names_per_contact_max == 0 => {
                Err("a contact or a device is at least one person's: set 1 or more".into())
            }
            _ if self.identifiers_per_profile_max < 2 => Err("a profile holds at least 2 identifiers".into()),
            _ => Ok(()),
        }
    }
}

fn patterns(blocked: &[String]) -> Result<RegexSet, regex::Error> {
    let whole = blocked.iter().map(|text| format!("^(?:{text})$"));
    RegexSetBuilder::new(whole).case_insensitive(true).size_limit(1 << 20).build()
}

/// The blocked values of all kinds, made ready to be compared with.
#[derive(Debug, Clone, Default)]
pub struct Blocked(BTreeMap<String, RegexSet>);

impl Blocked {
    /// * `settings`: checked.
    pub fn of(settings: &IdentitySettings) -> Self {
        let ready = settings.kinds.iter().filter(|(_, kind)| !kind.blocked.is_empty());
        Self(ready.filter_map(|(name, kind)| Some((name.clone(), patterns(&kind.blocked).ok()?))).collect())
    }

    /// Whether the value names nobody.
    pub fn has(&self, kind: &str, value: &str) -> bool {
        self.0.get(kind).is_some_and(|patterns| patterns.is_match(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_everybody_types_name_nobody() {
        let blocked = Blocked::of(&IdentitySettings::default());
        for (kind, value) in [
            ("email", "test@test.com"),
            ("email", "noreply@firm.example"),
            ("email", "info@firm.example"),
            ("phone", "+70000000000"),
            ("phone", "+71111111111"),
            ("phone", "+12128675309"),
            ("user_id", "NULL"),
        ] {
            assert!(blocked.has(kind, value), "{kind} {value}");
        }
        for (kind, value) in [("email", "ana@test.com"), ("email", "infoline@firm.example"), ("phone", "+79123456789"), ("crm_id", "0")] {
            assert!(!blocked.has(kind, value), "{kind} {value}");
        }
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        let mut settings = IdentitySettings::default();
        assert_eq!(settings.check(), Ok(()));
        settings.kinds.entry("email".into()).and_modify(|email| email.blocked.push("(".into()));
        assert!(settings.check().is_err_and(|reason| reason.contains("email")));
        let mut settings = IdentitySettings::default();
        settings.kinds.entry("anonymous_id".into()).and_modify(|device| device.role = KindRole::Person);
        assert!(settings.check().is_err());
        let settings = IdentitySettings { people_per_device_max: 0, ..IdentitySettings::default() };
        assert!(settings.check().is_err());
    }
}
