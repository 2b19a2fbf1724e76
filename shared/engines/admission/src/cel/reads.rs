//! What an expression mentions: the parts of the asking user, and variables.

use std::collections::BTreeSet;

use cel::common::ast::{EntryExpr, Expr};
use cel::parser::Expression;

use crate::decision::Reads;

/// What an expression mentions, variables that it uses not looked into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// Parts of the asking user.
    pub(crate) reads: Reads,
    /// Variables by name.
    pub(crate) variables: BTreeSet<String>,
}

const EVERYTHING: Reads = Reads {
    user_name: true,
    groups: true,
    uid: true,
    extra: true,
};

/// What an expression mentions. A use of `request` or `request.userInfo` as a whole mentions
/// every part.
pub(crate) fn mentions(expression: &Expression) -> Mentions {
    let mut found = Mentions::default();
    walk(expression, &mut found);
    found
}

fn walk(expression: &Expression, found: &mut Mentions) {
    if let Expr::Select(_) = &expression.expr
        && let Some(path) = path(expression)
    {
        note(&path, found);
        return;
    }
    if let Expr::Ident(name) = &expression.expr {
        note(&[name], found);
    }
    for child in children(expression) {
        walk(child, found);
    }
}

fn note(path: &[&str], found: &mut Mentions) {
    match path {
        ["request"] | ["request", "userInfo"] => found.reads = EVERYTHING,
        // What a user may do rests on its name and its groups.
        ["authorizer", ..] => {
            found.reads.user_name = true;
            found.reads.groups = true;
        }
        ["request", "userInfo", "username", ..] => found.reads.user_name = true,
        ["request", "userInfo", "groups", ..] => found.reads.groups = true,
        ["request", "userInfo", "uid", ..] => found.reads.uid = true,
        ["request", "userInfo", "extra", ..] => found.reads.extra = true,
        ["variables", name, ..] => {
            found.variables.insert((*name).to_owned());
        }
        _ => {}
    }
}

/// The names of a chain of selections on an identifier.
fn path(expression: &Expression) -> Option<Vec<&str>> {
    match &expression.expr {
        Expr::Ident(name) => Some(vec![name]),
        Expr::Select(select) => {
            let mut names = path(&select.operand)?;
            names.push(&select.field);
            Some(names)
        }
        _ => None,
    }
}

/// The expressions directly inside an expression.
pub(crate) fn children(expression: &Expression) -> Vec<&Expression> {
    match &expression.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Comprehension(inner) => vec![
            &inner.iter_range,
            &inner.accu_init,
            &inner.loop_cond,
            &inner.loop_step,
            &inner.result,
        ],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Map(map) => map.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Struct(record) => record.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

fn entry(entry: &EntryExpr) -> Vec<&Expression> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}
