//! Credit added up over paths, in groups of people that intervals are drawn from.

use super::{
    credit::{MODELS, Terms, apportioned, shares},
    follow::Path,
    markov::{States, Steps, walk},
};

/// People are put into so many groups at random: as many as intervals need, few enough to keep sums of each.
pub const GROUPS: usize = 64;
/// What one conversion is split into.
pub const CONVERSION_UNITS: i64 = 1_000_000;

/// Parts of conversions and hundredths of the currency: whole numbers, so that sums do not depend on the order of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    pub conversions: i64,
    pub revenue: i64,
}

impl Amount {
    pub fn add(&mut self, other: Self) {
        self.conversions += other.conversions;
        self.revenue += other.revenue;
    }
}

/// By model, then by group.
type Credits = [[Amount; GROUPS]; MODELS.len()];

#[derive(Debug)]
pub struct Tally {
    terms: Terms,
    order: usize,
    /// By key.
    pub credits: Vec<Box<Credits>>,
    /// By key: conversions with a touch of it, each whole.
    pub associated: Vec<Amount>,
    pub states: States,
    /// By group.
    pub steps: Vec<Steps>,
    /// Of conversions with a touch, by group.
    pub touched: [Amount; GROUPS],
    /// Of conversions without any.
    pub untouched: Amount,
    /// Paths without a conversion.
    pub to_nothing: u64,
}

impl Tally {
    pub fn new(terms: Terms, order: usize) -> Self {
        Self {
            terms,
            order,
            credits: Vec::new(),
            associated: Vec::new(),
            states: States::default(),
            steps: vec![Steps::default(); GROUPS],
            touched: [Amount::default(); GROUPS],
            untouched: Amount::default(),
            to_nothing: 0,
        }
    }

    pub fn add(&mut self, path: &Path<'_>) {
        let whole = path.conversion.map(|revenue| Amount { conversions: CONVERSION_UNITS, revenue });
        if path.touches.is_empty() {
            self.untouched.add(whole.unwrap_or_default());
            return;
        }
        let group = group_of(path.profile_id);
        let keys: Vec<u32> = path.touches.iter().map(|touch| touch.key).collect();
        self.make_room(&keys);
        let steps = &mut self.steps[group];
        walk(&mut self.states, &keys, self.order, whole.is_some(), |from, to| *steps.entry((from, to)).or_default() += 1.0);
        let Some(whole) = whole else {
            self.to_nothing += 1;
            return;
        };
        self.touched[group].add(whole);
        for model in 0..MODELS.len() {
            let shares = shares(model, path.touches, &self.terms);
            let (conversions, revenue) = (apportioned(whole.conversions, &shares), apportioned(whole.revenue, &shares));
            for ((&key, conversions), revenue) in keys.iter().zip(conversions).zip(revenue) {
                self.credits[key as usize][model][group].add(Amount { conversions, revenue });
            }
        }
        for (at, key) in keys.iter().enumerate() {
            if !keys[..at].contains(key) {
                self.associated[*key as usize].add(whole);
            }
        }
    }

    fn make_room(&mut self, keys: &[u32]) {
        let count = keys.iter().max().map_or(0, |key| *key as usize + 1).max(self.credits.len());
        self.credits.resize_with(count, || Box::new([[Amount::default(); GROUPS]; MODELS.len()]));
        self.associated.resize(count, Amount::default());
    }

    /// * `keys`: the keys' numbers here, by number there.
    pub fn take_in(&mut self, other: Self, keys: &[u32]) {
        self.make_room(keys);
        for (number, credits) in other.credits.into_iter().enumerate() {
            let held = self.credits[keys[number] as usize].iter_mut().flatten();
            held.zip(credits.iter().flatten()).for_each(|(held, more)| held.add(*more));
        }
        other.associated.iter().zip(keys).for_each(|(more, key)| self.associated[*key as usize].add(*more));
        let states = self.states.take_in(&other.states, keys);
        for (held, more) in self.steps.iter_mut().zip(other.steps) {
            for ((from, to), count) in more {
                *held.entry((states[from as usize], states[to as usize])).or_default() += count;
            }
        }
        self.touched.iter_mut().zip(other.touched).for_each(|(held, more)| held.add(more));
        self.untouched.add(other.untouched);
        self.to_nothing += other.to_nothing;
    }
}

/// A group that says nothing of the person: ids of neighbours are mixed well (SplitMix64).
fn group_of(profile_id: i64) -> usize {
    let mut mixed = (profile_id as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) % GROUPS as u64) as usize
}
