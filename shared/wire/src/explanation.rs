//! Explanations, and what can be explained.

use opsec_model::{API_VERSION, Explained, Explanation};
use opsec_proto::v1;

use crate::field::{FieldError, Problem};
use crate::words::{decode_half, encode_half, encode_maybe};

/// An explanation for the wire.
pub fn encode_explanation(explanation: &Explanation) -> v1::Explanation {
    let Explanation {
        api_version: _,
        kind: _,
        explains,
        id,
        title,
        half,
        what,
        why,
        severities,
        bad,
        good,
        fix,
        related,
        references,
    } = explanation.clone();
    v1::Explanation {
        kind: encode_explained(explains),
        id,
        title,
        half: encode_maybe(half, encode_half),
        what,
        why,
        severities,
        bad,
        good,
        fix,
        related,
        references,
    }
}

/// An explanation from the wire.
///
/// # Errors
/// When a word is not known to this version.
pub fn decode_explanation(explanation: v1::Explanation) -> Result<Explanation, FieldError> {
    let half = match explanation.half {
        0 => None,
        number => Some(decode_half("half", number)?),
    };
    Ok(Explanation {
        api_version: API_VERSION.to_owned(),
        kind: "Explanation".to_owned(),
        explains: decode_explained("kind", explanation.kind)?,
        id: explanation.id,
        title: explanation.title,
        half,
        what: explanation.what,
        why: explanation.why,
        severities: explanation.severities,
        bad: explanation.bad,
        good: explanation.good,
        fix: explanation.fix,
        related: explanation.related,
        references: explanation.references,
    })
}

/// What was explained, for the wire.
pub fn encode_explained(explained: Explained) -> i32 {
    let kind = match explained {
        Explained::Practice => v1::ExplanationKind::Practice,
        Explained::Rule => v1::ExplanationKind::Rule,
        Explained::Right => v1::ExplanationKind::Right,
    };
    kind.into()
}

/// What was explained, from the wire.
///
/// # Errors
/// When it is unspecified or unknown, naming `field`.
pub fn decode_explained(field: &str, number: i32) -> Result<Explained, FieldError> {
    match v1::ExplanationKind::try_from(number) {
        Ok(v1::ExplanationKind::Practice) => Ok(Explained::Practice),
        Ok(v1::ExplanationKind::Rule) => Ok(Explained::Rule),
        Ok(v1::ExplanationKind::Right) => Ok(Explained::Right),
        Ok(v1::ExplanationKind::Unspecified) => Err(FieldError::new(field, Problem::Missing)),
        Err(_) => Err(FieldError::new(field, Problem::EnumUnknown(number))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opsec_model::Half;

    #[test]
    fn an_explanation_survives_the_wire() {
        for (explains, half) in [
            (Explained::Practice, None),
            (Explained::Rule, Some(Half::Cluster)),
            (Explained::Right, None),
        ] {
            let text = |name: &str| name.to_owned();
            let told = Explanation {
                api_version: API_VERSION.to_owned(),
                kind: text("Explanation"),
                explains,
                id: text("id"),
                title: text("title"),
                half,
                what: text("what"),
                why: text("why"),
                severities: vec![text("severity")],
                bad: text("bad"),
                good: text("good"),
                fix: text("fix"),
                related: vec![text("related")],
                references: vec![text("reference")],
            };
            assert_eq!(decode_explanation(encode_explanation(&told)), Ok(told));
        }
        let unsaid = v1::Explanation::default();
        assert_eq!(decode_explanation(unsaid).unwrap_err().field, "kind");
    }
}
