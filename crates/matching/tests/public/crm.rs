//! A made-up CRM of any size: names in two scripts, telephones, e-mails, birthdays, cities, and duplicates as desks make them.

use forecourt_matching::{ColumnSpec, ColumnType, Task};

use super::Labelled;

const RUSSIAN_GIVEN: [&str; 24] = [
    "Александр",
    "Дмитрий",
    "Максим",
    "Сергей",
    "Андрей",
    "Алексей",
    "Артём",
    "Илья",
    "Кирилл",
    "Михаил",
    "Никита",
    "Юрий",
    "Анна",
    "Мария",
    "Елена",
    "Ольга",
    "Наталья",
    "Екатерина",
    "Анастасия",
    "Ирина",
    "Татьяна",
    "Светлана",
    "Юлия",
    "Полина",
];
const ENGLISH_GIVEN: [&str; 24] = [
    "James",
    "John",
    "Robert",
    "Michael",
    "William",
    "David",
    "Richard",
    "Joseph",
    "Thomas",
    "Charles",
    "Daniel",
    "Matthew",
    "Mary",
    "Patricia",
    "Jennifer",
    "Linda",
    "Elizabeth",
    "Barbara",
    "Susan",
    "Jessica",
    "Sarah",
    "Karen",
    "Nancy",
    "Emily",
];
const RUSSIAN_STEMS: [&str; 30] = [
    "Иван",
    "Петр",
    "Смирн",
    "Кузнец",
    "Попов",
    "Васил",
    "Соколов",
    "Михайл",
    "Новик",
    "Федор",
    "Мороз",
    "Волк",
    "Алексе",
    "Лебед",
    "Семен",
    "Егор",
    "Павл",
    "Козл",
    "Степан",
    "Никола",
    "Орл",
    "Андре",
    "Макар",
    "Никит",
    "Захар",
    "Зайц",
    "Солов",
    "Борис",
    "Яковл",
    "Григор",
];
const ENGLISH_STEMS: [&str; 30] = [
    "Smith", "Johnson", "Brown", "Taylor", "Miller", "Wilson", "Moore", "Ander", "Jack", "White", "Harris", "Martin", "Thomp", "Garci",
    "Clark", "Lewis", "Robin", "Walk", "Young", "Allen", "King", "Wright", "Scott", "Hill", "Green", "Adam", "Bak", "Nelson", "Cart",
    "Mitchel",
];
const CITIES: [&str; 16] = [
    "Москва",
    "Санкт-Петербург",
    "Казань",
    "Новосибирск",
    "Екатеринбург",
    "Самара",
    "London",
    "Leeds",
    "Bristol",
    "York",
    "Oxford",
    "Omsk",
    "Ufa",
    "Perm",
    "Cardiff",
    "Bath",
];
const DOMAINS: [&str; 8] = ["mail.ru", "gmail.com", "yandex.ru", "bk.ru", "outlook.com", "yahoo.com", "example.org", "firm.ru"];

/// SplitMix64, so that a size gives the same rows everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Early ones far more often than late ones.
    fn skewed(&mut self, bound: usize) -> usize {
        let at = self.below(1 << 20) as f64 / f64::from(1 << 20);
        ((bound as f64).powf(at) - 1.0) as usize
    }
}

struct Person {
    given: String,
    surname: String,
    phone: u64,
    email: Option<String>,
    born: (usize, usize, usize),
    city: &'static str,
}

/// `rows` records, of which about `duplicates_percent` repeat an earlier person with slips.
pub fn crm(rows: usize, duplicates_percent: usize, seed: u64) -> Labelled {
    let mut dice = Dice(seed);
    let (mut records, mut persons, mut people) = (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::<Person>::new());
    while records.len() < rows {
        let again = !people.is_empty() && dice.chance(duplicates_percent);
        let at = if again { dice.below(people.len()) } else { people.len() };
        if !again {
            people.push(person(&mut dice));
        }
        records.push(record(&people[at], again, &mut dice));
        persons.push(at.to_string());
    }
    let specs = [
        ("given", ColumnType::GivenName),
        ("surname", ColumnType::Surname),
        ("phone", ColumnType::Phone),
        ("email", ColumnType::Email),
        ("born", ColumnType::BirthDate),
        ("city", ColumnType::Place),
    ];
    Labelled {
        name: "crm",
        specs: specs.map(|(name, kind)| ColumnSpec::new(name, kind)).to_vec(),
        rows: records,
        persons,
        task: Task::Dedupe,
    }
}

fn person(dice: &mut Dice) -> Person {
    let russian = dice.chance(70);
    let (given, stems) = if russian { (&RUSSIAN_GIVEN, &RUSSIAN_STEMS) } else { (&ENGLISH_GIVEN, &ENGLISH_STEMS) };
    let endings: &[&str] = if russian {
        &["ов", "ев", "ин", "ский", "енко", "чук", "ко", "ян"]
    } else {
        &["", "son", "s", "er", "ton", "ley", "field", "man"]
    };
    let given = given[dice.skewed(given.len())];
    let middle = ["", "", "", "ар", "ел", "ан", "ил", "ор"][dice.below(8)];
    let surname =
        format!("{}{}{}", stems[dice.skewed(stems.len())], if russian { middle } else { "" }, endings[dice.skewed(endings.len())]);
    let local = format!("{}{}{}", any_latin(given), [".", "_", ""][dice.below(3)], any_latin(&surname));
    let email = format!("{local}{}@{}", dice.below(3000), DOMAINS[dice.skewed(DOMAINS.len())]);
    Person {
        given: given.to_owned(),
        surname,
        phone: 9_000_000_000 + dice.next() % 999_999_999,
        email: dice.chance(60).then_some(email),
        born: (1940 + dice.below(65), 1 + dice.below(12), 1 + dice.below(28)),
        city: CITIES[dice.skewed(CITIES.len())],
    }
}

fn record(person: &Person, again: bool, dice: &mut Dice) -> Vec<Option<String>> {
    let (mut given, mut surname) = (person.given.clone(), person.surname.clone());
    let (mut phone, mut email, mut born) = (person.phone, person.email.clone(), person.born);
    let mut city = person.city;
    if again {
        match dice.below(8) {
            0 => (given, surname) = (any_latin(&given), any_latin(&surname)),
            1 => std::mem::swap(&mut given, &mut surname),
            2 => surname = slip(&surname, dice),
            3 => given = slip(&given, dice),
            4 => given = given.chars().take(1).collect(),
            _ => {}
        }
        match dice.below(8) {
            0 => phone = 9_000_000_000 + dice.next() % 999_999_999,
            1 => phone += 10u64.pow(dice.below(6) as u32),
            2 => email = email.map(|email| slip(&email, dice)),
            3 => born.1 = 1 + dice.below(12),
            4 => born.0 += 1,
            5 => city = CITIES[dice.below(CITIES.len())],
            _ => {}
        }
    }
    let phone = match dice.below(3) {
        0 => format!("+7{phone}"),
        1 => format!("8 ({}) {}-{}", phone / 10_000_000, phone / 10_000 % 1000, phone % 10_000),
        _ => format!("7{phone}"),
    };
    let born = if dice.chance(50) {
        format!("{:04}-{:02}-{:02}", born.0, born.1, born.2)
    } else {
        format!("{:02}.{:02}.{:04}", born.2, born.1, born.0)
    };
    let kept = |dice: &mut Dice, percent, value: String| dice.chance(percent).then_some(value);
    vec![
        kept(dice, 98, given),
        kept(dice, 90, surname),
        kept(dice, 90, phone),
        email.filter(|_| dice.chance(90)),
        kept(dice, 60, born),
        kept(dice, 80, city.to_owned()),
    ]
}

/// One letter doubled, dropped, or swapped with the next.
fn slip(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = dice.below(letters.len().max(2) - 1);
    match dice.below(3) {
        0 => letters.insert(at, letters[at]),
        1 if 3 < letters.len() => drop(letters.remove(at)),
        _ if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => {}
    }
    letters.into_iter().collect()
}

fn any_latin(text: &str) -> String {
    any_ascii::any_ascii(text)
}
