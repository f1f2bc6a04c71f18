//! One template, compiled once and filled many times within limits.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use minijinja::machinery::{CodeGenerator, Instruction, Instructions, eval, make_string_output};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use self_cell::self_cell;

use crate::limits::Limits;
use crate::operators::{self, missing, refuse, with_text};
use crate::{RenderError, filters, grammar, html, value};

/// Ours alone, as no template can write it: the most bytes that this filling may put out.
const OUTPUT_BYTES: &str = " output bytes";

/// What one round of filling has put out.
struct Written {
    bytes: usize,
    bytes_max: usize,
}

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_formatter(write_value);
    operators::add_to(&mut environment);
    filters::add_to(&mut environment);
    environment
});

struct Program<'source> {
    instructions: Instructions<'source>,
    blocks: BTreeMap<&'source str, Instructions<'source>>,
}

self_cell!(
    struct Compiled {
        owner: String,
        #[covariant]
        dependent: Program,
    }
);

/// A template that is understood and within the language.
pub struct Template {
    compiled: Compiled,
    escape: bool,
    limits: Limits,
}

impl Template {
    /// A template of plain text: values stand as they are.
    pub fn text(source: &str, limits: Limits) -> Result<Self, RenderError> {
        Self::new(source, false, limits)
    }

    /// A template of HTML: values are made safe to stand in text and in quoted attributes.
    pub fn html(source: &str, limits: Limits) -> Result<Self, RenderError> {
        Self::new(source, true, limits)
    }

    fn new(source: &str, escape: bool, limits: Limits) -> Result<Self, RenderError> {
        if source.len() > limits.template_bytes {
            let message = format!("the template is {} bytes long, and {} are allowed: shorten it", source.len(), limits.template_bytes);
            return Err(RenderError::new(None, message));
        }
        let compiled = Compiled::try_new(source.to_owned(), |source| compile(source))?;
        Ok(Self { compiled, escape, limits })
    }

    pub fn source(&self) -> &str {
        self.compiled.borrow_owner()
    }

    /// Fills the template.
    pub fn fill(&self, variables: &Variables) -> Result<String, RenderError> {
        let mut environment: Environment<'_> = ENVIRONMENT.clone();
        environment.set_fuel(Some(self.limits.fuel));
        environment.add_global(OUTPUT_BYTES, self.limits.output_bytes as u64);
        let program = self.compiled.borrow_dependent();
        let escape = if self.escape { AutoEscape::Html } else { AutoEscape::None };
        let mut text = String::new();
        run(&environment, program, variables.0.clone(), &mut make_string_output(&mut text), escape)
            .map_err(|error| explain(&error, self.source()))?;
        Ok(text)
    }
}

fn run<'env>(
    environment: &'env Environment<'env>,
    program: &'env Program<'env>,
    variables: Value,
    out: &mut Output,
    escape: AutoEscape,
) -> Result<(), Error> {
    eval(environment, &program.instructions, variables, &program.blocks, out, escape).map(|_| ())
}

/// Variables of one message, read once for all of its parts.
#[derive(Clone)]
pub struct Variables(Value);

impl Variables {
    /// * `variables`: an object; its texts may hold 1 MiB together.
    pub fn new(variables: &serde_json::Value) -> Result<Self, RenderError> {
        value::from_json(variables).map(Self)
    }
}

/// Variables that templates read, as dotted names: `profile.first_name`.
///
/// Where a template reads by a name that only filling tells (`vars[code]`), the root stands alone: `vars`.
pub fn uses(templates: &[&str]) -> Result<BTreeSet<String>, RenderError> {
    let mut used = BTreeSet::new();
    for source in templates {
        grammar::tree(source)?;
        let environment = Environment::empty();
        let template = environment.template_from_str(source).map_err(|error| explain(&error, source))?;
        used.extend(template.undeclared_variables(true));
    }
    Ok(used)
}

fn compile(source: &str) -> Result<Program<'_>, RenderError> {
    let tree = grammar::tree(source)?;
    let mut generator = CodeGenerator::new("template", source);
    generator.compile_stmt(&tree);
    let (instructions, blocks) = generator.finish();
    Ok(Program { instructions: limited(&instructions, source)?, blocks })
}

/// The same program with each instruction that can make text replaced by one that pays for it.
fn limited<'source>(program: &Instructions<'source>, source: &'source str) -> Result<Instructions<'source>, RenderError> {
    let mut places = Vec::new();
    let mut place = 0;
    for index in 0.. {
        places.push(place);
        match program.get(index) {
            Some(Instruction::EmitRaw(_)) => place += 2,
            Some(_) => place += 1,
            None => break,
        }
    }
    let moved = |target: u32| places.get(target as usize).copied().unwrap_or(target);
    let mut limited = Instructions::new("template", source);
    for index in 0.. {
        let Some(instruction) = program.get(index) else { break };
        let span = program.get_span(index).unwrap_or_default();
        let line = program.get_line(index).unwrap_or_default();
        let mut add = |instruction| {
            if span == Default::default() {
                limited.add_with_line(instruction, u16::try_from(line).unwrap_or(u16::MAX));
            } else {
                limited.add_with_span(instruction, span);
            }
        };
        let stead = operators::stead(instruction).map_err(|message| RenderError::new(u32::try_from(line).ok(), message))?;
        match (stead, instruction) {
            (Some((name, arguments)), _) => add(Instruction::ApplyFilter(name, Some(arguments), u8::MAX)),
            (None, Instruction::EmitRaw(raw)) => {
                add(Instruction::LoadConst(Value::from_safe_string((*raw).to_owned())));
                add(Instruction::Emit);
            }
            // A value under a condition without `else`: nothing is shown then, and nothing is missed.
            (None, Instruction::LoadConst(value)) if value.is_undefined() => add(Instruction::LoadConst(Value::from(""))),
            (None, Instruction::Jump(to)) => add(Instruction::Jump(moved(*to))),
            (None, Instruction::Iterate(to)) => add(Instruction::Iterate(moved(*to))),
            (None, Instruction::JumpIfFalse(to)) => add(Instruction::JumpIfFalse(moved(*to))),
            (None, Instruction::JumpIfFalseOrPop(to)) => add(Instruction::JumpIfFalseOrPop(moved(*to))),
            (None, Instruction::JumpIfTrueOrPop(to)) => add(Instruction::JumpIfTrueOrPop(moved(*to))),
            (None, other) => add(other.clone()),
        }
    }
    Ok(limited)
}

/// Puts a value out; the template's own text comes here as well, marked as safe.
fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let escape = !value.is_safe() && !matches!(state.auto_escape(), AutoEscape::None);
    let bytes = with_text(value, |text| if escape { html::escaped_len(text) } else { text.len() })?;
    if state.get_extension::<Written>().is_none() {
        let bytes_max = state.lookup(OUTPUT_BYTES).and_then(|value| value.as_usize()).unwrap_or_default();
        state.get_or_insert_extension(Written { bytes: 0, bytes_max });
    }
    if let Some(written) = state.get_extension_mut::<Written>() {
        written.bytes = written.bytes.saturating_add(bytes);
        if written.bytes > written.bytes_max {
            return Err(refuse(format!("the filled text is longer than {} bytes: shorten it, or loop over less", written.bytes_max)));
        }
    }
    with_text(value, |text| if escape { html::escape(text, out) } else { out.write_str(text) })?.map_err(|_| missing())
}

/// The engine's error in words for whoever wrote the template.
pub(crate) fn explain(error: &Error, source: &str) -> RenderError {
    let line = error.line().and_then(|line| u32::try_from(line).ok());
    let message = match error.kind() {
        ErrorKind::UndefinedError => {
            let name = error.range().map(|range| missing_name(source, range)).unwrap_or_default();
            let name = if name.is_empty() { "a variable" } else { &format!("`{name}`") };
            format!("{name} has no value for this person: give a fallback with `| default(\"…\")`, or show it under `{{% if … %}}`")
        }
        ErrorKind::OutOfFuel => "the template takes too many steps: loop over less".into(),
        ErrorKind::SyntaxError => format!("cannot be read: {}", error.detail().unwrap_or("check the brackets")),
        _ => error.detail().map_or_else(|| error.to_string(), str::to_owned),
    };
    RenderError::new(line, message)
}

/// What stands at a place of the template: the expression, or what is before the `|` of a filter.
fn missing_name(source: &str, place: Range<usize>) -> &str {
    let before = source.get(..place.start).unwrap_or_default().trim_end();
    if let Some(before) = before.strip_suffix('|') {
        let before = before.trim_end();
        let is_path = |c: char| c.is_alphanumeric() || "_.[]'\"".contains(c);
        return &before[before.rfind(|c| !is_path(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))..];
    }
    let found = source.get(place).unwrap_or_default();
    found.split('|').next().unwrap_or_default().trim()
}
