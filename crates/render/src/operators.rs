//! The engine's operators done over under a limit: each pays for the bytes that it makes or looks through.
//!
//! The engine counts steps, and no bytes: a text doubled thirty times in a row takes thirty steps and all memory there is.
//! So each instruction that can make or search text is replaced by a filter of ours, under a name that no template can write.

use std::cmp::Ordering;
use std::fmt::Write as _;

use minijinja::machinery::Instruction;
use minijinja::value::{Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::limits::{DEPTH_MAX, WORK_BYTES_MAX};

/// What may follow `is` in a condition.
pub(crate) const TESTS: &[&str] = &["defined", "undefined", "none", "odd", "even", "number", "string", "iterable"];

/// How many arguments the engine leaves on its stack for the filter in its stead.
type Stead = (&'static str, u16);

/// The filter that does an instruction's work; nothing for what may run as it is; refused what is unknown.
pub(crate) fn stead(instruction: &Instruction) -> Result<Option<Stead>, String> {
    Ok(Some(match instruction {
        Instruction::Add => ("+", 2),
        Instruction::Mul => ("*", 2),
        Instruction::StringConcat => ("~", 2),
        Instruction::Eq => ("==", 2),
        Instruction::Ne => ("!=", 2),
        Instruction::Gt => (">", 2),
        Instruction::Gte => (">=", 2),
        Instruction::Lt => ("<", 2),
        Instruction::Lte => ("<=", 2),
        Instruction::In => ("in", 2),
        Instruction::GetItem => ("[]", 2),
        Instruction::Slice => ("[:]", 4),
        Instruction::BuildList(Some(0)) | Instruction::BuildTuple(Some(0)) => return Ok(None),
        Instruction::BuildList(Some(count)) | Instruction::BuildTuple(Some(count)) => {
            ("[,]", u16::try_from(*count).map_err(|_| "a list is too long".to_owned())?)
        }
        // Of what a condition on a loop lets through: each item has taken its steps.
        Instruction::BuildList(None) => return Ok(None),
        Instruction::StoreLocal(_)
        | Instruction::Lookup(_)
        | Instruction::GetAttr(_)
        | Instruction::LoadConst(_)
        | Instruction::UnpackList(_)
        | Instruction::Sub
        | Instruction::Div
        | Instruction::IntDiv
        | Instruction::Rem
        | Instruction::Pow
        | Instruction::Neg
        | Instruction::Not
        | Instruction::ApplyFilter(..)
        | Instruction::PerformTest(..)
        | Instruction::Emit
        | Instruction::EmitRaw(_)
        | Instruction::PushLoop(_)
        | Instruction::PushWith
        | Instruction::Iterate(_)
        | Instruction::PushDidNotIterate
        | Instruction::PopFrame
        | Instruction::PopLoopFrame
        | Instruction::Jump(_)
        | Instruction::JumpIfFalse(_)
        | Instruction::JumpIfFalseOrPop(_)
        | Instruction::JumpIfTrueOrPop(_)
        | Instruction::DupTop
        | Instruction::DiscardTop
        | Instruction::Swap => return Ok(None),
        _ => return Err("this is not available in a template".into()),
    }))
}

pub(crate) fn add_to(environment: &mut Environment<'static>) {
    environment.add_filter("+", |a: Value, b: Value| arithmetic("+", &a, &b, i64::checked_add, |a, b| a + b));
    environment.add_filter("*", |a: Value, b: Value| arithmetic("*", &a, &b, i64::checked_mul, |a, b| a * b));
    environment.add_filter("~", concatenate);
    environment.add_filter("==", |state: &mut State, a: Value, b: Value| equal(state, &a, &b));
    environment.add_filter("!=", |state: &mut State, a: Value, b: Value| equal(state, &a, &b).map(|equal| !equal));
    environment.add_filter(">", |state: &mut State, a: Value, b: Value| compare(state, &a, &b, Ordering::is_gt));
    environment.add_filter(">=", |state: &mut State, a: Value, b: Value| compare(state, &a, &b, Ordering::is_ge));
    environment.add_filter("<", |state: &mut State, a: Value, b: Value| compare(state, &a, &b, Ordering::is_lt));
    environment.add_filter("<=", |state: &mut State, a: Value, b: Value| compare(state, &a, &b, Ordering::is_le));
    environment.add_filter("in", contains);
    environment.add_filter("[]", item);
    environment.add_filter("[:]", |state: &mut State, value: Value, start: Value, stop: Value, step: Value| {
        if !step.is_none() && step.as_i64() != Some(1) {
            return Err(refuse("a slice takes a start and an end: `[2:5]`"));
        }
        slice(state, &value, &start, &stop)
    });
    environment.add_filter("[,]", list);
    environment.add_test("defined", |value: Value| !is_missing(&value));
    environment.add_test("undefined", |value: Value| is_missing(&value));
    environment.add_test("none", |value: Value| is_missing(&value));
    environment.add_test("odd", |value: i64| value % 2 != 0);
    environment.add_test("even", |value: i64| value % 2 == 0);
    environment.add_test("number", |value: Value| value.is_number());
    environment.add_test("string", |value: Value| value.as_str().is_some());
    environment.add_test("iterable", |value: Value| matches!(value.kind(), ValueKind::Seq));
}

/// What an item of a list is paid for with: more than it takes, as walking over it takes time.
const NODE_BYTES: usize = 96;

/// Bytes that one filling has used up.
struct Work(usize);

/// Pays for `bytes` before they are made.
pub(crate) fn pay(state: &mut State, bytes: usize) -> Result<(), Error> {
    let work = state.get_or_insert_extension(Work(0));
    work.0 = work.0.saturating_add(bytes);
    if work.0 > WORK_BYTES_MAX {
        return Err(refuse(format!(
            "the template makes or searches more than {} MB of text: make it shorter, or loop over less",
            WORK_BYTES_MAX >> 20
        )));
    }
    Ok(())
}

pub(crate) fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// A value that is not there; whoever reports it knows its name by the place.
pub(crate) fn missing() -> Error {
    Error::from(ErrorKind::UndefinedError)
}

pub(crate) fn is_missing(value: &Value) -> bool {
    value.is_undefined() || value.is_none()
}

/// The text of a value that can stand in a message.
pub(crate) fn with_text<T>(value: &Value, use_it: impl FnOnce(&str) -> T) -> Result<T, Error> {
    if let Some(text) = value.as_str() {
        return Ok(use_it(text));
    }
    match value.kind() {
        ValueKind::Bool => Ok(use_it(if value.is_true() { "true" } else { "false" })),
        ValueKind::Number => {
            let mut text = String::new();
            write!(text, "{value}").map_err(|_| refuse("the value cannot be written"))?;
            Ok(use_it(&text))
        }
        ValueKind::Undefined | ValueKind::None => Err(missing()),
        ValueKind::Seq | ValueKind::Iterable => Err(refuse("this is a list: loop over it with `for`, or use the filter `join`")),
        _ => Err(refuse("this is a group of values: name the one that is meant, as in `profile.first_name`")),
    }
}

/// Bytes that a value holds, lists and all. Counting stops where it is too much, so it costs no more than what is paid.
pub(crate) fn weigh(value: &Value) -> Result<usize, Error> {
    fn add(value: &Value, depth: usize, total: &mut usize) -> Result<(), Error> {
        if depth > DEPTH_MAX {
            return Err(refuse(format!("lists lie in lists more than {DEPTH_MAX} deep")));
        }
        *total = total.saturating_add(NODE_BYTES + value.as_str().map_or(0, str::len));
        if *total > WORK_BYTES_MAX {
            return Err(refuse("a list is too large"));
        }
        match value.kind() {
            ValueKind::Seq => value.try_iter()?.try_for_each(|item| add(&item, depth + 1, total)),
            ValueKind::Map => value.try_iter()?.try_for_each(|key| add(&value.get_item(&key)?, depth + 1, total)),
            _ => Ok(()),
        }
    }
    let mut total = 0;
    add(value, 0, &mut total)?;
    Ok(total)
}

/// Numbers as they are, and numbers that came as text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        None if value.is_number() => f64::try_from(value.clone()).ok(),
        None => None,
    }
}

fn arithmetic(sign: &str, a: &Value, b: &Value, whole: fn(i64, i64) -> Option<i64>, broken: fn(f64, f64) -> f64) -> Result<Value, Error> {
    if is_missing(a) || is_missing(b) {
        return Err(missing());
    }
    if !a.is_number() || !b.is_number() {
        return Err(refuse(format!("`{sign}` is for numbers: make one with the filter `float`, or join text with `~`")));
    }
    if let (true, true, Some(a), Some(b)) = (a.is_integer(), b.is_integer(), a.as_i64(), b.as_i64()) {
        return whole(a, b).map(Value::from).ok_or_else(|| refuse("the number is too large"));
    }
    let (Some(a), Some(b)) = (number(a), number(b)) else { return Err(refuse("the number is too large")) };
    Ok(Value::from(broken(a, b)))
}

fn concatenate(state: &mut State, a: Value, b: Value) -> Result<Value, Error> {
    let left = with_text(&a, str::len)?;
    let right = with_text(&b, str::len)?;
    pay(state, 32 + left + right)?;
    let mut text = String::with_capacity(left + right);
    with_text(&a, |a| text.push_str(a))?;
    with_text(&b, |b| text.push_str(b))?;
    Ok(Value::from(text))
}

fn equal(state: &mut State, a: &Value, b: &Value) -> Result<bool, Error> {
    if is_missing(a) || is_missing(b) {
        return Ok(is_missing(a) && is_missing(b));
    }
    pay(state, weigh(a)?.saturating_add(weigh(b)?))?;
    Ok(a == b || (a.is_number() != b.is_number() && number(a).is_some() && number(a) == number(b)))
}

/// What is not there, or is of another kind, is neither more nor less.
fn compare(state: &mut State, a: &Value, b: &Value, holds: fn(Ordering) -> bool) -> Result<bool, Error> {
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        pay(state, a.len().min(b.len()))?;
        return Ok(holds(a.cmp(b)));
    }
    Ok(number(a).zip(number(b)).and_then(|(a, b)| a.partial_cmp(&b)).is_some_and(holds))
}

fn contains(state: &mut State, value: Value, container: Value) -> Result<bool, Error> {
    if is_missing(&value) || is_missing(&container) {
        return Ok(false);
    }
    pay(state, weigh(&container)?.saturating_add(weigh(&value)?))?;
    match (container.kind(), container.as_str()) {
        (_, Some(text)) => with_text(&value, |part| text.contains(part)),
        (ValueKind::Seq, _) => Ok(container.try_iter()?.any(|item| item == value)),
        (ValueKind::Map, _) => Ok(container.get_item(&value).is_ok_and(|found| !is_missing(&found))),
        _ => Err(refuse("`in` looks into a list or a text")),
    }
}

fn item(state: &mut State, value: Value, key: Value) -> Result<Value, Error> {
    if is_missing(&value) || is_missing(&key) {
        return Ok(Value::UNDEFINED);
    }
    pay(state, key.as_str().map_or(0, str::len))?;
    value.get_item(&key)
}

fn list(state: &mut State, items: Rest<Value>) -> Result<Value, Error> {
    let list = Value::from(items.0);
    pay(state, weigh(&list)?)?;
    Ok(list)
}

/// Pieces `start..stop` of a list or letters of a text; what is below 0 counts from the end.
pub(crate) fn slice(state: &mut State, value: &Value, start: &Value, stop: &Value) -> Result<Value, Error> {
    if is_missing(value) {
        return Err(missing());
    }
    pay(state, 32 + value.as_str().map_or(0, str::len))?;
    let length = value.len().ok_or_else(|| refuse("only a list or a text can be sliced"))?;
    let place = |given: &Value, otherwise: usize| -> Result<usize, Error> {
        if is_missing(given) {
            return Ok(otherwise);
        }
        let given = given.as_i64().ok_or_else(|| refuse("a slice takes whole numbers"))?;
        let size = length as i64;
        Ok(if given < 0 { size.saturating_add(given).max(0) } else { given.min(size) } as usize)
    };
    let (start, stop) = (place(start, 0)?, place(stop, length)?);
    let count = stop.saturating_sub(start);
    if let Some(text) = value.as_str() {
        return Ok(Value::from(text.chars().skip(start).take(count).collect::<String>()));
    }
    if !matches!(value.kind(), ValueKind::Seq) {
        return Err(refuse("only a list or a text can be sliced"));
    }
    pay(state, length * 32)?;
    Ok(Value::from(value.try_iter()?.skip(start).take(count).collect::<Vec<Value>>()))
}
