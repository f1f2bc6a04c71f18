//! Markov attribution: what would be lost without a key, in the chain of states that the paths walk. Pure.
//!
//! Source: Anderl, Becker, von Wangenheim, Schumann, "Mapping the customer journey: lessons learned from graph-based online
//! attribution modeling" (2016). The removal effect of a key is the share of the chain's conversion probability that goes when
//! every step to the key leads to nothing; credit is in proportion to it. The chain is solved exactly: ready-made packages
//! simulate it, and are off by percents.

use rustc_hash::FxHashMap;

/// The three states that every chain has; states of keys follow.
pub const START: u32 = 0;
pub const CONVERSION: u32 = 1;
pub const NOTHING: u32 = 2;
const FIRST: u32 = 3;

/// A chain with more states is not solved: it would take long, and few of its steps would be known well.
pub const STATES_MAX: usize = 600;

/// States by what a person's last touches were.
#[derive(Debug, Clone, Default)]
pub struct States {
    numbers: FxHashMap<Vec<u32>, u32>,
    /// From [`FIRST`]: the last touches' keys, the latest last.
    keys: Vec<Vec<u32>>,
}

impl States {
    pub fn of(&mut self, keys: &[u32]) -> u32 {
        if let Some(&number) = self.numbers.get(keys) {
            return number;
        }
        let number = FIRST + self.keys.len() as u32;
        self.keys.push(keys.to_vec());
        self.numbers.insert(keys.to_vec(), number);
        number
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key of the latest touch of a state, by state from the first behind the three.
    pub fn latest(&self) -> Vec<u32> {
        self.keys.iter().map(|keys| keys.last().copied().unwrap_or_default()).collect()
    }

    /// Takes in another's states; returns their numbers here, by number there.
    ///
    /// * `keys`: the keys' numbers here, by number there.
    pub fn take_in(&mut self, other: &Self, keys: &[u32]) -> Vec<u32> {
        let renumbered = other.keys.iter().map(|state| state.iter().map(|key| keys[*key as usize]).collect::<Vec<_>>());
        let numbers: Vec<Vec<u32>> = renumbered.collect();
        (0..FIRST).chain(numbers.iter().map(|state| self.of(state))).collect()
    }
}

/// Steps from state to state, counted.
pub type Steps = FxHashMap<(u32, u32), f64>;

/// The steps of one path.
///
/// * `order`: how many of the last touches make a state, at least 1.
pub fn walk(states: &mut States, path: &[u32], order: usize, converted: bool, mut step: impl FnMut(u32, u32)) {
    let mut at = START;
    for end in 1..=path.len() {
        let next = states.of(&path[end.saturating_sub(order)..end]);
        step(at, next);
        at = next;
    }
    step(at, if converted { CONVERSION } else { NOTHING });
}

/// What a chain says.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// Probability that the walk ends in a conversion.
    pub conversion: f64,
    /// By key: the share of it that goes without the key.
    pub removal_effects: Vec<f64>,
}

impl Solved {
    /// The part of all conversions that each key is credited with; zeros where nothing converts.
    pub fn shares(&self) -> Vec<f64> {
        let total: f64 = self.removal_effects.iter().sum();
        let share = |effect: &f64| if 0.0 < total { effect / total } else { 0.0 };
        self.removal_effects.iter().map(share).collect()
    }
}

/// Solves the chain.
///
/// With N = (I − Q)⁻¹, the expected visits from state to state, and b the probability to convert from each, the walk first meets
/// the states A of a key with the distribution h that solves h · N[A,A] = N[start,A]; without the key h · b[A] of the
/// conversions is lost.
///
/// * `latest`: by state behind the three, its key; at most [`STATES_MAX`] states.
/// * `keys`: how many keys there are.
pub fn solve(steps: &Steps, latest: &[u32], keys: usize) -> Solved {
    let size = latest.len() + 1;
    let place = |state: u32| if state == START { 0 } else { (state - FIRST) as usize + 1 };
    let mut sums = vec![0.0; size];
    for ((from, _), count) in steps {
        sums[place(*from)] += count;
    }
    // I − Q, and beside it the identity, which becomes the inverse.
    let mut visits = Matrix::identity(size);
    let mut converts = vec![0.0; size];
    for ((from, to), count) in steps {
        let share = count / sums[place(*from)];
        match *to {
            CONVERSION => converts[place(*from)] += share,
            NOTHING => {}
            to => *visits.at(place(*from), place(to)) -= share,
        }
    }
    let visits = visits.inverse();
    let from = |state: usize| -> f64 { (0..size).map(|to| visits.get(state, to) * converts[to]).sum() };
    let conversion = from(0);
    let lost = |key: u32| -> f64 {
        let states: Vec<usize> = (0..latest.len()).filter(|at| latest[*at] == key).map(|at| at + 1).collect();
        let mut among = Matrix::identity(states.len());
        for (row, &left) in states.iter().enumerate() {
            for (column, &right) in states.iter().enumerate() {
                *among.at(row, column) = visits.get(left, right);
            }
        }
        let among = among.inverse();
        let first_met =
            |column: usize| -> f64 { states.iter().enumerate().map(|(row, &state)| visits.get(0, state) * among.get(row, column)).sum() };
        states.iter().enumerate().map(|(at, &state)| first_met(at) * from(state)).sum()
    };
    let effect = |key: u32| if 0.0 < conversion { (lost(key) / conversion).clamp(0.0, 1.0) } else { 0.0 };
    Solved { conversion, removal_effects: (0..keys as u32).map(effect).collect() }
}

/// A square matrix, row by row.
#[derive(Debug, Clone)]
struct Matrix {
    size: usize,
    values: Vec<f64>,
}

impl Matrix {
    fn identity(size: usize) -> Self {
        let mut matrix = Self { size, values: vec![0.0; size * size] };
        (0..size).for_each(|at| *matrix.at(at, at) = 1.0);
        matrix
    }

    fn at(&mut self, row: usize, column: usize) -> &mut f64 {
        &mut self.values[row * self.size + column]
    }

    fn get(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.size + column]
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.size..(row + 1) * self.size]
    }

    /// By Gauss and Jordan, each time with the largest value of the column. From each state of a chain some path leads to its end,
    /// so there is an inverse.
    fn inverse(mut self) -> Self {
        let size = self.size;
        let mut inverse = Self::identity(size);
        for column in 0..size {
            let pivot = (column..size).max_by(|left, right| self.get(*left, column).abs().total_cmp(&self.get(*right, column).abs()));
            let pivot = pivot.unwrap_or(column);
            for matrix in [&mut self, &mut inverse] {
                (0..size).for_each(|at| matrix.values.swap(pivot * size + at, column * size + at));
            }
            let scale = self.get(column, column);
            for matrix in [&mut self, &mut inverse] {
                matrix.values[column * size..(column + 1) * size].iter_mut().for_each(|value| *value /= scale);
            }
            let (top, top_inverse) = (self.row(column).to_vec(), inverse.row(column).to_vec());
            for row in (0..size).filter(|row| *row != column) {
                let factor = self.get(row, column);
                if factor != 0.0 {
                    let below = |value: &mut f64, above: &f64| *value -= factor * above;
                    self.values[row * size..(row + 1) * size].iter_mut().zip(&top).for_each(|(value, above)| below(value, above));
                    inverse.values[row * size..(row + 1) * size]
                        .iter_mut()
                        .zip(&top_inverse)
                        .for_each(|(value, above)| below(value, above));
                }
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// Paths and what the chain says of them, worked out in fractions by solving it anew without each key.
    #[derive(Deserialize)]
    struct Vector {
        order: usize,
        keys: usize,
        /// Keys, conversions, paths to nothing.
        paths: Vec<(Vec<u32>, f64, f64)>,
        conversion: f64,
        removal_effects: Vec<f64>,
        conversions: Vec<f64>,
    }

    fn solved(paths: &[(Vec<u32>, f64, f64)], order: usize, keys: usize) -> Solved {
        let (mut states, mut steps) = (States::default(), Steps::default());
        for (path, conversions, nothing) in paths {
            for (converted, count) in [(true, *conversions), (false, *nothing)] {
                if 0.0 < count {
                    walk(&mut states, path, order, converted, |from, to| *steps.entry((from, to)).or_default() += count);
                }
            }
        }
        solve(&steps, &states.latest(), keys)
    }

    #[test]
    fn the_chain_is_solved_exactly() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("markov_vectors.json")).expect("the vectors");
        assert!(10 <= vectors.len());
        for vector in vectors {
            let solved = solved(&vector.paths, vector.order, vector.keys);
            assert!((solved.conversion - vector.conversion).abs() < 1e-12, "{} {}", solved.conversion, vector.conversion);
            let total: f64 = vector.paths.iter().map(|(_, conversions, _)| conversions).sum();
            for (key, share) in solved.shares().iter().enumerate() {
                assert!((solved.removal_effects[key] - vector.removal_effects[key]).abs() < 1e-9);
                assert!((share * total - vector.conversions[key]).abs() < 1e-9, "{} {}", share * total, vector.conversions[key]);
            }
        }
    }

    #[test]
    fn without_conversions_nobody_is_credited() {
        let solved = solved(&[(vec![0, 1], 0.0, 3.0)], 1, 2);
        assert_eq!((solved.conversion, solved.shares()), (0.0, vec![0.0, 0.0]));
    }
}
