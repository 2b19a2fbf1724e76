//! The keys of an issuer, and what verifies with them. The algorithm of a token must be one of four
//! and fit the key: a key is never used for what it is not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// A key as it is published.
#[derive(Debug, Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    id: Option<String>,
    /// What it says it is for alone.
    alg: Option<String>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// The keys of an issuer.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Reads a JWK Set. Keys of other kinds are left out, as the specification asks.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let document: Document =
            serde_json::from_slice(bytes).map_err(|_| "it is no JWK Set".to_owned())?;
        let keys = document.keys.into_iter();
        let keys = keys.filter_map(|value| serde_json::from_value(value).ok());
        Ok(Self(keys.filter_map(Key::of).collect()))
    }

    /// The key that a token names; without a name the only one.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.0.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        }
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let decode = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
        let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => Material::Rsa {
                n: decode(jwk.n)?,
                e: decode(jwk.e)?,
            },
            ("EC", Some("P-256")) => {
                let mut point = vec![4];
                point.extend(decode(jwk.x)?);
                point.extend(decode(jwk.y)?);
                (point.len() == 65).then_some(Material::P256(point))?
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(decode(jwk.x)?),
            _ => return None,
        };
        Some(Self {
            id: jwk.kid,
            alg: jwk.alg,
            material,
        })
    }

    /// Whether a signature by this algorithm is this key's.
    pub(super) fn verifies(&self, alg: &str, signed: &[u8], signature: &[u8]) -> bool {
        if self.alg.as_deref().is_some_and(|only| only != alg) {
            return false;
        }
        let verified = match (&self.material, alg) {
            (Material::Rsa { n, e }, "RS256" | "PS256") => {
                let parameters = if alg == "RS256" {
                    &RSA_PKCS1_2048_8192_SHA256
                } else {
                    &RSA_PSS_2048_8192_SHA256
                };
                RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature)
            }
            (Material::P256(point), "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            (Material::Ed25519(key), "EdDSA") => {
                UnparsedPublicKey::new(&ED25519, key).verify(signed, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}
