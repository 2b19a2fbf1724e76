//! JSON Web Tokens in their compact form, taken apart. What is read before a signature was verified
//! is used for one thing: to find who could verify it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The parts of a token.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) header: Header,
    /// What the signature is over.
    pub(super) signed: &'a str,
    pub(super) claims: Map<String, Value>,
    pub(super) signature: Vec<u8>,
}

/// The header of a token.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    #[serde(default)]
    pub(super) kid: Option<String>,
    /// What must be understood: nothing is, so that a token which has it is refused.
    #[serde(default)]
    pub(super) crit: Option<Value>,
}

/// What an unverified token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) issuer: String,
    /// Seconds since 1970.
    pub(super) expires: Option<u64>,
}

/// Takes a token apart; absent when it is none.
pub(super) fn parts(token: &str) -> Option<Parts<'_>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    if claims.contains('.') {
        return None;
    }
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    Some(Parts {
        header: serde_json::from_slice(&decode(header)?).ok()?,
        signed,
        claims: serde_json::from_slice(&decode(claims)?).ok()?,
        signature: decode(signature)?,
    })
}

impl Claims {
    /// What a token says of itself.
    pub(super) fn unverified(token: &str) -> Option<Self> {
        let parts = parts(token)?;
        Some(Self {
            issuer: parts.claims.get("iss")?.as_str()?.to_owned(),
            expires: parts.claims.get("exp").and_then(seconds),
        })
    }
}

/// A number of seconds; fractions are cut.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is looked at before"
)]
pub(super) fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        (0.0..1e15).contains(&number).then_some(number as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.{}",
            encode(header),
            encode(claims),
            encode("signature")
        )
    }

    #[test]
    fn a_token_is_taken_apart() {
        let token = token(r#"{"alg":"RS256","kid":"a"}"#, r#"{"iss":"x","exp":7.9}"#);
        let claims = Claims::unverified(&token).unwrap();
        assert_eq!((claims.issuer.as_str(), claims.expires), ("x", Some(7)));
        assert_eq!(parts(&token).unwrap().signature, b"signature");
    }

    #[test]
    fn what_is_no_token_is_none() {
        for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", "...", "é.é.é"] {
            assert!(parts(text).is_none(), "{text}");
        }
        assert!(parts(&token("{}", "{}")).is_none(), "no alg");
        assert!(parts(&token(r#"{"alg":"RS256"}"#, "[]")).is_none());
        let padded = format!("{}=", token(r#"{"alg":"RS256"}"#, "{}"));
        assert!(parts(&padded).is_none());
        assert!(Claims::unverified(&token(r#"{"alg":"RS256"}"#, r#"{"iss":1}"#)).is_none());
    }
}
