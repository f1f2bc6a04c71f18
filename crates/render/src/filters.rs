//! The filters that templates may use; the list is what users are shown.

use std::borrow::Cow;
use std::fmt::Write as _;

use minijinja::value::{Rest, ValueKind};
use minijinja::{Environment, Error, State, Value};

use crate::locale;
use crate::operators::{is_missing, missing, number, pay, refuse, slice, weigh, with_text};

/// A filter as users are shown it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Filter {
    pub name: &'static str,
    pub example: &'static str,
    pub what: &'static str,
}

const fn filter(name: &'static str, example: &'static str, what: &'static str) -> Filter {
    Filter { name, example, what }
}

/// All filters there are, in the order of use.
pub const FILTERS: &[Filter] = &[
    filter("default", r#"profile.first_name | default("friend")"#, "another value where there is none, or an empty one"),
    filter("capitalize", "profile.city | capitalize", "first letter large, the others small"),
    filter("title", "profile.first_name | title", "each word with a large first letter"),
    filter("upper", "vars.code | upper", "large letters"),
    filter("lower", "profile.email | lower", "small letters"),
    filter("trim", "profile.first_name | trim", "without blanks at both ends"),
    filter("truncate", "vars.car | truncate(20)", "so many letters at most, with … where it was cut"),
    filter("replace", r#"vars.car | replace("_", " ")"#, "one text in place of another"),
    filter("date", r#"vars.visit_at | date("%-d %B")"#, "a date such as 2026-11-23, written as %d %-d %m %B %b %Y %y %H %M %A say"),
    filter("money", r#"vars.price | money("RUB")"#, "an amount with its currency, thousands apart, as the language writes it"),
    filter("number", "vars.mileage | number", "a number with thousands apart, as the language writes it"),
    filter("plural", r#"vars.days | plural("day", "days")"#, "the word that goes with a number: two forms in English, three in Russian"),
    filter("round", "vars.price | round(2)", "rounded to so many places; whole without a number"),
    filter("int", "vars.price | int", "a whole number"),
    filter("float", "vars.price | float", "a number out of a text"),
    filter("abs", "vars.change | abs", "a number without its sign"),
    filter("length", "vars.cars | length", "how many items in a list, or letters in a text"),
    filter("first", "vars.cars | first", "the first item, or letter"),
    filter("last", "vars.cars | last", "the last item, or letter"),
    filter("slice", "vars.cars | slice(0, 3)", "items from a place up to another; below 0 from the end"),
    filter("sort", r#"vars.cars | sort("price")"#, "a list in order, of its items' value where one is named"),
    filter("reverse", "vars.cars | reverse", "a list backwards"),
    filter("join", r#"vars.models | join(", ")"#, "a list as one text"),
    filter("urlencode", "profile.email | urlencode", "a value made safe to stand in a link"),
];

pub(crate) fn add_to(environment: &mut Environment<'static>) {
    environment.add_filter("default", |value: Value, otherwise: Option<Value>| {
        let empty = is_missing(&value) || value.as_str().is_some_and(|text| text.trim().is_empty());
        if empty { otherwise.unwrap_or_else(|| Value::from("")) } else { value }
    });
    environment.add_filter("upper", |state: &mut State, value: Value| mapped(state, &value, 3, |text| text.to_uppercase()));
    environment.add_filter("lower", |state: &mut State, value: Value| mapped(state, &value, 3, |text| text.to_lowercase()));
    environment.add_filter("trim", |state: &mut State, value: Value| mapped(state, &value, 1, |text| text.trim().to_owned()));
    environment.add_filter("capitalize", |state: &mut State, value: Value| mapped(state, &value, 3, capitalize));
    environment.add_filter("title", |state: &mut State, value: Value| mapped(state, &value, 3, title));
    environment.add_filter("truncate", |state: &mut State, value: Value, letters: usize, end: Option<Cow<'_, str>>| {
        let end = end.as_deref().unwrap_or("…");
        pay(state, end.len())?;
        mapped(state, &value, 1, |text| truncate(text, letters, end))
    });
    environment.add_filter("replace", replace);
    environment.add_filter("urlencode", |state: &mut State, value: Value| mapped(state, &value, 3, urlencode));
    environment.add_filter("date", |state: &mut State, value: Value, format: Option<Cow<'_, str>>, language: Option<Cow<'_, str>>| {
        let language = language_of(state, language.as_deref());
        let format = format.as_deref().unwrap_or(if language == "en" { "%b %-d, %Y" } else { "%d.%m.%Y" });
        pay(state, format.len() * 12)?;
        let written = with_text(&value, |text| locale::date(text, format, &language))?;
        written.map(Value::from).map_err(refuse)
    });
    environment.add_filter("money", |state: &mut State, value: Value, currency: Option<Cow<'_, str>>, language: Option<Cow<'_, str>>| {
        let language = language_of(state, language.as_deref());
        Ok::<_, Error>(Value::from(locale::money(amount(&value)?, currency.as_deref().unwrap_or_default(), &language)))
    });
    environment.add_filter("number", |state: &mut State, value: Value, language: Option<Cow<'_, str>>| {
        let language = language_of(state, language.as_deref());
        Ok::<_, Error>(Value::from(locale::number(amount(&value)?, &language)))
    });
    environment.add_filter("plural", |value: Value, forms: Rest<Value>| {
        let form = locale::plural_form(amount(&value)?, forms.len()).map_err(refuse)?;
        Ok::<_, Error>(forms.get(form).cloned().unwrap_or_default())
    });
    environment.add_filter("round", |value: Value, places: Option<u8>| {
        let places = i32::from(places.unwrap_or(0).min(9));
        let rounded = (amount(&value)? * 10f64.powi(places)).round() / 10f64.powi(places);
        Ok::<_, Error>(if places == 0 && rounded.abs() < 9e15 { Value::from(rounded as i64) } else { Value::from(rounded) })
    });
    environment.add_filter("int", |value: Value| amount(&value).map(|number| number.trunc() as i64));
    environment.add_filter("float", |value: Value| amount(&value));
    environment.add_filter("abs", |value: Value| amount(&value).map(f64::abs).map(whole));
    environment.add_filter("length", |state: &mut State, value: Value| {
        pay(state, value.as_str().map_or(0, str::len))?;
        if is_missing(&value) { Ok(0) } else { value.len().ok_or_else(|| refuse("only a list or a text has a length")) }
    });
    environment.add_filter("first", |state: &mut State, value: Value| end(state, &value, false));
    environment.add_filter("last", |state: &mut State, value: Value| end(state, &value, true));
    environment.add_filter("slice", |state: &mut State, value: Value, start: Value, stop: Option<Value>| {
        slice(state, &value, &start, &stop.unwrap_or_default())
    });
    environment.add_filter("sort", sort);
    environment.add_filter("reverse", |state: &mut State, value: Value| {
        let mut items = items(state, &value)?;
        items.reverse();
        Ok::<_, Error>(Value::from(items))
    });
    environment.add_filter("join", join);
}

/// A text made of the value's; it grows by `growth` at most.
fn mapped(state: &mut State, value: &Value, growth: usize, map: impl FnOnce(&str) -> String) -> Result<Value, Error> {
    let bytes = with_text(value, str::len)?;
    pay(state, 32 + bytes.saturating_mul(growth))?;
    with_text(value, map).map(Value::from)
}

fn amount(value: &Value) -> Result<f64, Error> {
    if is_missing(value) {
        return Err(missing());
    }
    number(value).ok_or_else(|| refuse("this is not a number"))
}

fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { Value::from(number as i64) } else { Value::from(number) }
}

/// The language named at the filter, else the variable `language`, else English.
fn language_of(state: &State, named: Option<&str>) -> String {
    let given = named.map(str::to_owned).or_else(|| state.lookup("language").and_then(|value| value.as_str().map(str::to_owned)));
    given.unwrap_or_else(|| "en".into()).chars().take(2).collect::<String>().to_lowercase()
}

fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
}

fn title(text: &str) -> String {
    let mut inside = false;
    let mut titled = String::with_capacity(text.len());
    for letter in text.chars() {
        if inside {
            titled.extend(letter.to_lowercase());
        } else {
            titled.extend(letter.to_uppercase());
        }
        inside = letter.is_alphanumeric() || letter == '\'' || letter == '’';
    }
    titled
}

fn truncate(text: &str, letters: usize, end: &str) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(end.chars().count())).collect();
    kept.trim_end().chars().chain(end.chars()).collect()
}

fn replace(state: &mut State, value: Value, from: Cow<'_, str>, to: Cow<'_, str>) -> Result<Value, Error> {
    if from.is_empty() {
        return Err(refuse("`replace` needs a text to look for"));
    }
    pay(state, with_text(&value, str::len)?)?;
    let found = with_text(&value, |text| text.matches(&*from).count())?;
    // Each place costs time besides what it makes.
    pay(state, found.saturating_mul(16 + to.len()))?;
    with_text(&value, |text| text.replace(&*from, &to)).map(Value::from)
}

fn urlencode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a text does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn end(state: &mut State, value: &Value, last: bool) -> Result<Value, Error> {
    if is_missing(value) {
        return Ok(Value::UNDEFINED);
    }
    if let Some(text) = value.as_str() {
        let letter = if last { text.chars().next_back() } else { text.chars().next() };
        return Ok(letter.map_or(Value::UNDEFINED, |letter| Value::from(letter.to_string())));
    }
    let items = items(state, value)?;
    Ok(if last { items.last() } else { items.first() }.cloned().unwrap_or_default())
}

fn items(state: &mut State, value: &Value) -> Result<Vec<Value>, Error> {
    if is_missing(value) {
        return Err(missing());
    }
    if !matches!(value.kind(), ValueKind::Seq) {
        return Err(refuse("this is not a list"));
    }
    pay(state, value.len().unwrap_or_default().saturating_mul(32))?;
    Ok(value.try_iter()?.collect())
}

fn sort(state: &mut State, value: Value, by: Option<Cow<'_, str>>) -> Result<Value, Error> {
    let items = items(state, &value)?;
    // Each item is compared with about log2(n) others.
    let rounds = usize::try_from(items.len().max(1).ilog2()).unwrap_or(64) + 1;
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = match by.as_deref() {
            Some(name) => name.split('.').fold(item.clone(), |value, name| value.get_attr(name).unwrap_or_default()),
            None => item.clone(),
        };
        pay(state, weigh(&key)?.saturating_mul(rounds))?;
        keyed.push((key, item));
    }
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(keyed.into_iter().map(|(_, item)| item).collect::<Vec<Value>>().into())
}

fn join(state: &mut State, value: Value, between: Option<Cow<'_, str>>) -> Result<Value, Error> {
    let between = between.as_deref().unwrap_or_default();
    let items = items(state, &value)?;
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let bytes = with_text(item, str::len)?;
        pay(state, bytes + between.len())?;
        if index > 0 {
            text.push_str(between);
        }
        with_text(item, |item| text.push_str(item))?;
    }
    Ok(Value::from(text))
}
