//! The keys that a value gives: itself, and looser forms that survive a slip of a finger.

use crate::{
    column::ColumnType,
    compare::{area, sides},
    random::{number_of, scramble},
    table::Table,
};

/// One kind of key of one column: a number for each value of the column's dictionary, 0 for none.
pub(super) struct Slot {
    /// Keys of one space can meet each other.
    pub(super) space: usize,
    column: usize,
    keys: Vec<u64>,
}

impl Slot {
    pub(super) fn key(&self, table: &Table, row: u32) -> u64 {
        self.keys[table.id(self.column, row) as usize]
    }

    pub(super) fn retain(&mut self, keeps: impl Fn(u64) -> bool) {
        self.keys.iter_mut().filter(|key| !keeps(**key)).for_each(|key| *key = 0);
    }

    /// Two keys of one column say little more than one, unless they are two words of it.
    pub(super) fn may_join(&self, other: &Slot) -> bool {
        self.column != other.column || self.space == other.space
    }

    /// Whether this slot's column is none of those that alone fill one of the two spaces.
    pub(super) fn joins_spaces(&self, slots: &[Slot], spaces: (usize, usize)) -> bool {
        let differs = |space| slots.iter().any(|slot| slot.space == space && slot.column != self.column);
        differs(spaces.0) && differs(spaces.1)
    }
}

/// What a key is made of. Each form is a space of its own for each column; forms of names are shared by all name columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Whole,
    /// The n-th longest word.
    Word(u8),
    /// How a word sounds, roughly.
    Sound(u8),
    /// The first letters.
    Beginning(u8),
    /// A part of a number or date, in bytes.
    Part(u8, u8),
    /// A date without its month.
    YearAndDay,
    /// What stands before the `@`.
    Local,
    /// The area of a postcode.
    Area,
}

fn forms(kind: ColumnType) -> &'static [Form] {
    use Form::*;
    match kind {
        ColumnType::GivenName | ColumnType::Surname => &[Whole, Sound(0), Beginning(3)],
        ColumnType::FullName => &[Word(0), Word(1), Word(2), Sound(0), Sound(1), Sound(2)],
        ColumnType::BirthDate => &[Whole, Part(0, 6), Part(4, 8), YearAndDay],
        ColumnType::Phone => &[Whole, Part(0, 5), Part(5, 10)],
        ColumnType::Email => &[Whole, Local, Beginning(5)],
        ColumnType::StreetAddress => &[Whole, Word(0)],
        ColumnType::StreetNumber | ColumnType::Category => &[Whole],
        ColumnType::Postcode => &[Whole, Area],
        ColumnType::Place => &[Whole, Word(0)],
        ColumnType::Document => &[Whole, Part(0, 4), Part(3, 7)],
    }
}

pub(super) fn slots(table: &Table) -> Vec<Slot> {
    let mut names: Vec<(usize, Form)> = Vec::new();
    let mut slots = Vec::new();
    for (column, data) in table.columns.iter().enumerate() {
        for &form in forms(data.kind) {
            let name = space_name(data.kind, column, form);
            let space = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            let seed = scramble(space as u64 + 1);
            let texts = (0..data.counts.len() as u32).map(|id| table.text(column, id));
            let keys = texts.map(|text| key_of(form, text).map_or(0, |key| scramble(key ^ seed).max(1))).collect();
            slots.push(Slot { space, column, keys });
        }
    }
    slots
}

/// Words of all name columns meet, so that names may stand in each other's place.
fn space_name(kind: ColumnType, column: usize, form: Form) -> (usize, Form) {
    const NAMES: usize = usize::MAX;
    match (kind, form) {
        (ColumnType::GivenName | ColumnType::Surname | ColumnType::FullName, Form::Whole | Form::Word(_)) => (NAMES, Form::Whole),
        (ColumnType::GivenName | ColumnType::Surname | ColumnType::FullName, Form::Sound(_)) => (NAMES, Form::Sound(0)),
        _ => (column, form),
    }
}

fn key_of(form: Form, text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    match form {
        Form::Whole => Some(number_of(text)),
        Form::Word(at) => longest_word(text, at).map(number_of),
        Form::Sound(at) => longest_word(text, at).map(sound),
        Form::Beginning(letters) => text.get(..usize::from(letters)).map(number_of),
        Form::Part(from, to) => text.get(usize::from(from)..usize::from(to).min(text.len())).filter(|part| 2 < part.len()).map(number_of),
        Form::YearAndDay => Some(number_of(text.get(..4)?) ^ scramble(number_of(text.get(6..)?))),
        Form::Local => Some(number_of(sides(text).0)),
        Form::Area => Some(number_of(area(text))),
    }
}

fn longest_word(text: &str, at: u8) -> Option<&str> {
    let mut words: Vec<&str> = text.split(' ').collect();
    words.sort_by_key(|word| (std::cmp::Reverse(word.len()), *word));
    words.get(usize::from(at)).copied()
}

/// The first sounds of a word, as a number: consonants by groups that languages and ears confuse, vowels only at the beginning.
fn sound(word: &str) -> u64 {
    const SOUNDS_MAX: usize = 5;
    let (mut code, mut last, mut sounds) = (0u64, 0u8, 0);
    for (at, letter) in word.bytes().enumerate() {
        let group = match letter {
            b'b' | b'p' => 1,
            b'f' | b'v' | b'w' => 2,
            b'c' | b'k' | b'q' | b'x' | b'g' => 3,
            b's' | b'z' | b'j' => 4,
            b'd' | b't' => 5,
            b'l' => 6,
            b'm' | b'n' => 7,
            b'r' => 8,
            b'0'..=b'9' => letter,
            _ if at == 0 => 9,
            _ => 0,
        };
        if group != 0 && group != last && sounds < SOUNDS_MAX {
            code = code << 8 | u64::from(group);
            sounds += 1;
        }
        last = group;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_sound_alike() {
        assert_eq!(sound("ivanov"), sound("iwanow"));
        assert_eq!(sound("catherine"), sound("katerina"));
        assert_ne!(sound("smith"), sound("garcia"));
    }

    #[test]
    fn a_date_gives_keys_that_survive_one_wrong_part() {
        let key = |form, text| key_of(form, text).unwrap();
        assert_eq!(key(Form::YearAndDay, "19800312"), key(Form::YearAndDay, "19800512"));
        assert_eq!(key(Form::Part(0, 6), "19800312"), key(Form::Part(0, 6), "19800319"));
        assert_eq!(key(Form::Part(4, 8), "19800312"), key(Form::Part(4, 8), "19810312"));
    }
}
