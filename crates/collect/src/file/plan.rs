//! The mapping held against a file: what becomes of a row.

use std::collections::BTreeSet;

use forecourt_model::{EventType, Identifier, Refusal, RefusalCode, event::EVENT_NAME_CHARS_MAX};

use super::{
    Detected, Guess, ImportError, Kind, Mapping, Rest,
    block::{Cell, Row},
    cost::CostPlan,
    damage::Tally,
    field::{Columns, Field},
    item::{self, Members},
    join::Joins,
    mapping,
    moment::{self, BadMoment, MomentReader, MonthWalk},
    number,
    person::{Ids, Person},
};

/// The largest item, in bytes: what an SDK may send as one event.
const ITEM_BYTES_MAX: usize = 32 << 10;

/// Everything that is decided before the first row.
pub struct Plan {
    shape: Shape,
    wanted: Vec<usize>,
    now_us: i64,
}

enum Shape {
    Item(Box<ItemPlan>),
    Cost(Box<CostPlan>),
}

struct ItemPlan {
    event_type: EventType,
    event: Option<Field>,
    default_event: Option<&'static str>,
    time: When,
    person: Person,
    message_id: Option<Field>,
    /// The id that the row's lead, order or call goes by.
    own_id: Option<(&'static str, Option<Field>)>,
    properties: Vec<Output>,
    traits: Vec<Output>,
    decimal: Option<char>,
    names_people: bool,
}

/// When a row happened.
enum When {
    /// Profiles may go without: they are then as of now.
    Never,
    Read(Field, MomentReader),
    Walk(Field, MonthWalk),
}

/// A member of `properties` or `traits`.
struct Output {
    /// Escaped for JSON.
    key: String,
    field: Field,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    /// Must be a number where it is not empty.
    Amount,
    /// A length of time: seconds, or `h:mm:ss`.
    Duration,
    /// Must be one of the stages of a lead.
    Stage,
    AsIs {
        number: bool,
    },
}

/// What a row became, beside the JSON in the buffer.
pub struct Made {
    pub at_us: Option<i64>,
    /// The sender's own id of the event.
    pub message_id: Option<String>,
    /// Whom the row is about: the strongest identifier.
    pub person: Option<String>,
    /// All of them as the fold will see them, where [`Plan::name_people`] asked for it.
    pub identifiers: Vec<Identifier>,
}

impl Plan {
    /// * `region`: the country whose notation phones without a country code are in.
    ///
    /// Errors: [`ImportError::Mapping`], which names the field, the column and what there is instead.
    pub fn new(kind: Kind, mapping: &Mapping, detected: &Detected, region: &str, now_us: i64) -> Result<Self, ImportError> {
        check_names(kind, mapping)?;
        let mut wanted = BTreeSet::new();
        let shape = match kind {
            Kind::Costs => Shape::Cost(Box::new(CostPlan::new(mapping, detected, &mut wanted)?)),
            _ => Shape::Item(Box::new(ItemPlan::new(kind, mapping, detected, region, &mut wanted)?)),
        };
        Ok(Self { shape, wanted: wanted.into_iter().collect(), now_us })
    }

    /// Whether each row is to name its identifiers, normalised: it takes time.
    pub fn name_people(&mut self, yes: bool) {
        if let Shape::Item(plan) = &mut self.shape {
            plan.names_people = yes;
        }
    }

    /// The columns that rows are asked for, ascending.
    pub fn wanted(&self) -> &[usize] {
        &self.wanted
    }

    /// Writes the row's JSON to `out`, which is emptied first.
    ///
    /// Errors: why the row is refused.
    pub fn make(&mut self, row: Row<'_>, tally: &mut Tally, out: &mut Vec<u8>) -> Result<Made, Refusal> {
        out.clear();
        if let Some(fault) = row.fault() {
            tally.shifted();
            return Err(Refusal::new(RefusalCode::WrongType, fault));
        }
        let made = match &mut self.shape {
            Shape::Item(plan) => plan.make(row, tally, out)?,
            Shape::Cost(plan) => plan.make(row, tally, out)?,
        };
        if ITEM_BYTES_MAX < out.len() {
            let told = format!("the row makes an item of {} bytes, over the limit of {ITEM_BYTES_MAX}: map fewer columns", out.len());
            return Err(Refusal::new(RefusalCode::TooLarge, told));
        }
        if made.at_us.is_some_and(|at_us| self.now_us < at_us) {
            tally.future();
        }
        Ok(made)
    }
}

/// Whether a mapping fits a file, before anything is opened for it.
///
/// Errors: [`ImportError::Mapping`].
pub fn check(kind: Kind, mapping: &Mapping, detected: &Detected) -> Result<(), ImportError> {
    Plan::new(kind, mapping, detected, "", 0).map(drop)
}

fn check_names(kind: Kind, mapping: &Mapping) -> Result<(), ImportError> {
    let known = mapping::fields_of(kind);
    match mapping.fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(ImportError::Mapping(format!(
            "{} have no field `{name}`: put it under `properties` or `traits`, or use one of {}",
            kind.as_str(),
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

impl ItemPlan {
    fn new(kind: Kind, mapping: &Mapping, detected: &Detected, region: &str, wanted: &mut BTreeSet<usize>) -> Result<Self, ImportError> {
        let columns = Columns::of(detected);
        let mut joins = Joins::default();
        let mut field = |name: &str| match mapping.fields.get(name) {
            Some(pick) => Field::new(name, pick, &columns, &mut joins),
            None => Ok(None),
        };
        let event_type = event_type(kind, mapping)?;
        let event = field("event")?;
        let default_event = match kind {
            Kind::Leads => Some("lead_created"),
            Kind::Orders => Some("order_completed"),
            Kind::Calls => Some("call_completed"),
            _ => None,
        };
        if event_type == EventType::Track && event.is_none() && default_event.is_none() {
            return Err(ImportError::Mapping(
                "events need `event`: {\"event\": {\"column\": …}}, or {\"event\": {\"value\": \"page_viewed\"}} for one name in all rows"
                    .into(),
            ));
        }
        let own_id = match kind {
            Kind::Leads => Some(("lead_id", field("lead_id")?)),
            Kind::Orders => Some(("order_id", field("order_id")?)),
            Kind::Calls => Some(("call_id", field("call_id")?)),
            _ => None,
        };
        let message_id = field("message_id")?;

        let (mut properties, mut traits) = (Vec::new(), Vec::new());
        for (name, key, form) in PROPERTIES {
            let is_own = own_id.as_ref().is_some_and(|(own, _)| *own == name);
            if let Some(field) = field(name)?.filter(|_| !is_own) {
                let output = Output { key: key.to_owned(), field, form };
                let of_person = matches!(name, "region" | "dealer") && event_type == EventType::Identify;
                if of_person { traits.push(output) } else { properties.push(output) }
            }
        }
        let time = when(kind, mapping, &columns, &mut joins)?;
        let person = Person::new(mapping, &columns, &mut joins, region)?;
        // A member that stands twice in an object would be read as its last telling.
        let mut taken: BTreeSet<String> = ["email", "phone"].map(str::to_owned).into();
        taken.extend(properties.iter().chain(&traits).map(|output| output.key.clone()));
        taken.extend(own_id.iter().map(|(key, _)| (*key).to_owned()));
        for (list, picks) in [(&mut properties, &mapping.properties), (&mut traits, &mapping.traits)] {
            for (name, pick) in picks {
                if let Some(field) = Field::new(name, pick, &columns, &mut joins)? {
                    if !taken.insert(name.clone()) {
                        let told = format!(
                            "`{name}` stands twice, as a field and under `properties` or `traits`: leave one, or call it otherwise"
                        );
                        return Err(ImportError::Mapping(told));
                    }
                    let number = field.column().is_some_and(|column| detected.columns[column].guess == Guess::Number);
                    list.push(Output { key: escaped(name), field, form: Form::AsIs { number } });
                }
            }
        }

        let mut plan = Self {
            event_type,
            event,
            default_event,
            time,
            person,
            message_id,
            own_id,
            properties,
            traits,
            decimal: mapping.read.decimal,
            names_people: false,
        };
        plan.columns_into(wanted);
        let rest = match mapping.rest {
            Rest::Drop => None,
            Rest::Properties => Some(&mut plan.properties),
            Rest::Traits => Some(&mut plan.traits),
        };
        if let Some(list) = rest {
            for (index, column) in detected.columns.iter().enumerate() {
                // A file of rejected rows that was mended comes back with the reasons in front.
                if wanted.insert(index) && !column.name.starts_with(super::rejected::PREFIX) {
                    let form = Form::AsIs { number: column.guess == Guess::Number };
                    let name = free_name(&mut taken, &column.name);
                    list.push(Output { key: escaped(&name), field: Field::of_column(&column.name, index), form });
                }
            }
        }
        Ok(plan)
    }

    fn columns_into(&self, wanted: &mut BTreeSet<usize>) {
        let outputs = self.properties.iter().chain(&self.traits).map(|output| &output.field);
        let own = self.own_id.iter().filter_map(|(_, field)| field.as_ref());
        let time = match &self.time {
            When::Never => None,
            When::Read(field, _) | When::Walk(field, _) => Some(field),
        };
        for field in outputs.chain(own).chain(time).chain(&self.event).chain(&self.message_id).chain(self.person.fields()) {
            field.columns_into(wanted);
        }
    }

    /// The order of decisions: what happened, when, to whom; then the item is written.
    fn make(&mut self, row: Row<'_>, tally: &mut Tally, out: &mut Vec<u8>) -> Result<Made, Refusal> {
        let at_us = moment_of(&mut self.time, row, tally)?;
        let event = self.event_name(row)?;
        let own_id = self.own_id_of(row, tally)?;
        let mut ids = self.person.of(row, tally);
        if !ids.valid {
            match (&own_id, self.stand_in(own_id.as_ref(), row)) {
                // A lead that nobody's name is on is still a lead: it stands for its person.
                (Some(_), Some((key, id))) if ids.stand_in(key, &id) => {}
                (Some(_), Some((key, id))) => {
                    return Err(Refusal::new(RefusalCode::NoKey, format!("`{key}` is `{id}`, which names nothing: send its real id")));
                }
                // Its id is made of its content, below.
                (Some(_), None) => {}
                (None, _) => return Err(ids.refusal()),
            }
        }

        let mut members = Members::open(out);
        members.text(out, "type", self.event_type.as_str());
        if let Some(event) = event {
            members.text(out, "event", &event);
        }
        if let Some(at_us) = at_us {
            members.time(out, "timestamp", at_us);
        }
        if !self.properties.is_empty() || own_id.is_some() {
            members.key(out, "properties");
            let mut inner = Members::open(out);
            self.outputs(&self.properties, row, &mut inner, tally, out)?;
            if let Some((key, id)) = own_id {
                let id = id.unwrap_or_else(|| format!("import-{}", &digest(out, &ids.joined())[..16]));
                inner.text(out, key, &id);
                if !ids.valid {
                    ids.stand_in(key, &id);
                }
            }
            inner.close(out);
        }
        self.write_person(row, &ids, &mut members, tally, out)?;
        members.close(out);
        let message_id = self.message_id.as_ref().and_then(|field| field.text(row)).map(Into::into);
        let identifiers = if self.names_people { self.person.identifiers(&ids) } else { Vec::new() };
        Ok(Made { at_us, message_id, person: ids.strongest(), identifiers })
    }

    fn event_name(&self, row: Row<'_>) -> Result<Option<String>, Refusal> {
        if self.event_type != EventType::Track {
            return Ok(None);
        }
        let name =
            self.event.as_ref().and_then(|field| field.text(row)).map(String::from).or_else(|| self.default_event.map(str::to_owned));
        match name {
            None => Err(Refusal::new(RefusalCode::NoEventName, "the row has no event name")),
            Some(name) if EVENT_NAME_CHARS_MAX < name.chars().count() => {
                Err(Refusal::new(RefusalCode::NoEventName, format!("the event name is longer than {EVENT_NAME_CHARS_MAX} characters")))
            }
            Some(name) => Ok(Some(name)),
        }
    }

    /// The id of the row's own lead, order or call; `(key, None)` where the mapping leaves it to us.
    fn own_id_of(&self, row: Row<'_>, tally: &mut Tally) -> Result<Option<(&'static str, Option<String>)>, Refusal> {
        let Some((key, field)) = &self.own_id else { return Ok(None) };
        let Some(field) = field else { return Ok(Some((*key, None))) };
        match field.text(row) {
            None => Err(Refusal::new(RefusalCode::NoKey, format!("the row has no `{key}`"))),
            Some(id) if number::is_rounded(&id) => {
                tally.rounded(key, row.number());
                Err(Refusal::new(RefusalCode::NoKey, format!("`{key}` is `{id}`: a spreadsheet has rounded it, export the column as text")))
            }
            Some(id) => Ok(Some((*key, Some(id.into_owned())))),
        }
    }

    /// What stands for a person whom the row does not name: the lead that it tells of, or its own id.
    fn stand_in(&self, own_id: Option<&(&'static str, Option<String>)>, row: Row<'_>) -> Option<(&'static str, String)> {
        let lead = self.properties.iter().find(|output| output.key == "lead_id").and_then(|output| output.field.text(row));
        match lead {
            Some(lead) => Some(("lead_id", lead.into_owned())),
            None => own_id.and_then(|(key, id)| Some((*key, id.clone()?))),
        }
    }

    fn outputs(&self, list: &[Output], row: Row<'_>, members: &mut Members, tally: &mut Tally, out: &mut Vec<u8>) -> Result<(), Refusal> {
        for output in list {
            let cell = output.field.cell(row);
            if matches!(&cell, Cell::Text(text) if text.contains('\u{fffd}')) {
                tally.replaced();
            }
            match output.form {
                Form::AsIs { number } => members.cell(out, &output.key, cell, number, self.decimal),
                Form::Text => {
                    if let Some(text) = cell.text() {
                        members.text(out, &output.key, &text);
                    }
                }
                Form::Amount | Form::Duration => {
                    if let Some(value) = amount(output, cell, self.decimal)? {
                        members.number(out, &output.key, value);
                    }
                }
                Form::Stage => {
                    if let Some(text) = cell.text() {
                        members.text(out, &output.key, known_stage(&text)?);
                    }
                }
            }
        }
        Ok(())
    }

    fn write_person(
        &self,
        row: Row<'_>,
        ids: &Ids<'_>,
        members: &mut Members,
        tally: &mut Tally,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        ids.write_own(members, out);
        let identify = self.event_type == EventType::Identify;
        let has_traits = ids.has_contacts() || !self.traits.is_empty();
        if has_traits && identify {
            members.key(out, "traits");
            self.write_traits(row, ids, tally, out)?;
        }
        if ids.has_external() || (has_traits && !identify) {
            members.key(out, "context");
            let mut context = Members::open(out);
            if ids.has_external() {
                context.key(out, "externalIds");
                ids.write_external(out);
            }
            if has_traits && !identify {
                context.key(out, "traits");
                self.write_traits(row, ids, tally, out)?;
            }
            context.close(out);
        }
        Ok(())
    }

    fn write_traits(&self, row: Row<'_>, ids: &Ids<'_>, tally: &mut Tally, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let mut traits = Members::open(out);
        ids.write_contacts(&mut traits, out);
        self.outputs(&self.traits, row, &mut traits, tally, out)?;
        traits.close(out);
        Ok(())
    }
}

/// Fields of a mapping that become properties, and by what name.
const PROPERTIES: [(&str, &str, Form); 21] = [
    ("channel", "channel", Form::Text),
    ("source", "utm_source", Form::Text),
    ("medium", "utm_medium", Form::Text),
    ("campaign", "campaign", Form::Text),
    ("region", "region", Form::Text),
    ("dealer", "dealer", Form::Text),
    ("model", "model", Form::Text),
    ("url", "url", Form::Text),
    ("referrer", "referrer", Form::Text),
    ("session_id", "session_id", Form::Text),
    ("lead_id", "lead_id", Form::Text),
    ("order_id", "order_id", Form::Text),
    ("call_id", "call_id", Form::Text),
    ("value", "value", Form::Amount),
    ("currency", "currency", Form::Text),
    ("stage", "stage", Form::Stage),
    ("status", "status", Form::Text),
    ("direction", "direction", Form::Text),
    ("duration", "duration_s", Form::Duration),
    ("result", "result", Form::Text),
    ("agent", "agent", Form::Text),
];

fn event_type(kind: Kind, mapping: &Mapping) -> Result<EventType, ImportError> {
    let fixed = match kind {
        Kind::Profiles => EventType::Identify,
        _ => EventType::Track,
    };
    match mapping.item_type.as_deref() {
        None => Ok(fixed),
        Some(text) => match EventType::parse(text) {
            Some(event_type) if kind == Kind::Events || event_type == fixed => Ok(event_type),
            Some(_) => {
                Err(ImportError::Mapping(format!("`type` is `{text}`: {} are always `{}`, leave it out", kind.as_str(), fixed.as_str())))
            }
            None => Err(ImportError::Mapping(format!("`type` is `{text}`: use track, page, screen, identify, group or alias"))),
        },
    }
}

fn when(kind: Kind, mapping: &Mapping, columns: &Columns<'_>, joins: &mut Joins) -> Result<When, ImportError> {
    let Some(pick) = mapping.fields.get("timestamp") else {
        return match kind {
            Kind::Profiles => Ok(When::Never),
            _ => Err(ImportError::Mapping(format!(
                "{} need `timestamp`: {{\"timestamp\": {{\"column\": …}}}}, with `unit` for numbers, `zone` for local times, `format` for unusual ones",
                kind.as_str()
            ))),
        };
    };
    if let Some(sequence) = &pick.month_sequence {
        let column = columns.find("timestamp", &sequence.column)?;
        return Ok(When::Walk(Field::of_column("timestamp", column), MonthWalk::new(sequence)));
    }
    let reader = MomentReader::new("timestamp", pick)?;
    Ok(Field::new("timestamp", pick, columns, joins)?.map_or(When::Never, |field| When::Read(field, reader)))
}

fn moment_of(when: &mut When, row: Row<'_>, tally: &mut Tally) -> Result<Option<i64>, Refusal> {
    let refused = |told: String| Refusal::new(RefusalCode::InvalidTimestamp, told);
    let at_us = match when {
        When::Never => return Ok(None),
        When::Walk(field, walk) => {
            let text = field.text(row).unwrap_or_default();
            walk.step(&text).ok_or_else(|| refused(format!("`{text}` is not the name of a month")))?
        }
        When::Read(field, reader) => {
            let cell = field.cell(row);
            reader.read(&cell).map_err(|bad| {
                let text = cell.text().unwrap_or_default();
                match bad {
                    _ if text.is_empty() => refused("the row has no time".into()),
                    BadMoment::Unreadable => refused(format!("`{text}` does not read as a time: give the timestamp a `format`")),
                    BadMoment::Ambiguous => {
                        tally.ambiguous();
                        refused(format!("`{text}` is two dates, day first or month first: give the timestamp a `format` such as %d/%m/%Y"))
                    }
                }
            })?
        }
    };
    moment::within_reason(at_us).map(Some)
}

fn amount(output: &Output, cell: Cell<'_>, decimal: Option<char>) -> Result<Option<f64>, Refusal> {
    let value = match cell {
        Cell::Int(number) => Some(number as f64),
        Cell::Float(number) => Some(number).filter(|number| number.is_finite()),
        cell => {
            let Some(text) = cell.text() else { return Ok(None) };
            let read = if output.form == Form::Duration { number::parse_duration_s(&text) } else { number::parse(&text, decimal) };
            let told = || Refusal::new(RefusalCode::WrongType, format!("`{}` is `{text}`, which is not a number", output.field.name));
            return read.map(Some).ok_or_else(told);
        }
    };
    Ok(value)
}

fn known_stage(text: &str) -> Result<&str, Refusal> {
    let stages = forecourt_model::entity::STAGES;
    stages.into_iter().find(|stage| *stage == text).map(|_| text).ok_or_else(|| {
        let told = format!("`stage` is `{text}`: translate it by a `map` into one of {}", stages.join(", "));
        Refusal::new(RefusalCode::WrongMapping, told)
    })
}

/// The column's own name, or the name with the least number behind it that is free.
fn free_name(taken: &mut BTreeSet<String>, name: &str) -> String {
    let numbered = |number: usize| if number == 1 { name.to_owned() } else { format!("{name}_{number}") };
    let free = (1..).map(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

fn escaped(key: &str) -> String {
    let mut out = Vec::with_capacity(key.len() + 2);
    item::string(&mut out, key);
    String::from_utf8_lossy(&out[1..out.len() - 1]).into_owned()
}

fn digest(content: &[u8], ids: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content);
    hasher.update(ids.as_bytes());
    hasher.finalize().to_hex().to_string()
}
