//! Errors of decoding, and the walk that gives them the path of the field.

/// Why a message does not decode: the field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct FieldError {
    /// The path of the field in the message, as in `practices[2].findings[0].severity`.
    pub field: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is mandatory and absent.
    #[error("it is missing")]
    Missing,
    /// Its number is no value of its enum here.
    #[error("{0} is no value of this enum in this version")]
    EnumUnknown(i32),
    /// It names something that this version does not know.
    #[error("`{0}` is not known to this version; a newer one wrote it")]
    Newer(String),
    /// It is not what it should be.
    #[error("{0}")]
    Malformed(String),
}

impl FieldError {
    pub(crate) fn new(field: &str, problem: Problem) -> Self {
        Self {
            field: field.to_owned(),
            problem,
        }
    }

    fn within(self, outer: &str) -> Self {
        Self {
            field: format!("{outer}.{}", self.field),
            ..self
        }
    }
}

/// A mandatory message, decoded.
pub(crate) fn message<T, U>(
    field: &str,
    value: Option<T>,
    decode: impl FnOnce(T) -> Result<U, FieldError>,
) -> Result<U, FieldError> {
    let value = value.ok_or_else(|| FieldError::new(field, Problem::Missing))?;
    decode(value).map_err(|error| error.within(field))
}

/// Repeated messages, decoded.
pub(crate) fn each<T, U>(
    field: &str,
    values: Vec<T>,
    decode: impl Fn(T) -> Result<U, FieldError>,
) -> Result<Vec<U>, FieldError> {
    values
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            decode(value).map_err(|error| error.within(&format!("{field}[{index}]")))
        })
        .collect()
}

/// A count of the model as one of the wire.
pub(crate) fn encode_count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A count of the wire as one of the model.
pub(crate) fn decode_count(field: &str, count: u64) -> Result<usize, FieldError> {
    usize::try_from(count)
        .map_err(|_| FieldError::new(field, Problem::Malformed(format!("{count} is too many"))))
}
