//! What the API server refuses of a format that is written out with its values: it looks at both
//! when it compiles.

use cel::common::ast::{EntryExpr, Expr};
use cel::parser::Expression;

use super::Refusal;
use super::check::{Checker, invalid, literal_text, unsupported};
use super::format::{Clause, Piece, pieces};
use super::functions::Style;
use super::types::Type;

impl Checker<'_> {
    /// The types of operands. Values that are formatted may be of different types.
    pub(super) fn operand_types(
        &mut self,
        name: &str,
        style: Style,
        operands: &[&Expression],
    ) -> Result<Vec<Type>, Refusal> {
        let formats = (name, style) == ("format", Style::Member);
        let before = self.mixed;
        let mut types = Vec::with_capacity(operands.len());
        for operand in operands {
            self.mixed = before || formats;
            let found = self.check(operand);
            self.mixed = before;
            types.push(found?);
        }
        Ok(types)
    }

    /// Checks the clauses of a literal format against a literal list of values.
    pub(super) fn literal_format(&mut self, operands: &[&Expression]) -> Result<(), Refusal> {
        let [target, values] = operands else {
            return Ok(());
        };
        let (Some(format), Expr::List(list)) = (literal_text(target), &values.expr) else {
            return Ok(());
        };
        if !list.optional_indices.is_empty() {
            return Err(unsupported("a format with optional values"));
        }
        let (pieces, wrong) = pieces(format);
        let clauses = pieces.iter().filter_map(|piece| match piece {
            Piece::Clause(clause) => Some(*clause),
            Piece::Text(_) => None,
        });
        let mut values = list.elements.iter();
        for clause in clauses {
            let Some(value) = values.next() else {
                return invalid("index out of range in format");
            };
            if !self.takes(clause, value)? {
                return invalid("a formatting clause does not take a value of that type");
            }
        }
        match (wrong, values.next()) {
            (Some(wrong), _) => invalid(wrong),
            (None, Some(_)) => invalid("too many arguments supplied to format"),
            (None, None) => Ok(()),
        }
    }

    fn takes(&mut self, clause: Clause, value: &Expression) -> Result<bool, Refusal> {
        let before = std::mem::replace(&mut self.mixed, true);
        let found = self.check(value);
        self.mixed = before;
        let found = found?;
        if matches!(found, Type::Dyn | Type::Parameter(_)) {
            return Ok(true);
        }
        Ok(match clause {
            Clause::Decimal | Clause::Octal => matches!(found, Type::Int | Type::Uint),
            Clause::Fixed(_) | Clause::Scientific => matches!(found, Type::Double | Type::String),
            Clause::Binary => matches!(found, Type::Int | Type::Uint | Type::Bool),
            Clause::Hexadecimal { .. } => {
                matches!(found, Type::Int | Type::Uint | Type::String | Type::Bytes)
            }
            Clause::Text => has_text(&found) && self.members_have_text(value)?,
        })
    }

    /// Whether the members of a literal can be written, those of a literal inside it too.
    fn members_have_text(&mut self, value: &Expression) -> Result<bool, Refusal> {
        let members: Vec<&Expression> = match &value.expr {
            Expr::List(list) => list.elements.iter().collect(),
            Expr::Map(map) => map
                .entries
                .iter()
                .filter_map(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) => Some([&entry.key, &entry.value]),
                    EntryExpr::StructField(_) => None,
                })
                .flatten()
                .collect(),
            _ => return Ok(true),
        };
        for member in members {
            if !self.takes(Clause::Text, member)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn has_text(found: &Type) -> bool {
    !matches!(
        found,
        Type::Object(_) | Type::Abstract(_) | Type::Optional(_)
    )
}
