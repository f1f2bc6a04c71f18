//! Levels, links and whole sequences of a paths report.

use std::{cmp::Reverse, collections::BTreeSet, sync::atomic::Ordering, time::Instant};

use forecourt_model::time::iso;
use futures::StreamExt;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{
    element::PathElement,
    follow::Follow,
    spec::{Direction, Paths},
    tree::{ROOT, Tree},
};
use crate::{QueryError, error::answered, matched::plan::matched, session::Session};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathsReport {
    /// Whose paths these are: each person has one.
    pub people: u64,
    /// Of those, how many converted; `None` without a goal.
    pub converted: Option<u64>,
    /// People whose path, or conversion, may still go on: the window has not passed since their start, or end.
    pub unfinished: u64,
    /// By distance from the start, or from the end: level 0 is that event itself.
    pub levels: Vec<PathLevel>,
    /// From each level to the next; by level, then by falling number of people.
    pub links: Vec<PathLink>,
    /// Whole paths by falling number of people.
    pub sequences: Vec<PathSequence>,
    /// Further different paths.
    pub sequences_omitted: u64,
    /// Whose they are.
    pub people_omitted: u64,
    /// IANA name: dates begin in it.
    pub tz: String,
    /// `None` for callers who see only part of the rows.
    pub rows_scanned: Option<u64>,
    pub elapsed_ms: u64,
    /// ISO 8601 UTC: every event before it is counted.
    pub as_of: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathLevel {
    /// By falling number of people; all beyond the listed are one place, the last.
    pub places: Vec<PathPlace>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathPlace {
    /// `None` for the elements that are not listed by themselves.
    pub element: Option<PathElement>,
    /// How many different elements are counted here.
    pub elements: u64,
    pub people: u64,
    /// Whose path ends here; before an end: whose path begins here.
    pub ended: u64,
    pub converted: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PathLink {
    /// It leads from this level to the next.
    pub level: usize,
    /// A place of this level.
    pub source: usize,
    /// A place of the next.
    pub target: usize,
    pub people: u64,
    pub converted: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathSequence {
    /// In the order of time.
    pub elements: Vec<PathElement>,
    /// Whose whole path it is.
    pub people: u64,
    /// Of all people of the report.
    pub share: f64,
    pub converted: Option<u64>,
}

pub(crate) async fn report(session: &Session, paths: &Paths) -> Result<PathsReport, QueryError> {
    let started = Instant::now();
    let gathered = gather(session, paths).await?;
    let sheet = Sheet::of(paths, &gathered);
    let (sequences, sequences_omitted, people_omitted) = sheet.sequences();
    let root = gathered.tree.places()[ROOT];
    Ok(PathsReport {
        people: root.people,
        converted: sheet.converted(root.converted),
        unfinished: gathered.unfinished,
        levels: sheet.levels(),
        links: sheet.links(),
        sequences,
        sequences_omitted,
        people_omitted,
        tz: paths.period.zone.iana_name().unwrap_or("UTC").to_owned(),
        rows_scanned: session.sees_all_rows().then_some(gathered.rows_scanned),
        elapsed_ms: started.elapsed().as_millis() as u64,
        as_of: iso(session.as_of_us()),
    })
}

/// The elements that each level lists by themselves, most people first; what is on none of these is counted together.
pub(super) async fn listed(session: &Session, paths: &Paths) -> Result<Vec<Vec<PathElement>>, QueryError> {
    let gathered = gather(session, paths).await?;
    let sheet = Sheet::of(paths, &gathered);
    let names = |numbers: Vec<u32>| numbers.into_iter().map(|number| gathered.elements[number as usize].clone()).collect();
    Ok(sheet.listed.into_iter().map(names).collect())
}

struct Gathered {
    tree: Tree,
    /// By number.
    elements: Vec<PathElement>,
    unfinished: u64,
    rows_scanned: u64,
}

/// Adds up the paths of all buckets.
async fn gather(session: &Session, paths: &Paths) -> Result<Gathered, QueryError> {
    let matched = matched(session, &paths.wanted(session.as_of_us()))?;
    // Before an end nothing can come to the path later, only a conversion.
    let grows = paths.direction == Direction::After || paths.goal.is_some();
    let (as_of_us, window_us) = (session.as_of_us(), paths.window_us);
    let parts = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(paths, matched.keys);
            async move {
                let (mut tree, mut unfinished) = (Tree::new(), 0);
                let mut add = |path: &super::follow::Path<'_>| {
                    unfinished += u64::from(grows && as_of_us < path.anchor_us.saturating_add(window_us));
                    tree.add(path.elements.iter().copied(), path.converted)
                };
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, |path, _| add(path))?;
                }
                follow.end(&mut |path, _| add(path))?;
                Ok((tree, follow.elements.into_values(), unfinished))
            }
        })
        .await?;
    let mut all = Gathered { tree: Tree::new(), elements: Vec::new(), unfinished: 0, rows_scanned: 0 };
    let mut numbers: FxHashMap<PathElement, u32> = FxHashMap::default();
    for (tree, combinations, unfinished) in parts {
        let number = |element: PathElement| {
            *numbers.entry(element.clone()).or_insert_with(|| {
                all.elements.push(element);
                all.elements.len() as u32 - 1
            })
        };
        let here: Vec<u32> = combinations.iter().map(PathElement::of).map(number).collect();
        all.tree.take_in(&tree, &here)?;
        all.unfinished += unfinished;
    }
    all.rows_scanned = matched.rows_scanned.load(Ordering::Relaxed);
    Ok(all)
}

/// How the tree becomes levels, links and sequences.
struct Sheet<'a> {
    paths: &'a Paths,
    gathered: &'a Gathered,
    /// Of each place of the tree.
    level_of: Vec<usize>,
    /// Of each place of the tree: whose paths end there, and how many of those converted.
    ends: Vec<(u64, u64)>,
    /// By level: the elements listed by themselves.
    listed: Vec<Vec<u32>>,
}

impl<'a> Sheet<'a> {
    fn of(paths: &'a Paths, gathered: &'a Gathered) -> Self {
        let level_of = gathered.tree.levels();
        let mut people: Vec<FxHashMap<u32, u64>> = Vec::new();
        for (place, level) in gathered.tree.places().iter().zip(&level_of).skip(1) {
            people.resize_with(people.len().max(level + 1), FxHashMap::default);
            *people[*level].entry(place.element).or_default() += place.people;
        }
        let listed = people.into_iter().map(|counted| {
            let mut counted: Vec<(u32, u64)> = counted.into_iter().collect();
            // Numbers depend on the order of files, names do not.
            counted.sort_by_key(|(element, people)| (Reverse(*people), &gathered.elements[*element as usize]));
            counted.into_iter().take(paths.top).map(|(element, _)| element).collect()
        });
        Self { paths, gathered, listed: listed.collect(), ends: gathered.tree.ends(), level_of }
    }

    fn converted(&self, count: u64) -> Option<u64> {
        self.paths.goal.is_some().then_some(count)
    }

    /// Which place of its level an element is counted at; the last is that of all that are not listed.
    fn place_of(&self, level: usize, element: u32) -> usize {
        let listed = &self.listed[level];
        listed.iter().position(|other| *other == element).unwrap_or(listed.len())
    }

    fn levels(&self) -> Vec<PathLevel> {
        let mut others: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); self.listed.len()];
        let empty = |listed: &Vec<u32>| {
            let place =
                |element: Option<PathElement>| PathPlace { element, elements: 1, people: 0, ended: 0, converted: self.converted(0) };
            let named = listed.iter().map(|number| place(Some(self.gathered.elements[*number as usize].clone())));
            PathLevel { places: named.chain([place(None)]).collect() }
        };
        let mut levels: Vec<PathLevel> = self.listed.iter().map(empty).collect();
        for (at, counted) in self.gathered.tree.places().iter().enumerate().skip(1) {
            let level = self.level_of[at];
            let number = self.place_of(level, counted.element);
            if number == self.listed[level].len() {
                others[level].insert(counted.element);
            }
            let place = &mut levels[level].places[number];
            place.people += counted.people;
            place.ended += self.ends[at].0;
            place.converted = place.converted.map(|held| held + counted.converted);
        }
        for (level, others) in levels.iter_mut().zip(others) {
            match level.places.last_mut() {
                Some(last) if !others.is_empty() => last.elements = others.len() as u64,
                _ => _ = level.places.pop(),
            }
        }
        levels
    }

    fn links(&self) -> Vec<PathLink> {
        let mut counted: FxHashMap<(usize, usize, usize), (u64, u64)> = FxHashMap::default();
        let places = self.gathered.tree.places();
        for (at, place) in places.iter().enumerate().skip(1).filter(|(at, _)| 0 < self.level_of[*at]) {
            let level = self.level_of[at] - 1;
            let source = self.place_of(level, places[place.parent as usize].element);
            let held = counted.entry((level, source, self.place_of(level + 1, place.element))).or_default();
            *held = (held.0 + place.people, held.1 + place.converted);
        }
        let link = |((level, source, target), (people, converted))| PathLink {
            level,
            source,
            target,
            people,
            converted: self.converted(converted),
        };
        let mut links: Vec<PathLink> = counted.into_iter().map(link).collect();
        links.sort_by_key(|link| (link.level, Reverse(link.people), link.source, link.target));
        links
    }

    /// The whole paths that most people went; with them how many others there are, and whose.
    fn sequences(&self) -> (Vec<PathSequence>, u64, u64) {
        let tree = &self.gathered.tree;
        let mut whole: Vec<usize> = (1..tree.places().len()).filter(|at| 0 < self.ends[*at].0).collect();
        let count = whole.len();
        let many = |at: &usize| Reverse(self.ends[*at].0);
        if self.paths.sequences < count {
            // Those as frequent as the last that is listed are told apart by their names.
            whole.select_nth_unstable_by_key(self.paths.sequences - 1, many);
            let least = self.ends[whole[self.paths.sequences - 1]].0;
            whole.retain(|at| least <= self.ends[*at].0);
        }
        whole.sort_by_cached_key(|at| (many(at), self.names(*at)));
        whole.truncate(self.paths.sequences);
        let all = tree.places()[ROOT].people;
        let sequence = |at: &usize| {
            let (people, converted) = self.ends[*at];
            PathSequence { elements: self.names(*at), people, share: people as f64 / all as f64, converted: self.converted(converted) }
        };
        let sequences: Vec<PathSequence> = whole.iter().map(sequence).collect();
        let told: u64 = sequences.iter().map(|sequence| sequence.people).sum();
        (sequences, (count - whole.len()) as u64, all - told)
    }

    fn names(&self, at: usize) -> Vec<PathElement> {
        let mut names: Vec<PathElement> =
            self.gathered.tree.elements(at).into_iter().map(|number| self.gathered.elements[number as usize].clone()).collect();
        if self.paths.direction == Direction::Before {
            names.reverse();
        }
        names
    }
}
