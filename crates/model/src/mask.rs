//! Personal data as those see it who need not know whom they look at: `i***@example.com`, `+7 *** ** 12`, `И*** П***`.
//!
//! What is personal is told by the name that it goes under, and in any text by its shape. Free text can name a person in
//! ways that no rule finds: fields that hold such text are hidden as a whole.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::Role;

const HIDDEN: &str = "***";

/// Who sees people masked unless an admin says otherwise.
pub const MASKED_ROLES: &[Role] = &[Role::Analyst];

/// What a field's name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    Email,
    Phone,
    Name,
    /// Nothing of it is shown: addresses, documents, birthdays, free text.
    Hidden,
}

impl Personal {
    pub fn mask(self, text: &str) -> String {
        match self {
            Self::Email => mask_email(text),
            Self::Phone => mask_phone(text),
            Self::Name => mask_name(text),
            Self::Hidden => HIDDEN.to_owned(),
        }
    }
}

/// What a property, a trait or a kind of identifier of this name holds.
///
/// * `name`: in any spelling: `first_name`, `firstName`, `First Name`.
pub fn personal(name: &str) -> Option<Personal> {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    const NAMES: &[&str] = &[
        "name",
        "firstname",
        "lastname",
        "middlename",
        "surname",
        "patronymic",
        "fullname",
        "givenname",
        "familyname",
        "nickname",
        "username",
        "customername",
        "clientname",
        "contactname",
        "personname",
        "recipientname",
        "sendername",
        "callername",
        "fio",
        "фио",
        "имя",
        "фамилия",
        "отчество",
        "姓名",
        "名字",
    ];
    const HIDDEN_NAMES: &[&str] = &[
        "address",
        "street",
        "postaladdress",
        "billingaddress",
        "shippingaddress",
        "homeaddress",
        "адрес",
        "birthday",
        "birthdate",
        "dateofbirth",
        "dob",
        "датарождения",
        "passport",
        "passportnumber",
        "паспорт",
        "snils",
        "inn",
        "ssn",
        "taxid",
        "iban",
        "cardnumber",
        "ip",
        "ipaddress",
        "password",
        "login",
        "avatar",
        "licenseplate",
        "platenumber",
        "driverlicense",
        "comment",
        "comments",
        "note",
        "notes",
        "freetext",
        "transcript",
    ];
    const PHONES: &[&str] = &["tel", "mobile", "msisdn", "whatsapp", "viber", "телефон", "电话", "手机"];
    match plain.as_str() {
        plain if plain.contains("email") || ["mail", "почта", "эпочта", "邮箱"].contains(&plain) => Some(Personal::Email),
        plain if plain.contains("phone") || PHONES.contains(&plain) => Some(Personal::Phone),
        plain if NAMES.contains(&plain) => Some(Personal::Name),
        plain if HIDDEN_NAMES.contains(&plain) => Some(Personal::Hidden),
        _ => None,
    }
}

/// `ivan@example.com` → `i***@example.com`.
pub fn mask_email(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((mailbox, domain)) if !mailbox.is_empty() => format!("{}{HIDDEN}@{domain}", initial(mailbox)),
        _ => HIDDEN.to_owned(),
    }
}

/// `+79161234512` → `+7 *** ** 12`: at most the first digit and the last two.
pub fn mask_phone(text: &str) -> String {
    // Masked already: what was masked where it was read passes the way out too.
    if text.strip_prefix('+').is_some_and(|rest| rest.get(1..9) == Some(" *** ** ") && rest.len() == 11) {
        return text.to_owned();
    }
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    match digits.as_slice() {
        [first, .., before, last] if 7 <= digits.len() => format!("+{first} {HIDDEN} ** {before}{last}"),
        _ => HIDDEN.to_owned(),
    }
}

/// `Иван Петров` → `И*** П***`.
pub fn mask_name(text: &str) -> String {
    if text == HIDDEN {
        return HIDDEN.to_owned();
    }
    let words = text.split_whitespace().take(4).map(|word| format!("{}{HIDDEN}", initial(word)));
    words.collect::<Vec<_>>().join(" ")
}

fn initial(word: &str) -> &str {
    word.chars().next().map_or("", |first| &word[..first.len_utf8()])
}

/// Masks what has the shape of an e-mail address or of a phone number, wherever it stands in a text.
pub fn mask_text(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'@' || byte.is_ascii_digit()) {
        return Cow::Borrowed(text);
    }
    match mask_addresses(text) {
        Cow::Borrowed(text) => mask_numbers(text),
        Cow::Owned(text) => Cow::Owned(mask_numbers(&text).into_owned()),
    }
}

fn is_mailbox(c: char) -> bool {
    c.is_alphanumeric() || ".!#$'*+-/=^_`{|}~".contains(c)
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || c == '.' || c == '-'
}

/// In addresses of pages `@` stands as `%40`.
fn mask_addresses(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, sign)) = ["@", "%40"].iter().filter_map(|sign| Some((rest.find(sign)?, *sign))).min() {
        let (before, after) = (&rest[..at], &rest[at + sign.len()..]);
        // `=` and `/` may stand in a mailbox, and before one in the address of a page: there they end it.
        let begins =
            before.char_indices().rev().take_while(|(_, c)| is_mailbox(*c) && !"=/".contains(*c)).last().map_or(at, |(from, _)| from);
        let ends = after.char_indices().find(|(_, c)| !is_domain(*c)).map_or(after.len(), |(to, _)| to);
        out.push_str(&before[..begins]);
        if begins < at && 0 < ends {
            out.push_str(initial(&before[begins..]));
            out.push_str(HIDDEN);
        } else {
            out.push_str(&before[begins..]);
        }
        out.push_str(sign);
        out.push_str(&after[..ends]);
        rest = &after[ends..];
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// International numbers (`+` and 10 to 15 digits, in any notation), and eleven digits that begin with 7 or 8.
fn mask_numbers(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let begins_word = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        let plus = if bytes[at] == b'+' {
            1
        } else if text[at..].starts_with("%2B") || text[at..].starts_with("%2b") {
            3
        } else {
            0
        };
        if plus == 0 && !(begins_word && bytes[at].is_ascii_digit()) {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let (digits, end) = number(bytes, at + plus);
        let is_phone = if plus == 0 { digits.len() == 11 && matches!(digits[0], b'7' | b'8') } else { (10..=15).contains(&digits.len()) };
        if is_phone {
            out.push_str(&text[copied..at]);
            out.push_str(&mask_phone(&text[at + plus..end]));
            copied = end;
        }
        at = end.max(at + 1);
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Digits from `from` on, over what people put between them, and where the last one ends.
fn number(bytes: &[u8], from: usize) -> (Vec<u8>, usize) {
    let (mut digits, mut end, mut at) = (Vec::new(), from, from);
    let mut gap = 0;
    while at < bytes.len() && gap < 3 && digits.len() <= 24 {
        match bytes[at] {
            digit if digit.is_ascii_digit() => {
                digits.push(digit);
                (end, gap) = (at + 1, 0);
            }
            b' ' | b'-' | b'(' | b')' | b'.' => gap += 1,
            _ => break,
        }
        at += 1;
    }
    // A letter behind it: part of some id.
    if bytes.get(end).is_some_and(u8::is_ascii_alphabetic) {
        digits.clear();
    }
    (digits, end)
}

/// Masks what senders told of a person: properties, traits, a whole event. Every `name` in it is taken for a person's.
pub fn mask_told(value: Value) -> Value {
    masked(value, None, true)
}

/// [`mask_told`] of JSON text; text that is no JSON is hidden.
pub fn mask_json(text: &str) -> String {
    serde_json::from_str(text).map_or_else(|_| HIDDEN.to_owned(), |value| mask_told(value).to_string())
}

/// Masks an answer of the API: known fields by their names, everything else by its shape.
///
/// `name` is a person's beside a `profile_id`; what senders told is masked as [`mask_told`] does.
pub fn mask_answer(value: Value) -> Value {
    masked(value, None, false)
}

/// Fields of answers that hold what senders told.
const TOLD: &[&str] = &["properties", "traits", "context", "raw", "payload"];
/// Fields that people and programs find their way by; they are made by us, and hold nothing personal.
const OURS: &[&str] = &["profile_id", "fragment_id", "offset", "next_cursor", "hash", "head"];

fn masked(value: Value, known: Option<Personal>, told: bool) -> Value {
    match value {
        Value::String(text) => Value::String(match known {
            Some(kind) => kind.mask(&text),
            None => mask_text(&text).into_owned(),
        }),
        Value::Number(number) => match known {
            Some(kind @ (Personal::Phone | Personal::Hidden)) => Value::String(kind.mask(&number.to_string())),
            Some(Personal::Email | Personal::Name) | None => mask_number(number),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(|item| masked(item, known, told)).collect()),
        Value::Object(fields) => Value::Object(mask_fields(fields, known, told)),
        plain @ (Value::Null | Value::Bool(_)) => plain,
    }
}

/// A phone that was sent as a number.
fn mask_number(number: serde_json::Number) -> Value {
    let text = number.to_string();
    match mask_text(&text) {
        Cow::Borrowed(_) => Value::Number(number),
        Cow::Owned(masked) => Value::String(masked),
    }
}

fn mask_fields(fields: Map<String, Value>, known: Option<Personal>, told: bool) -> Map<String, Value> {
    // `{kind, value}` of an identifier, `{name, value}` of a trait: the one says what the other is.
    let says = ["kind", "name"].iter().find_map(|field| fields.get(*field)?.as_str()).filter(|_| fields.contains_key("value"));
    let of_value = says.and_then(personal);
    let is_person = told || fields.contains_key("profile_id");
    let names_value = says.is_some();
    let each = fields.into_iter().map(|(name, value)| {
        if OURS.contains(&name.as_str()) {
            return (name, value);
        }
        let kind = match name.as_str() {
            "value" if names_value => of_value,
            "name" if !told && (names_value || !is_person) => None,
            _ => personal(&name),
        };
        // A list of traits is ours: each says its name.
        let inside = told || TOLD.contains(&name.as_str()) && !value.is_array();
        let value = match value {
            // What was sent, as text.
            Value::String(text) if name == "raw" || name == "payload" => Value::String(mask_json(&text)),
            value => masked(value, kind.or(known), inside),
        };
        // Names of fields can be values too: `{"ivan@example.com": 3}`.
        (mask_text(&name).into_owned(), value)
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_of_each() {
        assert_eq!(mask_email("ivan.petrov@example.com"), "i***@example.com");
        assert_eq!(mask_email("nobody"), "***");
        assert_eq!(mask_phone("+79161234512"), "+7 *** ** 12");
        assert_eq!(mask_phone("8 (916) 123-45-12"), "+8 *** ** 12");
        assert_eq!(mask_phone("112"), "***");
        assert_eq!(mask_name("Иван  Петров"), "И*** П***");
        assert_eq!(mask_name(""), "");
        for once in ["i***@example.com", "+7 *** ** 12", "И*** П***", "***"] {
            assert_eq!((mask_text(once).as_ref(), mask_name(&mask_name(once))), (once, mask_name(once)));
            assert!(once == mask_email(once) || once == mask_phone(once) || once == mask_name(once), "{once}");
        }
    }

    #[test]
    fn shapes_are_found_in_any_text() {
        for (text, expected) in [
            ("call +7 (916) 123-45-12 or ivan@example.com, soon", "call +7 *** ** 12 or i***@example.com, soon"),
            (
                "https://site.example/?email=ivan%40example.com&phone=%2B79161234512",
                "https://site.example/?email=i***%40example.com&phone=+7 *** ** 12",
            ),
            ("tel:89161234512", "tel:+8 *** ** 12"),
            ("позвоните +33 6 00 00 00 01", "позвоните +3 *** ** 01"),
            ("2026-11-22T06:35:55.000000+03:00", "2026-11-22T06:35:55.000000+03:00"),
            ("4611686018427387904", "4611686018427387904"),
            ("order-79161234512x and @ alone", "order-79161234512x and @ alone"),
            ("12 cars, 3.5 % of 1 234 567", "12 cars, 3.5 % of 1 234 567"),
            ("ivan@example.com,ana@example.com", "i***@example.com,a***@example.com"),
        ] {
            assert_eq!(mask_text(text), expected);
        }
    }

    #[test]
    fn names_of_fields_say_what_is_personal() {
        let told = json!({
            "firstName": "Ivan", "Last Name": "Petrov", "e-mail": "ivan@example.com", "Телефон": "8 916 123-45-12", "phones": ["+79161234512"],
            "is_mobile": true, "name": "Ivan", "value": 5, "mobile": 79161234512_i64, "model": "Aster", "address": { "city": "Omsk", "street": "Lenina 1" },
            "comment": "it is Ivan", "dealer": "north"
        });
        assert_eq!(
            mask_told(told),
            json!({
                "firstName": "I***", "Last Name": "P***", "e-mail": "i***@example.com", "Телефон": "+8 *** ** 12", "phones": ["+7 *** ** 12"],
                "is_mobile": true, "name": "I***", "value": 5, "mobile": "+7 *** ** 12", "model": "Aster", "address": { "city": "***", "street": "***" },
                "comment": "***", "dealer": "north"
            })
        );
    }

    #[test]
    fn an_answer_keeps_what_is_ours() {
        let answer = json!({
            "profiles": [{ "profile_id": "79161234512", "name": "Ivan Petrov", "email": "ivan@example.com", "phone": "+79161234512" }],
            "traits": [{ "name": "first_name", "value": "Ivan", "source": "Site" }, { "name": "plan", "value": "gold", "source": "Site" }],
            "identifiers": [{ "kind": "email", "value": "ivan@example.com", "with": { "kind": "phone", "value": "+79161234512" } }],
            "sources": [{ "name": "Site", "kind": "segment" }],
            "raw": "{\"traits\":{\"name\":\"Ivan\"}}",
            "items": [{ "raw": "Ivan;Petrov" }],
            "next_cursor": "79161234512.1"
        });
        assert_eq!(
            mask_answer(answer),
            json!({
                "profiles": [{ "profile_id": "79161234512", "name": "I*** P***", "email": "i***@example.com", "phone": "+7 *** ** 12" }],
                "traits": [{ "name": "first_name", "value": "I***", "source": "Site" }, { "name": "plan", "value": "gold", "source": "Site" }],
                "identifiers": [{ "kind": "email", "value": "i***@example.com", "with": { "kind": "phone", "value": "+7 *** ** 12" } }],
                "sources": [{ "name": "Site", "kind": "segment" }],
                "raw": "{\"traits\":{\"name\":\"I***\"}}",
                "items": [{ "raw": "***" }],
                "next_cursor": "79161234512.1"
            })
        );
    }
}
