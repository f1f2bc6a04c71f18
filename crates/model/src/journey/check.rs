//! What is wrong with a journey, said where it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::{Arm, Condition, Does, Entry, Exit, Journey, STEPS_MAX, Step, Wait, WaitedFor, walk::clock};
use crate::{
    broadcast::{WHOLE, check_chain},
    entity::STAGES,
    measure::{Filter, check_field},
    message_template::check_id,
    rule::Rule,
};

/// Something to mend before a journey can be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where; `None` for the journey itself.
    pub step_id: Option<String>,
    pub says: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step_id {
            Some(step_id) => write!(out, "step `{step_id}`: {}", self.says),
            None => out.write_str(&self.says),
        }
    }
}

const NAME_CHARS_MAX: usize = 120;
const ARMS_MAX: usize = 20;
const TRIES_MAX: u32 = 20;

impl Journey {
    /// Whether it can be kept as a draft.
    pub fn check_draft(&self) -> Result<(), String> {
        check_id("journey", &self.journey_id)?;
        let name_chars = self.name.trim().chars().count();
        if name_chars == 0 || NAME_CHARS_MAX < name_chars {
            return Err(format!("a journey's name has 1 to {NAME_CHARS_MAX} characters"));
        }
        if STEPS_MAX < self.steps.len() {
            return Err(format!("a journey has at most {STEPS_MAX} steps: make a journey of a part of it"));
        }
        let mut seen = BTreeSet::new();
        for step in &self.steps {
            let is_id = (1..=40).contains(&step.step_id.len())
                && step.step_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            if !is_id {
                return Err(format!("`{}` is no step's id: use 1 to 40 letters, digits, `-` and `_`", step.step_id));
            }
            if !seen.insert(&step.step_id) {
                return Err(format!("two steps are called `{}`: name them apart", step.step_id));
            }
            if NAME_CHARS_MAX < step.name.chars().count() {
                return Err(format!("a step's name has at most {NAME_CHARS_MAX} characters"));
            }
        }
        Ok(())
    }

    /// All that has to be mended before it can be published; what refers to templates and segments is looked at by whoever has them.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |step_id: Option<&Step>, said: Result<(), String>| {
            if let Err(says) = said {
                problems.push(Problem { step_id: step_id.map(|step| step.step_id.clone()), says });
            }
        };
        say(None, self.check_draft());
        say(None, self.check_itself());
        for step in &self.steps {
            say(Some(step), self.check_step(step));
        }
        for step in self.unreached() {
            say(Some(step), Err("nothing leads to this step".to_owned()));
        }
        for step in self.restless() {
            say(Some(step), Err("the way leads back here without a wait: put one between".to_owned()));
        }
        problems
    }

    fn check_itself(&self) -> Result<(), String> {
        match &self.entry {
            Entry::Event { event, filters, key } => check_event(event, filters, key.as_deref())?,
            Entry::Segment { segment_id, .. } => check_named("segment", segment_id)?,
            Entry::Call => {}
        }
        if let Some(only) = &self.only {
            check_rule(only)?;
        }
        if WHOLE <= self.holdout {
            return Err(format!("of {WHOLE} thousandths at least one goes through the journey"));
        }
        if self.per_hour == Some(0) {
            return Err("at 0 an hour nobody enters: close the journey instead".to_owned());
        }
        if let Some(goal) = &self.goal {
            check_event(&goal.event, &goal.filters, goal.key.as_deref())?;
        }
        for exit in &self.exits {
            match exit {
                Exit::Event { event, filters, key } => check_event(event, filters, key.as_deref())?,
                Exit::Segment { segment_id, .. } => check_named("segment", segment_id)?,
            }
        }
        match &self.first {
            None => Err("the journey has no first step: add one".to_owned()),
            Some(first) if self.step(first).is_none() => Err(format!("there is no first step `{first}`")),
            Some(_) => Ok(()),
        }
    }

    fn check_step(&self, step: &Step) -> Result<(), String> {
        if let Some((_, Some(gone))) = step.does.ways().into_iter().find(|(_, to)| to.is_some_and(|to| self.step(to).is_none())) {
            return Err(format!("it leads to a step `{gone}` that is not there"));
        }
        match &step.does {
            Does::Send { purpose, chain, postpone_s, .. } => {
                check_named("purpose", purpose)?;
                check_chain(chain)?;
                if let Some(nameless) = chain.iter().position(|step| step.template_id.trim().is_empty()) {
                    return Err(format!("message {} has no template: choose one", nameless + 1));
                }
                if (0..=30 * 86_400).contains(postpone_s) {
                    Ok(())
                } else {
                    Err("a message can be postponed for at most 30 days".to_owned())
                }
            }
            Does::Wait { wait, .. } => check_wait(wait),
            Does::WaitFor { what, .. } => match what {
                WaitedFor::Event { event, filters, key, .. } => check_event(event, filters, key.as_deref()),
                WaitedFor::Segment { segment_id, .. } => check_named("segment", segment_id),
                WaitedFor::Message { step_id, .. } => self.check_sends(step_id),
            },
            Does::Branch { arms, .. } => {
                if arms.is_empty() || ARMS_MAX < arms.len() {
                    return Err(format!("a branch has 1 to {ARMS_MAX} arms"));
                }
                arms.iter().try_for_each(|arm| self.check_arm(arm))
            }
            Does::Split { arms } => {
                let shares: u32 = arms.iter().map(|arm| arm.share.min(WHOLE)).sum();
                if arms.is_empty() || ARMS_MAX < arms.len() {
                    return Err(format!("a split has 1 to {ARMS_MAX} arms"));
                }
                if shares == WHOLE { Ok(()) } else { Err(format!("the shares add up to {shares} thousandths, not to {WHOLE}")) }
            }
            Does::SetTrait { name, value, .. } => {
                check_named("trait", name)?;
                if value.to_string().len() <= 1_000 { Ok(()) } else { Err("a trait's value has at most 1,000 bytes".to_owned()) }
            }
            Does::SetStage { stage, .. } if !STAGES.contains(&stage.as_str()) => {
                Err(format!("`{stage}` is no stage: use one of {}", STAGES.join(", ")))
            }
            Does::SetStage { .. } if !matches!(&self.entry, Entry::Event { key: Some(_), .. } | Entry::Call) => {
                Err("a stage is a lead's: let the journey be entered by an event with the lead's id as its key".to_owned())
            }
            Does::SetStage { .. } => Ok(()),
            Does::CallTask { title, tries, gap, within, .. } => {
                check_named("task", title)?;
                if *tries == 0 || TRIES_MAX < *tries {
                    return Err(format!("a task has 1 to {TRIES_MAX} tries"));
                }
                if 1 < *tries && within <= gap { Err("the task is given up before its second try".to_owned()) } else { Ok(()) }
            }
            Does::Journey { journey_id, .. } if *journey_id == self.journey_id => Err("a journey does not begin itself".to_owned()),
            Does::Journey { journey_id, .. } => check_named("journey", journey_id),
        }
    }

    fn check_arm(&self, arm: &Arm) -> Result<(), String> {
        match &arm.when {
            Condition::Person { rule } => check_rule(rule),
            Condition::Event { field, is } => {
                check_named("field", field)?;
                is.check()
            }
            Condition::Message { step_id, .. } => self.check_sends(step_id),
        }
    }

    fn check_sends(&self, step_id: &str) -> Result<(), String> {
        match self.step(step_id).map(|step| &step.does) {
            Some(Does::Send { .. }) => Ok(()),
            _ => Err(format!("`{step_id}` is no step that sends: choose one")),
        }
    }

    fn unreached(&self) -> Vec<&Step> {
        let mut reached = BTreeSet::new();
        let mut left: Vec<&str> = self.first.iter().map(String::as_str).collect();
        while let Some(at) = left.pop() {
            if let Some(step) = self.step(at).filter(|_| reached.insert(at)) {
                left.extend(step.does.ways().into_iter().filter_map(|(_, to)| to));
            }
        }
        self.steps.iter().filter(|step| !reached.contains(step.step_id.as_str())).collect()
    }

    /// Steps that are reached again from themselves with no step between that waits.
    fn restless(&self) -> Vec<&Step> {
        let hurried: BTreeMap<&str, Vec<&str>> = self
            .steps
            .iter()
            .filter(|step| !step.does.waits())
            .map(|step| (step.step_id.as_str(), step.does.ways().into_iter().filter_map(|(_, to)| to).collect()))
            .collect();
        let comes_back = |from: &str| {
            let (mut seen, mut left) = (BTreeSet::new(), hurried.get(from).cloned().unwrap_or_default());
            while let Some(at) = left.pop() {
                if at == from {
                    return true;
                }
                if seen.insert(at) {
                    left.extend(hurried.get(at).into_iter().flatten().copied());
                }
            }
            false
        };
        self.steps.iter().filter(|step| hurried.contains_key(step.step_id.as_str()) && comes_back(&step.step_id)).collect()
    }
}

fn check_named(what: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err(format!("no {what} is named: choose one")) } else { Ok(()) }
}

fn check_event(event: &str, filters: &[Filter], key: Option<&str>) -> Result<(), String> {
    check_named("event", event)?;
    for filter in filters {
        check_field(&filter.field)?;
        filter.test.check().map_err(|why| format!("`{}`: {why}", filter.field))?;
    }
    key.map_or(Ok(()), check_field)
}

/// Conditions on events look at the past, which a segment remembers and a journey does not.
fn check_rule(rule: &Rule) -> Result<(), String> {
    rule.check()?;
    if rule.measures().is_empty() {
        Ok(())
    } else {
        Err("a condition on what somebody did is a segment's: make one and ask for that".to_owned())
    }
}

fn check_wait(wait: &Wait) -> Result<(), String> {
    let check_clock = |at: &str| if clock(at).is_some() { Ok(()) } else { Err(format!("`{at}` is no time of day: write 09:30")) };
    match wait {
        Wait::Lasting(_) => Ok(()),
        Wait::Until { at, weekdays } => match weekdays.iter().find(|day| !(1..=7).contains(*day)) {
            Some(day) => Err(format!("{day} is no day of the week: 1 is Monday, 7 is Sunday")),
            None => check_clock(at),
        },
        Wait::Date { field, days, at } => {
            check_named("date", field)?;
            if !(-3_660..=3_660).contains(days) {
                return Err("a date is at most ten years away".to_owned());
            }
            if at.is_empty() { Ok(()) } else { check_clock(at) }
        }
    }
}
