//! Whom a row is about: its identifiers, as the fold will see them.

use std::borrow::Cow;

use forecourt_model::{Identifier, IdentifierKind, Refusal, RefusalCode};

use super::{
    ImportError, Mapping,
    block::Row,
    damage::Tally,
    field::{Columns, Field},
    item::{self, Members},
    join::Joins,
    number,
};

/// The fields that name a person.
pub struct Person {
    fields: Vec<(IdentifierKind, Field)>,
    region: String,
}

impl Person {
    /// Errors: [`ImportError::Mapping`].
    pub fn new(mapping: &Mapping, columns: &Columns<'_>, joins: &mut Joins, region: &str) -> Result<Self, ImportError> {
        let named = ["user_id", "email", "phone", "anonymous_id"].into_iter().filter_map(|name| Some((name, mapping.fields.get(name)?)));
        let external = mapping.external_ids.iter().map(|(name, pick)| (name.as_str(), pick));
        let mut fields = Vec::new();
        for (name, pick) in named.chain(external) {
            if let Some(field) = Field::new(name, pick, columns, joins)? {
                fields.push((IdentifierKind::parse(name), field));
            }
        }
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Self { fields, region: region.to_owned() })
    }

    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().map(|(_, field)| field)
    }

    pub fn of<'a>(&'a self, row: Row<'a>, tally: &mut Tally) -> Ids<'a> {
        let mut ids = Ids { found: Vec::with_capacity(self.fields.len()), valid: false, named: false };
        for (kind, field) in &self.fields {
            let Some(text) = field.text(row) else { continue };
            ids.named = true;
            if number::is_rounded(&text) {
                // Two people whose ids were rounded to the same figure would become one.
                tally.rounded(&field.name, row.number());
                continue;
            }
            ids.found.push((Cow::Borrowed(kind), text));
        }
        ids.valid = self.any_valid(&ids.found);
        ids
    }

    /// Those of the row that name somebody, normalised.
    pub fn identifiers(&self, ids: &Ids<'_>) -> Vec<Identifier> {
        ids.found.iter().filter_map(|(kind, text)| Identifier::new(kind.as_ref().clone(), text, &self.region)).collect()
    }

    /// The cheap ones first: a phone is read by a whole library of numbering plans.
    fn any_valid(&self, found: &[(Cow<'_, IdentifierKind>, Cow<'_, str>)]) -> bool {
        let is_valid =
            |(kind, text): &&(Cow<'_, IdentifierKind>, Cow<'_, str>)| Identifier::new(kind.as_ref().clone(), text, &self.region).is_some();
        let (phones, others): (Vec<_>, Vec<_>) = found.iter().partition(|(kind, _)| **kind == IdentifierKind::Phone);
        others.iter().any(is_valid) || phones.iter().any(is_valid)
    }
}

/// The identifiers of one row, strongest first.
pub struct Ids<'a> {
    found: Vec<(Cow<'a, IdentifierKind>, Cow<'a, str>)>,
    /// Whether at least one will do.
    pub valid: bool,
    named: bool,
}

impl Ids<'_> {
    /// Lets the id of a lead, an order or a call stand for its unknown person; `false` where it cannot.
    pub fn stand_in(&mut self, key: &str, id: &str) -> bool {
        let kind = IdentifierKind::External(key.to_owned());
        self.valid = Identifier::new(kind.clone(), id, "").is_some();
        self.found.push((Cow::Owned(kind), Cow::Owned(id.to_owned())));
        self.valid
    }

    pub fn refusal(&self) -> Refusal {
        if self.named {
            let values: Vec<&str> = self.found.iter().map(|(_, value)| value.as_ref()).collect();
            let told = format!(
                "no identifier of the row names anybody (`{}`): they are malformed, rounded, or filled in for everybody",
                values.join("`, `")
            );
            return Refusal::new(RefusalCode::BlockedIdentifier, told);
        }
        Refusal::new(
            RefusalCode::NoIdentifier,
            "the row has no identifier: map `user_id`, `email`, `phone`, `anonymous_id` or `external_ids`",
        )
    }

    pub fn strongest(&self) -> Option<String> {
        self.found.first().map(|(kind, value)| format!("{}:{value}", kind.as_str()))
    }

    /// All of them in one text, to tell rows apart by.
    pub fn joined(&self) -> String {
        self.found.iter().map(|(kind, value)| format!("{}\u{1f}{value}\u{1e}", kind.as_str())).collect()
    }

    pub fn write_own(&self, members: &mut Members, out: &mut Vec<u8>) {
        for (kind, value) in &self.found {
            match kind.as_ref() {
                IdentifierKind::UserId => members.text(out, "userId", value),
                IdentifierKind::AnonymousId => members.text(out, "anonymousId", value),
                _ => {}
            }
        }
    }

    pub fn has_contacts(&self) -> bool {
        self.found.iter().any(|(kind, _)| matches!(kind.as_ref(), IdentifierKind::Email | IdentifierKind::Phone))
    }

    pub fn write_contacts(&self, traits: &mut Members, out: &mut Vec<u8>) {
        for (kind, value) in &self.found {
            match kind.as_ref() {
                IdentifierKind::Email => traits.text(out, "email", value),
                IdentifierKind::Phone => traits.text(out, "phone", value),
                _ => {}
            }
        }
    }

    pub fn has_external(&self) -> bool {
        self.found.iter().any(|(kind, _)| matches!(kind.as_ref(), IdentifierKind::External(_)))
    }

    pub fn write_external(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        let mut first = true;
        for (kind, value) in &self.found {
            if let IdentifierKind::External(name) = kind.as_ref() {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                out.extend_from_slice(b"{\"type\":");
                item::string(out, name);
                out.extend_from_slice(b",\"id\":");
                item::string(out, value);
                out.push(b'}');
            }
        }
        out.push(b']');
    }
}
