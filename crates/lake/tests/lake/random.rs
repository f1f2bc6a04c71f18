//! Random lives of a lake against the model.

use forecourt_lake::LakeOptions;
use proptest::prelude::*;

use crate::rig::{HOUR_US, Rig, START_US, Told, options, own_rules, profile};

#[derive(Debug, Clone)]
enum Step {
    /// Events as (profile, hour), then merges of the profile numbers; only profiles that still exist take part.
    Fold(Vec<(u64, i64, &'static str)>, Vec<(u64, u64)>),
    /// What is folded next gets its channels by these rules.
    Rules(&'static str),
    DecideChannels,
    Flush,
    Compact,
    Look,
    Restart,
    Tidy,
}

const PROFILES: u64 = 24;
const RULES: [&str; 3] = [
    r#"[{"channel":"forums","conditions":[{"mark":"referrer_host","test":"domain","values":["forum."]}]}]"#,
    r#"[{"channel":"all"}]"#,
    "[]",
];

fn step() -> impl Strategy<Value = Step> {
    let from = prop::sample::select(&["", "https://google.com/", "https://forum.example/"][..]);
    let events = prop::collection::vec((0..PROFILES, 0i64..72, from), 0..40);
    let merges = prop::collection::vec((0..PROFILES, 0..PROFILES), 0..3);
    prop_oneof![
        6 => (events, merges).prop_map(|(events, merges)| Step::Fold(events, merges)),
        2 => prop::sample::select(&RULES[..]).prop_map(Step::Rules),
        1 => Just(Step::DecideChannels),
        3 => Just(Step::Flush),
        1 => Just(Step::Compact),
        2 => Just(Step::Look),
        1 => Just(Step::Restart),
        1 => Just(Step::Tidy),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_life_shows_every_event_once_under_its_profile(steps in prop::collection::vec(step(), 1..30)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(live(steps));
    }
}

async fn live(steps: Vec<Step>) {
    let mut rig =
        Rig::new(LakeOptions { compact_files: 3, flush_rows: 150, keep_snapshots: std::time::Duration::ZERO, ..options() }, None).await;
    // Which profile each has become.
    let mut alive: Vec<u64> = (0..PROFILES).collect();
    for step in steps {
        match step {
            Step::Fold(events, merges) => {
                let told: Vec<Told> = events
                    .iter()
                    .map(|(number, hour, from)| Told {
                        profile_id: profile(alive[*number as usize]),
                        ts_us: START_US + hour * HOUR_US,
                        event: "car_viewed",
                        from,
                    })
                    .collect();
                let mut moves = Vec::new();
                for (a, b) in merges {
                    let (from, to) = (alive[a as usize], alive[b as usize]);
                    if from != to {
                        moves.push((profile(from), profile(to)));
                        alive.iter_mut().filter(|number| **number == from).for_each(|number| *number = to);
                    }
                }
                rig.fold(&told, &moves).await;
            }
            Step::Rules(rules) => rig.rules = own_rules(rules),
            Step::DecideChannels => {
                rig.decide_channels().await.unwrap();
                rig.check();
            }
            Step::Flush => drop(rig.flush().await.unwrap()),
            Step::Compact => drop(rig.lake().compact().await.unwrap()),
            Step::Look => {
                rig.lake().take_in().await.unwrap();
                rig.check();
            }
            Step::Restart => rig.restart().await,
            Step::Tidy => rig.lake().tidy().await.unwrap(),
        }
    }
    rig.flush().await.unwrap();
    rig.check();
    rig.restart().await;
    rig.check();
}
