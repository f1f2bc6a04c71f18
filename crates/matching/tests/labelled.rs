//! The public labelled sets, matched without their labels and by one configuration, against the bars.

mod public;

use public::{Labelled, area_under_curve, fake_1000, febrl3, febrl4, figures, historical_50k, matched, person_names};

struct Bars {
    f1: f64,
    largest: usize,
}

fn holds(set: Option<Labelled>, bars: &Bars) {
    let Some(set) = set else { return };
    let found = figures(&set, &matched(&set));
    println!("{}: {found:?}", set.name);
    assert!(bars.f1 <= found.f1, "{found:?}");
    assert!(0.995 <= found.precision_merged, "merged unasked: {found:?}");
    assert!(found.largest <= bars.largest, "{found:?}");
}

#[test]
fn febrl4_links_two_sets() {
    holds(febrl4(), &Bars { f1: 0.9998, largest: 2 });
}

#[test]
fn febrl3_finds_duplicates() {
    holds(febrl3(), &Bars { f1: 0.9996, largest: 6 });
}

#[test]
fn fake_1000_finds_duplicates() {
    holds(fake_1000(), &Bars { f1: 0.935, largest: 8 });
}

#[test]
fn historical_50k_finds_duplicates() {
    holds(historical_50k(), &Bars { f1: 0.843, largest: 30 });
}

#[test]
fn hard_names_of_people_are_told_apart() {
    let Some(names) = person_names() else { return };
    let scored: Vec<_> = names.iter().map(|(left, right, same)| (forecourt_matching::name_similarity(left, right), *same)).collect();
    let area = area_under_curve(&scored);
    assert!(0.87 <= area, "{area}");
}
