//! The DSSE envelope: bytes, their type, and signatures of both.

use serde::{Deserialize, Serialize};

use crate::base64;
use crate::private::SigningKey;

/// The type of what is signed.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The most bytes of an envelope.
pub const ENVELOPE_LIMIT: usize = 1 << 20;

/// The most signatures of an envelope.
const SIGNATURES: usize = 8;

/// Why bytes are no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EnvelopeError(pub(crate) String);

/// An envelope that was read: of its payload nothing is known but its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What is signed.
    pub payload: Vec<u8>,
    /// What it says it is.
    pub payload_type: String,
    /// Ids of keys, where they are said, and signatures.
    pub signatures: Vec<(Option<String>, Vec<u8>)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    payload: String,
    payload_type: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

/// What a signature of a payload is of: DSSE's pre-authentication encoding, version 1.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// Signs a payload.
    pub fn sign(payload: Vec<u8>, payload_type: &str, key: &SigningKey) -> Self {
        let signature = key.sign(&pre_authentication_encoding(payload_type, &payload));
        Self {
            payload,
            payload_type: payload_type.to_owned(),
            signatures: vec![(Some(key.public().id()), signature)],
        }
    }

    /// Reads an envelope, in one form alone: no member that is unknown or stands twice, no space and
    /// no escape, so that no byte of it can change and leave it as good as it was.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let said = |problem: &str| EnvelopeError(problem.to_owned());
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if bytes
            .iter()
            .any(|byte| byte.is_ascii_whitespace() || *byte == b'\\')
        {
            return Err(said("it is not one line of compact JSON"));
        }
        let written: Written =
            serde_json::from_slice(bytes).map_err(|error| EnvelopeError(error.to_string()))?;
        if written.signatures.is_empty() || written.signatures.len() > SIGNATURES {
            return Err(said("it has no signature, or more than 8"));
        }
        let payload = base64::decode(&written.payload);
        let signatures = written.signatures.into_iter().map(|one| {
            let bytes = base64::decode(&one.sig);
            let bytes = bytes.ok_or_else(|| said("a signature is not padded standard base64"))?;
            Ok((one.keyid, bytes))
        });
        Ok(Self {
            payload: payload.ok_or_else(|| said("its payload is not padded standard base64"))?,
            payload_type: written.payload_type,
            signatures: signatures.collect::<Result<_, _>>()?,
        })
    }

    /// The envelope as it is sent and stored: one line of compact JSON.
    pub fn write(&self) -> Vec<u8> {
        let written = Written {
            payload: base64::encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: self
                .signatures
                .iter()
                .map(|(keyid, signature)| WrittenSignature {
                    keyid: keyid.clone(),
                    sig: base64::encode(signature),
                })
                .collect(),
        };
        // INVARIANT: strings alone, which are always JSON.
        let mut line = serde_json::to_vec(&written).unwrap_or_default();
        line.push(b'\n');
        line
    }
}
