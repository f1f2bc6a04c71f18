//! The order in which things come to be known does not matter, and a merge that is taken back leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_model::{
    FragmentId, ProfileId, RecordKind, Scope,
    command::{Action, Command},
    time::iso,
};
use forecourt_store::identity::LedgerFilter;
use proptest::{prelude::*, test_runner::TestRunner};

use crate::app::App;

#[derive(Debug, Clone)]
struct Said {
    minute: u32,
    device: Option<u8>,
    user: Option<u8>,
    record: Option<u8>,
    email: Option<u8>,
    phone: Option<u8>,
    name: Option<u8>,
    born: Option<u8>,
    /// A user id that became `user`.
    was: Option<u8>,
    is_import: bool,
}

const NAMES: [&str; 5] = ["Ivan", "Olga", "Petr", "Maria", "Иван"];

fn said() -> impl Strategy<Value = Said> {
    let rarely = |n: u8| proptest::option::weighted(0.35, 0..n);
    let seldom = |n: u8| proptest::option::weighted(0.15, 0..n);
    let ids = (rarely(4), rarely(4), seldom(4), rarely(5), rarely(5));
    (0..400_000u32, ids, seldom(5), seldom(3), seldom(4), proptest::bool::weighted(0.2)).prop_map(
        |(minute, (device, user, record, email, phone), name, born, was, is_import)| Said {
            minute,
            device,
            user,
            record,
            email,
            phone,
            name,
            born,
            was,
            is_import,
        },
    )
}

fn json(said: &Said) -> String {
    let mut ids = Vec::new();
    let is_nobody = said.user.is_none() && said.record.is_none() && said.email.is_none() && said.phone.is_none();
    if let Some(device) = said.device.or(is_nobody.then_some(3)) {
        ids.push(format!(r#""anonymousId":"dev-{device}""#));
    }
    ids.extend(said.user.map(|user| format!(r#""userId":"user-{user}""#)));
    let was = said.was.filter(|was| said.user.is_some_and(|user| user != *was));
    ids.extend(was.map(|was| format!(r#""previousId":"user-{was}""#)));
    let kind = if was.is_some() { "alias" } else { "identify" };
    let traits = [
        said.email.map(|email| format!(r#""email":"e{email}@mail.ru""#)),
        said.phone.map(|phone| format!(r#""phone":"+791200009{phone:02}""#)),
        said.name.map(|name| format!(r#""firstName":"{}""#, NAMES[usize::from(name)])),
        said.born.map(|born| format!(r#""birthday":"198{born}-02-03""#)),
    ];
    let traits: Vec<String> = traits.into_iter().flatten().collect();
    let record =
        said.record.map(|record| format!(r#","context":{{"externalIds":[{{"id":"r{record}","type":"crm_id"}}]}}"#)).unwrap_or_default();
    let at = iso(1_740_000_000_000_000 + i64::from(said.minute) * 60_000_000);
    let ids = ids.iter().map(|id| format!("{id},")).collect::<String>();
    format!(r#"{{"type":"{kind}",{ids}"timestamp":"{at}","traits":{{{}}}{record}}}"#, traits.join(","))
}

fn id(n: usize, said: &Said) -> String {
    if said.is_import && said.record.is_some() { format!("import:{n}") } else { format!("m{n}") }
}

/// Which identifiers are one person's, and what each person did under a name of theirs.
async fn people(app: &App) -> BTreeSet<BTreeSet<String>> {
    let mut groups: BTreeMap<ProfileId, BTreeSet<String>> = BTreeMap::new();
    for row in app.store.fragments_page(-1, 10_000).await.expect("read").into_iter().filter(|row| row.generation == 0) {
        groups.entry(row.profile_id).or_default().insert(format!("{}:{}", row.kind, row.value));
    }
    groups.into_values().collect()
}

fn cases(few: u32, many: u32) -> u32 {
    if std::env::var_os("FORECOURT_PROVE").is_some() { many } else { few }
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl AsyncFn(S::Value) -> Result<(), TestCaseError>) {
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runner.run(strategy, |value| runtime.block_on(test(value))).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_the_order_the_same_people() {
    let worlds = (proptest::collection::vec(said(), 1..14), any::<u64>(), proptest::collection::vec(1..9usize, 2));
    run(cases(150, 5_000), &worlds, async |(mut said, seed, sizes)| {
        // Two things at one moment have no order to lose.
        let mut minutes = BTreeSet::new();
        said.retain(|said| minutes.insert(said.minute));
        let mut order: Vec<usize> = (0..said.len()).collect();
        let mut ends = Vec::new();
        for size in sizes {
            let mut app = App::new(None).await;
            app.at("2026-03-02T00:00:00Z");
            // Repeats, too: the third of them comes twice.
            let repeats: Vec<usize> = order.iter().copied().filter(|n| n % 3 == 0).collect();
            let entries = order.iter().chain(&repeats).map(|n| app.event(&id(*n, &said[*n]), &json(&said[*n]))).collect();
            app.append(entries).await;
            app.fold_all(size).await;
            ends.push(people(&app).await);
            let shuffled = |n: &usize| *blake3::hash(&[seed.to_le_bytes(), (*n as u64).to_le_bytes()].concat()).as_bytes();
            order.sort_by_key(shuffled);
        }
        prop_assert_eq!(&ends[0], &ends[1]);
        Ok(())
    });
}

/// A state without what says who did it and when it was decided: fragments as they are, and whose they are.
async fn state(app: &App) -> Vec<(FragmentId, ProfileId, u64, Vec<String>)> {
    let rows = app.store.fragments_page(-1, 10_000).await.expect("read");
    // A trait is told with the offset of its record, and a command is a record.
    let traits = |text: &str| {
        let state: forecourt_model::FragmentState = serde_json::from_str(text).expect("a state");
        let traits = state.traits.into_iter().map(|(name, held)| format!("{name} {} {}", held.value, held.at_us));
        traits.chain([format!("{:?}", state.counts)]).collect()
    };
    rows.into_iter().map(|row| (row.fragment_id, row.profile_id, row.events, traits(&row.state))).collect()
}

/// Where each event's row ends up, by the fold's own word to the lake.
fn rows(app: &App, offsets: &BTreeMap<u64, usize>) -> BTreeMap<usize, (FragmentId, ProfileId)> {
    let blocks: Vec<_> = app.folded.iter().map(|folded| &folded.block).collect();
    let moves: Vec<_> = blocks.iter().flat_map(|block| &block.moves).collect();
    let events = blocks.iter().flat_map(|block| &block.events);
    events
        .map(|event| {
            let mut at = event.profile_id;
            for moved in &moves {
                let is_its = moved.fragment.is_none_or(|fragment| fragment == event.fragment_id);
                if event.offset <= moved.offset && moved.from == at && is_its {
                    at = moved.to;
                }
            }
            (offsets[&event.offset], (event.fragment_id, at))
        })
        .collect()
}

#[test]
fn a_merge_that_is_taken_back_leaves_nothing_behind() {
    let worlds = (proptest::collection::vec(said(), 2..14), any::<(u8, u8, u8, u8)>());
    run(cases(60, 2_000), &worlds, async |(said, (one, other, merged_at, parted_at))| {
        let merged_at = usize::from(merged_at) % said.len();
        let parted_at = merged_at + usize::from(parted_at) % (said.len() - merged_at);
        let mut plain = App::new(None).await;
        let mut with = App::new(None).await;
        let (mut plain_offsets, mut with_offsets) = (BTreeMap::new(), BTreeMap::new());
        let mut pair = None;
        for (n, told) in said.iter().enumerate() {
            for (app, offsets) in [(&mut plain, &mut plain_offsets), (&mut with, &mut with_offsets)] {
                app.at(&iso(1_780_000_000_000_000 + n as i64 * 60_000_000));
                let entry = app.event(&id(n, told), &json(told));
                offsets.insert(app.append(vec![entry]).await, n);
                app.fold_all(100).await;
            }
            if n == merged_at {
                let held = with.store.profiles_page(-1, 1_000).await.expect("read");
                let at = |n: u8| held[usize::from(n) % held.len()].0.profile_id;
                if at(one) != at(other) {
                    let action = Action::MergeProfiles { one: at(one), other: at(other), probability: None };
                    if with.command(action).await == forecourt_model::command::Verdict::Done {
                        // The two that the ledger names are what is taken back.
                        let line = with.store.ledger(&LedgerFilter::default(), 1).await.expect("read").remove(0);
                        prop_assert_eq!((line.act.as_str(), line.rule.as_str()), ("merged", "word"));
                        pair = Some((line.a, line.b));
                    }
                }
            }
            if n == parted_at
                && let Some((one, other)) = pair
            {
                let body = serde_json::to_vec(&Command { actor: "ana".into(), action: Action::PartProfiles { one, other } }).expect("json");
                with.append(vec![forecourt_log::Entry { kind: RecordKind::Command as u8, body: body.into() }]).await;
                with.fold_all(100).await;
            }
        }
        // Without the merge the two may have become one by evidence: then the word that they are not is news.
        let Some((one, other)) = pair else { return Ok(()) };
        let of = |state: &[(FragmentId, ProfileId, u64, Vec<String>)], id| state.iter().find(|row| row.0 == id).map(|row| row.1);
        let (plain_state, with_state) = (state(&plain).await, state(&with).await);
        if of(&plain_state, one) == of(&plain_state, other) {
            return Ok(());
        }
        let told = || {
            let events: Vec<String> = said.iter().map(json).collect();
            format!("merged after {merged_at}, parted after {parted_at}: {pair:?}\n{}", events.join("\n"))
        };
        prop_assert_eq!(people(&plain).await, people(&with).await, "{}", told());
        prop_assert_eq!(&plain_state, &with_state, "{}", told());
        prop_assert_eq!(rows(&plain, &plain_offsets), rows(&with, &with_offsets));
        for (profile, _) in plain.store.profiles_page(-1, 1_000).await.expect("read") {
            let seen = |view: Option<forecourt_store::profile::ProfileView>| {
                let view = view.expect("there");
                let traits: Vec<_> = view.state.traits.into_iter().map(|(name, held)| (name, held.value, held.at_us)).collect();
                (view.summary, traits, view.state.counts)
            };
            let ours = seen(plain.store.profile(&Scope::Everything, profile.profile_id).await.expect("read"));
            let theirs = seen(with.store.profile(&Scope::Everything, profile.profile_id).await.expect("read"));
            prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        }
        let new = |app: &App| {
            let store = app.store.clone();
            async move { store.profiles_count().await.expect("read") }
        };
        prop_assert_eq!(new(&plain).await, new(&with).await);
        Ok(())
    });
}
