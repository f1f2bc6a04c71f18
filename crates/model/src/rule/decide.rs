//! Deciding a rule for one person from what is remembered of them.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::{CameBy, Compared, ConsentIs, Counted, OrdersBy, Place, Rule, Which, Within};
use crate::{
    FragmentState, Touch,
    consent::given_by,
    measure::{Grain, Measure, Of, Op, THOUSANDTHS, Test, text_of},
    time,
};

/// What is known of one person. Nothing of it depends on the order in which it became known.
pub struct Person<'a> {
    pub profile_id: i64,
    pub parts: Vec<Part<'a>>,
    /// Stage of each lead, and since when.
    pub leads: Vec<(&'a str, i64)>,
    /// When each confirmed order was made, and its revenue.
    pub orders: Vec<(i64, Option<f64>)>,
    /// Whether the person is in a segment, by its id.
    pub is_in: &'a dyn Fn(&str) -> bool,
}

/// A fragment of the person.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    pub kind: &'a str,
    pub events: u64,
    pub first_us: i64,
    pub last_us: i64,
    pub state: &'a FragmentState,
}

/// A rule with the keys of its measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Decider {
    root: Node,
    zone: TimeZone,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Condition { number: usize, rule: Rule, measures: Vec<(String, Of)> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub holds: bool,
    /// When time alone may decide otherwise; not before then, unless something happens.
    pub turns_us: Option<i64>,
    /// The conditions that made it so, by their place in [`Rule::conditions`].
    pub because: Vec<usize>,
}

/// Whether one condition holds, and when time turns it.
type Held = (bool, Option<i64>);

impl Decider {
    /// * `zone`: where days begin, for dates.
    /// * `key_of`: the key under which a measure of the rule is kept.
    pub fn new(rule: &Rule, zone: TimeZone, key_of: &impl Fn(&crate::measure::MeasureSpec) -> String) -> Self {
        Self { root: node(rule, key_of, &mut 0), zone }
    }
}

fn node(rule: &Rule, key_of: &impl Fn(&crate::measure::MeasureSpec) -> String, next: &mut usize) -> Node {
    match rule {
        Rule::All { rules } => Node::All(rules.iter().map(|rule| node(rule, key_of, next)).collect()),
        Rule::Any { rules } => Node::Any(rules.iter().map(|rule| node(rule, key_of, next)).collect()),
        Rule::Not { rule } => Node::Not(Box::new(node(rule, key_of, next))),
        _ => {
            let measures = rule.own_measures().into_iter().map(|spec| (key_of(&spec), spec.of)).collect();
            *next += 1;
            Node::Condition { number: *next - 1, rule: rule.clone(), measures }
        }
    }
}

/// Decides the rule for a person as of a moment.
pub fn decide(decider: &Decider, person: &Person<'_>, now_us: i64) -> Decision {
    let mut because = Vec::new();
    let mut turns = Vec::new();
    let holds = inside(&decider.root, person, now_us, &decider.zone, &mut because, &mut turns);
    Decision { holds, turns_us: turns.into_iter().flatten().filter(|turns_us| now_us < *turns_us).min(), because }
}

/// Adds the conditions that decided, and when they turn: what did not decide cannot alone decide otherwise.
fn inside(node: &Node, person: &Person<'_>, now_us: i64, zone: &TimeZone, because: &mut Vec<usize>, turns: &mut Vec<Option<i64>>) -> bool {
    let (all, rules) = match node {
        Node::All(rules) => (true, rules),
        Node::Any(rules) => (false, rules),
        Node::Not(rule) => return !inside(rule, person, now_us, zone, because, turns),
        Node::Condition { number, rule, measures } => {
            let (holds, turn) = condition(rule, measures, person, now_us, zone);
            because.push(*number);
            turns.push(turn);
            return holds;
        }
    };
    // "All" is decided by the first that does not hold, "any" by the first that does; else by all of them together.
    let (mark, mark_turns) = (because.len(), turns.len());
    for rule in rules {
        let (from, from_turns) = (because.len(), turns.len());
        if inside(rule, person, now_us, zone, because, turns) != all {
            because.drain(mark..from);
            turns.drain(mark_turns..from_turns);
            return !all;
        }
    }
    all
}

fn condition(rule: &Rule, measures: &[(String, Of)], person: &Person<'_>, now_us: i64, zone: &TimeZone) -> Held {
    match rule {
        Rule::All { .. } | Rule::Any { .. } | Rule::Not { .. } => (false, None),
        Rule::Trait { name, is } => (trait_holds(person.trait_value(name), is), None),
        Rule::Date { name, from_days, to_days } => date(person.trait_value(name), *from_days, *to_days, now_us, zone),
        Rule::Consent { purpose, message_channel, controller, is } => {
            let said = given_by(person.parts.iter().map(|part| &part.state.consents), purpose, *message_channel, controller);
            let wanted = match is {
                ConsentIs::Given => Some(true),
                ConsentIs::Withdrawn => Some(false),
                ConsentIs::Unknown => None,
            };
            (said == wanted, None)
        }
        Rule::Identifier { kind } => (person.parts.iter().any(|part| part.kind == kind), None),
        Rule::Did { measure, is, within, .. } => {
            let Some((key, of)) = measures.first() else { return (false, None) };
            did(person.measure(key, of).as_deref(), of, measure, is, within.as_ref(), now_us)
        }
        Rule::Value { is, .. } => {
            let Some((key, of)) = measures.first() else { return (false, None) };
            let value = match person.measure(key, of).as_deref() {
                Some(Measure::Extreme(_, _, value)) => value.clone(),
                _ => None,
            };
            (is.holds(value.as_deref()), None)
        }
        Rule::Sequence { span, within, .. } => {
            let steps: Vec<_> = measures.iter().map(|(key, of)| person.measure(key, of)).collect();
            let Some(start_us) = latest_start(&steps, span.us()) else { return (false, None) };
            recently(start_us, within.map(|within| within.us()), now_us)
        }
        Rule::Seen { which, within } => match person.seen_us(*which) {
            Some(at_us) => recently(at_us, Some(within.us()), now_us),
            None => (false, None),
        },
        Rule::Came { which, by, is } => (is.holds(person.touch(*which).and_then(|touch| came_by(touch, *by))), None),
        Rule::Place { by, is } => (is.holds(person.place(*by).as_deref()), None),
        Rule::Stage { stages, at_least, less_than } => {
            let there = person.leads.iter().filter(|(stage, _)| stages.iter().any(|wanted| wanted == stage));
            stage(there.map(|(_, since_us)| *since_us), at_least.map(|span| span.us()), less_than.map(|span| span.us()), now_us)
        }
        Rule::Orders { measure, is, within } => orders(&person.orders, *measure, is, within.map(|span| span.us()), now_us),
        Rule::Segment { segment_id } => ((person.is_in)(segment_id), None),
        Rule::Share { seed, from, to } => ((*from..*to).contains(&draw(seed, person.profile_id)), None),
    }
}

impl<'a> Person<'a> {
    /// The latest word of a trait.
    pub fn trait_value(&self, name: &str) -> Option<&'a Value> {
        let all = self.parts.iter().filter_map(|part| part.state.traits.get(name));
        all.max_by_key(|held| (held.at_us, held.offset)).map(|held| &held.value)
    }

    fn place(&self, by: Place) -> Option<String> {
        let of = |state: &'a FragmentState| match by {
            Place::Region => state.region.as_ref(),
            Place::Dealer => state.dealer.as_ref(),
        };
        let latest = self.parts.iter().filter_map(|part| of(part.state)).max_by_key(|held| (held.at_us, held.offset));
        latest.and_then(|held| text_of(&held.value))
    }

    fn touch(&self, which: Which) -> Option<&'a Touch> {
        match which {
            Which::First => self.parts.iter().filter_map(|part| part.state.first_touch.as_ref()).min(),
            Which::Latest => self.parts.iter().filter_map(|part| part.state.last_touch.as_ref()).max(),
        }
    }

    fn seen_us(&self, which: Which) -> Option<i64> {
        let active = self.parts.iter().filter(|part| part.events != 0);
        match which {
            Which::First => active.map(|part| part.first_us).min(),
            Which::Latest => active.map(|part| part.last_us).max(),
        }
    }

    /// What all fragments measured together; copied only where several did.
    fn measure(&self, key: &str, of: &Of) -> Option<Cow<'a, Measure>> {
        let mut held = self.parts.iter().filter_map(|part| part.state.measures.get(key));
        let mut all = Cow::Borrowed(held.next()?);
        held.for_each(|other| all.to_mut().unite(of, other));
        Some(all)
    }
}

/// A list holds what one of its values holds, and is not what none of them is.
fn trait_holds(value: Option<&Value>, is: &Test) -> bool {
    let texts: Vec<String> = match value {
        Some(Value::Array(values)) => values.iter().filter_map(text_of).collect(),
        other => other.and_then(text_of).into_iter().collect(),
    };
    match is.op {
        _ if texts.is_empty() => is.holds(None),
        Op::IsNot => texts.iter().all(|text| is.holds(Some(text))),
        _ => texts.iter().any(|text| is.holds(Some(text))),
    }
}

fn date(value: Option<&Value>, from_days: Option<i32>, to_days: Option<i32>, now_us: i64, zone: &TimeZone) -> Held {
    let Some(day) = value.and_then(text_of).and_then(|text| time::date_day(&text, zone)) else { return (false, None) };
    let ahead = day - time::local_day(now_us, zone);
    let begins = to_days.map(|to| day.saturating_sub(to));
    let ends = from_days.map(|from| day.saturating_sub(from).saturating_add(1));
    let holds = from_days.is_none_or(|from| from <= ahead) && to_days.is_none_or(|to| ahead <= to);
    let turns = [begins, ends].into_iter().flatten().filter_map(|day| time::day_start_us(day, zone));
    (holds, turns.filter(|turns_us| now_us < *turns_us).min())
}

/// Whether something happened at most so long ago; for ever without a length.
fn recently(at_us: i64, length_us: Option<i64>, now_us: i64) -> Held {
    let Some(length_us) = length_us else { return (true, None) };
    let leaves_us = at_us.saturating_add(length_us).saturating_add(1);
    (now_us < leaves_us, Some(leaves_us))
}

fn did(held: Option<&Measure>, of: &Of, measure: &Counted, is: &Compared, within: Option<&Within>, now_us: i64) -> Held {
    let length_us = match within {
        Some(Within::Last(span)) => Some(span.us()),
        _ => None,
    };
    let items: Vec<(i64, i64)> = match (held, measure) {
        (Some(Measure::Buckets(buckets)), _) => {
            let grain = match of {
                Of::Count { grain } | Of::Sum { grain, .. } => *grain,
                _ => Grain::Whole,
            };
            let begins = length_us.map_or(i64::MIN, |length_us| grain.floor(now_us.saturating_sub(length_us)));
            let value = |(count, amount): (u64, i64)| match measure {
                Counted::Sum { .. } => amount,
                _ => i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(THOUSANDTHS as i64),
            };
            // A stretch leaves as a whole, when the window's begin passes into the next one.
            let leaves = |at: i64| length_us.map_or(i64::MAX, |length_us| at.saturating_add(grain.length_us()).saturating_add(length_us));
            buckets.range(begins..).map(|(at, cell)| (leaves(*at), value(*cell))).collect()
        }
        (Some(Measure::Values(values)), _) => {
            let leaves = |last_us: i64| length_us.map_or(i64::MAX, |length_us| last_us.saturating_add(length_us).saturating_add(1));
            values.values().map(|last_us| (leaves(*last_us), THOUSANDTHS as i64)).filter(|(leaves_us, _)| now_us < *leaves_us).collect()
        }
        _ => Vec::new(),
    };
    compare(items, is)
}

/// Compares the sum of what has not left, and tells when leaving changes the answer.
///
/// * `items`: when each leaves, and its amount in thousandths.
fn compare(mut items: Vec<(i64, i64)>, is: &Compared) -> Held {
    let holds = |sum: i64| is.holds(sum as f64 / THOUSANDTHS);
    let mut sum = items.iter().fold(0i64, |sum, (_, amount)| sum.saturating_add(*amount));
    let now = holds(sum);
    items.sort_unstable();
    let mut at = 0;
    while at < items.len() {
        let leaves_us = items[at].0;
        if leaves_us == i64::MAX {
            break;
        }
        while at < items.len() && items[at].0 == leaves_us {
            sum = sum.saturating_sub(items[at].1);
            at += 1;
        }
        if holds(sum) != now {
            return (now, Some(leaves_us));
        }
    }
    (now, None)
}

/// The latest beginning of a chain through all steps, each strictly after the one before, the last at most `span_us` after it.
fn latest_start(steps: &[Option<Cow<'_, Measure>>], span_us: i64) -> Option<i64> {
    let times: Vec<_> = steps
        .iter()
        .map(|step| match step.as_deref() {
            Some(Measure::Times(times)) => Some(times),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let (first, rest) = times.split_first()?;
    first.iter().rev().copied().find(|start| {
        let end = rest.iter().try_fold(*start, |at, step| step.range(at.saturating_add(1)..).next().copied());
        end.is_some_and(|end| end.saturating_sub(*start) <= span_us)
    })
}

fn came_by(touch: &Touch, by: CameBy) -> Option<&str> {
    match by {
        CameBy::Channel => Some(&touch.channel),
        CameBy::UtmSource => touch.utm_source.as_deref(),
        CameBy::UtmMedium => touch.utm_medium.as_deref(),
        CameBy::Campaign => touch.campaign.as_deref(),
    }
}

fn stage(since: impl Iterator<Item = i64>, at_least_us: Option<i64>, less_than_us: Option<i64>, now_us: i64) -> Held {
    let (mut holds, mut turns) = (false, None::<i64>);
    for since_us in since {
        let begins_us = at_least_us.map(|length_us| since_us.saturating_add(length_us));
        let ends_us = less_than_us.map(|length_us| since_us.saturating_add(length_us));
        holds |= begins_us.is_none_or(|begins_us| begins_us <= now_us) && ends_us.is_none_or(|ends_us| now_us < ends_us);
        let next = [begins_us, ends_us].into_iter().flatten().filter(|turns_us| now_us < *turns_us).min();
        turns = turns.into_iter().chain(next).min();
    }
    (holds, turns)
}

fn orders(orders: &[(i64, Option<f64>)], measure: OrdersBy, is: &Compared, within_us: Option<i64>, now_us: i64) -> Held {
    let leaves = |at_us: i64| within_us.map_or(i64::MAX, |length_us| at_us.saturating_add(length_us).saturating_add(1));
    let amount = |revenue: Option<f64>| match measure {
        OrdersBy::Count => THOUSANDTHS as i64,
        OrdersBy::Revenue => (revenue.unwrap_or(0.0) * THOUSANDTHS).round() as i64,
    };
    let items = orders.iter().map(|(at_us, revenue)| (leaves(*at_us), amount(*revenue))).filter(|(leaves_us, _)| now_us < *leaves_us);
    compare(items.collect(), is)
}

/// A number from 0 to 999 that a person keeps for a seed.
pub fn draw(seed: &str, profile_id: i64) -> u32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(seed.as_bytes());
    hasher.update(&[0]);
    hasher.update(&profile_id.to_le_bytes());
    let number = hasher.finalize().as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    (number % 1_000) as u32
}
