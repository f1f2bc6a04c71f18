//! Which records of the log are erased people's.

use std::collections::{BTreeMap, BTreeSet};

use forecourt_log::{Entry, Record};
use forecourt_model::{
    Event, FragmentId, HashKey, RecordKind, Stamp,
    command::{Action, Command, Recipient},
    erasure::{Named, Sought, Tombstone},
    record::{decode_refused, message_key},
};
use forecourt_store::erasure::Erasure;

/// Looks at each record and says what takes its place.
pub struct Search {
    /// By what their records are told, and before which offset.
    people: Vec<(Sought, u64)>,
    all: Sought,
    /// Their fragments, with who it is as an index.
    fragments: BTreeMap<FragmentId, usize>,
    /// Events that the lake has as theirs.
    pub offsets: BTreeSet<u64>,
    /// Records that were dropped because they told of erased people.
    pub dropped: BTreeSet<u64>,
    key: HashKey,
    region: String,
    /// By who it is.
    found: Vec<BTreeSet<u64>>,
}

impl Search {
    pub fn new(due: &[Erasure], key: HashKey, region: &str) -> Self {
        let mut all = Sought::default();
        due.iter().for_each(|one| all.extend(&one.sought));
        let people = due.iter().map(|one| (one.sought.clone(), one.log_offset)).collect();
        let named = |(who, one): (usize, &Erasure)| one.fragments.iter().map(move |fragment| (*fragment, who)).collect::<Vec<_>>();
        Self {
            people,
            all,
            fragments: due.iter().enumerate().flat_map(named).collect(),
            offsets: BTreeSet::new(),
            dropped: BTreeSet::new(),
            key,
            region: region.to_owned(),
            found: vec![BTreeSet::new(); due.len()],
        }
    }

    /// What takes the record's place; `None` where it is nobody's who is erased. May be asked twice of a record.
    pub fn overwrites(&mut self, record: &Record) -> Option<Entry> {
        if record.kind == RecordKind::Erased as u8 {
            // Of a rewriting that was broken off.
            let of = Tombstone::decode(&record.body).and_then(|tombstone| self.fragments.get(&tombstone.fragment_id));
            if let Some(who) = of {
                self.found[*who].insert(record.offset);
            }
            return None;
        }
        let tombstone = match self.dropped.contains(&record.offset) {
            true => Tombstone { fragment_id: FragmentId(0), message_key: key_of(record) },
            false => {
                let who = self.whose(record)?;
                self.found[who].insert(record.offset);
                let first = self.fragments.iter().find(|(_, of)| **of == who).map_or(FragmentId(0), |(fragment, _)| *fragment);
                Tombstone { fragment_id: first, message_key: key_of(record) }
            }
        };
        Some(Entry { kind: RecordKind::Erased as u8, body: tombstone.encode().into() })
    }

    /// How many records are overwritten, for each erasure in their order.
    pub fn found(&self) -> Vec<u64> {
        self.found.iter().map(|offsets| offsets.len() as u64).collect()
    }

    fn whose(&self, record: &Record) -> Option<usize> {
        match RecordKind::from_u8(record.kind)? {
            RecordKind::Event => self.of_event(record),
            RecordKind::Refused => {
                let (_, _, raw) = decode_refused(&record.body).ok()?;
                self.mentioned(raw, record.offset)
            }
            RecordKind::Command => self.of_command(&serde_json::from_slice::<Command>(&record.body).ok()?.action, record.offset),
            RecordKind::Tick | RecordKind::AdCost | RecordKind::Erased => None,
        }
    }

    /// Whose a command is that a person's word, or anything else of somebody, may stand in.
    fn of_command(&self, action: &Action, offset: u64) -> Option<usize> {
        let of_profile = |profile: i64| self.fragments.get(&FragmentId(profile)).copied().filter(|who| offset < self.people[*who].1);
        let who = |holds: &dyn Fn(&Sought) -> bool| self.people.iter().position(|(sought, until)| offset < *until && holds(sought));
        let of_recipient = |to: &Recipient| match to {
            Recipient::Profile(profile) => of_profile(profile.0),
            Recipient::Identifier(identifier) => who(&|sought| sought.has(identifier, &self.key)),
        };
        match action {
            Action::SetTrait { profile_id, .. } => of_profile(profile_id.0),
            Action::WorkLead { lead_id, .. } | Action::SetStage { lead_id, .. } => {
                who(&|sought| sought.has_named(Named::Lead, lead_id, &self.key))
            }
            Action::AnswerTask { task_id, .. } => who(&|sought| sought.has_named(Named::Task, task_id, &self.key)),
            Action::SendMessage { message } => of_recipient(&message.to),
            Action::EnterJourney { entry } => of_recipient(&entry.who),
            _ => None,
        }
    }

    fn of_event(&self, record: &Record) -> Option<usize> {
        let (stamp, raw) = Stamp::decode(&record.body).ok()?;
        let Ok(event) = Event::parse(raw, &stamp, &self.region) else { return self.mentioned(raw, record.offset) };
        let is_known = self.offsets.contains(&record.offset);
        if !is_known && !self.all.names(&event, &self.key) {
            return None;
        }
        let before = |(_, until): &(Sought, u64)| record.offset < *until;
        let named = self.people.iter().position(|one| before(one) && one.0.names(&event, &self.key));
        // A device that was passed on is looked for by nobody's identifiers.
        named.or_else(|| is_known.then(|| self.people.iter().position(before)).flatten())
    }

    fn mentioned(&self, raw: &[u8], offset: u64) -> Option<usize> {
        if !self.all.is_in(raw, &self.key, &self.region) {
            return None;
        }
        self.people.iter().position(|(sought, until)| offset < *until && sought.is_in(raw, &self.key, &self.region))
    }
}

fn key_of(record: &Record) -> u64 {
    let is_stamped = matches!(RecordKind::from_u8(record.kind), Some(RecordKind::Event | RecordKind::Refused));
    let stamp = is_stamped.then(|| Stamp::decode(&record.body).ok()).flatten();
    stamp.map_or(0, |(stamp, _)| message_key(&stamp.source, &stamp.message_id))
}
