//! Channel rules: an ordered list that people edit. The first rule whose conditions all hold names the channel.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::{built_in, marks::Marks};

/// Where no rule holds.
pub const OTHER: &str = "other";
pub const RULES_MAX: usize = 200;
pub const CONDITIONS_MAX: usize = 20;
pub const VALUES_MAX: usize = 200;
pub const VALUE_CHARS_MAX: usize = 200;
pub const CHANNEL_CHARS_MAX: usize = 50;

/// One rule: a channel, and what must hold for it. Without conditions it always holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelRule {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(default)]
    pub conditions: Vec<Condition>,
    pub channel: String,
}

/// What one mark must be. Letters are compared without case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub mark: Mark,
    pub test: Test,
    /// Any of them will do; none of them for `is_not`. Empty for `present` and `absent`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    UtmSource,
    UtmMedium,
    UtmCampaign,
    /// The name of a click id in the address: `gclid`, `yclid` …
    ClickId,
    /// The host of the page before, where it is another than the landing host.
    ReferrerHost,
    LandingHost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    Is,
    /// Holds for a mark that is absent, too.
    IsNot,
    Contains,
    StartsWith,
    EndsWith,
    /// Begins with the value or has it after a dot: `google.` fits `google.de` and `news.google.com`, `vk.com` fits `m.vk.com`.
    Domain,
    Present,
    Absent,
}

/// A checked list of rules, ready to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRules {
    rules: Vec<ChannelRule>,
}

/// What became of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    pub channel: &'a str,
    pub by: DecidedBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedBy {
    /// The sender named the channel.
    Sender,
    /// Index of the rule.
    Rule(usize),
    /// No rule held.
    Nothing,
}

impl ChannelRules {
    /// The rules in force until somebody changes them.
    pub fn built_in() -> &'static Arc<Self> {
        static RULES: LazyLock<Arc<ChannelRules>> = LazyLock::new(|| Arc::new(ChannelRules { rules: built_in::rules() }));
        &RULES
    }

    /// Checks a list as a person wrote it.
    ///
    /// Errors: what is wrong with which rule, for that person.
    pub fn read(rules: Vec<ChannelRule>) -> Result<Self, String> {
        if RULES_MAX < rules.len() {
            return Err(format!(
                "there are {} rules, over the limit of {RULES_MAX}: join some, a condition takes many values",
                rules.len()
            ));
        }
        let rules = rules.into_iter().enumerate().map(|(at, rule)| checked(rule).map_err(|reason| format!("rule {}: {reason}", at + 1)));
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }

    pub fn rules(&self) -> &[ChannelRule] {
        &self.rules
    }

    pub fn decide<'a>(&'a self, marks: &'a Marks) -> Decision<'a> {
        if let Some(channel) = &marks.channel {
            return Decision { channel, by: DecidedBy::Sender };
        }
        let seen = Seen::of(marks);
        match self.rules.iter().position(|rule| rule.conditions.iter().all(|condition| condition.holds(&seen))) {
            Some(at) => Decision { channel: &self.rules[at].channel, by: DecidedBy::Rule(at) },
            None => Decision { channel: OTHER, by: DecidedBy::Nothing },
        }
    }
}

/// Marks as conditions compare them: in lower case.
struct Seen<'a> {
    utm_source: Option<String>,
    utm_medium: Option<String>,
    utm_campaign: Option<String>,
    marks: &'a Marks,
}

impl<'a> Seen<'a> {
    fn of(marks: &'a Marks) -> Self {
        let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
        Self { utm_source: lower(&marks.utm_source), utm_medium: lower(&marks.utm_medium), utm_campaign: lower(&marks.campaign), marks }
    }

    /// Several for click ids.
    fn values(&self, mark: Mark) -> impl Iterator<Item = &str> {
        let text = match mark {
            Mark::UtmSource => &self.utm_source,
            Mark::UtmMedium => &self.utm_medium,
            Mark::UtmCampaign => &self.utm_campaign,
            Mark::ClickId => &self.marks.click_ids,
            Mark::ReferrerHost => &self.marks.referrer_host,
            Mark::LandingHost => &self.marks.landing_host,
        };
        let is_list = mark == Mark::ClickId;
        text.as_deref().into_iter().flat_map(move |text| text.split(move |c| is_list && c == ',')).filter(|text| !text.is_empty())
    }
}

impl Condition {
    fn holds(&self, seen: &Seen<'_>) -> bool {
        let mut found = seen.values(self.mark);
        let any = |fits: fn(&str, &str) -> bool| seen.values(self.mark).any(|text| self.values.iter().any(|value| fits(text, value)));
        match self.test {
            Test::Is => any(|text, value| text == value),
            Test::IsNot => !any(|text, value| text == value),
            Test::Contains => any(|text, value| text.contains(value)),
            Test::StartsWith => any(|text, value| text.starts_with(value)),
            Test::EndsWith => any(|text, value| text.ends_with(value)),
            Test::Domain => any(is_under),
            Test::Present => found.next().is_some(),
            Test::Absent => found.next().is_none(),
        }
    }
}

fn is_under(host: &str, domain: &str) -> bool {
    host.match_indices(domain).any(|(at, _)| at == 0 || host.as_bytes()[at - 1] == b'.')
}

fn checked(rule: ChannelRule) -> Result<ChannelRule, String> {
    let channel = rule.channel.trim().to_owned();
    if channel.is_empty() || CHANNEL_CHARS_MAX < channel.chars().count() || channel.chars().any(char::is_control) {
        return Err(format!("name its channel in 1 to {CHANNEL_CHARS_MAX} characters"));
    }
    let name = rule.name.trim().to_owned();
    if VALUE_CHARS_MAX < name.chars().count() || name.chars().any(char::is_control) {
        return Err(format!("its name has over {VALUE_CHARS_MAX} characters, or a line break"));
    }
    if CONDITIONS_MAX < rule.conditions.len() {
        return Err(format!("it has over {CONDITIONS_MAX} conditions: make two rules of it"));
    }
    let conditions = rule.conditions.into_iter().map(checked_condition).collect::<Result<_, _>>()?;
    Ok(ChannelRule { name, conditions, channel })
}

fn checked_condition(condition: Condition) -> Result<Condition, String> {
    let values: Vec<String> = condition.values.iter().map(|value| value.trim().to_lowercase()).filter(|value| !value.is_empty()).collect();
    let takes_values = !matches!(condition.test, Test::Present | Test::Absent);
    if takes_values && values.is_empty() {
        return Err("a condition has no value to compare with: give one, or use `present` or `absent`".to_owned());
    }
    if !takes_values && !values.is_empty() {
        return Err("`present` and `absent` take no values".to_owned());
    }
    if VALUES_MAX < values.len() || values.iter().any(|value| VALUE_CHARS_MAX < value.chars().count()) {
        return Err(format!("a condition takes at most {VALUES_MAX} values of {VALUE_CHARS_MAX} characters each"));
    }
    Ok(Condition { values, ..condition })
}
