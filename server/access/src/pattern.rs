//! Patterns of scopes: an exact name, or a prefix that ends in one `*`.

use std::fmt;

/// The most bytes of a pattern.
const LIMIT: usize = 256;

/// Names that a binding is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no pattern: {problem}")]
pub struct PatternError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is empty or too long, has a `*` elsewhere than at its end, or a character that no
    /// name has.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let name = text.strip_suffix('*').unwrap_or(text);
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
        let problem = if text.is_empty() {
            Some("it is empty; `*` is everything")
        } else if text.len() > LIMIT {
            Some("it has more than 256 bytes")
        } else if name.contains('*') {
            Some("one `*` may stand at its end, and nowhere else")
        } else if !name.bytes().all(known) {
            Some("names have ASCII letters, digits and `-._~%` only")
        } else {
            None
        };
        match problem {
            None => Ok(Self {
                text: text.to_owned(),
            }),
            Some(problem) => Err(PatternError {
                text: text.to_owned(),
                problem,
            }),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is for every name.
    pub fn is_everything(&self) -> bool {
        self.text == "*"
    }

    /// Whether a name is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self.text.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => self.text == name,
        }
    }

    /// Whether every name that a text means, itself a name or a pattern, is meant.
    pub fn contains(&self, other: &str) -> bool {
        match (self.text.strip_suffix('*'), other.strip_suffix('*')) {
            (Some(prefix), Some(other)) => other.starts_with(prefix),
            (Some(prefix), None) => other.starts_with(prefix),
            (None, Some(_)) => false,
            (None, None) => self.text == other,
        }
    }

    /// Whether an operator is meant, by its name or by its id `NAMESPACE~NAME`. A pattern that
    /// holds a `~` is for ids, another is for names, in whatever namespace.
    pub fn matches_operator(&self, operator: &str) -> bool {
        self.is_everything() || self.matches(self.operator(operator))
    }

    /// The same of a pattern for operators.
    pub fn contains_operator(&self, operator: &str) -> bool {
        self.is_everything() || self.contains(self.operator(operator))
    }

    fn operator<'a>(&self, operator: &'a str) -> &'a str {
        if self.text.contains('~') {
            return operator;
        }
        operator.split_once('~').map_or(operator, |(_, name)| name)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn a_name_means_itself_and_a_star_the_rest() {
        for (text, name, meant) in [
            ("prod-1", "prod-1", true),
            ("prod-1", "prod-12", false),
            ("prod-*", "prod-1", true),
            ("prod-*", "prod-", true),
            ("prod-*", "prod", false),
            ("*", "", true),
            ("prod-1", "PROD-1", false),
        ] {
            assert_eq!(pattern(text).matches(name), meant, "{text} {name}");
        }
    }

    #[test]
    fn a_pattern_contains_a_narrower_one_and_no_wider_one() {
        for (wide, narrow, contained) in [
            ("prod-*", "prod-1", true),
            ("prod-*", "prod-eu-*", true),
            ("prod-*", "prod-*", true),
            ("prod-eu-*", "prod-*", false),
            ("prod-1", "prod-1*", false),
            ("prod-1", "prod-1", true),
            ("*", "*", true),
            ("p*", "*", false),
        ] {
            assert_eq!(pattern(wide).contains(narrow), contained, "{wide} {narrow}");
        }
    }

    #[test]
    fn an_operator_is_meant_by_its_name_in_any_namespace_or_by_its_id() {
        for (text, operator, meant) in [
            ("cert-*", "cert-manager~cert-manager", true),
            ("cert-manager", "cert-manager", true),
            ("tools~cert-manager", "tools~cert-manager", true),
            ("tools~cert-manager", "other~cert-manager", false),
            ("tools~*", "tools~argo", true),
            ("tools~*", "argo", false),
            ("tools*", "tools~argo", false),
            ("*", "tools~argo", true),
        ] {
            assert_eq!(
                pattern(text).matches_operator(operator),
                meant,
                "{text} {operator}"
            );
        }
        assert!(pattern("cert-*").contains_operator("cert-manager*"));
        assert!(!pattern("cert-manager").contains_operator("*"));
        assert!(
            !pattern("tools~*").contains_operator("argo"),
            "a name is of every namespace"
        );
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "a*b", "**", "a b", "prod/1", "prod\n", "é"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
        assert!(Pattern::parse(&"a".repeat(257)).is_err());
    }
}
