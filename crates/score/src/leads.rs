//! A score learned from an installation's own leads: which of them teach, what is looked at, and how good it is.

mod watch;

use std::collections::{BTreeMap, HashMap};

use forecourt_model::{
    lead::learned::{EVENTS_MAX, LearnedScore, Looks, Seen},
    score::ScoreModel,
    time::DAY_US,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Figures, Finding, Forward, Learner, ScoreError, Settings, Table, TableBuilder,
    evaluate::{self, Folds},
    figures::{Bin, bins},
    table::Kind,
    train::{self, NEEDED},
};

pub use watch::{Met, Watch, recalibrate, watch};

/// Half-lives of interest that are tried, in days.
const HALF_LIVES: [f64; 6] = [1.0, 3.0, 7.0, 14.0, 30.0, 60.0];
const HALF_LIFE_USUAL: f64 = 14.0;
/// A lead is given so long to be won at least, and at most; the time that nearly all wins took decides.
const HORIZON_DAYS: (f64, f64) = (14.0, 365.0);
const NEARLY_ALL: f64 = 0.95;
/// Leads that are too young teach all the same where so few of them are still open: somebody has told how each ended.
const OPEN_SHARE_MAX: f64 = 0.1;
/// With more leads each is looked at once, so that learning stays a matter of seconds.
const TWICE_MAX: usize = 30_000;
/// An event counts that people of so many leads did.
const EVENT_LEADS_MIN: usize = 20;
/// Above it a column names single leads: it teaches nothing of others.
const DISTINCT_SHARE_MAX: f64 = 0.5;
const FOLDS: usize = 5;
/// With more rows fewer folds say as much.
const FOLDS_OF_MANY: (usize, usize) = (40_000, 3);
/// The oldest leads, that the newest are foretold by.
const OLDER: f64 = 0.8;
/// Bounds of how sure of itself a model may be, against what it did on rows that it had not seen.
const SLOPE_MIN: f64 = 0.05;
const SLOPE_MAX: f64 = 3.0;
const IMPORTANCE_ROWS: usize = 2_000;

/// A lead of the past.
#[derive(Debug, Clone)]
pub struct PastLead {
    pub lead_id: String,
    pub created_us: i64,
    pub facts: BTreeMap<String, Value>,
    pub won_us: Option<i64>,
    pub is_decided: bool,
    /// Moments at which it was open, and what its person had done by then, by the numbers of event names.
    pub looks: Vec<(i64, HashMap<u32, Seen>)>,
}

/// What may be said about how to learn.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Columns that are not looked at.
    pub leave_out: Vec<String>,
    /// Columns that are looked at although they seem to know the outcome.
    pub allow: Vec<String>,
}

/// What a score says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreReport {
    pub learner: String,
    pub leads: usize,
    pub won: usize,
    /// Looks at leads: a lead may be looked at twice, as it came in and later.
    pub rows: usize,
    pub from_us: i64,
    pub until_us: i64,
    /// Within so many days nearly all wins came; younger leads that are still open do not teach.
    pub horizon_days: f64,
    pub too_young: usize,
    pub half_life_days: f64,
    pub events: Vec<String>,
    /// On folds by lead that were left out, and their standard deviation.
    pub folds: Figures,
    pub folds_sd: Figures,
    /// Learned from the oldest, tried on the newest.
    pub forward: Option<Forward>,
    pub reliability: Vec<Bin>,
    /// What moves scores, by the mean of its part's size; the most important first.
    pub importance: Vec<(String, f64)>,
    /// Columns that know the outcome, and were left out for it, unless they were allowed.
    pub findings: Vec<Finding>,
}

/// Which leads teach.
pub struct Teaching {
    pub leads: Vec<PastLead>,
    pub horizon_days: f64,
    pub too_young: usize,
}

/// Chooses the leads that teach: those that had the time to be won.
pub fn teaching(leads: Vec<PastLead>, now_us: i64) -> Teaching {
    let mut took: Vec<f64> = leads.iter().filter_map(|lead| Some((lead.won_us? - lead.created_us).max(0) as f64 / DAY_US as f64)).collect();
    took.sort_by(f64::total_cmp);
    let nearly_all = took.get(((took.len() as f64 * NEARLY_ALL) as usize).min(took.len().saturating_sub(1))).copied().unwrap_or(0.0);
    let horizon_days = nearly_all.clamp(HORIZON_DAYS.0, HORIZON_DAYS.1);
    let ripe_us = now_us - (horizon_days * DAY_US as f64) as i64;
    let (mut ripe, young): (Vec<_>, Vec<_>) = leads.into_iter().partition(|lead| lead.created_us <= ripe_us);
    let open = young.iter().filter(|lead| !lead.is_decided).count();
    let mut too_young = young.len();
    if open as f64 <= young.len() as f64 * OPEN_SHARE_MAX {
        too_young = open;
        ripe.extend(young.into_iter().filter(|lead| lead.is_decided));
    }
    Teaching { leads: ripe, horizon_days, too_young }
}

/// Rows that a model is learned from.
pub struct Rows {
    pub table: Table,
    pub won: Vec<bool>,
    /// The place of each row's lead among those that teach: the rows of one lead belong together.
    pub lead_of: Vec<usize>,
}

/// The rows of leads, as a score with these looks would see them.
///
/// * `only_first`: as they came in, and not once later.
pub fn rows(leads: &[PastLead], names: &[String], looks: &Looks, only_first: bool) -> Rows {
    let number_of: HashMap<&str, u32> = names.iter().enumerate().map(|(number, name)| (name.as_str(), number as u32)).collect();
    let (mut builder, mut won, mut lead_of) = (TableBuilder::default(), Vec::new(), Vec::new());
    let once = only_first || TWICE_MAX < leads.len();
    for (at, lead) in leads.iter().enumerate() {
        // Of many leads every second is looked at later.
        let skipped = if once && !only_first { at % 2 } else { 0 }.min(lead.looks.len().saturating_sub(1));
        let taken = if once { 1 } else { lead.looks.len() };
        for (at_us, seen) in lead.looks.iter().skip(skipped).take(taken) {
            let seen = |name: &str| number_of.get(name).and_then(|number| seen.get(number)).copied();
            builder.push(&looks.row(&lead.facts, lead.created_us, *at_us, seen));
            won.push(lead.won_us.is_some());
            lead_of.push(at);
        }
    }
    Rows { table: builder.finish(), won, lead_of }
}

/// The commonest events, and the half-life by which interest in them foretells best.
pub fn looks(leads: &[PastLead], names: &[String]) -> Looks {
    let mut common: HashMap<u32, usize> = HashMap::new();
    for (_, seen) in leads.iter().filter_map(|lead| lead.looks.last()) {
        seen.keys().for_each(|number| *common.entry(*number).or_default() += 1);
    }
    let mut common: Vec<(usize, &String)> = common
        .into_iter()
        .filter(|(_, leads)| EVENT_LEADS_MIN <= *leads)
        .filter_map(|(number, leads)| Some((leads, names.get(number as usize)?)))
        .collect();
    common.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    common.truncate(EVENTS_MAX);
    let mut events: Vec<String> = common.into_iter().map(|(_, name)| name.clone()).collect();
    events.sort_unstable();
    let numbers: Vec<u32> = events.iter().filter_map(|event| names.iter().position(|name| name == event)).map(|at| at as u32).collect();
    let won: Vec<bool> = leads.iter().map(|lead| lead.won_us.is_some()).collect();
    let auc = |half_life_days: f64| {
        let tried = Looks { events: Vec::new(), half_life_days };
        let warmth = |lead: &PastLead| {
            let Some((at_us, seen)) = lead.looks.last() else { return 0.0 };
            let one = |seen: &Seen| (1.0 + seen.times as f64).ln() * tried.faded((at_us - seen.last_us).max(0) as f64 / DAY_US as f64);
            numbers.iter().filter_map(|number| seen.get(number)).map(one).sum()
        };
        Figures::of(&won, &leads.iter().map(warmth).collect::<Vec<_>>()).auc
    };
    let mut best = (auc(HALF_LIFE_USUAL), HALF_LIFE_USUAL);
    for half_life in HALF_LIVES {
        let tried = auc(half_life);
        // What foretells no better than by chance of rounding leaves the usual one.
        if best.0 + 1e-4 < tried {
            best = (tried, half_life);
        }
    }
    Looks { events, half_life_days: best.1 }
}

/// How many more leads of the rarer outcome are needed; `None` where there are enough.
pub fn missing(leads: &[PastLead]) -> Option<(usize, usize)> {
    let won = leads.iter().filter(|lead| lead.won_us.is_some()).count();
    let short = |held: usize| NEEDED.saturating_sub(held);
    let missing = (short(won), short(leads.len() - won));
    Some(missing).filter(|missing| *missing != (0, 0))
}

/// Learns a score, and says how good it is.
///
/// * `version`: the score's number.
/// * `progress`: is told the share that is done, 0 to 1.
pub fn learn(
    teaching: &Teaching,
    names: &[String],
    version: u32,
    settings: &Settings,
    wishes: &Wishes,
    mut progress: impl FnMut(f64),
) -> Result<(LearnedScore, ScoreReport), ScoreError> {
    let Teaching { leads, horizon_days, too_young } = teaching;
    let won_leads = leads.iter().filter(|lead| lead.won_us.is_some()).count();
    if let Some((won, lost)) = missing(leads) {
        return Err(ScoreError::TooFew { rows: leads.len(), positives: won_leads, needed: NEEDED, missing: won.max(lost) });
    }
    let looks = looks(leads, names);
    let Rows { table, won, lead_of } = rows(leads, names, &looks, false);
    progress(0.1);
    let table = table.without(&[wishes.leave_out.clone(), names_of_leads(&table)].concat());
    let findings = evaluate::findings(&table, &won);
    let known: Vec<String> = findings.iter().map(|finding| finding.field.clone()).filter(|field| !wishes.allow.contains(field)).collect();
    let table = table.without(&known);
    let (many, fewer) = FOLDS_OF_MANY;
    let folds = dealt(leads, &lead_of, if many < won.len() { fewer } else { FOLDS });
    let (settings, left_out) = best(&table, &won, &folds, leads, settings, &mut progress)?;
    let calibration = calibration(&left_out, &won, |_| true)?;
    let found = Found::of(&left_out, &won, &folds, calibration);
    let forward = forward(leads, &table, &won, &lead_of, &settings, &left_out);
    progress(0.85);
    let mut model = train::train(&table, &won, "won", &settings)?;
    (model.slope, model.shift) = calibration;
    let report = ScoreReport {
        learner: model.learner().to_owned(),
        leads: leads.len(),
        won: won_leads,
        rows: won.len(),
        from_us: leads.iter().map(|lead| lead.created_us).min().unwrap_or(0),
        until_us: leads.iter().map(|lead| lead.created_us).max().unwrap_or(0),
        horizon_days: *horizon_days,
        too_young: *too_young,
        half_life_days: looks.half_life_days,
        events: looks.events.clone(),
        folds: found.mean,
        folds_sd: found.sd,
        forward,
        reliability: found.reliability,
        importance: importance(&model, &table),
        findings,
    };
    let score = LearnedScore { version, looks, model, ranks: ranks(&left_out) };
    progress(1.0);
    Ok((score, report))
}

/// Columns of texts of which nearly every lead has another.
fn names_of_leads(table: &Table) -> Vec<String> {
    let names_single_leads = |kind: &Kind| match kind {
        Kind::Number(_) => false,
        Kind::Category { levels, codes } => {
            let filled = codes.iter().filter(|code| **code != crate::table::MISSING).count();
            levels.is_empty() || filled as f64 * DISTINCT_SHARE_MAX < levels.len() as f64
        }
    };
    table.columns.iter().filter(|column| names_single_leads(&column.kind)).map(|column| column.name.clone()).collect()
}

/// The fold of each row: alike in outcome, one lead's rows in one.
fn dealt(leads: &[PastLead], lead_of: &[usize], count: usize) -> Vec<usize> {
    let mut fold = vec![0; leads.len()];
    for outcome in [true, false] {
        let mut held: Vec<usize> = (0..leads.len()).filter(|at| leads[*at].won_us.is_some() == outcome).collect();
        held.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31));
        held.into_iter().enumerate().for_each(|(place, at)| fold[at] = place % count);
    }
    lead_of.iter().map(|at| fold[*at]).collect()
}

/// The learner that does better on rows that it had not seen, where there is enough to learn trees from; with the log-odds of each row.
fn best(
    table: &Table,
    won: &[bool],
    folds: &[usize],
    leads: &[PastLead],
    settings: &Settings,
    progress: &mut impl FnMut(f64),
) -> Result<(Settings, Vec<f64>), ScoreError> {
    let outcomes: Vec<bool> = leads.iter().map(|lead| lead.won_us.is_some()).collect();
    let tried = match (settings.learner, settings.learner.of(&outcomes)) {
        (Learner::Auto, Learner::Boosting) => vec![Learner::Logistic, Learner::Boosting],
        (_, chosen) => vec![chosen],
    };
    let mut best: Option<(f64, Settings, Vec<f64>)> = None;
    for (at, learner) in tried.iter().enumerate() {
        let settings = Settings { learner: *learner, ..settings.clone() };
        let found = evaluate::evaluate(table, won, &Folds::Given(folds.to_vec()), None, &settings)?;
        let log_odds: Vec<f64> = found.predicted.iter().map(|p| log_odds(*p)).collect();
        let loss = Found::of(&log_odds, won, folds, calibration(&log_odds, won, |_| true)?).mean.log_loss;
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, settings, log_odds));
        }
        progress(0.1 + 0.6 * (at + 1) as f64 / tried.len() as f64);
    }
    let (_, settings, log_odds) = best.ok_or_else(|| ScoreError::Learner("no way to learn was tried".to_owned()))?;
    Ok((settings, log_odds))
}

/// What a score did on rows that it had not seen.
struct Found {
    mean: Figures,
    sd: Figures,
    reliability: Vec<Bin>,
}

impl Found {
    fn of(log_odds: &[f64], won: &[bool], folds: &[usize], calibration: (f64, f64)) -> Self {
        let foretold: Vec<f64> = log_odds.iter().map(|odds| calibrated(*odds, calibration)).collect();
        let count = folds.iter().max().map_or(0, |last| last + 1);
        let of_fold = |fold: usize| {
            let (happened, said): (Vec<bool>, Vec<f64>) =
                (0..won.len()).filter(|row| folds[*row] == fold).map(|row| (won[row], foretold[row])).unzip();
            Figures::of(&happened, &said)
        };
        let (mean, sd) = Figures::mean_and_sd(&(0..count).map(of_fold).collect::<Vec<_>>());
        Self { mean, sd, reliability: bins(won, &foretold) }
    }
}

fn log_odds(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    (p / (1.0 - p)).ln()
}

fn calibrated(log_odds: f64, (slope, shift): (f64, f64)) -> f64 {
    forecourt_model::score::probability(slope * log_odds + shift)
}

/// Slope and shift, of predictions of rows that were not learned from: a model is surer of itself than it should be.
fn calibration(log_odds: &[f64], won: &[bool], is_taken: impl Fn(usize) -> bool) -> Result<(f64, f64), ScoreError> {
    let (odds, happened): (Vec<f64>, Vec<bool>) = (0..won.len()).filter(|row| is_taken(*row)).map(|row| (log_odds[row], won[row])).unzip();
    match train::platt(&odds, &happened, false) {
        Ok((slope, shift)) if SLOPE_MIN <= slope => Ok((slope.min(SLOPE_MAX), shift)),
        // What foretells nothing says of each lead what holds for all, nearly.
        _ => Ok((SLOPE_MIN, log_odds_of_all(&happened))),
    }
}

fn log_odds_of_all(won: &[bool]) -> f64 {
    log_odds(won.iter().filter(|won| **won).count() as f64 / won.len().max(1) as f64)
}

/// What the newest leads would have been foretold by the oldest.
///
/// * `left_out`: log-odds of each row by a model that had not seen it; those of the oldest say how sure to be.
fn forward(leads: &[PastLead], table: &Table, won: &[bool], lead_of: &[usize], settings: &Settings, left_out: &[f64]) -> Option<Forward> {
    let mut created: Vec<i64> = leads.iter().map(|lead| lead.created_us).collect();
    created.sort_unstable();
    let cut_us = *created.get((created.len() as f64 * OLDER) as usize)?;
    let is_older = |row: usize| leads[lead_of[row]].created_us < cut_us;
    let (older, newer): (Vec<usize>, Vec<usize>) = (0..won.len()).partition(|row| is_older(*row));
    let (learned_from, outcome) = evaluate::of_rows(table, won, &older);
    // All of one day, or a part without wins, says nothing of the future; the folds do all the same.
    let mut model = train::train(&learned_from, &outcome, "", settings).ok()?;
    (model.slope, model.shift) = calibration(left_out, won, is_older).ok()?;
    let (newest, happened) = evaluate::of_rows(table, won, &newer);
    Some(evaluate::forward_figures(&outcome, &happened, &evaluate::scores(&model, &newest)))
        .filter(|forward| forward.figures.auc.is_finite())
}

fn importance(model: &ScoreModel, table: &Table) -> Vec<(String, f64)> {
    let step = (table.rows / IMPORTANCE_ROWS).max(1);
    let (mut sums, mut rows): (BTreeMap<String, f64>, f64) = (BTreeMap::new(), 0.0);
    for row in (0..table.rows).step_by(step) {
        for (feature, _, part) in model.explain(&table.row(row)).parts {
            *sums.entry(feature).or_default() += part.abs();
        }
        rows += 1.0;
    }
    let mut importance: Vec<(String, f64)> = sums.into_iter().map(|(feature, sum)| (feature, sum / rows.max(1.0))).collect();
    importance.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    importance
}

/// The log-odds that 1, 2, …, 99 of a hundred are not above.
fn ranks(log_odds: &[f64]) -> Vec<f64> {
    let mut sorted = log_odds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    (1..100).map(|place| sorted.get((sorted.len() * place / 100).min(last)).copied().unwrap_or(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Dice(u64);

    impl Dice {
        fn share(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as f64 / (1_u64 << 31) as f64
        }
    }

    /// Leads over a year: what somebody looked at in the last days counts, and fades within a week.
    fn world(count: usize, seed: u64, base: f64, start_day: i64) -> Vec<PastLead> {
        let mut dice = Dice(seed);
        (0..count)
            .map(|n| {
                let created_us = (start_day + (n * 365 / count) as i64) * DAY_US;
                let channel = ["cpc", "email", "organic"][(dice.share() * 3.0) as usize];
                let (views, age) = ((dice.share() * 9.0) as u64, dice.share() * 40.0);
                let warmth = (1.0 + views as f64).ln() * 0.5_f64.powf(age / 7.0);
                let odds = base + 2.0 * warmth + if channel == "email" { 1.0 } else { 0.0 };
                let won = dice.share() < 1.0 / (1.0 + (-odds).exp());
                let last_us = created_us - (age * DAY_US as f64) as i64;
                let seen: HashMap<u32, Seen> = [(0, Seen { times: views, last_us })].into_iter().filter(|_| 0 < views).collect();
                PastLead {
                    lead_id: format!("L{n}"),
                    created_us,
                    facts: [("channel".to_owned(), json!(channel)), ("ticket".to_owned(), json!(format!("t{n}")))].into(),
                    won_us: won.then_some(created_us + (dice.share() * 30.0) as i64 * DAY_US),
                    is_decided: true,
                    looks: vec![(created_us, seen)],
                }
            })
            .collect()
    }

    fn names() -> Vec<String> {
        vec!["car_viewed".to_owned()]
    }

    #[test]
    fn a_score_is_learned_with_the_cycle_of_its_customers() {
        let teaching = teaching(world(4_000, 3, -2.5, 0), 800 * DAY_US);
        let (score, report) =
            learn(&teaching, &names(), 1, &Settings::default(), &Wishes::default(), |_| {}).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(score.check(), Ok(()));
        assert_eq!((score.looks.events.clone(), report.leads), (names(), 4_000));
        assert_eq!(score.looks.half_life_days, 7.0, "as the world was made");
        let is_near = |bin: &Bin| (bin.predicted - bin.observed).abs() < 0.06;
        assert!(0.7 < report.folds.auc && report.reliability.iter().all(is_near), "{report:?}");
        assert!(report.forward.as_ref().is_some_and(|forward| 0.7 < forward.figures.auc), "{report:?}");
        assert!(!score.model.features.iter().any(|feature| feature.name == "ticket"), "a name of single leads");
        assert_eq!(report.importance[0].0, "warmth");
        // Places are spread over leads of the same kind evenly.
        let rows = rows(&world(4_000, 4, -2.5, 0), &names(), &score.looks, true);
        let places: Vec<i64> = (0..rows.table.rows).map(|row| score.score(&rows.table.row(row)).0).collect();
        let upper = places.iter().filter(|place| 80 <= **place).count() as f64 / places.len() as f64;
        assert!((0.15..0.25).contains(&upper), "{upper}");
    }

    #[test]
    fn where_nothing_foretells_the_outcome_every_lead_is_told_what_holds_for_all() {
        let mut leads = world(6_000, 11, -1.0, 0);
        // The outcomes of other leads.
        let outcomes: Vec<Option<i64>> = leads.iter().map(|lead| lead.won_us.map(|us| us - lead.created_us)).collect();
        leads
            .iter_mut()
            .enumerate()
            .for_each(|(at, lead)| lead.won_us = outcomes[(at * 7 + 13) % 6_000].map(|took| lead.created_us + took));
        let share = leads.iter().filter(|lead| lead.won_us.is_some()).count() as f64 / 6_000.0;
        let teaching = teaching(leads, 800 * DAY_US);
        for learner in [Learner::Boosting, Learner::Auto] {
            let settings = Settings { learner, ..Settings::default() };
            let (score, report) =
                learn(&teaching, &names(), 1, &settings, &Wishes::default(), |_| {}).unwrap_or_else(|error| panic!("{error}"));
            assert!(report.reliability.iter().all(|bin| (bin.predicted - share).abs() < 0.05), "{share} {report:?}");
            assert!((0.45..0.55).contains(&report.folds.auc) && score.check().is_ok(), "{report:?}");
        }
    }

    #[test]
    fn leads_that_had_no_time_to_be_won_do_not_teach() {
        let mut leads = world(1_000, 5, -2.5, 0);
        // The newest month is open, but for those that won quickly.
        let now_us = 370 * DAY_US;
        for lead in leads.iter_mut().filter(|lead| 340 * DAY_US < lead.created_us) {
            lead.is_decided = lead.won_us.is_some();
        }
        let held = teaching(leads.clone(), now_us);
        assert!((28.0..=30.0).contains(&held.horizon_days), "{}", held.horizon_days);
        assert!(held.leads.iter().all(|lead| lead.created_us <= now_us - 28 * DAY_US) && 50 < held.too_young);
        // Where a file told how each ended, all teach.
        leads.iter_mut().for_each(|lead| lead.is_decided = true);
        assert_eq!((teaching(leads.clone(), now_us).leads.len(), teaching(leads, now_us).too_young), (1_000, 0));
    }

    #[test]
    fn what_knows_the_outcome_is_left_out_and_named() {
        let mut leads = world(1_000, 6, -2.0, 0);
        for lead in &mut leads {
            lead.facts.insert("closed_by".to_owned(), if lead.won_us.is_some() { json!("Ann") } else { json!("") });
        }
        let teaching = teaching(leads, 800 * DAY_US);
        let settings = Settings { learner: Learner::Logistic, ..Settings::default() };
        let learned = |wishes: &Wishes| learn(&teaching, &names(), 1, &settings, wishes, |_| {}).unwrap_or_else(|error| panic!("{error}"));
        let knows = |score: &LearnedScore| score.model.features.iter().any(|feature| feature.name == "closed_by");
        let (score, report) = learned(&Wishes::default());
        assert!(!knows(&score) && report.findings[0].field == "closed_by" && report.folds.auc < 0.95, "{report:?}");
        let (score, report) = learned(&Wishes { allow: vec!["closed_by".to_owned()], ..Wishes::default() });
        assert!(knows(&score) && 0.95 < report.folds.auc);
    }

    #[test]
    fn a_world_that_changed_raises_the_alarm_and_new_leads_set_it_right() {
        let old = world(3_000, 7, -2.5, 0);
        let taught = teaching(old.clone(), 800 * DAY_US);
        let (score, _) =
            learn(&taught, &names(), 1, &Settings::default(), &Wishes::default(), |_| {}).unwrap_or_else(|error| panic!("{error}"));
        let (made_us, now_us) = (365 * DAY_US, 900 * DAY_US);
        let with = |new: Vec<PastLead>| [old.clone(), new].concat();
        let same = watch(&score, made_us, with(world(2_000, 8, -2.5, 400)), &names(), now_us);
        assert!(!same.is_alarming() && same.new_leads == 2_000, "{same:?}");
        let fewer = with(world(2_000, 9, -3.5, 400));
        let off = watch(&score, made_us, fewer.clone(), &names(), now_us);
        assert!(off.is_off() && off.drifted().next().is_none(), "{off:?}");
        let again = recalibrate(&score, made_us, fewer.clone(), &names(), now_us).unwrap_or_else(|error| panic!("{error}"));
        assert!(!watch(&again, made_us, fewer, &names(), now_us).is_off());
        let mut others = world(2_000, 10, -2.5, 400);
        others.iter_mut().for_each(|lead| drop(lead.facts.insert("channel".to_owned(), json!("social"))));
        let drifted = watch(&score, made_us, with(others), &names(), now_us);
        assert_eq!(drifted.drifted().next().map(|(name, _)| name.as_str()), Some("channel"), "{drifted:?}");
    }
}
