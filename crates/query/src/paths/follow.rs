//! One pass over each profile's events, which makes one path of them.

use std::collections::VecDeque;

use arrow::{
    array::{AsArray, RecordBatch},
    datatypes::{Int64Type, TimestampMicrosecondType, UInt16Type},
};

use super::{
    element,
    spec::{ANCHOR, Direction, GOAL, Paths},
};
use crate::{QueryError, dimensions::Combinations};

/// What one person did.
pub(super) struct Path<'a> {
    pub profile_id: i64,
    /// Elements by distance from the anchor, which is the first: in the order of time after a start, against it before an end.
    pub elements: &'a [u32],
    pub converted: bool,
    pub anchor_us: i64,
}

/// Equal steps that follow each other, or one step where they are not taken together.
#[derive(Debug, Clone, Copy)]
struct Run {
    element: u32,
    first_us: i64,
    last_us: i64,
}

/// Where the pass over a bucket stands: one profile, as many steps as a path has.
pub(super) struct Follow {
    paths: Paths,
    keys: usize,
    pub elements: Combinations,
    profile_id: i64,
    /// When the anchor was, once it is met.
    anchor_us: Option<i64>,
    /// Before an end: what led here, in the order of time, no gap within.
    before: VecDeque<Run>,
    path: Vec<u32>,
    /// Time of the path's latest event.
    last_us: i64,
    /// Nothing more is put on the path.
    is_over: bool,
    converted: bool,
}

impl Follow {
    /// * `keys`: columns of a batch before those that elements are told by.
    pub fn new(paths: &Paths, keys: usize) -> Self {
        Self {
            paths: paths.clone(),
            keys,
            elements: Combinations::default(),
            profile_id: i64::MIN,
            anchor_us: None,
            before: VecDeque::new(),
            path: Vec::new(),
            last_us: i64::MIN,
            is_over: false,
            converted: false,
        }
    }

    /// Takes a batch as [`crate::matched`] gives it; `found` is told of each path that is over.
    pub fn take(
        &mut self,
        batch: &RecordBatch,
        mut found: impl FnMut(&Path<'_>, &Combinations) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let profile_ids = batch.column(0).as_primitive::<Int64Type>().values();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values();
        let matched = batch.column(batch.num_columns() - 1).as_primitive::<UInt16Type>().values();
        let columns = element::columns(batch, self.keys, self.paths.split.as_ref())?;
        for row in 0..batch.num_rows() {
            if profile_ids[row] != self.profile_id {
                self.end(&mut found)?;
                self.profile_id = profile_ids[row];
            }
            let (ts_us, matched) = (times[row], matched[row]);
            match self.anchor_us {
                None if matched & ANCHOR != 0 && self.paths.period.has(ts_us) => {
                    let element = self.elements.of(&columns, row);
                    self.anchor(element, ts_us);
                }
                None if self.paths.direction == Direction::Before && matched & !(ANCHOR | GOAL) != 0 => {
                    let element = self.elements.of(&columns, row);
                    self.lead(element, ts_us);
                }
                None => {}
                Some(anchor_us) => {
                    let is_near = ts_us.saturating_sub(anchor_us) <= self.paths.window_us;
                    self.converted |= matched & GOAL != 0 && is_near && anchor_us < ts_us;
                    if !self.is_over && matched & !(ANCHOR | GOAL) != 0 {
                        let element = self.elements.of(&columns, row);
                        self.go_on(element, ts_us, is_near);
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the profile that the pass stands at.
    pub fn end(&mut self, found: &mut impl FnMut(&Path<'_>, &Combinations) -> Result<(), QueryError>) -> Result<(), QueryError> {
        if let Some(anchor_us) = self.anchor_us {
            let path = Path { profile_id: self.profile_id, elements: &self.path, converted: self.converted, anchor_us };
            found(&path, &self.elements)?;
        }
        self.anchor_us = None;
        self.before.clear();
        self.path.clear();
        self.is_over = false;
        self.converted = false;
        Ok(())
    }

    fn anchor(&mut self, element: u32, ts_us: i64) {
        (self.anchor_us, self.last_us) = (Some(ts_us), ts_us);
        self.path.push(element);
        if self.paths.direction == Direction::Before {
            self.look_back(element, ts_us);
            self.is_over = true;
        }
    }

    /// A step after a start.
    fn go_on(&mut self, element: u32, ts_us: i64, is_near: bool) {
        if !is_near || self.paths.gap_us < ts_us.saturating_sub(self.last_us) {
            self.is_over = true;
            return;
        }
        self.last_us = ts_us;
        if self.paths.collapse && self.path.last() == Some(&element) {
            return;
        }
        // A repeat of the last step would change nothing, so the path is over with it.
        self.path.push(element);
        self.is_over = self.path.len() == self.paths.steps + 1;
    }

    /// A step before the end is met.
    fn lead(&mut self, element: u32, ts_us: i64) {
        if self.before.back().is_some_and(|last| self.paths.gap_us < ts_us.saturating_sub(last.last_us)) {
            self.before.clear();
        }
        match self.before.back_mut() {
            Some(last) if self.paths.collapse && last.element == element => last.last_us = ts_us,
            _ => self.before.push_back(Run { element, first_us: ts_us, last_us: ts_us }),
        }
        // One more than a path has steps: the last may turn out to be one with the end itself.
        if self.paths.steps + 1 < self.before.len() {
            self.before.pop_front();
        }
    }

    fn look_back(&mut self, end: u32, end_us: i64) {
        let (mut element, mut first_us) = (end, end_us);
        for run in self.before.iter().rev() {
            let is_near =
                end_us.saturating_sub(run.last_us) <= self.paths.window_us && first_us.saturating_sub(run.last_us) <= self.paths.gap_us;
            if !is_near || self.path.len() == self.paths.steps + 1 {
                break;
            }
            if !(self.paths.collapse && run.element == element) {
                self.path.push(run.element);
            }
            (element, first_us) = (run.element, run.first_us);
        }
    }
}
