//! Standard base64 with its padding, and no bit to spare.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a text that is written as [`encode`] writes it, and in no other way.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text).ok()?;
    (encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_of_one_content_and_the_other_way_round() {
        assert_eq!(decode("aGk="), Some(b"hi".to_vec()));
        for text in ["aGk", "aGl=", "aGk=\n", "aGk==", "a-k=", " aGk="] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
