//! A person erased: in a transaction of its own, on the tables themselves.
//!
//! What is not in a table yet is written first, so that nothing that waits can bring a row back. The log and the lake follow
//! as a job: what the fold leaves behind for it are keyed hashes only (docs/decisions/0018-erasure.md).

use forecourt_model::{
    Block, FragmentId, FragmentState, Identifier, IdentifierKind, ProfileId,
    command::{Action, Verdict},
    erasure::{Named, Sought, nameless, nobody},
    fragment::DeviceLogin,
    lead::{Loads, Queue},
    segment::size_name,
};
use forecourt_store::{
    FoldTx, StoreError,
    erasure::{EntityKind, Erasure},
    fragment::FragmentRow,
};

use crate::{Batch, Content, Record, Settings, identity::KnownEdges, outbox::RecentSms, pending::Pending, suppress::Suppression};

/// What the fold has in memory of people.
pub(crate) struct InMemory<'a> {
    pub pending: &'a mut Pending,
    pub known_edges: &'a mut KnownEdges,
    pub recent_sms: &'a mut RecentSms,
    pub suppression: &'a mut Suppression,
    pub loads: &'a mut Loads,
}

/// The profile that is to be erased and who asked, if the batch says so.
pub(crate) fn asked(batch: &Batch) -> Option<(&Record, ProfileId, &str)> {
    let asks = |record| erases(record).map(|(profile_id, actor)| (record, profile_id, actor));
    let found = batch.records.iter().find_map(asks);
    assert!(found.is_none() || batch.records.len() == 1, "an erasure is a batch of its own: see Batch::parts");
    found
}

pub(crate) fn erases(record: &Record) -> Option<(ProfileId, &str)> {
    match &record.content {
        Content::Command(command) => match command.action {
            Action::EraseProfile { profile_id } => Some((profile_id, &command.actor)),
            _ => None,
        },
        _ => None,
    }
}

/// Erases whoever has the profile by now, or says why not; the verdict is saved with it. Returns the record's block.
pub(crate) async fn erase(
    tx: &mut FoldTx,
    memory: InMemory<'_>,
    settings: &Settings,
    (record, asked, actor): (&Record, ProfileId, &str),
    lake_offset: u64,
) -> Result<Block, StoreError> {
    memory.pending.write_all(tx).await?;
    memory.pending.distrust(record.offset + 1);
    let person = person(tx, asked).await?;
    let verdict = if person.is_empty() {
        Verdict::Refused { reason: "there is no such profile: it may have been erased".to_owned() }
    } else {
        leave_dealers(tx, memory.loads, &person).await?;
        tx.erase_owners(&person.iter().map(|row| row.fragment_id).collect::<Vec<_>>()).await?;
        let (profile_id, erased) = take_out(tx, settings, record, actor, &person).await?;
        forget(memory, record, &erased, &person);
        count(tx, profile_id, record, &erased).await?;
        Verdict::Done
    };
    let numbers = [("offset".to_owned(), record.offset as i64 + 1), ("at_us".to_owned(), record.at_us)].into_iter().collect();
    tx.save_fold_numbers(&numbers).await?;
    tx.save_verdicts(&[(record.offset, record.at_us, verdict)]).await?;
    let block = Block { first_offset: record.offset, end_offset: record.offset + 1, ..Block::default() };
    tx.save_block(&block).await?;
    tx.drop_blocks(lake_offset).await?;
    Ok(block)
}

/// All fragments of the profile that the asked one is a part of; none where there is no such profile.
async fn person(tx: &mut FoldTx, asked: ProfileId) -> Result<Vec<FragmentRow>, StoreError> {
    let Some(profile_id) = tx.fragments(&[FragmentId(asked.0)]).await?.first().map(|row| row.profile_id) else { return Ok(vec![]) };
    let mut person = tx.other_fragments_of(&[profile_id]).await?;
    let root = tx.fragments(&[FragmentId(profile_id.0)]).await?;
    person.extend(root.into_iter().filter(|row| row.profile_id == profile_id));
    person.sort_unstable_by_key(|row| row.fragment_id);
    Ok(person)
}

/// Dealers have the person's leads in work no more, and nothing that was noted on them stays.
async fn leave_dealers(tx: &mut FoldTx, loads: &mut Loads, person: &[FragmentRow]) -> Result<(), StoreError> {
    let fragments: Vec<FragmentId> = person.iter().map(|row| row.fragment_id).collect();
    let handlings = tx.handlings_of(&fragments).await?;
    for handling in handlings.iter().filter(|handling| handling.queue == Queue::Dealer) {
        loads.take(&handling.dealer_id);
    }
    tx.save_loads(loads).await?;
    tx.erase_lead_moves(&handlings.into_iter().map(|handling| handling.lead_id).collect::<Vec<_>>()).await
}

/// What was taken out, and the devices that others use too and that stay as nobody's.
struct Erased {
    erasure: Erasure,
    shared_devices: usize,
    changed: Vec<EntityKind>,
    /// Versions of segments that the person was in.
    left: Vec<u32>,
}

async fn take_out(
    tx: &mut FoldTx,
    settings: &Settings,
    record: &Record,
    actor: &str,
    person: &[FragmentRow],
) -> Result<(ProfileId, Erased), StoreError> {
    let profile_id = person[0].profile_id;
    let fragments: Vec<FragmentId> = person.iter().map(|row| row.fragment_id).collect();
    let (shared, own): (Vec<&FragmentRow>, Vec<&FragmentRow>) = person.iter().partition(|row| !others_on(row, &fragments).is_empty());
    let mut sought = Sought::default();
    for row in own {
        let kind = IdentifierKind::parse(&row.kind);
        let identifier = Identifier { kind: kind.clone(), value: row.value.clone() };
        if row.generation == 0 {
            sought.add(kind, identifier.fragment_id(&settings.hash_key, 0));
        }
    }
    // Commands name these, and may say something of the person.
    for id in tx.entity_ids_of(EntityKind::Lead, &fragments).await? {
        sought.add_named(Named::Lead, &id, &settings.hash_key);
    }
    for id in tx.task_ids_of(&fragments).await? {
        sought.add_named(Named::Task, &id, &settings.hash_key);
    }
    let phones: Vec<String> = person.iter().filter(|row| row.kind == "phone").map(|row| row.value.clone()).collect();
    let message_ids = tx.message_ids_to(&fragments, &phones).await?;
    tx.erase_messages(&message_ids).await?;
    let addresses: Vec<String> = person.iter().filter(|row| row.generation == 0).map(|row| row.value.clone()).collect();
    tx.forget_suppressed_addresses(&addresses).await?;
    let dead_letters = tx.erase_dead_letters(|letter| sought.is_in(&letter.raw, &settings.hash_key, &settings.region)).await?;
    let (entities, changed) = make_nobodys(tx, settings, record.offset, &fragments).await?;
    let left = tx.memberships(&[profile_id]).await?.into_iter().flat_map(|(_, held)| held.since_us.into_keys()).collect();
    tx.erase_fragments(&fragments).await?;
    tx.save_fragments(shared.iter().map(|row| emptied(row, &fragments, record)).collect()).await?;
    let suppressed: Vec<FragmentId> = sought.ids().collect();
    tx.suppress(&suppressed, record.at_us, record.offset).await?;
    let erasure = Erasure {
        log_offset: record.offset,
        profile_id,
        erased_us: record.at_us,
        actor: actor.to_owned(),
        fragments,
        sought,
        message_ids,
        entities,
        dead_letters,
    };
    tx.save_erasure(&erasure).await?;
    Ok((profile_id, Erased { erasure, shared_devices: shared.len(), changed, left }))
}

/// Logins of others on a device: what they do on it goes by them, so the device stays.
fn others_on(row: &FragmentRow, person: &[FragmentId]) -> Vec<DeviceLogin> {
    let state: FragmentState = serde_json::from_str(&row.state).unwrap_or_default();
    let logins = state.logins.into_iter().filter(|login| !person.contains(&FragmentId(login.person)));
    if row.generation == 0 { logins.collect() } else { Vec::new() }
}

/// The device without anything that happened on it.
fn emptied(row: &FragmentRow, person: &[FragmentId], record: &Record) -> FragmentRow {
    let state = FragmentState { logins: others_on(row, person), ..FragmentState::default() };
    FragmentRow {
        profile_id: ProfileId::from(row.fragment_id),
        first_us: record.at_us,
        last_us: record.at_us,
        first_offset: record.offset,
        events: 0,
        state: serde_json::to_string(&state).unwrap_or_else(|_| "{}".to_owned()),
        ..row.clone()
    }
}

/// Leads, orders and calls count as before, but lead to nobody: under ids that no other system knows.
async fn make_nobodys(
    tx: &mut FoldTx,
    settings: &Settings,
    offset: u64,
    fragments: &[FragmentId],
) -> Result<(u64, Vec<EntityKind>), StoreError> {
    let (mut entities, mut changed) = (0, Vec::new());
    let nobody = nobody(offset);
    let mut leads = Vec::new();
    for kind in EntityKind::ALL {
        let ids = tx.entity_ids_of(kind, fragments).await?;
        for id in &ids {
            let new_id = nameless(&settings.hash_key, offset, kind.as_str(), id);
            tx.make_nobodys(kind, id, &new_id, nobody).await?;
            if kind == EntityKind::Lead {
                leads.push((id.clone(), new_id));
            }
        }
        entities += ids.len() as u64;
        if !ids.is_empty() {
            changed.push(kind);
        }
    }
    for (id, new_id) in leads {
        tx.rename_lead_of_orders(nobody, &id, &new_id).await?;
    }
    Ok((entities, changed))
}

/// Lets go of what memory knows of the person.
fn forget(memory: InMemory<'_>, record: &Record, erased: &Erased, person: &[FragmentRow]) {
    // Evidence that is to be found anew must not pass for saved.
    *memory.known_edges = KnownEdges::default();
    let phones = person.iter().filter(|row| row.kind == "phone").map(|row| row.value.as_str());
    memory.recent_sms.forget(&phones.collect::<Vec<_>>(), &erased.erasure.fragments);
    memory.suppression.begin(erased.erasure.sought.ids(), record.at_us);
}

/// There is one profile less; what was counted of the past stays.
async fn count(tx: &mut FoldTx, profile_id: ProfileId, record: &Record, erased: &Erased) -> Result<(), StoreError> {
    let mut numbers = tx.fold_numbers().await?;
    *numbers.entry("profiles".to_owned()).or_default() += erased.shared_devices as i64 - 1;
    for kind in &erased.changed {
        numbers.insert(format!("{}s_version", kind.as_str()), record.offset as i64 + 1);
    }
    for number in &erased.left {
        *numbers.entry(size_name(*number)).or_default() -= 1;
    }
    tracing::info!(profile = profile_id.0, offset = record.offset, "a profile is erased");
    tx.save_fold_numbers(&numbers).await
}
