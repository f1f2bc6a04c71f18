//! Which steps one profile reached: pure, fed with the profile's events in time order.

/// Steps that a funnel may have at most: the bits of [`Row::steps`].
pub const STEPS_MAX: usize = 12;

/// What must not happen within a chain: an event of its kind that is later than the chain's step `after` and earlier than
/// its step `before`, both from 0, ends the chain. Equal times are neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    pub after: usize,
    pub before: usize,
}

/// Rules that make a funnel stricter; none of them is the default.
///
/// Source: ClickHouse's `windowFunnel` modes of the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    /// A step above the first that was reached before ends the profile's funnel.
    pub strict_deduplication: bool,
    /// An event that matches no step, or a step whose step before was not reached, ends the profile's funnel, once it began.
    pub strict_order: bool,
    /// With `strict_order`: a step whose step before was not reached is passed over instead.
    pub allow_reentry: bool,
    /// A step must be later than the step before, not only as late.
    pub strict_increase: bool,
}

/// An event, as the machine sees it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Bit `k - 1` is set when the event matches step `k`; 0 for none (only `strict_order` cares).
    pub steps: u16,
    /// Bit `k` is set when the event is of the kind of exclusion `k`.
    pub excluded: u16,
    /// What the caller wants to know of one of a chain's events; carried, never read.
    pub origin: u32,
}

/// A chain of events: one of each step from the first up to some step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// Times of its steps; those above its level mean nothing.
    pub times_us: [i64; STEPS_MAX],
    /// [`Row::origin`] of its event at the step that was asked for; [`NO_ORIGIN`] as long as it is not there.
    pub origin: u32,
}

pub const NO_ORIGIN: u32 = u32::MAX;

const NO_CHAIN: Chain = Chain { times_us: [0; STEPS_MAX], origin: NO_ORIGIN };

/// Follows one profile through the funnel.
///
/// Every step-1 event opens a new chain; a step continues the newest chain that has reached the step before, if it is
/// within the window (inclusive) of that chain's start. So per step only the newest chain that reached it need be known:
/// a later start is never worse. Nor is it with exclusions: of two chains at one step the newer has the later times, so what
/// ends it ends the older one too.
#[derive(Debug, Clone)]
pub struct Machine {
    steps: usize,
    window_us: i64,
    modes: Modes,
    exclusions: Vec<Exclusion>,
    /// From 0: the step whose event gives a chain its origin; `None` for the latest it has reached.
    origin_step: Option<usize>,
    /// By step, from 0: the newest chain that reached it. Those below `level` are set.
    newest: [Chain; STEPS_MAX],
    /// By step, from 0: a bit where an exclusion ended the newest chain.
    gone: u16,
    level: usize,
    deepest: Chain,
    ended: bool,
}

impl Machine {
    /// * `steps`: 1 to [`STEPS_MAX`].
    /// * `window_us`: microseconds from a chain's first event to its last, inclusive.
    pub fn new(steps: usize, window_us: i64, modes: Modes) -> Self {
        assert!((1..=STEPS_MAX).contains(&steps) && 0 <= window_us);
        Self {
            steps,
            window_us,
            modes,
            exclusions: Vec::new(),
            origin_step: Some(0),
            newest: [NO_CHAIN; STEPS_MAX],
            gone: 0,
            level: 0,
            deepest: NO_CHAIN,
            ended: false,
        }
    }

    /// With what must not happen in between; `before` of each is at most the last step.
    pub fn excluding(self, exclusions: Vec<Exclusion>) -> Self {
        assert!(exclusions.iter().all(|exclusion| exclusion.after < exclusion.before && exclusion.before < self.steps));
        Self { exclusions, ..self }
    }

    /// With the step, from 0, whose event gives a chain its origin (the first unless told); `None` for the latest it has reached.
    pub fn origin_at(self, origin_step: Option<usize>) -> Self {
        Self { origin_step, ..self }
    }

    /// Begins with the next profile.
    pub fn reset(&mut self) {
        self.level = 0;
        self.gone = 0;
        self.ended = false;
    }

    /// How many steps the profile reached, 0 for none.
    pub fn level(&self) -> usize {
        self.level
    }

    /// The chain that was the first to reach [`Self::level`]; meaningless at level 0.
    pub fn deepest(&self) -> &Chain {
        &self.deepest
    }

    /// Whether no further event can change the answer.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes the profile's event at `ts_us` that shares its time with no other.
    pub fn event(&mut self, ts_us: i64, row: Row) {
        if row.steps == 0 {
            self.unmatched();
        }
        let mut rest = row.steps;
        while rest != 0 {
            self.step(rest.trailing_zeros() as usize, ts_us, row.origin);
            rest &= rest - 1;
        }
        self.exclude(ts_us, row.excluded);
    }

    /// Takes all events of the profile at `ts_us`: they count in step order, whatever order they come in.
    pub fn events_at_once(&mut self, ts_us: i64, rows: &[Row]) {
        for _ in rows.iter().filter(|row| row.steps == 0) {
            self.unmatched();
        }
        for step in 0..self.steps {
            for row in rows.iter().filter(|row| row.steps & 1 << step != 0) {
                self.step(step, ts_us, row.origin);
            }
        }
        self.exclude(ts_us, rows.iter().fold(0, |bits, row| bits | row.excluded));
    }

    /// Ends the chains between the steps of the exclusions; those whose step is of this very time go on.
    fn exclude(&mut self, ts_us: i64, excluded: u16) {
        if excluded == 0 {
            return;
        }
        for (_, exclusion) in self.exclusions.iter().enumerate().filter(|(at, _)| excluded & 1 << at != 0) {
            for step in exclusion.after..exclusion.before.min(self.level) {
                if self.newest[step].times_us[exclusion.after] < ts_us {
                    self.gone |= 1 << step;
                }
            }
        }
    }

    fn unmatched(&mut self) {
        if self.modes.strict_order && self.level > 0 {
            self.ended = true;
        }
    }

    /// * `step`: from 0.
    fn step(&mut self, step: usize, ts_us: i64, origin: u32) {
        if self.ended {
            return;
        }
        if step == 0 {
            self.newest[0].times_us[0] = ts_us;
            self.newest[0].origin = if self.origin_step.unwrap_or(0) == 0 { origin } else { NO_ORIGIN };
            self.reach(0);
        } else if self.modes.strict_deduplication && step < self.level {
            self.ended = true;
        } else if step <= self.level {
            self.continue_chain(step, ts_us, origin);
        } else if self.modes.strict_order && self.level > 0 && !self.modes.allow_reentry {
            self.ended = true;
        }
    }

    fn continue_chain(&mut self, step: usize, ts_us: i64, origin: u32) {
        if self.gone & 1 << (step - 1) != 0 {
            return;
        }
        let before = &self.newest[step - 1];
        let in_window = ts_us.saturating_sub(before.times_us[0]) <= self.window_us;
        let in_order = !self.modes.strict_increase || before.times_us[step - 1] < ts_us;
        if in_window && in_order {
            let mut chain = *before;
            chain.times_us[step] = ts_us;
            if self.origin_step.unwrap_or(step) == step {
                chain.origin = origin;
            }
            self.newest[step] = chain;
            self.reach(step);
        }
    }

    fn reach(&mut self, step: usize) {
        self.gone &= !(1 << step);
        if step == self.level {
            self.level += 1;
            self.deepest = self.newest[step];
            self.ended = self.level == self.steps;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `"a1 b2 bc3"`: letters are the steps an event matches, the number its time; `x` is what is excluded.
    fn level(history: &str, window_us: i64, modes: Modes) -> usize {
        level_of(Machine::new(3, window_us, modes), history)
    }

    fn level_of(mut machine: Machine, history: &str) -> usize {
        let mut events: Vec<(i64, Row)> = Vec::new();
        for (at, word) in history.split_whitespace().enumerate() {
            let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
            let steps = letters.bytes().filter(|letter| (b'a'..=b'c').contains(letter)).fold(0, |bits, letter| bits | 1 << (letter - b'a'));
            events.push((
                word[letters.len()..].parse().unwrap_or(0),
                Row { steps, excluded: u16::from(letters.contains('x')), origin: at as u32 },
            ));
        }
        for tie in events.chunk_by(|left, right| left.0 == right.0) {
            let rows: Vec<Row> = tie.iter().map(|event| event.1).collect();
            machine.events_at_once(tie[0].0, &rows);
        }
        machine.level()
    }

    #[test]
    fn the_default_rules() {
        let plain = Modes::default();
        assert_eq!(level("x0 b1", 9, plain), 0);
        assert_eq!(level("a1 b2 c3", 9, plain), 3);
        assert_eq!(level("a1 c2 b3", 9, plain), 2);
        // Inclusive at the end of the window, measured from the chain's start.
        assert_eq!(level("a1 b5 c10", 9, plain), 3);
        assert_eq!(level("a1 b5 c11", 9, plain), 2);
        // The latest start wins, and a chain in progress is not lost by a new one.
        assert_eq!(level("a1 b5 a6 c10", 9, plain), 3);
        assert_eq!(level("a1 b5 a6 b7 c15", 9, plain), 3);
        // Equal times count in step order.
        assert_eq!(level("c5 b5 a5", 0, plain), 3);
    }

    #[test]
    fn the_stricter_rules() {
        let deduplication = Modes { strict_deduplication: true, ..Modes::default() };
        assert_eq!(level("a1 b2 b3 c4", 9, deduplication), 2);
        assert_eq!(level("a1 a2 b3 c4", 9, deduplication), 3);
        let order = Modes { strict_order: true, ..Modes::default() };
        assert_eq!(level("x0 a1 b2 a3 c4", 9, order), 3);
        assert_eq!(level("a1 x2 b3 c4", 9, order), 1);
        assert_eq!(level("a1 c2 b3", 9, order), 1);
        let increase = Modes { strict_increase: true, ..Modes::default() };
        assert_eq!(level("a1 b1 c2", 9, increase), 1);
    }

    #[test]
    fn what_is_excluded_ends_a_chain() {
        let excluding = |after, before| Machine::new(3, 9, Modes::default()).excluding(vec![Exclusion { after, before }]);
        assert_eq!(level_of(excluding(0, 1), "a1 x2 b3 c4"), 1);
        assert_eq!(level_of(excluding(0, 1), "a1 b2 x3 c4"), 3);
        assert_eq!(level_of(excluding(0, 2), "a1 b2 x3 c4"), 2);
        // A later start goes on, and so does a later second step of the same start.
        assert_eq!(level_of(excluding(0, 2), "a1 b2 x3 a4 b5 c6"), 3);
        assert_eq!(level_of(excluding(1, 2), "a1 b2 x3 b4 c5"), 3);
        assert_eq!(level_of(excluding(1, 2), "a1 b2 b3 x4 c5"), 2);
        // At the very time of a step it is neither after nor before it.
        assert_eq!(level_of(excluding(0, 1), "a1 x1 b2 c3"), 3);
        assert_eq!(level_of(excluding(0, 1), "a1 x2 b2 c3"), 3);
        assert_eq!(level_of(excluding(0, 2), "a1 bx2 c3"), 2);
    }

    #[test]
    fn a_chain_carries_what_its_step_was() {
        let mut machine = Machine::new(3, 100, Modes::default()).origin_at(Some(1));
        machine.event(1, Row { steps: 1, excluded: 0, origin: 7 });
        assert_eq!(machine.deepest().origin, NO_ORIGIN);
        machine.event(2, Row { steps: 2, excluded: 0, origin: 8 });
        machine.event(3, Row { steps: 4, excluded: 0, origin: 9 });
        assert_eq!((machine.level(), machine.deepest().origin), (3, 8));
    }

    /// Answers of ClickHouse to random histories, kept outside the repository.
    #[test]
    fn clickhouse_answers_the_same() {
        #[derive(serde::Deserialize)]
        struct Vectors {
            cases: Vec<Vec<(i64, String)>>,
            window_funnel: Vec<Asked>,
        }
        #[derive(serde::Deserialize)]
        struct Asked {
            conds: Vec<String>,
            window: i64,
            modes: Vec<String>,
            levels: Vec<Option<usize>>,
        }
        let Some(shared) = std::env::var_os("FORECOURT_SHARED") else {
            eprintln!("skipped: set FORECOURT_SHARED to the folder that holds peers/window_funnel_vectors.json");
            return;
        };
        let file = std::fs::File::open(std::path::Path::new(&shared).join("peers/window_funnel_vectors.json")).expect("the vectors");
        let vectors: Vectors = serde_json::from_reader(std::io::BufReader::new(file)).expect("the vectors' JSON");
        let mut compared = 0;
        for asked in &vectors.window_funnel {
            if asked.modes.iter().any(|mode| mode == "strict_once") {
                continue;
            }
            let has = |name: &str| asked.modes.iter().any(|mode| mode == name);
            let modes = Modes {
                strict_deduplication: has("strict_deduplication"),
                strict_order: has("strict_order"),
                allow_reentry: has("allow_reentry"),
                strict_increase: has("strict_increase"),
            };
            for (case, level) in vectors.cases.iter().zip(&asked.levels) {
                let Some(level) = level else { continue };
                let mut machine = Machine::new(asked.conds.len(), asked.window, modes);
                let mut events = case.clone();
                events.sort_by_key(|event| event.0);
                for tie in events.chunk_by(|left, right| left.0 == right.0) {
                    let steps = |name: &str| {
                        asked.conds.iter().enumerate().filter(|(_, names)| names.contains(name)).fold(0, |bits, (at, _)| bits | 1u16 << at)
                    };
                    let rows: Vec<Row> = tie.iter().map(|event| Row { steps: steps(&event.1), excluded: 0, origin: 0 }).collect();
                    match rows[..] {
                        [row] => machine.event(tie[0].0, row),
                        _ => machine.events_at_once(tie[0].0, &rows),
                    }
                }
                assert_eq!(
                    machine.level(),
                    *level,
                    "{case:?} conditions {:?} window {} modes {:?}",
                    asked.conds,
                    asked.window,
                    asked.modes
                );
                compared += 1;
            }
        }
        assert!(compared > 10_000, "only {compared} answers compared");
        eprintln!("{compared} answers are ClickHouse's");
    }

    #[test]
    fn the_deepest_chain_is_the_first_to_get_there() {
        let mut machine = Machine::new(3, 100, Modes::default());
        for (ts_us, steps, origin) in [(1, 1, 7), (2, 2, 8), (3, 1, 9), (4, 2, 10)] {
            machine.event(ts_us, Row { steps, excluded: 0, origin });
        }
        assert_eq!((machine.level(), machine.deepest().origin, &machine.deepest().times_us[..2]), (2, 7, &[1, 2][..]));
    }
}
