//! What a column probably means, from its header and its values: a proposal for a person to confirm.

use crate::{column::ColumnType, compare::normalised, text::compact};

/// Proposes the type of a column; `None` for one that does not tell people apart, or that nothing is known of.
///
/// The header's words decide, in English, Russian or Chinese, whatever stands around them (`postcode_fake`, `CustomerPhone2`); without a known word the values do.
///
/// * `values`: some of the column's values, empty ones among them.
pub fn propose(header: &str, values: &[&str]) -> Option<ColumnType> {
    let words = words(header);
    match by_words(&words) {
        Proposal::Type(kind) => Some(kind),
        Proposal::Nothing => None,
        Proposal::Unknown => by_values(values),
    }
}

enum Proposal {
    Type(ColumnType),
    /// The header says that the column is something else.
    Nothing,
    Unknown,
}

/// Words of a header, any of which means a type; a trailing `-` stands for any ending. Earlier lines win, for `birth_place` is no day and `email_address` no street.
const HEADERS: &[(&[&str], Option<ColumnType>)] = &[
    (&["ip", "url", "website", "username", "login", "filename", "utm", "created", "updated"], None),
    (&["postcode", "zip", "zipcode", "postal", "plz", "индекс", "邮编", "邮政编码"], Some(ColumnType::Postcode)),
    (&["email", "mail", "почт-", "имейл", "邮箱", "电子邮件", "邮件"], Some(ColumnType::Email)),
    (
        &["phone", "telephone", "mobile", "cell", "tel", "msisdn", "fax", "телефон-", "тел", "моб-", "сотов-", "手机", "电话"],
        Some(ColumnType::Phone),
    ),
    (
        &[
            "vin",
            "ssn",
            "soc",
            "passport",
            "tax",
            "inn",
            "snils",
            "nin",
            "nhs",
            "licence",
            "license",
            "document",
            "инн",
            "снилс",
            "паспорт-",
            "身份证",
            "护照",
            "车架号",
        ],
        Some(ColumnType::Document),
    ),
    (
        &[
            "birthplace",
            "place",
            "city",
            "town",
            "suburb",
            "village",
            "region",
            "county",
            "город-",
            "место",
            "регион",
            "област-",
            "城市",
            "地区",
            "出生地",
        ],
        Some(ColumnType::Place),
    ),
    (&["dob", "birth", "birthdate", "birthday", "born", "рожд-", "生日", "出生"], Some(ColumnType::BirthDate)),
    (&["fullname", "fio", "фио", "姓名"], Some(ColumnType::FullName)),
    (
        &[
            "occupation",
            "profession",
            "job",
            "state",
            "country",
            "gender",
            "sex",
            "title",
            "професси-",
            "должност-",
            "пол",
            "страна",
            "职业",
            "性别",
            "国家",
        ],
        Some(ColumnType::Category),
    ),
    (&["house", "flat", "apartment", "дом", "квартир-", "门牌"], Some(ColumnType::StreetNumber)),
    (&["address", "street", "addr", "road", "адрес-", "улиц-", "地址", "街道"], Some(ColumnType::StreetAddress)),
    (&["surname", "lastname", "family", "last", "sname", "фамили-", "姓氏", "姓"], Some(ColumnType::Surname)),
    (
        &["given", "firstname", "forename", "first", "fname", "middle", "patronymic", "имя", "отчеств-", "名字", "名"],
        Some(ColumnType::GivenName),
    ),
    (&["name", "names", "客户"], Some(ColumnType::FullName)),
];

fn by_words(words: &[String]) -> Proposal {
    let kind_of = |kind: Option<ColumnType>| kind.map_or(Proposal::Nothing, Proposal::Type);
    let found: Vec<Option<ColumnType>> = HEADERS.iter().filter(|(known, _)| has_any(words, known)).map(|&(_, kind)| kind).collect();
    let has = |kind| found.contains(&Some(kind));
    match found.first() {
        Some(Some(ColumnType::Surname)) if has(ColumnType::GivenName) => Proposal::Type(ColumnType::FullName),
        Some(Some(ColumnType::StreetAddress)) if has_any(words, &["number", "no", "num", "номер"]) => {
            Proposal::Type(ColumnType::StreetNumber)
        }
        Some(&kind) => kind_of(kind),
        None if has_any(words, &["id", "key", "cluster", "uuid", "date", "time"]) => Proposal::Nothing,
        None => Proposal::Unknown,
    }
}

fn has_any(words: &[String], known: &[&str]) -> bool {
    let meets = |word: &str, known: &str| match known.strip_suffix('-') {
        Some(stem) => word.starts_with(stem),
        None if known.is_ascii() || known.chars().all(|letter| letter.is_alphabetic() && letter < '\u{2e80}') => word == known,
        // Chinese headers have no spaces between words.
        None => word.contains(known),
    };
    words.iter().any(|word| known.iter().any(|known| meets(word, known)))
}

/// The words of a header in lower case: `CustomerPhone2` and `customer_phone-2` are both "customer", "phone", "2".
fn words(header: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut open, mut was_lower, mut was_digit) = (false, false, false);
    for letter in header.chars() {
        let starts = !open || (was_lower && letter.is_uppercase()) || (letter.is_ascii_digit() != was_digit);
        if !letter.is_alphanumeric() {
            open = false;
        } else if starts {
            words.push(letter.to_lowercase().collect());
            open = true;
        } else if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
        (was_lower, was_digit) = (letter.is_lowercase(), letter.is_ascii_digit());
    }
    // `e-mail` and `zip-code` fall apart; joined neighbours are asked too.
    let joined: Vec<String> = words.windows(2).map(|pair| pair.concat()).collect();
    words.extend(joined);
    words
}

/// The share of values that must look alike for their look to decide.
const SHARE: f64 = 0.8;

type Look = fn(&str) -> bool;

fn by_values(values: &[&str]) -> Option<ColumnType> {
    let present: Vec<&str> = values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()).collect();
    let mostly =
        |looks: Look| !present.is_empty() && SHARE * present.len() as f64 <= present.iter().filter(|value| looks(value)).count() as f64;
    let looks: [(Look, ColumnType); 4] = [
        (looks_like_email, ColumnType::Email),
        (looks_like_vin, ColumnType::Document),
        (looks_like_birth_date, ColumnType::BirthDate),
        (looks_like_phone, ColumnType::Phone),
    ];
    looks.into_iter().find(|&(looks, _)| mostly(looks)).map(|(_, kind)| kind)
}

fn looks_like_email(value: &str) -> bool {
    normalised(ColumnType::Email, value).rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.')) && !value.contains(' ')
}

/// ISO 3779: 17 signs, letters and digits, none of I, O and Q.
fn looks_like_vin(value: &str) -> bool {
    let signs = compact(value);
    let (digits, letters) = (signs.bytes().filter(u8::is_ascii_digit).count(), signs.bytes().filter(u8::is_ascii_lowercase).count());
    signs.len() == 17 && 4 <= digits && 1 <= letters && !signs.contains(['i', 'o', 'q'])
}

fn looks_like_birth_date(value: &str) -> bool {
    let parted = value.contains(['-', '.', '/']) && value.chars().all(|letter| letter.is_ascii_digit() || "-./".contains(letter));
    let day = normalised(ColumnType::BirthDate, value);
    parted && day.get(..4).is_some_and(|year| ("1900".."2025").contains(&year))
}

/// At least ten digits with nothing but the signs that numbers are written with, or a leading plus.
fn looks_like_phone(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let usual = value.chars().all(|letter| letter.is_ascii_digit() || "+-() .".contains(letter));
    usual && (10..=15).contains(&digits) && (value.starts_with('+') || value.contains(['(', '-', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColumnType::*;

    #[test]
    fn headers_in_three_languages_tell_the_type() {
        let expected: &[(&[&str], ColumnType)] = &[
            (&["given_name", "first_name", "forename", "FirstName", "Имя", "имя клиента", "名字"], GivenName),
            (&["surname", "last_name", "Last Name", "family name", "Фамилия", "姓氏"], Surname),
            (&["full_name", "name", "Customer name", "ФИО", "first_and_surname", "姓名"], FullName),
            (&["dob", "birth_date", "date_of_birth", "birthday", "Дата рождения", "出生日期"], BirthDate),
            (&["phone", "phone_number", "CustomerPhone2", "mobile", "Телефон", "телефоны", "手机号"], Phone),
            (&["email", "e-mail", "email_address", "Эл. почта", "电子邮件"], Email),
            (&["postcode", "postcode_fake", "zip", "zip code", "postal_code", "Почтовый индекс", "邮编"], Postcode),
            (&["suburb", "city", "birth_place", "Город", "место рождения", "城市"], Place),
            (&["address", "address_1", "street", "Адрес", "улица"], StreetAddress),
            (&["street_number", "house", "дом"], StreetNumber),
            (&["soc_sec_id", "vin", "VIN", "passport no", "ИНН", "身份证号"], Document),
            (&["occupation", "state", "gender", "пол", "职业"], Category),
        ];
        for (headers, kind) in expected {
            headers.iter().for_each(|header| assert_eq!(propose(header, &[]), Some(*kind), "{header}"));
        }
    }

    #[test]
    fn other_columns_are_left_alone() {
        for header in ["rec_id", "unique_id", "cluster", "ip_address", "utm_source", "created_at", "price"] {
            assert_eq!(propose(header, &["1", "2"]), None, "{header}");
        }
    }

    #[test]
    fn values_tell_where_the_header_does_not() {
        assert_eq!(propose("field 7", &["ana@example.com", "", "li@example.org"]), Some(Email));
        assert_eq!(propose("contact", &["+7 912 345-67-89", "8 (912) 345-67-89"]), Some(Phone));
        assert_eq!(propose("x", &["WVWZZZ1JZXW000001"]), Some(Document));
        assert_eq!(propose("x", &["12.03.1980", "1975-01-30"]), Some(BirthDate));
        assert_eq!(propose("x", &["red", "blue"]), None);
    }
}
