//! How a score does on leads that came after it was made.

use forecourt_model::lead::{LearnedScore, learned::Looks};
use serde::{Deserialize, Serialize};

use super::{PastLead, Rows, rows, teaching};
use crate::{
    Figures, ScoreError,
    evaluate::{self, DRIFT_ALARM},
    figures::{Bin, bins},
    train::{self, NEEDED},
};

/// A look at how a score does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    pub version: u32,
    pub at_us: i64,
    /// Leads as they came in since the score was made, and what of each feature has changed (population stability index).
    pub new_leads: usize,
    pub drift: Vec<(String, f64)>,
    /// Of those whose outcome is known by now; there must be enough of either.
    pub outcome: Option<Met>,
}

/// Foretold against what came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Met {
    pub leads: usize,
    pub won: usize,
    pub foretold: f64,
    /// Standard deviations between the two.
    pub distance: f64,
    pub figures: Figures,
    pub reliability: Vec<Bin>,
}

/// Beyond it a score foretells too many or too few: by chance in one look of a hundred.
const FAR: f64 = 2.58;
/// Campaigns are always others: that says nothing of the leads.
const COMES_AND_GOES: &str = "campaign";
/// Fewer new leads say nothing of a change.
const NEW_LEADS_MIN: usize = 100;

impl Watch {
    /// Features that have become others.
    pub fn drifted(&self) -> impl Iterator<Item = &(String, f64)> {
        self.drift.iter().filter(|(_, index)| DRIFT_ALARM < *index)
    }

    /// Whether as many win as were foretold.
    pub fn is_off(&self) -> bool {
        self.outcome.as_ref().is_some_and(|met| FAR < met.distance.abs())
    }

    pub fn is_alarming(&self) -> bool {
        self.is_off() || self.drifted().next().is_some()
    }
}

/// Looks at how a score does.
///
/// * `made_us`: leads after it are new.
pub fn watch(score: &LearnedScore, made_us: i64, leads: Vec<PastLead>, names: &[String], now_us: i64) -> Watch {
    let (new, old): (Vec<PastLead>, Vec<PastLead>) = leads.into_iter().partition(|lead| made_us < lead.created_us);
    let new_leads = new.len();
    let mut watch = Watch { version: score.version, at_us: now_us, new_leads, drift: Vec::new(), outcome: None };
    if new_leads < NEW_LEADS_MIN {
        return watch;
    }
    // As it came in: how old leads are when they are asked about is no change of the world.
    let (before, after) = (rows(&old, names, &score.looks, true), rows(&new, names, &score.looks, true));
    if NEW_LEADS_MIN <= old.len() {
        let looked_at = |name: &String| name != COMES_AND_GOES && score.model.features.iter().any(|feature| feature.name == *name);
        watch.drift = evaluate::drift(&before.table, &after.table).into_iter().filter(|(name, _)| looked_at(name)).collect();
        watch.drift.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }
    watch.outcome = met(score, &newer_rows(new, names, &score.looks, now_us));
    watch
}

fn newer_rows(new: Vec<PastLead>, names: &[String], looks: &Looks, now_us: i64) -> Rows {
    rows(&teaching(new, now_us).leads, names, looks, true)
}

fn met(score: &LearnedScore, rows: &Rows) -> Option<Met> {
    let won = rows.won.iter().filter(|won| **won).count();
    if won.min(rows.won.len() - won) < NEEDED {
        return None;
    }
    let foretold = evaluate::scores(&score.model, &rows.table);
    let variance = foretold.iter().map(|p| p * (1.0 - p)).sum::<f64>();
    let sum = foretold.iter().sum::<f64>();
    Some(Met {
        leads: rows.won.len(),
        won,
        foretold: sum,
        distance: (won as f64 - sum) / variance.sqrt().max(1e-9),
        figures: Figures::of(&rows.won, &foretold),
        reliability: bins(&rows.won, &foretold),
    })
}

/// Tells a score anew how many win, by leads that came after it was made: places stay, probabilities move.
pub fn recalibrate(
    score: &LearnedScore,
    made_us: i64,
    leads: Vec<PastLead>,
    names: &[String],
    now_us: i64,
) -> Result<LearnedScore, ScoreError> {
    let new = leads.into_iter().filter(|lead| made_us < lead.created_us).collect();
    let Rows { table, won, .. } = newer_rows(new, names, &score.looks, now_us);
    let mut again = score.clone();
    train::recalibrate(&mut again.model, &table, &won, true)?;
    Ok(again)
}
