//! Which parts of the template language are spoken: values, conditions, loops, names for values.
//!
//! What is left out (macros, captured blocks, includes, calls) makes text out of sight of the limits, or is not for messages.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt};
use minijinja::machinery::{Span, Token, parse, tokenize};

use crate::RenderError;
use crate::filters::FILTERS;
use crate::limits::{ELIF_MAX, TAG_TOKENS_MAX};
use crate::operators::TESTS;

/// The tree of `source`, or the first thing in it that is not spoken.
pub(crate) fn tree(source: &str) -> Result<Stmt<'_>, RenderError> {
    check_tags(source)?;
    let tree = parse(source, "template", Default::default()).map_err(|error| crate::template::explain(&error, source))?;
    check_statement(&tree)?;
    Ok(tree)
}

/// Long tags and long chains would make the parser and the compiler recurse until the stack ends.
fn check_tags(source: &str) -> Result<(), RenderError> {
    let (mut length, mut branches) = (0, 0);
    for token in tokenize(source, false, Default::default()) {
        let (token, span) = token.map_err(|error| crate::template::explain(&error, source))?;
        length += 1;
        match token {
            Token::TemplateData(_) | Token::VariableStart | Token::BlockStart => length = 0,
            Token::Ident("elif") => branches += 1,
            _ => {}
        }
        if length > TAG_TOKENS_MAX {
            return refuse(span, format!("one tag holds more than {TAG_TOKENS_MAX} words: split it into several"));
        }
        if branches > ELIF_MAX {
            return refuse(span, format!("more than {ELIF_MAX} branches `elif`: prepare the value before sending"));
        }
    }
    Ok(())
}

fn check_statements(statements: &[Stmt]) -> Result<(), RenderError> {
    statements.iter().try_for_each(check_statement)
}

fn check_statement(statement: &Stmt) -> Result<(), RenderError> {
    match statement {
        Stmt::Template(it) => check_statements(&it.children),
        Stmt::EmitRaw(_) => Ok(()),
        Stmt::EmitExpr(it) => check(&it.expr),
        Stmt::IfCond(it) => {
            check(&it.expr)?;
            check_statements(&it.true_body)?;
            check_statements(&it.false_body)
        }
        Stmt::ForLoop(it) => {
            if it.recursive {
                return refuse(it.span(), "`recursive` is not available: loop over a flat list");
            }
            check_target(&it.target)?;
            check(&it.iter)?;
            it.filter_expr.iter().try_for_each(check)?;
            check_statements(&it.body)?;
            check_statements(&it.else_body)
        }
        Stmt::WithBlock(it) => {
            for (target, value) in &it.assignments {
                check_target(target)?;
                check(value)?;
            }
            check_statements(&it.body)
        }
        Stmt::Set(it) => {
            check_target(&it.target)?;
            check(&it.expr)
        }
        Stmt::SetBlock(it) => refuse(it.span(), "a block cannot be kept under a name: write `{% set name = value %}`"),
        Stmt::AutoEscape(it) => refuse(it.span(), "`autoescape` is not available: values are always made safe for HTML"),
        Stmt::FilterBlock(it) => refuse(it.span(), "`filter` around a block is not available: put the filter at each value"),
        Stmt::Macro(it) => refuse(it.span(), "`macro` is not available: write the text out, or loop over a list"),
        Stmt::CallBlock(it) => refuse(it.span(), "`call` is not available: write the text out"),
        Stmt::Do(it) => refuse(it.span(), "`do` is not available"),
        Stmt::Block(it) => refuse(it.span(), "`block` is not available: a template stands alone"),
        Stmt::Import(it) => refuse(it.span(), "`import` is not available: a template stands alone"),
        Stmt::FromImport(it) => refuse(it.span(), "`import` is not available: a template stands alone"),
        Stmt::Extends(it) => refuse(it.span(), "`extends` is not available: a template stands alone"),
        Stmt::Include(it) => refuse(it.span(), "`include` is not available: a template stands alone"),
    }
}

fn check_target(target: &Expr) -> Result<(), RenderError> {
    match target {
        Expr::Var(_) => Ok(()),
        Expr::Tuple(it) if it.items.iter().all(|item| matches!(item, Expr::Var(_))) => Ok(()),
        Expr::List(it) if it.items.iter().all(|item| matches!(item, Expr::Var(_))) => Ok(()),
        other => refuse(other.span(), "give the value a plain name"),
    }
}

fn check(expression: &Expr) -> Result<(), RenderError> {
    match expression {
        Expr::Var(_) | Expr::Const(_) => Ok(()),
        Expr::Slice(it) => {
            check(&it.expr)?;
            [&it.start, &it.stop, &it.step].into_iter().flatten().try_for_each(check)
        }
        Expr::UnaryOp(it) => check(&it.expr),
        Expr::BinOp(it) => {
            // The compiler works constants out before any limit holds.
            let sign = match it.op {
                BinOpKind::Mul => "*",
                BinOpKind::Add => "+",
                _ => "",
            };
            if !sign.is_empty() && (is_text(&it.left) || is_text(&it.right)) {
                return refuse(it.span(), format!("`{sign}` is for numbers: join text with `~`"));
            }
            check(&it.left)?;
            check(&it.right)
        }
        Expr::Compare(it) => {
            if it.ops.len() > 1 {
                return refuse(it.span(), "compare two values at a time, and join with `and`");
            }
            check(&it.expr)?;
            it.ops.iter().try_for_each(|op| check(&op.expr))
        }
        Expr::IfExpr(it) => {
            check(&it.test_expr)?;
            check(&it.true_expr)?;
            it.false_expr.iter().try_for_each(check)
        }
        Expr::Filter(it) => {
            if !FILTERS.iter().any(|filter| filter.name == it.name) {
                let known: Vec<&str> = FILTERS.iter().map(|filter| filter.name).collect();
                return refuse(it.span(), format!("there is no filter `{}`; there are: {}", it.name, known.join(", ")));
            }
            it.expr.iter().try_for_each(check)?;
            check_arguments(&it.args, it.span())
        }
        Expr::Test(it) => {
            if !TESTS.contains(&it.name) {
                return refuse(it.span(), format!("there is no test `is {}`; there are: {}", it.name, TESTS.join(", ")));
            }
            check(&it.expr)?;
            check_arguments(&it.args, it.span())
        }
        Expr::GetAttr(it) => check(&it.expr),
        Expr::GetItem(it) => {
            check(&it.expr)?;
            check(&it.subscript_expr)
        }
        Expr::List(it) => it.items.iter().try_for_each(check),
        Expr::Tuple(it) => it.items.iter().try_for_each(check),
        Expr::Call(it) => refuse(it.span(), "functions cannot be called: use a filter, `{{ value | filter }}`"),
        Expr::Map(it) => refuse(it.span(), "maps cannot be written in a template: give them as variables"),
    }
}

fn check_arguments(arguments: &[CallArg], span: Span) -> Result<(), RenderError> {
    arguments.iter().try_for_each(|argument| match argument {
        CallArg::Pos(value) => check(value),
        CallArg::Kwarg(name, _) => refuse(span, format!("give the value without `{name}=`")),
        CallArg::PosSplat(_) | CallArg::KwargSplat(_) => refuse(span, "`*` before a value is not available"),
    })
}

/// Whether an expression is plainly text or a list, by its writing.
fn is_text(expression: &Expr) -> bool {
    match expression {
        Expr::Const(it) => it.value.as_str().is_some() || it.value.as_object().is_some(),
        Expr::List(_) | Expr::Tuple(_) => true,
        Expr::BinOp(it) => matches!(it.op, BinOpKind::Concat) || is_text(&it.left) || is_text(&it.right),
        _ => false,
    }
}

fn refuse<T>(span: Span, message: impl Into<String>) -> Result<T, RenderError> {
    Err(RenderError::new(Some(u32::from(span.start_line)), message))
}
