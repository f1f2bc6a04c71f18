//! What a batch touches, in memory.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use forecourt_model::{
    Block, ChannelBy, ChannelRules, Derived, EventNames, FragmentId, FragmentState, IdentitySettings, ProfileId, Touch, Why,
    block::TouchOf,
    command::{DeadLetterState, Verdict},
    entity::{AdCost, Call, Lead, Order},
    form::Form,
    gate::Admitted,
    identity::{Blocked, Node, PersonFacts},
    journey::run::Run,
    lead::{Handling, LeadMove, Loads, Operators},
    message::{Message, MessageState, Sending},
    segment::Memberships,
    task::{Task, TaskState},
    time::{self, DAY_US, HOUR_US},
    vehicle::Vehicle,
};
use forecourt_store::{
    FoldNumbers,
    dead_letter::DeadLetter,
    definition::{DefinitionChange, SENDING},
    fragment::{DERIVED, Evidence, FragmentRow},
    identity::{LedgerLine, NotSame},
    source_hour::SourceHourChanges,
    suppressed_address::{AddressKey, SuppressedAddress},
    totals::TotalChanges,
    vehicle::HouseholdMember,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Record, Settings, component::Weighed, definition::Messaging, identity::KnownEdges, journey, journey::Turned, lead::Desk,
    outbox::RecentSms, segment::Registry, suppress::Suppression,
};

/// How long a command's verdict can be asked for.
const VERDICT_KEPT_US: i64 = HOUR_US;
/// How long a settled message can be looked at.
const MESSAGE_KEPT_US: i64 = 400 * DAY_US;
/// How far back a source's rhythm is kept: four weeks and the running one.
const SOURCE_HOURS_KEPT_US: i64 = 35 * DAY_US;

pub(crate) struct State<'a> {
    pub settings: &'a Settings,
    /// The record being folded.
    pub offset: u64,
    pub at_us: i64,
    pub numbers: FoldNumbers,
    /// In force at the record being folded.
    pub rules: Arc<ChannelRules>,
    pub identity: Arc<IdentitySettings>,
    pub blocked: Arc<Blocked>,
    pub segments: Arc<Registry>,
    pub messaging: Arc<Messaging>,
    pub journeys: Arc<journey::Registry>,
    /// Runs that the batch made or looked at.
    pub runs: BTreeMap<String, TrackedRun>,
    /// Runs by the fragment that began them, of the fragments that were asked about.
    pub runs_of: FxHashMap<FragmentId, Vec<String>>,
    /// Of which fragments all runs are known, or those of one journey.
    pub runs_known: FxHashSet<(FragmentId, String)>,
    pub tasks: BTreeMap<String, TrackedTask>,
    pub desk: Arc<Desk>,
    /// Leads at work that the batch looked at.
    pub handlings: BTreeMap<String, TrackedHandling>,
    /// Leads at work by the fragment they came in with, of the fragments that were asked about.
    pub handlings_of: FxHashMap<FragmentId, Vec<String>>,
    pub handlings_known: FxHashSet<FragmentId>,
    pub lead_moves: Vec<LeadMove>,
    /// Vehicles that the batch looked at.
    pub vehicles: FxHashMap<String, TrackedVehicle>,
    /// VINs by who ever told to own them, of those vehicles.
    pub vehicles_of: FxHashMap<FragmentId, Vec<String>>,
    /// Of which fragments all vehicles are known.
    pub vehicles_known: FxHashSet<FragmentId>,
    pub household_members: BTreeMap<FragmentId, HouseholdMember>,
    pub loads: Loads,
    pub operators: Operators,
    /// Who entered or left which segment, for the journeys to look at.
    pub turned: VecDeque<Turned>,
    /// What the profiles that the batch looked at are in.
    pub memberships: FxHashMap<ProfileId, TrackedMemberships>,
    /// Who went from which profile to which at the record being folded: all of it, or one fragment.
    pub regrouped: Vec<(ProfileId, ProfileId, Option<FragmentId>)>,
    /// Versions that the batch changed or took away.
    pub segment_changes: BTreeSet<u32>,
    /// Whose command is being folded; empty for what nobody commanded.
    pub actor: String,
    /// Why profiles that a command parts are parted.
    pub because: Option<Why>,
    pub fragments: FxHashMap<FragmentId, Fragment>,
    /// All fragments of a profile, for the profiles whose fragments are all loaded.
    pub members: FxHashMap<ProfileId, Vec<FragmentId>>,
    pub leads: FxHashMap<String, Tracked<Lead>>,
    pub orders: FxHashMap<String, Tracked<Order>>,
    pub calls: FxHashMap<String, Tracked<Call>>,
    pub costs: FxHashMap<String, Tracked<AdCost>>,
    pub totals: Totals,
    pub event_names: EventNames,
    pub source_hours: SourceHours,
    pub source_hours_expire_before: Option<i64>,
    pub evidence: Vec<Evidence>,
    pub known_edges: KnownEdges,
    pub weighed: Weighed,
    /// Fragments between whose profiles the record being folded leaves something to be decided.
    pub unsettled: Vec<FragmentId>,
    /// Whether what was found to be shared is asked about again.
    pub looks_afresh: bool,
    /// What the event being folded will make known of its person.
    pub telling: Option<(FragmentId, PersonFacts)>,
    /// Words that two are not the same, said or taken back by the batch.
    pub apart_changes: BTreeMap<(FragmentId, FragmentId), Option<NotSame>>,
    pub ledger: Vec<LedgerLine>,
    pub name_words: Vec<(String, FragmentId)>,
    pub dead_letters: Vec<DeadLetter>,
    pub settled: Vec<(u64, DeadLetterState)>,
    /// State of the dead letters that the batch's commands name.
    pub letter_states: FxHashMap<u64, String>,
    pub verdicts: Vec<(u64, i64, Verdict)>,
    pub verdicts_expire_before: Option<i64>,
    pub definitions: Definitions,
    /// Messages that the batch made or names.
    pub messages: BTreeMap<String, TrackedMessage>,
    pub messages_expire_before: Option<i64>,
    pub recent_sms: RecentSms,
    /// What was admitted lately to the fragments that were looked at.
    pub admitted: FxHashMap<FragmentId, Vec<(String, Admitted)>>,
    /// The addresses that were looked at, with why nothing is sent to them, if nothing is.
    pub suppressed_addresses: BTreeMap<AddressKey, Option<SuppressedAddress>>,
    pub suppressed_address_changes: BTreeMap<AddressKey, Option<SuppressedAddress>>,
    pub suppression: Suppression,
    /// Up to which offset the records that were dropped for an erased person are overwritten.
    pub suppressed_forgotten_until: Option<u64>,
    pub block: Block,
}

/// What people configured, as of the record being folded.
#[derive(Default)]
pub(crate) struct Definitions {
    pub forms: BTreeMap<String, Form>,
    pub sending: Sending,
    /// In the order they came.
    pub changes: Vec<DefinitionChange>,
}

#[derive(Default)]
pub(crate) struct TrackedMemberships {
    pub held: Memberships,
    pub dirty: bool,
}

pub(crate) struct TrackedMessage {
    pub message: Message,
    pub dirty: bool,
}

pub(crate) struct TrackedRun {
    pub run: Run,
    pub dirty: bool,
}

pub(crate) struct TrackedHandling {
    pub handling: Handling,
    pub dirty: bool,
}

pub(crate) struct TrackedVehicle {
    pub vehicle: Vehicle,
    pub dirty: bool,
}

pub(crate) struct TrackedTask {
    pub task: Task,
    pub dirty: bool,
}

impl TrackedTask {
    /// Nobody needs it any more.
    pub fn drop_open(&mut self, at_us: i64) {
        if self.task.state == TaskState::Open {
            (self.task.state, self.task.changed_us, self.dirty) = (TaskState::Dropped, at_us, true);
        }
    }
}

/// A fragment with its state read only when it is needed.
pub(crate) struct Fragment {
    pub row: FragmentRow,
    state: Option<FragmentState>,
    pub dirty: bool,
    /// Whether somebody waits to see it in the table.
    pub is_urgent: bool,
    /// Whether the table has it, in some state.
    pub is_held: bool,
    /// The profile that the table has it under, or would by default.
    profile_was: ProfileId,
}

/// An entity as it was loaded and as it is now.
pub(crate) struct Tracked<T> {
    pub before: Option<T>,
    pub now: Option<T>,
}

impl<T: Clone> Tracked<T> {
    pub fn absent() -> Self {
        Self { before: None, now: None }
    }

    pub fn loaded(entity: T) -> Self {
        Self { before: Some(entity.clone()), now: Some(entity) }
    }
}

impl Fragment {
    pub fn new(row: FragmentRow, is_held: bool) -> Self {
        let profile_was = row.profile_id;
        Self { row, state: None, dirty: false, is_urgent: false, is_held, profile_was }
    }

    /// The state, read once. A state that does not read was damaged outside: the fold starts it anew rather than stop,
    /// and the next `replay --verify` names it.
    pub fn state(&mut self) -> &mut FragmentState {
        let text = &self.row.state;
        self.state.get_or_insert_with(|| {
            serde_json::from_str(text).unwrap_or_else(|error| {
                tracing::error!(fragment = self.row.fragment_id.0, %error, "a fragment's state does not read, starting it anew");
                FragmentState::default()
            })
        })
    }

    /// As who is who is decided from it.
    pub fn node(&mut self, blocked: &Blocked) -> Node {
        self.state();
        let Self { row, state, .. } = self;
        row.node(state.get_or_insert_default(), blocked)
    }

    /// The state, where it was read before.
    pub fn read(&self) -> Option<&FragmentState> {
        self.state.as_ref()
    }

    /// When the last of its rows in the lake happened, or later; what is derived happens after the events.
    pub fn last_row_us(&self, now_us: i64) -> i64 {
        if self.row.marks & DERIVED == 0 { self.row.last_us } else { self.row.last_us.max(now_us) }
    }

    /// Whether it changed its profile, and the table has it under the other.
    pub fn has_moved(&self) -> bool {
        self.is_held && self.row.profile_id != self.profile_was
    }

    /// The row to save, with the state written back.
    pub fn into_row(mut self) -> FragmentRow {
        if let Some(state) = &self.state {
            self.row.state = serde_json::to_string(state).unwrap_or_default();
        }
        self.row
    }
}

impl State<'_> {
    pub fn begin(&mut self, record: &Record) {
        self.offset = record.offset;
        self.at_us = record.at_us;
        self.actor.clear();
        self.because = None;
        self.telling = None;
        self.regrouped.clear();
        self.set_number("at_us", record.at_us);
        self.set_number("offset", record.offset as i64 + 1);
    }

    pub fn number(&self, name: &str) -> i64 {
        self.numbers.get(name).copied().unwrap_or(0)
    }

    pub fn set_number(&mut self, name: &str, value: i64) {
        match self.numbers.get_mut(name) {
            Some(held) => *held = value,
            None => {
                self.numbers.insert(name.to_owned(), value);
            }
        }
    }

    pub fn add_number(&mut self, name: &str, change: i64) {
        self.set_number(name, self.number(name) + change);
    }

    /// Keeps a vehicle; what the batch made of it counts, not what the table has.
    pub fn keep_vehicle(&mut self, vehicle: Vehicle, dirty: bool) {
        if !dirty && self.vehicles.contains_key(&vehicle.vin) {
            return;
        }
        for owner in &vehicle.owners {
            let vins = self.vehicles_of.entry(FragmentId(owner.fragment_id)).or_default();
            if !vins.contains(&vehicle.vin) {
                vins.push(vehicle.vin.clone());
            }
        }
        self.vehicles.insert(vehicle.vin.clone(), TrackedVehicle { vehicle, dirty });
    }

    /// Notes that an entity of this kind changed at the record being folded.
    pub fn touch_version(&mut self, name: &str) {
        self.set_number(name, self.offset as i64 + 1);
    }

    /// Counts items of a source in the record's hour.
    pub fn count_hour(&mut self, source: &str, accepted: i64, refused: i64) {
        self.source_hours.add(source, self.at_us, accepted, refused);
    }

    /// Lets go of what is kept for a time only.
    pub fn expire(&mut self) {
        let oldest = (self.at_us - SOURCE_HOURS_KEPT_US).div_euclid(HOUR_US);
        self.source_hours_expire_before = Some(oldest);
        self.verdicts_expire_before = Some(self.at_us - VERDICT_KEPT_US);
        self.verdicts.retain(|(_, at_us, _)| self.at_us - VERDICT_KEPT_US <= *at_us);
    }

    pub fn expire_messages(&mut self) {
        self.messages_expire_before = Some(self.at_us - MESSAGE_KEPT_US);
    }

    /// Whether somebody who waits for messages to send has a reason to look.
    pub fn wakes_delivery(&self) -> bool {
        let sends = |tracked: &TrackedMessage| tracked.dirty && tracked.message.state == MessageState::Pending;
        self.messages.values().any(sends) || self.definitions.changes.iter().any(|change| change.kind == SENDING)
    }

    /// Of a person's fragments one that the lake has rows of.
    pub fn carrier(&self, whole: &[FragmentId]) -> Option<FragmentId> {
        whole.iter().copied().find(|id| self.fragments.get(id).is_some_and(|held| 0 < held.row.events))
    }

    /// Makes an event of what was concluded at the record being folded; it goes with a fragment's rows.
    pub fn derive(&mut self, fragment_id: FragmentId, name: &str, properties: String) {
        let (offset, at_us) = (self.offset, self.at_us);
        let Some(fragment) = self.fragments.get_mut(&fragment_id) else { return };
        fragment.row.marks |= DERIVED;
        fragment.dirty = true;
        // Never before the fragment's own events: a merge looks for its rows between those and now.
        let ts_us = at_us.max(fragment.row.first_us);
        let profile_id = fragment.row.profile_id;
        let index = self.block.derived.iter().rev().take_while(|derived| derived.offset == offset).count() as u32;
        self.block.derived.push(Derived { offset, index, ts_us, fragment_id, profile_id, name: name.to_owned(), properties });
        self.totals.add("event", time::day(ts_us), name, 1, 0);
    }

    /// Index in the block of the channel that rules gave to an event's own touch.
    pub fn own_channel(&mut self, touch: &Touch) -> u16 {
        if touch.channel_by == Some(ChannelBy::Sender) {
            return TouchOf::UNRULED;
        }
        let channels = &mut self.block.channels;
        let at = channels.iter().position(|held| *held == touch.channel).unwrap_or_else(|| {
            channels.push(touch.channel.clone());
            channels.len() - 1
        });
        // A batch has fewer records than there are indexes.
        at as u16
    }

    /// Index of a touch in the block, for an event that does not say itself how the person came.
    pub fn earlier_touch(&mut self, touch: &Touch) -> u32 {
        let touches = &mut self.block.touches;
        let recent = touches.len().saturating_sub(64);
        match touches[recent..].iter().rposition(|held| held == touch) {
            Some(at) => (recent + at) as u32,
            None => {
                touches.push(touch.clone());
                (touches.len() - 1) as u32
            }
        }
    }
}

/// Count and amount by dimension.
type OfDay = FxHashMap<String, (i64, i64)>;

/// Changes to daily totals: added to thousands of times a batch, so without an allocation for a known name.
#[derive(Default)]
pub(crate) struct Totals {
    by: BTreeMap<(&'static str, i32), OfDay>,
}

impl Totals {
    /// * `amount`: in hundredths.
    pub fn add(&mut self, metric: &'static str, day: i32, dimension: &str, count: i64, amount: i64) {
        let of_day = self.by.entry((metric, day)).or_default();
        match of_day.get_mut(dimension) {
            Some(held) => *held = (held.0 + count, held.1 + amount),
            None => {
                of_day.insert(dimension.to_owned(), (count, amount));
            }
        }
    }

    pub fn into_changes(self) -> TotalChanges {
        let rows = self.by.into_iter().flat_map(|((metric, day), of_day)| {
            of_day.into_iter().map(move |(dimension, change)| ((day, metric.to_owned(), dimension), change))
        });
        rows.collect()
    }
}

/// Accepted, refused, when the last was accepted, by source.
type OfHour = FxHashMap<String, (i64, i64, i64)>;

/// Changes to the sources' hours: like [`Totals`], without an allocation for a known source.
#[derive(Default)]
pub(crate) struct SourceHours {
    by: BTreeMap<i64, OfHour>,
}

impl SourceHours {
    fn add(&mut self, source: &str, at_us: i64, accepted: i64, refused: i64) {
        let of_hour = self.by.entry(at_us.div_euclid(HOUR_US)).or_default();
        let last_us = if 0 < accepted { at_us } else { 0 };
        match of_hour.get_mut(source) {
            Some(held) => *held = (held.0 + accepted, held.1 + refused, held.2.max(last_us)),
            None => {
                of_hour.insert(source.to_owned(), (accepted, refused, last_us));
            }
        }
    }

    pub fn into_changes(self) -> SourceHourChanges {
        let rows =
            self.by.into_iter().flat_map(|(hour, of_hour)| of_hour.into_iter().map(move |(source, change)| ((source, hour), change)));
        rows.collect()
    }
}
