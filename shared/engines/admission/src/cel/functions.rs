//! The functions that are had here, with their signatures, and the names of those that
//! Kubernetes has besides.

use super::kubernetes;
use super::macros::{MAP_INSERT, SORT_BY_KEYS};
use super::types::{Abstract, Bindings, FREE, Type};

/// One overload of a function; a member's first parameter is its receiver.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    parameters: Vec<Type>,
    result: Type,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `f(x)`, or an operator.
    Global,
    /// `x.f()`.
    Member,
}

const A: Type = Type::Parameter(0);
const B: Type = Type::Parameter(1);

/// The result of a call, or none when no overload fits. Where several fit, an argument being
/// `dyn`, and their results differ, the result is `dyn`.
pub(crate) fn result(signatures: &[Signature], arguments: &[Type]) -> Option<Type> {
    let mut results = signatures.iter().filter_map(|signature| {
        let mut bindings = Bindings::default();
        let fits = signature.parameters.len() == arguments.len()
            && signature
                .parameters
                .iter()
                .zip(arguments)
                .all(|(wanted, actual)| bindings.accept(wanted, actual));
        fits.then(|| bindings.resolve(&signature.result))
    });
    let first = results.next()?;
    let Some(second) = results.next() else {
        return Some(first);
    };
    let one = !first.is_free() && first == second && results.all(|other| other == first);
    Some(if one { first } else { Type::Dyn })
}

/// The overloads of a function; empty when it is not had here.
pub(crate) fn signatures(name: &str, style: Style) -> Vec<Signature> {
    match style {
        Style::Global => [
            operators(name),
            conversions(name),
            qualified(name),
            kubernetes::qualified_signatures(name),
        ]
        .concat(),
        Style::Member => [members(name), list_members(name), kubernetes::members(name)].concat(),
    }
}

/// Overloads by their parameters and results.
pub(crate) fn of(overloads: &[(&[Type], Type)]) -> Vec<Signature> {
    overloads
        .iter()
        .map(|(parameters, result)| Signature {
            parameters: parameters.to_vec(),
            result: result.clone(),
        })
        .collect()
}

fn operators(name: &str) -> Vec<Signature> {
    use Type::{Bool, Bytes, Double, Int, String, Uint};
    let list = || Type::list(A);
    let map = || Type::map(A, B);
    let same = |types: &[Type]| {
        types
            .iter()
            .map(|each| Signature {
                parameters: vec![each.clone(), each.clone()],
                result: each.clone(),
            })
            .collect()
    };
    match name {
        "_?_:_" => of(&[(&[Bool, A, A], A)]),
        "_&&_" | "_||_" => same(&[Bool]),
        "!_" | "@not_strictly_false" => of(&[(&[Bool], Bool)]),
        "-_" => of(&[(&[Int], Int), (&[Double], Double)]),
        "_+_" => same(&[Int, Uint, Double, String, Bytes, list()]),
        "_-_" | "_*_" | "_/_" => same(&[Int, Uint, Double]),
        "_%_" => same(&[Int, Uint]),
        "_==_" | "_!=_" => of(&[(&[A, A], Bool)]),
        "_<_" | "_<=_" | "_>_" | "_>=_" => comparisons(),
        "@in" => of(&[(&[A, list()], Bool), (&[A, map()], Bool)]),
        "_[_]" => of(&[
            (&[list(), Int], A),
            (&[map(), A], B),
            (&[Type::optional(list()), Int], Type::optional(A)),
            (&[Type::optional(map()), A], Type::optional(B)),
        ]),
        "_[?_]" => of(&[
            (&[list(), Int], Type::optional(A)),
            (&[map(), A], Type::optional(B)),
            (&[Type::optional(list()), Int], Type::optional(A)),
            (&[Type::optional(map()), A], Type::optional(B)),
        ]),
        _ => Vec::new(),
    }
}

fn comparisons() -> Vec<Signature> {
    let plain = [Type::Bool, Type::String, Type::Bytes]
        .into_iter()
        .map(|each| (each.clone(), each));
    let numbers = [Type::Int, Type::Uint, Type::Double];
    let crossed = numbers
        .iter()
        .flat_map(|one| numbers.iter().map(|other| (one.clone(), other.clone())));
    plain
        .chain(crossed)
        .map(|(one, other)| Signature {
            parameters: vec![one, other],
            result: Type::Bool,
        })
        .collect()
}

fn conversions(name: &str) -> Vec<Signature> {
    use Type::{Bool, Bytes, Double, Dyn, Int, String, Uint};
    match name {
        "size" => of(&[
            (&[String], Int),
            (&[Bytes], Int),
            (&[Type::list(A)], Int),
            (&[Type::map(A, B)], Int),
        ]),
        "matches" => of(&[(&[String, String], Bool)]),
        "string" => of(&[
            (&[Type::Abstract(Abstract::Ip)], String),
            (&[Type::Abstract(Abstract::Cidr)], String),
            (&[String], String),
            (&[Bool], String),
            (&[Int], String),
            (&[Uint], String),
            (&[Double], String),
            (&[Bytes], String),
        ]),
        "int" => of(&[
            (&[Int], Int),
            (&[Uint], Int),
            (&[Double], Int),
            (&[String], Int),
        ]),
        "uint" => of(&[
            (&[Uint], Uint),
            (&[Int], Uint),
            (&[Double], Uint),
            (&[String], Uint),
        ]),
        "double" => of(&[
            (&[Double], Double),
            (&[Int], Double),
            (&[Uint], Double),
            (&[String], Double),
        ]),
        "bool" => of(&[(&[Bool], Bool), (&[String], Bool)]),
        "bytes" => of(&[(&[Bytes], Bytes), (&[String], Bytes)]),
        "type" => of(&[(&[A], Type::Meta)]),
        "dyn" => of(&[(&[A], Dyn)]),
        _ => Vec::new(),
    }
}

fn qualified(name: &str) -> Vec<Signature> {
    use Type::Bool;
    let list = || Type::list(A);
    match name {
        "optional.of" | "optional.ofNonZeroValue" => of(&[(&[A], Type::optional(A))]),
        "optional.unwrap" => of(&[(&[Type::list(Type::optional(A))], Type::list(A))]),
        "lists.range" => of(&[(&[Type::Int], Type::list(Type::Int))]),
        "strings.quote" => of(&[(&[Type::String], Type::String)]),
        MAP_INSERT => of(&[
            (&[Type::map(A, B), A, B], Type::map(A, B)),
            (&[Type::map(A, B), Type::map(A, B)], Type::map(A, B)),
        ]),
        "optional.none" => of(&[(&[], Type::optional(FREE))]),
        "sets.contains" | "sets.intersects" | "sets.equivalent" => of(&[(&[list(), list()], Bool)]),
        _ => Vec::new(),
    }
}

fn members(name: &str) -> Vec<Signature> {
    use Type::{Bool, Int, String};
    match name {
        "size" => conversions("size"),
        "contains" | "startsWith" | "endsWith" | "matches" => of(&[(&[String, String], Bool)]),
        "lowerAscii" | "upperAscii" | "trim" => of(&[(&[String], String)]),
        "charAt" => of(&[(&[String, Int], String)]),
        "indexOf" | "lastIndexOf" => of(&[
            (&[String, String], Int),
            (&[String, String, Int], Int),
            (&[Type::list(A), A], Int),
        ]),
        "replace" => of(&[
            (&[String, String, String], String),
            (&[String, String, String, Int], String),
        ]),
        "substring" => of(&[(&[String, Int], String), (&[String, Int, Int], String)]),
        "format" => of(&[(&[String, Type::list(Type::Dyn)], String)]),
        "find" => of(&[(&[String, String], String)]),
        "findAll" | "split" => of(&[
            (&[String, String], Type::list(String)),
            (&[String, String, Int], Type::list(String)),
        ]),
        "hasValue" => of(&[(&[Type::optional(A)], Bool)]),
        "value" => of(&[(&[Type::optional(A)], A)]),
        "or" => of(&[(&[Type::optional(A), Type::optional(A)], Type::optional(A))]),
        "orValue" => of(&[(&[Type::optional(A), A], A)]),
        "join" => of(&[
            (&[Type::list(String)], String),
            (&[Type::list(String), String], String),
        ]),
        _ => Vec::new(),
    }
}

fn list_members(name: &str) -> Vec<Signature> {
    use Type::{Bool, Bytes, Double, Duration, Int, String, Timestamp, Uint};
    let comparable = [Bool, Int, Uint, Double, String, Bytes, Duration, Timestamp];
    let each = |result: fn(&Type) -> Type, types: &[Type]| {
        types
            .iter()
            .map(|element| Signature {
                parameters: vec![Type::list(element.clone())],
                result: result(element),
            })
            .collect()
    };
    match name {
        "isSorted" => each(|_| Bool, &comparable),
        "min" | "max" => each(Type::clone, &comparable),
        "sum" => each(Type::clone, &[Int, Uint, Double, Duration]),
        "sort" => each(|element| Type::list(element.clone()), &comparable),
        SORT_BY_KEYS => comparable
            .into_iter()
            .map(|key| Signature {
                parameters: vec![Type::list(A), Type::list(key)],
                result: Type::list(A),
            })
            .collect(),
        "first" | "last" => of(&[(&[Type::list(A)], Type::optional(A))]),
        "unwrapOpt" => of(&[(&[Type::list(Type::optional(A))], Type::list(A))]),
        "flatten" => of(&[
            (&[Type::list(Type::list(A))], Type::list(A)),
            (&[Type::list(Type::Dyn), Int], Type::list(Type::Dyn)),
        ]),
        "distinct" | "reverse" => of(&[(&[Type::list(A)], Type::list(A))]),
        "slice" => of(&[(&[Type::list(A), Int, Int], Type::list(A))]),
        _ => Vec::new(),
    }
}

/// Names before a dot that belong to functions rather than to values.
pub(crate) const NAMESPACES: [&str; 8] = [
    "optional", "sets", "lists", "ip", "cidr", "format", "strings", "math",
];

/// Functions that Kubernetes has and this has not.
const NOT_HAD: &[&str] = &[
    "timestamp",
    "duration",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

/// Whether Kubernetes has a function that is not had here.
pub(crate) fn kubernetes_has(name: &str) -> bool {
    NOT_HAD.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overload_is_chosen_by_the_arguments_that_are_known() {
        let plus = signatures("_+_", Style::Global);
        assert_eq!(result(&plus, &[Type::Dyn, Type::Int]), Some(Type::Int));
        assert_eq!(result(&plus, &[Type::Dyn, Type::Dyn]), Some(Type::Dyn));
        assert_eq!(result(&plus, &[Type::String, Type::Int]), None);
        let size = signatures("size", Style::Global);
        assert_eq!(result(&size, &[Type::Dyn]), Some(Type::Int));
        assert_eq!(result(&size, &[Type::Int]), None);
    }

    #[test]
    fn no_function_is_both_had_and_not_had() {
        for name in NOT_HAD {
            for style in [Style::Global, Style::Member] {
                assert!(signatures(name, style).is_empty(), "{name} {style:?}");
            }
        }
    }
}
