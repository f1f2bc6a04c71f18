//! From agreements to weights and probabilities, with the reasons.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::{
    agreement::{Agreement, level_in},
    column::MISSING,
    label::Label,
    limit::{Limit, Limits},
    model::Model,
    table::Table,
};

/// Two records that may be one person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredPair {
    /// Rows of the table; `left < right`.
    pub left: u32,
    pub right: u32,
    /// The evidence in bits, prior included: 0 is even odds, each bit doubles them.
    pub weight: f32,
}

impl ScoredPair {
    /// The probability that the two records are one person, 0 to 1.
    pub fn probability(&self) -> f64 {
        probability(f64::from(self.weight))
    }
}

/// The probability that a weight in bits stands for.
pub fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// The weight in bits that a probability below 1 stands for.
pub fn weight_of(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

/// Why two records were found, or were not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub weight: f64,
    pub probability: f64,
    /// The part of the weight that every pair has, in bits.
    pub prior_bits: f64,
    /// One for each column of the table.
    pub contributions: Vec<Contribution>,
    /// What was taken off, where the columns together say less than their sum; their bits are below 0.
    pub limits: Vec<Limit>,
    /// What a person has said of this pair; it overrules the weight in clusters.
    pub answer: Option<bool>,
}

/// What one column says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    pub column: String,
    /// One of [`crate::ColumnType::levels`], or `missing`.
    pub agreement: String,
    /// Above 0 speaks for one person, below 0 against it, 0 says nothing.
    pub bits: f64,
}

/// Weighs pairs of one table by one model.
pub struct Scorer<'a> {
    table: &'a Table,
    model: &'a Model,
    /// `[columns][16]` bits for each level that is not "equal"; 0 for missing.
    bits: Vec<[f64; 16]>,
    /// `[columns][values]` bits for equal values.
    equal_bits: Vec<Vec<f32>>,
    /// `[columns]`: the most that a column can add where the values differ.
    most: Vec<f64>,
    /// The most that names can add where they differ, straight or crossed.
    names_most: f64,
    reading: Vec<Step>,
    limits: Limits,
    answers: FxHashMap<(u32, u32), bool>,
}

#[derive(Clone, Copy)]
enum Step {
    Column(usize),
    /// Given name and surname, which may be crossed.
    Names,
}

/// What a person's answer weighs, in bits: more than any evidence.
const ANSWER_BITS: f64 = 1000.0;

impl<'a> Scorer<'a> {
    /// * `labels`: people's answers; they decide the pairs that they are about, in [`Self::weight`] and so in clusters.
    ///
    /// Panics when the model was made for other columns.
    pub fn new(table: &'a Table, model: &'a Model, labels: &[Label]) -> Self {
        let kinds = |specs: &mut dyn Iterator<Item = crate::ColumnType>| specs.collect::<Vec<_>>();
        let expected = kinds(&mut model.columns.iter().map(|column| column.column.kind));
        assert_eq!(kinds(&mut table.columns().iter().map(|spec| spec.kind)), expected, "the model is for other columns");
        let bits: Vec<[f64; 16]> = model.columns.iter().map(|column| std::array::from_fn(|level| bits_of(column, level))).collect();
        let equal_bits = equal_bits(table, model);
        let most = bits.iter().map(most_of).collect();
        let answers = labels.iter().map(|label| (label.rows(), label.same)).collect();
        let names_most = table.names.map_or(0.0, |(given, surname)| most_of(&bits[given]).max(0.0) + most_of(&bits[surname]).max(0.0));
        Self { table, model, bits, equal_bits, most, names_most, reading: reading(table), limits: Limits::new(table), answers }
    }

    /// The weight of two rows in bits, prior included; a person's answer, where there is one, weighs ±1000.
    pub fn weight(&self, left: u32, right: u32) -> f64 {
        match self.answer(left, right) {
            Some(same) => {
                if same {
                    ANSWER_BITS
                } else {
                    -ANSWER_BITS
                }
            }
            None => self.evidence(left, right, f64::NEG_INFINITY).unwrap_or(f64::NEG_INFINITY),
        }
    }

    fn answer(&self, left: u32, right: u32) -> Option<bool> {
        self.answers.get(&(left.min(right), left.max(right))).copied()
    }

    /// All pairs with a weight of at least `least` bits, in the order given.
    pub fn score(&self, pairs: &[(u32, u32)], least: f64, threads: usize) -> Vec<ScoredPair> {
        let share = pairs.len().div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            let parts: Vec<_> = pairs.chunks(share).map(|part| scope.spawn(move || self.score_part(part, least))).collect();
            parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }

    fn score_part(&self, pairs: &[(u32, u32)], least: f64) -> Vec<ScoredPair> {
        let scored = |&(left, right): &(u32, u32)| {
            let weight = match self.answer(left, right) {
                Some(same) => {
                    if same {
                        ANSWER_BITS
                    } else {
                        -ANSWER_BITS
                    }
                }
                None => self.evidence(left, right, least)?,
            };
            (least <= weight).then_some(ScoredPair { left, right, weight: weight as f32 })
        };
        pairs.iter().filter_map(scored).collect()
    }

    /// The evidence in bits; `None` as soon as it is certain to be below `least`.
    fn evidence(&self, left: u32, right: u32, least: f64) -> Option<f64> {
        // Equal numbers cost nothing to see. What they add is known before any text is read.
        let mut levels = Agreement::all_missing(self.table.columns.len());
        let mut sum = self.model.prior_bits();
        let (mut unread, mut may_add) = (0u32, self.names_most);
        for column in 0..self.table.columns.len() {
            match (self.table.id(column, left), self.table.id(column, right)) {
                (0, _) | (_, 0) => {}
                (a, b) if a == b => {
                    levels = levels.with(column, 0);
                    sum += f64::from(self.equal_bits[column][a as usize]);
                }
                _ => {
                    unread |= 1 << column;
                    may_add += if self.is_name(column) { 0.0 } else { self.most[column] };
                }
            }
        }
        for &step in &self.reading {
            if sum + may_add < least {
                return None;
            }
            match step {
                Step::Names => {
                    levels = self.names(levels, left, right);
                    may_add -= self.names_most;
                    sum += self.name_bits(levels, unread);
                }
                Step::Column(column) if unread & (1 << column) != 0 => {
                    let level = level_in(self.table, column, left, right);
                    levels = levels.with(column, level);
                    may_add -= self.most[column];
                    sum += self.bits[column][usize::from(level)];
                }
                Step::Column(_) => {}
            }
        }
        Some(self.limits.within(sum, levels, |column| self.bits_in(levels, column, left)))
    }

    /// Adds the levels of given name and surname, straight or crossed.
    fn names(&self, levels: Agreement, left: u32, right: u32) -> Agreement {
        let Some((given, surname)) = self.table.names else { return levels };
        let straight =
            [given, surname].into_iter().fold(levels, |levels, column| levels.with(column, level_in(self.table, column, left, right)));
        straight.with_crossed_names(self.table, left, right)
    }

    /// What the names say where they are not equal; equal ones were added before.
    fn name_bits(&self, levels: Agreement, unread: u32) -> f64 {
        let Some((given, surname)) = self.table.names else { return 0.0 };
        let told = |column: usize| unread & (1 << column) != 0 || levels.level(column) != 0;
        [given, surname].into_iter().filter(|&column| told(column)).map(|column| self.bits[column][usize::from(levels.level(column))]).sum()
    }

    fn is_name(&self, column: usize) -> bool {
        self.table.names.is_some_and(|(given, surname)| column == given || column == surname)
    }

    /// The bits of a column, equal values by their own frequency.
    fn bits_in(&self, levels: Agreement, column: usize, row: u32) -> f64 {
        match levels.level(column) {
            0 => f64::from(self.equal_bits[column][self.table.id(column, row) as usize]),
            level => self.bits[column][usize::from(level)],
        }
    }

    /// The weight of two rows with what each column contributes.
    pub fn explain(&self, left: u32, right: u32) -> Explanation {
        let levels = Agreement::of(self.table, left, right);
        let contributions: Vec<_> = (0..self.table.columns.len()).map(|column| self.contribution(levels, column, left)).collect();
        let prior_bits = self.model.prior_bits();
        let sum = prior_bits + contributions.iter().map(|contribution| contribution.bits).sum::<f64>();
        let weight = self.limits.within(sum, levels, |column| contributions[column].bits);
        let limits = self.limits.told(sum, levels, |column| contributions[column].bits);
        Explanation { weight, probability: probability(weight), prior_bits, contributions, limits, answer: self.answer(left, right) }
    }

    fn contribution(&self, levels: Agreement, column: usize, row: u32) -> Contribution {
        let spec = &self.table.columns()[column];
        let level = levels.level(column);
        let agreement = if level == MISSING { "missing" } else { spec.kind.levels()[usize::from(level)] };
        Contribution { column: spec.name.clone(), agreement: agreement.to_owned(), bits: self.bits_in(levels, column, row) }
    }
}

/// The order in which columns are read: what costs little first, and short lists of values, which stay near the processor.
fn reading(table: &Table) -> Vec<Step> {
    let is_name = |column: usize| table.names.is_some_and(|(given, surname)| column == given || column == surname);
    let mut columns: Vec<usize> = (0..table.columns.len()).filter(|&column| !is_name(column)).collect();
    columns.sort_by_key(|&column| (!table.columns[column].kind.is_number(), table.columns[column].counts.len()));
    let numbers = columns.iter().take_while(|&&column| table.columns[column].kind.is_number()).count();
    let mut steps: Vec<Step> = columns.into_iter().map(Step::Column).collect();
    steps.insert(numbers, Step::Names);
    steps
}

/// The most that values which differ can say.
fn most_of(bits: &[f64; 16]) -> f64 {
    bits.iter().skip(1).copied().fold(f64::NEG_INFINITY, f64::max)
}

fn bits_of(column: &crate::model::ColumnModel, level: usize) -> f64 {
    if level < column.among_matches.len() { column.bits(level as u8) } else { 0.0 }
}

fn equal_bits(table: &Table, model: &Model) -> Vec<Vec<f32>> {
    let of_column = |(column, model): (usize, &crate::model::ColumnModel)| {
        let values = 0..table.columns[column].counts.len() as u32;
        values.map(|id| model.equal_bits(table.text(column, id)) as f32).collect()
    };
    model.columns.iter().enumerate().map(of_column).collect()
}
