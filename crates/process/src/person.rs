//! What people say of who is who, decided; and the settings it goes by.

use std::sync::Arc;

use forecourt_model::{
    FragmentId, IdentifierKind, IdentitySettings, ProfileId, Trust, Why,
    identity::{Blocked, KindRole, Node, conflict_of},
};
use forecourt_store::{FoldTx, StoreError, definition::IDENTITY, fragment::Evidence, identity::NotSame};

use crate::{
    component::{self, Weighed},
    definition,
    pending::Pending,
    state::State,
};

type Verdict = Result<(), String>;

/// Two profiles are one person's. A person's word takes back earlier words that they are not; what is only probable does not.
///
/// * `is_probable`: a program compared the two.
pub(crate) async fn merge(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    one: ProfileId,
    other: ProfileId,
    is_probable: bool,
) -> Result<Verdict, StoreError> {
    let asked = [FragmentId(one.0), FragmentId(other.0)];
    component::gather(tx, state, pending, &asked).await?;
    let [Some(one), Some(other)] = asked.map(|id| profile_of(state, id)) else { return Ok(Err(gone())) };
    if one == other {
        return Ok(Err("the two are one profile already".into()));
    }
    let [ours, theirs] = [one, other].map(|profile| state.members.get(&profile).cloned().unwrap_or_default());
    let (trust, rule) = if is_probable { (Trust::Probable, "probable") } else { (Trust::Word, "word") };
    let [ours_known, theirs_known] = [&ours, &theirs].map(|ids| ids.iter().filter_map(|id| Weighed::node(state, *id)).collect::<Vec<_>>());
    if let Some(why) = conflict_of(&ours_known, &theirs_known, trust, &state.identity) {
        return Ok(Err(refusal(&why)));
    }
    let apart = state.weighed.apart_between(&ours, &theirs);
    if is_probable && !apart.is_empty() {
        return Ok(Err(refusal(&Why::NotSame)));
    }
    for pair in apart {
        state.weighed.set_apart(pair, None);
        state.apart_changes.insert(pair, None);
    }
    let [ours, theirs] = [&ours_known, &theirs_known].map(|known| who(state, known));
    let (a, b) = (ours.min(theirs), ours.max(theirs));
    let evidence =
        Evidence { a, b, rule: rule.to_owned(), log_offset: state.offset, at_us: state.at_us, trust, first_us: state.at_us, last_day: 0 };
    state.weighed.note_evidence(&evidence);
    state.evidence.push(evidence);
    state.unsettled = vec![a, b];
    component::settle(tx, state, pending).await?;
    let is_one = profile_of(state, a).is_some() && profile_of(state, a) == profile_of(state, b);
    Ok(is_one.then_some(()).ok_or_else(|| "other evidence speaks against it: look at the ledger of both profiles".to_owned()))
}

/// Two fragments are not one person's; whatever evidence ties closer to one of them stays with it.
pub(crate) async fn part(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    one: FragmentId,
    other: FragmentId,
) -> Result<Verdict, StoreError> {
    component::gather(tx, state, pending, &[one, other]).await?;
    if profile_of(state, one).is_none() || profile_of(state, other).is_none() {
        return Ok(Err(gone()));
    }
    if one == other {
        return Ok(Err("an identifier is not apart from itself: name two".into()));
    }
    let is_interval = |id: FragmentId| state.fragments.get(&id).is_some_and(|fragment| fragment.row.generation != 0);
    if is_interval(one) || is_interval(other) {
        return Ok(Err("what was done on a device after signing in goes with who signed in: part the people instead".into()));
    }
    // A device is told apart as whose it is, unless somebody joined just these two.
    let (whose_one, whose_other) = (owner(state, one), owner(state, other));
    let is_told = state.weighed.has_evidence(one, other) || whose_one == whose_other;
    let (one, other) = if is_told { (one, other) } else { (whose_one, whose_other) };
    let pair = (one.min(other), one.max(other));
    let said = NotSame { a: pair.0, b: pair.1, log_offset: state.offset, at_us: state.at_us, actor: state.actor.clone() };
    state.weighed.set_apart(pair, Some(said.clone()));
    state.apart_changes.insert(pair, Some(said));
    state.because = Some(Why::NotSame);
    state.unsettled = vec![one, other];
    component::settle(tx, state, pending).await?;
    Ok(Ok(()))
}

/// Who is who among the fragments of a range, by the settings in force.
pub(crate) async fn decide(
    tx: &mut FoldTx,
    state: &mut State<'_>,
    pending: &Pending,
    after: i64,
    until: i64,
) -> Result<Verdict, StoreError> {
    let held = tx.fragments_between(after, until).await?;
    let mut ids: Vec<FragmentId> = held.iter().map(|row| row.fragment_id).collect();
    ids.extend(pending.between(after, until).map(|fragment| fragment.row.fragment_id));
    ids.extend(state.fragments.keys().copied().filter(|id| after < id.0 && id.0 <= until));
    ids.sort_unstable();
    ids.dedup();
    // Under other settings what was shared may be somebody's own again.
    state.looks_afresh = true;
    for some in ids.chunks(500) {
        state.unsettled = some.to_vec();
        component::settle(tx, state, pending).await?;
    }
    state.looks_afresh = false;
    Ok(Ok(()))
}

pub(crate) fn set_identity(state: &mut State<'_>, settings: &IdentitySettings, actor: &str) -> Verdict {
    settings.check()?;
    definition::note(state, IDENTITY, "", settings, actor);
    state.blocked = Arc::new(Blocked::of(settings));
    state.identity = Arc::new(settings.clone());
    Ok(())
}

/// The fragment that stands for a person: the strongest identifier's.
fn who(state: &State<'_>, known: &[Node]) -> FragmentId {
    let strength = |node: &&Node| {
        let is_person = !node.is_interval && !node.is_blocked && state.identity.role(&node.kind) == KindRole::Person;
        (!is_person, IdentifierKind::parse(&node.kind), node.id)
    };
    known.iter().min_by_key(strength).map_or(FragmentId(0), |node| node.id)
}

/// Of a device, who signed in on it first, where that is part of the same profile.
fn owner(state: &mut State<'_>, id: FragmentId) -> FragmentId {
    let first = Weighed::node(state, id).and_then(|node| node.logins.into_iter().min()).map(|login| login.person);
    first.filter(|person| profile_of(state, *person) == profile_of(state, id)).unwrap_or(id)
}

fn profile_of(state: &State<'_>, id: FragmentId) -> Option<ProfileId> {
    state.fragments.get(&id).map(|fragment| fragment.row.profile_id)
}

fn gone() -> String {
    "there is no such profile: it may have been erased".to_owned()
}

fn refusal(why: &Why) -> String {
    match why {
        Why::Unique { kind } => {
            format!("each has a `{kind}` of its own, and a person has one: correct the wrong one, or change that in the identity settings")
        }
        Why::Limit { kind } => format!("together they have more of `{kind}` than the identity settings allow"),
        Why::Size => "together they have more identifiers than a profile may have".to_owned(),
        Why::Shared | Why::NamesNobody => "one of them is a contact or a device that many people share".to_owned(),
        Why::NotSame => "somebody said that they are not the same person".to_owned(),
        Why::BirthDate | Why::Name | Why::Withdrawn => "what is known of the two contradicts each other".to_owned(),
    }
}
