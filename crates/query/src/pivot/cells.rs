//! Sums by place, and the totals of every level of them.

use rustc_hash::FxHashMap;

use super::{
    axis::{Key, is_known_in, mask_of, renumbered},
    measure::Quantity,
    spec::Pivot,
};

/// What was read of one part of the data: sums at the finest places, and who is there.
#[derive(Debug)]
pub struct Cells {
    summed: Vec<Quantity>,
    of_people: Vec<Quantity>,
    places: FxHashMap<Key, usize>,
    keys: Vec<Key>,
    /// By place, then by quantity.
    sums: Vec<i128>,
    /// By quantity: place and profile, each pair at least once.
    people: Vec<Vec<(Key, i64)>>,
}

impl Cells {
    /// * `of_people`: quantities of which the profiles are noted.
    pub fn new(quantities: &[Quantity], of_people: &[Quantity]) -> Self {
        let summed = quantities.iter().filter(|quantity| !quantity.is_of_people()).copied().collect();
        let people = vec![Vec::new(); of_people.len()];
        Self { summed, of_people: of_people.to_vec(), places: FxHashMap::default(), keys: Vec::new(), sums: Vec::new(), people }
    }

    /// Where the sums of a quantity are; `None` when nobody asked for it.
    pub fn slot(&self, quantity: Quantity) -> Option<usize> {
        self.summed.iter().position(|held| *held == quantity)
    }

    pub fn people_slot(&self, quantity: Quantity) -> Option<usize> {
        self.of_people.iter().position(|held| *held == quantity)
    }

    pub fn place(&mut self, key: Key) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.sums.resize(self.sums.len() + self.summed.len(), 0);
            self.keys.len() - 1
        })
    }

    pub fn add(&mut self, place: usize, slot: Option<usize>, amount: i128) {
        if let Some(slot) = slot {
            self.sums[place * self.summed.len() + slot] += amount;
        }
    }

    pub fn note(&mut self, key: Key, slot: Option<usize>, profile_id: i64) {
        let Some(slot) = slot else { return };
        let people = &mut self.people[slot];
        if people.last() != Some(&(key, profile_id)) {
            people.push((key, profile_id));
        }
    }

    /// The profiles of all places, rising, each once.
    pub fn into_people(self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.people.into_iter().flatten().map(|(_, profile_id)| profile_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Adds everything up to every level of the pivot.
    ///
    /// Profiles are counted anew on each level: one who is in two regions is one in the total. So no two parts of the data
    /// may hold the same profile's rows of one table.
    pub fn settled(self, levels: &[Key]) -> Totals {
        let mut totals = Totals { summed: self.summed, of_people: self.of_people, cells: FxHashMap::default() };
        let width = totals.width();
        for (place, key) in self.keys.iter().enumerate() {
            let sums = &self.sums[place * totals.summed.len()..(place + 1) * totals.summed.len()];
            for mask in levels.iter().filter(|mask| is_known_in(*key, **mask)) {
                let cell = totals.cells.entry(key & mask).or_insert_with(|| vec![0; width]);
                cell.iter_mut().zip(sums).for_each(|(held, more)| *held += more);
            }
        }
        for (slot, people) in self.people.into_iter().enumerate() {
            for mask in levels {
                let mut pairs: Vec<(Key, i64)> =
                    people.iter().filter(|(key, _)| is_known_in(*key, *mask)).map(|(key, profile_id)| (key & mask, *profile_id)).collect();
                pairs.sort_unstable();
                pairs.dedup();
                for (key, _) in pairs {
                    totals.cells.entry(key).or_insert_with(|| vec![0; width])[totals.summed.len() + slot] += 1;
                }
            }
        }
        totals
    }
}

/// Sums of every cell, row, column and of all, by place; "all" of a dimension is 0 in the key.
#[derive(Debug)]
pub struct Totals {
    summed: Vec<Quantity>,
    of_people: Vec<Quantity>,
    pub cells: FxHashMap<Key, Vec<i128>>,
}

impl Totals {
    pub fn new(quantities: &[Quantity]) -> Self {
        let (of_people, summed) = quantities.iter().partition(|quantity| quantity.is_of_people());
        Self { summed, of_people, cells: FxHashMap::default() }
    }

    fn width(&self) -> usize {
        self.summed.len() + self.of_people.len()
    }

    /// * `numbers`: [`super::axis::Axes::take_in`] of the other's axes.
    pub fn take_in(&mut self, other: Self, numbers: &[Vec<u32>]) {
        let width = self.width();
        for (key, sums) in other.cells {
            let cell = self.cells.entry(renumbered(key, numbers)).or_insert_with(|| vec![0; width]);
            cell.iter_mut().zip(sums).for_each(|(held, more)| *held += more);
        }
    }

    /// The sum of a quantity at a place: 0 where there is nothing.
    pub fn sum(&self, key: Key, quantity: Quantity) -> i128 {
        let summed = self.summed.iter().position(|held| *held == quantity);
        let of_people = || self.of_people.iter().position(|held| *held == quantity).map(|at| self.summed.len() + at);
        let Some(slot) = summed.or_else(of_people) else { return 0 };
        self.cells.get(&key).map_or(0, |cell| cell[slot])
    }
}

/// Masks of the levels: each number of outer row dimensions, over all columns and by column.
pub fn levels(pivot: &Pivot) -> Vec<Key> {
    let (rows, columns) = (pivot.rows.len(), pivot.columns.len());
    let by_column = mask_of(rows..rows + columns);
    let mut masks: Vec<Key> = (0..=rows).map(|outer| mask_of(0..outer)).flat_map(|mask| [mask, mask | by_column]).collect();
    masks.sort_unstable();
    masks.dedup();
    masks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_add_up_to_every_level_and_people_count_once_on_each() {
        let key = |row: u128, column: u128| row | column << 21;
        let mut cells = Cells::new(&[Quantity::Leads, Quantity::LeadPeople], &[Quantity::LeadPeople]);
        let (leads, people) = (cells.slot(Quantity::Leads), cells.people_slot(Quantity::LeadPeople));
        for (row, column, profile) in [(1, 1, 7), (1, 2, 7), (2, 1, 7), (1, 1, 8), (1, 1, 8)] {
            let place = cells.place(key(row, column));
            cells.add(place, leads, 1);
            cells.note(key(row, column), people, profile);
        }
        let levels = [0, mask_of(0..1), mask_of(1..2), mask_of(0..2)];
        let totals = cells.settled(&levels);
        let at = |row, column| (totals.sum(key(row, column), Quantity::Leads), totals.sum(key(row, column), Quantity::LeadPeople));
        assert_eq!(at(0, 0), (5, 2));
        assert_eq!((at(1, 0), at(2, 0)), ((4, 2), (1, 1)));
        assert_eq!((at(0, 1), at(0, 2)), ((4, 2), (1, 1)));
        assert_eq!((at(1, 1), at(1, 2), at(2, 1), at(2, 2)), ((3, 2), (1, 1), (1, 1), (0, 0)));
    }

    #[test]
    fn what_a_table_cannot_tell_counts_in_the_totals_only() {
        // Costs by channel, which know no dealer: rows are dealers, columns channels.
        let key = |row: u128, column: u128| row | column << 21;
        let mut cells = Cells::new(&[Quantity::Cost], &[]);
        let place = cells.place(key(0, 3));
        cells.add(place, Some(0), 10);
        let totals = cells.settled(&[0, mask_of(0..1), mask_of(1..2), mask_of(0..2)]);
        assert_eq!(totals.sum(key(0, 3), Quantity::Cost), 10);
        assert_eq!(totals.sum(0, Quantity::Cost), 10);
        assert_eq!(totals.cells.len(), 2, "no dealer's row");
    }
}
