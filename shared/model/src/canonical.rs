//! Canonical JSON (RFC 8785) and digests over it.
//!
//! Numbers are restricted to integers within ±2^53, which is all that these documents hold; the
//! rest of RFC 8785's number formatting is then the plain decimal form.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Why a value has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// It could not be turned into JSON.
    #[error("the value is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A number is not an integer within ±2^53.
    #[error("`{0}` is not an integer within 2^53")]
    Number(String),
}

/// The RFC 8785 bytes of a value.
pub fn to_canonical_json(value: &impl Serialize) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value)?;
    let mut out = Vec::new();
    write(&value, &mut out)?;
    Ok(out)
}

/// `sha256:` and the lower-case hex SHA-256 of the canonical bytes.
pub fn digest(value: &impl Serialize) -> Result<String, CanonicalError> {
    Ok(digest_bytes(&to_canonical_json(value)?))
}

/// `sha256:` and the lower-case hex SHA-256 of bytes.
pub fn digest_bytes(bytes: &[u8]) -> String {
    named(&Sha256::digest(bytes))
}

fn named(hash: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in hash {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The digest of a canonical text that is written piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Digester {
    hash: Sha256,
    buffer: Vec<u8>,
}

impl Digester {
    /// Punctuation between values.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// A value.
    pub(crate) fn value(&mut self, value: &impl Serialize) -> Result<(), CanonicalError> {
        self.tree(&serde_json::to_value(value)?)
    }

    /// The same of JSON.
    pub(crate) fn tree(&mut self, value: &Value) -> Result<(), CanonicalError> {
        self.buffer.clear();
        write(value, &mut self.buffer)?;
        self.hash.update(&self.buffer);
        Ok(())
    }

    /// The digest of all that was written.
    pub(crate) fn finish(self) -> String {
        named(&self.hash.finalize())
    }
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::Number(number) => {
            let within = number
                .as_i64()
                .is_some_and(|integer| (-(1i64 << 53)..=(1i64 << 53)).contains(&integer));
            if !within {
                return Err(CanonicalError::Number(number.to_string()));
            }
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Value::String(text) => serde_json::to_writer(&mut *out, text)?,
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            // RFC 8785 sorts by UTF-16 code units, which is not the order of UTF-8 bytes.
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (index, (key, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key)?;
                out.push(b':');
                write(member, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_sorted_by_utf16_code_units() {
        let value = json!({"\u{10000}": 1, "\u{ff61}": 2, "a": [true, null, "x\n"]});
        let text = String::from_utf8(to_canonical_json(&value).unwrap()).unwrap();
        assert_eq!(
            text,
            "{\"a\":[true,null,\"x\\n\"],\"\u{10000}\":1,\"\u{ff61}\":2}"
        );
    }

    #[test]
    fn fractions_and_huge_numbers_have_no_canonical_form() {
        assert!(to_canonical_json(&json!(1.5)).is_err());
        assert!(to_canonical_json(&json!(9_007_199_254_740_993_i64)).is_err());
    }

    #[test]
    fn the_digest_is_sha256_of_the_bytes() {
        // SHA-256 of `{}`.
        assert_eq!(
            digest(&json!({})).unwrap(),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
