//! Macros: what the parser turns into comprehensions. The library's own set has one that
//! Kubernetes has not (`existsOne` of one name) and lacks those of two names, so all are here.

use std::sync::LazyLock;

use cel::Env;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, ListExpr, LiteralValue, MapExpr};
use cel::parser::{Expression, Macro, MacroExprHelper, ParseError, Parser};

/// The name that a comprehension gathers under.
const GATHERED: &str = "@result";
/// The name of what `sortBy` sorts.
const SORTED: &str = "@__sortBy_input__";
/// The name of a comprehension that only binds.
pub(super) const UNUSED: &str = "#unused";
/// The function that puts an entry into a map.
pub(super) const MAP_INSERT: &str = "cel.@mapInsert";
/// The function that sorts one list as another is sorted.
pub(super) const SORT_BY_KEYS: &str = "@sortByAssociatedKeys";

/// Macros on a receiver, with how many arguments they take.
const ON_RECEIVERS: [(&str, usize); 17] = [
    ("all", 2),
    ("all", 3),
    ("exists", 2),
    ("exists", 3),
    ("exists_one", 2),
    ("exists_one", 3),
    ("existsOne", 3),
    ("map", 2),
    ("map", 3),
    ("filter", 2),
    ("transformList", 3),
    ("transformList", 4),
    ("transformMap", 3),
    ("transformMap", 4),
    ("transformMapEntry", 3),
    ("transformMapEntry", 4),
    ("sortBy", 2),
];

static MACROS: LazyLock<Env> = LazyLock::new(|| {
    let mut environment = Env::default();
    let mut add = |expanded: Macro| {
        // Only a macro that is already there is refused, and each is added once.
        let added = environment.add_macro(expanded);
        debug_assert!(added.is_ok(), "{added:?}");
    };
    add(Macro::global("has", 1, |helper, _, arguments| {
        has(helper, arguments).map(Some)
    }));
    for (name, count) in ON_RECEIVERS {
        add(Macro::receiver(
            name,
            count,
            move |helper, target, given| expand(name, helper, target, given),
        ));
    }
    environment
});

/// A parser with Kubernetes' macros.
pub(super) fn parser() -> Parser {
    MACROS.parser()
}

fn has(
    helper: &mut MacroExprHelper<'_>,
    arguments: &mut Vec<Expression>,
) -> Result<Expression, ParseError> {
    match arguments.pop() {
        Some(Expression {
            expr: Expr::Select(mut select),
            ..
        }) => {
            select.test = true;
            Ok(helper.next_expr(Expr::Select(select)))
        }
        other => Err(helper.new_error(
            other.map_or(0, |other| other.id),
            "invalid argument to has() macro",
        )),
    }
}

/// The expansion of a macro on a receiver.
fn expand(
    name: &str,
    helper: &mut MacroExprHelper<'_>,
    target: &mut Option<Expression>,
    arguments: &mut Vec<Expression>,
) -> Result<Option<Expression>, ParseError> {
    let Some(range) = target.take() else {
        return Ok(None);
    };
    let mut given = std::mem::take(arguments).into_iter();
    let first = simple_name(helper, given.next())?;
    let takes_two = name.starts_with("transform")
        || given.len() == 2 && matches!(name, "all" | "exists" | "exists_one" | "existsOne");
    let second = if takes_two {
        Some(simple_name(helper, given.next())?)
    } else {
        None
    };
    if second.as_ref() == Some(&first) {
        return Err(helper.new_error(range.id, format!("duplicate variable name: {first}")));
    }
    if [Some(&first), second.as_ref()].contains(&Some(&"__result__".to_owned())) {
        return Err(helper.new_error(
            range.id,
            "iteration variable overwrites accumulator variable",
        ));
    }
    let rest: Vec<Expression> = given.collect();
    let mut making = Making { helper };
    let folded = if name == "sortBy" {
        making.sort_by(range, first, rest)
    } else {
        making.fold(name, range, (first, second), rest)
    };
    Ok(folded)
}

fn simple_name(
    helper: &MacroExprHelper<'_>,
    argument: Option<Expression>,
) -> Result<String, ParseError> {
    match argument {
        Some(Expression {
            expr: Expr::Ident(name),
            ..
        }) => Ok(name),
        other => Err(helper.new_error(
            other.map_or(0, |other| other.id),
            "argument must be a simple name",
        )),
    }
}

/// The making of one expansion.
struct Making<'a, 'h> {
    helper: &'a mut MacroExprHelper<'h>,
}

impl Making<'_, '_> {
    /// A comprehension, or none for a name that is no macro.
    fn fold(
        &mut self,
        name: &str,
        range: Expression,
        (first, second): (String, Option<String>),
        mut rest: Vec<Expression>,
    ) -> Option<Expression> {
        let last = rest.pop()?;
        let filter = rest.pop();
        let (start, condition, step) = match name {
            "all" => {
                let goes_on = self.gathered();
                let step = self.gathered();
                (
                    self.truth(true),
                    self.call("@not_strictly_false", vec![goes_on]),
                    self.call("_&&_", vec![step, last]),
                )
            }
            "exists" => {
                let found = self.gathered();
                let none_yet = self.call("!_", vec![found]);
                let step = self.gathered();
                (
                    self.truth(false),
                    self.call("@not_strictly_false", vec![none_yet]),
                    self.call("_||_", vec![step, last]),
                )
            }
            "exists_one" | "existsOne" => {
                let (before, one) = (self.gathered(), self.number(1));
                let more = self.call("_+_", vec![before, one]);
                let step = self.when(last, more);
                (self.number(0), self.truth(true), step)
            }
            _ => self.gathering(name, &first, filter, last)?,
        };
        let result = if matches!(name, "exists_one" | "existsOne") {
            let (counted, one) = (self.gathered(), self.number(1));
            self.call("_==_", vec![counted, one])
        } else {
            self.gathered()
        };
        Some(self.comprehension(ComprehensionExpr {
            iter_range: range,
            iter_var: first,
            iter_var2: second,
            accu_var: GATHERED.to_owned(),
            accu_init: start,
            loop_cond: condition,
            loop_step: step,
            result,
        }))
    }

    /// Start, condition and step of the macros that make a list or a map.
    fn gathering(
        &mut self,
        name: &str,
        first: &str,
        filter: Option<Expression>,
        last: Expression,
    ) -> Option<(Expression, Expression, Expression)> {
        let so_far = self.gathered();
        let (start, step, filter) = match name {
            "filter" => {
                let item = self.identifier(first);
                let item = self.list(vec![item]);
                let step = self.call("_+_", vec![so_far, item]);
                (self.list(Vec::new()), step, Some(last))
            }
            "map" | "transformList" => {
                let item = self.list(vec![last]);
                let step = self.call("_+_", vec![so_far, item]);
                (self.list(Vec::new()), step, filter)
            }
            "transformMap" => {
                let key = self.identifier(first);
                let step = self.call(MAP_INSERT, vec![so_far, key, last]);
                (self.empty_map(), step, filter)
            }
            "transformMapEntry" => {
                let step = self.call(MAP_INSERT, vec![so_far, last]);
                (self.empty_map(), step, filter)
            }
            _ => return None,
        };
        let step = match filter {
            Some(filter) => self.when(filter, step),
            None => step,
        };
        Some((start, self.truth(true), step))
    }

    /// `target.sortBy(name, key)`: binds the target, maps it to keys, sorts by them.
    fn sort_by(
        &mut self,
        target: Expression,
        name: String,
        rest: Vec<Expression>,
    ) -> Option<Expression> {
        let range = self.identifier(SORTED);
        let keys = self.fold("map", range, (name, None), rest)?;
        let sorted = self.identifier(SORTED);
        let call = self.helper.next_expr(Expr::Call(CallExpr {
            func_name: SORT_BY_KEYS.to_owned(),
            target: Some(Box::new(sorted)),
            args: vec![keys],
        }));
        let bound = ComprehensionExpr {
            iter_range: self.list(Vec::new()),
            iter_var: UNUSED.to_owned(),
            iter_var2: None,
            accu_var: SORTED.to_owned(),
            accu_init: target,
            loop_cond: self.truth(false),
            loop_step: self.identifier(SORTED),
            result: call,
        };
        Some(self.comprehension(bound))
    }

    fn comprehension(&mut self, inner: ComprehensionExpr) -> Expression {
        self.helper.next_expr(Expr::Comprehension(Box::new(inner)))
    }

    fn gathered(&mut self) -> Expression {
        self.identifier(GATHERED)
    }

    fn identifier(&mut self, name: &str) -> Expression {
        self.helper.next_expr(Expr::Ident(name.to_owned()))
    }

    fn truth(&mut self, flag: bool) -> Expression {
        self.helper
            .next_expr(Expr::Literal(LiteralValue::Boolean(flag.into())))
    }

    fn number(&mut self, number: i64) -> Expression {
        self.helper
            .next_expr(Expr::Literal(LiteralValue::Int(number.into())))
    }

    fn list(&mut self, elements: Vec<Expression>) -> Expression {
        self.helper.next_expr(Expr::List(ListExpr {
            elements,
            optional_indices: Vec::new(),
        }))
    }

    fn empty_map(&mut self) -> Expression {
        self.helper.next_expr(Expr::Map(MapExpr {
            entries: Vec::new(),
        }))
    }

    fn call(&mut self, name: &str, arguments: Vec<Expression>) -> Expression {
        self.helper.next_expr(Expr::Call(CallExpr {
            func_name: name.to_owned(),
            target: None,
            args: arguments,
        }))
    }

    /// `condition ? step : gathered`.
    fn when(&mut self, condition: Expression, step: Expression) -> Expression {
        let unchanged = self.gathered();
        self.call("_?_:_", vec![condition, step, unchanged])
    }
}
