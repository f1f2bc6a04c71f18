//! What is known of a person that two people rarely have in common: the given name and the day of birth.

use any_ascii::any_ascii;

use crate::FragmentState;

/// Names are one name's spellings from here on: `Aleksey` and `Alexei`, not `Ivan` and `Irina`.
const ALIKE: f64 = 0.85;

/// A name in a form that can be compared: transliterated, lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameFact {
    /// Where the sender says which of the words it is.
    given: Option<String>,
    words: Vec<String>,
}

/// What one fragment says of its person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonFacts {
    pub name: Option<NameFact>,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
}

const GIVEN: [&str; 5] = ["firstName", "first_name", "firstname", "given_name", "givenName"];
const FAMILY: [&str; 5] = ["lastName", "last_name", "lastname", "family_name", "surname"];
const WHOLE: [&str; 3] = ["name", "full_name", "fullName"];
const BORN: [&str; 6] = ["birthday", "birth_date", "birthDate", "birthdate", "date_of_birth", "dob"];

/// Whether a trait of this name says something that facts are made of.
pub(crate) fn is_fact(name: &str) -> bool {
    GIVEN.contains(&name) || WHOLE.contains(&name) || BORN.contains(&name)
}

impl PersonFacts {
    pub fn of(state: &FragmentState) -> Self {
        Self::read(|name| state.trait_text(name))
    }

    /// * `text`: a trait's text by its name.
    pub fn read(text: impl Fn(&str) -> Option<String>) -> Self {
        let one = |names: &[&str]| names.iter().find_map(|name| text(name)).filter(|value| !value.trim().is_empty());
        let given = one(&GIVEN);
        let whole = one(&WHOLE).or_else(|| match (&given, one(&FAMILY)) {
            (Some(given), Some(family)) => Some(format!("{given} {family}")),
            (given, family) => given.clone().or(family),
        });
        // A family name alone tells relatives, not people, apart.
        let name = (given.is_some() || one(&WHOLE).is_some()).then(|| NameFact::new(given.as_deref(), &whole.unwrap_or_default()));
        Self { name: name.filter(|name| !name.words.is_empty()), birth_date: one(&BORN).and_then(|text| day(&text)) }
    }

    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.birth_date.is_none()
    }

    /// Whether any trait of these says something of the kind.
    pub fn is_told_by<'a>(names: impl Iterator<Item = &'a String>) -> bool {
        let mut names = names;
        names.any(|name| is_fact(name))
    }
}

impl NameFact {
    pub fn new(given: Option<&str>, whole: &str) -> Self {
        let given = given.and_then(|given| words(given).into_iter().next());
        Self { given, words: words(whole) }
    }

    /// Whether one person may be known by both. A name of which only a part is known may be anybody's with that part.
    pub fn may_be(&self, other: &Self) -> bool {
        match (&self.given, &other.given) {
            (Some(one), Some(two)) => is_alike(one, two),
            (Some(given), None) => other.words.iter().any(|word| is_alike(given, word)),
            (None, Some(given)) => self.words.iter().any(|word| is_alike(given, word)),
            (None, None) => {
                let (short, long) = if self.words.len() <= other.words.len() { (self, other) } else { (other, self) };
                matches_all(&short.words, &mut long.words.iter().map(String::as_str).collect())
            }
        }
    }

    /// The same of two who were born on one day: the given name decides, which stands first where nobody says which it is.
    pub fn may_be_after_marriage(&self, other: &Self) -> bool {
        let first = |name: &Self| name.given.clone().or_else(|| name.words.first().cloned()).unwrap_or_default();
        self.may_be(other) || is_alike(&first(self), &first(other))
    }

    /// One key for the spellings of a name, to count distinct ones by.
    pub fn key(&self) -> &str {
        self.given.as_deref().or_else(|| self.words.first().map(String::as_str)).unwrap_or_default()
    }
}

/// The words of a name, transliterated, in lower case. Han characters become a syllable each.
fn words(name: &str) -> Vec<String> {
    let latin = any_ascii(name.trim());
    let mut words: Vec<String> = latin
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '\'')
        .map(|word| word.replace('\'', "").to_ascii_lowercase())
        .filter(|word| !word.is_empty())
        .take(6)
        .collect();
    words.dedup();
    words
}

/// Whether each word of `short` has one of `long` to itself: `Ivan Ivanov` is not `Olga Ivanova`.
fn matches_all(short: &[String], long: &mut Vec<&str>) -> bool {
    let Some((word, rest)) = short.split_first() else { return true };
    (0..long.len()).any(|at| {
        is_alike(word, long[at]) && {
            let taken = long.swap_remove(at);
            let matches = matches_all(rest, long);
            long.push(taken);
            let last = long.len() - 1;
            long.swap(at, last);
            matches
        }
    })
}

fn is_alike(one: &str, two: &str) -> bool {
    let is_initial = |short: &str, long: &str| short.len() == 1 && long.starts_with(short);
    one == two || is_initial(one, two) || is_initial(two, one) || ALIKE <= strsim::jaro_winkler(one, two)
}

/// A day of birth in the notations that systems send: `1980-02-03…`, `03.02.1980`, `19800203`.
fn day(text: &str) -> Option<String> {
    let text = text.trim();
    let parts: Vec<&str> = text.split(['-', '.', '/', 'T', ' ']).collect();
    let [year, month, day] = match parts.as_slice() {
        [year, month, day, ..] if year.len() == 4 => [*year, *month, *day],
        [day, month, year, ..] if year.len() == 4 => [*year, *month, *day],
        [all] if all.len() == 8 && all.is_ascii() => [&all[..4], &all[4..6], &all[6..]],
        _ => return None,
    };
    let [year, month, day]: [u32; 3] = [year.parse().ok()?, month.parse().ok()?, day.parse().ok()?];
    let is_likely = (1890..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    // The day that forms fill in by themselves is nobody's.
    let is_filler = matches!((year, month, day), (1900 | 1970, 1, 1));
    (is_likely && !is_filler).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> NameFact {
        NameFact::new(None, text)
    }

    #[test]
    fn spellings_of_a_name_meet_and_names_do_not() {
        for (one, two) in
            [("Ivan Petrov", "Иван Петров"), ("Petrov Ivan", "Ivan Petrov"), ("Ana", "Ana Petrova"), ("I. Petrov", "Ivan Petrov")]
        {
            assert!(name(one).may_be(&name(two)), "{one} {two}");
        }
        for (one, two) in [("Ivan Ivanov", "Olga Ivanova"), ("Ivan", "Olga"), ("Pavel Petrov", "Anna Sidorova")] {
            assert!(!name(one).may_be(&name(two)), "{one} {two}");
        }
        let given = |given: &str, whole: &str| NameFact::new(Some(given), whole);
        assert!(given("Anna", "Anna Petrova").may_be(&given("Anna", "Anna Sidorova")), "a surname changes");
        assert!(!given("Ivan", "Ivan Ivanov").may_be(&given("Oleg", "Oleg Ivanov")));
        assert!(given("Ivan", "Ivan Ivanov").may_be(&name("Иванов Иван Петрович")));
    }

    #[test]
    fn days_of_birth_read_in_any_notation() {
        for text in ["1980-02-03", "03.02.1980", "1980-02-03T00:00:00Z", "19800203", "3/2/1980"] {
            assert_eq!(day(text).as_deref(), Some("1980-02-03"), "{text}");
        }
        for text in ["", "1980", "32.01.1980", "1970-01-01", "abc", "0000-00-00", "é9800203"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
