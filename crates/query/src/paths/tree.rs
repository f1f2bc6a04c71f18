//! All paths, by their common beginnings. Pure.

use rustc_hash::FxHashMap;

use crate::QueryError;

/// Different beginnings of paths at most: some 32 bytes each.
const PLACES_MAX: usize = 2_000_000;

/// Where every path begins, before its first element.
pub const ROOT: usize = 0;

/// A tree whose every place is a beginning that some people's paths have in common.
#[derive(Debug)]
pub struct Tree {
    places: Vec<Place>,
    by_parent: FxHashMap<(u32, u32), u32>,
}

#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The beginning without its last element.
    pub parent: u32,
    /// Number of its last element.
    pub element: u32,
    /// Whose paths begin so.
    pub people: u64,
    /// Of those, how many converted.
    pub converted: u64,
}

impl Tree {
    pub fn new() -> Self {
        Self { places: vec![Place { parent: 0, element: u32::MAX, people: 0, converted: 0 }], by_parent: FxHashMap::default() }
    }

    /// Parents before what lies behind them; the root first.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Adds one person's path; refused when there are too many different ones.
    pub fn add(&mut self, elements: impl Iterator<Item = u32>, converted: bool) -> Result<(), QueryError> {
        let mut at = ROOT;
        self.count(at, 1, converted.into());
        for element in elements {
            at = self.behind(at, element)?;
            self.count(at, 1, converted.into());
        }
        Ok(())
    }

    /// Adds all paths of another tree.
    ///
    /// * `numbers`: what the other's elements are here, by number.
    pub fn take_in(&mut self, other: &Self, numbers: &[u32]) -> Result<(), QueryError> {
        let mut here = vec![ROOT; other.places.len()];
        for (at, place) in other.places.iter().enumerate() {
            if at != ROOT {
                here[at] = self.behind(here[place.parent as usize], numbers[place.element as usize])?;
            }
            self.count(here[at], place.people, place.converted);
        }
        Ok(())
    }

    /// Whose paths end at each place, and how many of those converted.
    pub fn ends(&self) -> Vec<(u64, u64)> {
        let mut ends: Vec<(u64, u64)> = self.places.iter().map(|place| (place.people, place.converted)).collect();
        for place in &self.places[1..] {
            let parent = &mut ends[place.parent as usize];
            *parent = (parent.0 - place.people, parent.1 - place.converted);
        }
        ends
    }

    /// How many elements lie before each place's own; the root's is not used.
    pub fn levels(&self) -> Vec<usize> {
        let mut levels = vec![0; self.places.len()];
        for (at, place) in self.places.iter().enumerate().skip(1) {
            levels[at] = if place.parent as usize == ROOT { 0 } else { levels[place.parent as usize] + 1 };
        }
        levels
    }

    /// The elements of a beginning, in order.
    pub fn elements(&self, mut at: usize) -> Vec<u32> {
        let mut elements = Vec::new();
        while at != ROOT {
            elements.push(self.places[at].element);
            at = self.places[at].parent as usize;
        }
        elements.reverse();
        elements
    }

    fn behind(&mut self, at: usize, element: u32) -> Result<usize, QueryError> {
        let next = self.places.len();
        let found = *self.by_parent.entry((at as u32, element)).or_insert(next as u32) as usize;
        if found == next {
            if PLACES_MAX < next {
                return Err(QueryError::Invalid(format!(
                    "people went more than {PLACES_MAX} ways: take fewer `steps`, a shorter time, a coarser `split`, or name the `events`"
                )));
            }
            self.places.push(Place { parent: at as u32, element, people: 0, converted: 0 });
        }
        Ok(found)
    }

    fn count(&mut self, at: usize, people: u64, converted: u64) {
        self.places[at].people += people;
        self.places[at].converted += converted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_together_count_what_one_would() {
        let mut left = Tree::new();
        left.add([0, 1].into_iter(), true).expect("few paths");
        left.add([0, 1, 1].into_iter(), false).expect("few paths");
        let mut right = Tree::new();
        // The other's 0 is 1 here, its 1 is 0.
        right.add([1, 0].into_iter(), false).expect("few paths");
        right.add([].into_iter(), true).expect("few paths");
        left.take_in(&right, &[1, 0]).expect("few paths");
        let told: Vec<_> = left.places().iter().map(|place| (place.people, place.converted)).collect();
        assert_eq!(told, [(4, 2), (3, 1), (3, 1), (1, 0)]);
        assert_eq!(left.ends(), [(1, 1), (0, 0), (2, 1), (1, 0)]);
        assert_eq!(left.levels(), [0, 0, 1, 2]);
        assert_eq!(left.elements(3), [0, 1, 1]);
    }
}
