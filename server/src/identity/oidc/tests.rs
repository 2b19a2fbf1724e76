//! What claims come to, once a signature was verified.

use serde_json::json;

use super::*;

const NOW: u64 = 1_000_000;

fn config() -> Oidc {
    Oidc {
        name: "corp".to_owned(),
        issuer: "https://id.example.org".to_owned(),
        client_id: "opsec".to_owned(),
        ca: None,
        user_claim: "sub".to_owned(),
        groups_claim: "groups".to_owned(),
    }
}

fn judged(config: &Oidc, change: &[(&str, Value)]) -> Result<(String, Vec<String>), Refusal> {
    let mut claims = json!({
        "iss": "https://id.example.org", "aud": "opsec", "sub": "jane", "exp": NOW + 300,
    });
    let claims = claims.as_object_mut().unwrap();
    for (name, value) in change {
        if value.is_null() {
            claims.remove(*name);
        } else {
            claims.insert((*name).to_owned(), value.clone());
        }
    }
    let (subject, groups, _) = judge(config, claims, NOW)?;
    let groups = groups.iter().map(ToString::to_string).collect();
    Ok((subject.to_string(), groups))
}

#[test]
fn a_token_names_its_user_and_groups() {
    let groups = json!(["a", "b"]);
    let (subject, groups) = judged(&config(), &[("groups", groups)]).unwrap();
    assert_eq!(subject, "corp/user:jane");
    assert_eq!(groups, ["corp/group:a", "corp/group:b"]);
    let one = judged(&config(), &[("groups", json!("a"))]).unwrap();
    assert_eq!(one.1, ["corp/group:a"]);
    let mixed = judged(&config(), &[("groups", json!(["a", 1]))]).unwrap();
    assert!(mixed.1.is_empty(), "what is no list of strings is none");
}

#[test]
fn issuer_audience_and_times_are_exact() {
    for (change, accepted) in [
        (("aud", json!(["other", "opsec"])), true),
        (("aud", json!(["other"])), false),
        (("aud", Value::Null), false),
        (("iss", json!("https://id.example.org/")), false),
        (("exp", Value::Null), false),
        (("exp", json!("1999999999")), false),
        (("exp", json!(NOW - 59)), true),
        (("exp", json!(NOW - 60)), false),
        (("nbf", json!(NOW + 60)), true),
        (("nbf", json!(NOW + 61)), false),
        (("nbf", json!("x")), false),
        (("iat", json!(NOW + 61)), false),
        (("sub", Value::Null), false),
        (("sub", json!(7)), false),
    ] {
        let judged = judged(&config(), std::slice::from_ref(&change));
        assert_eq!(judged.is_ok(), accepted, "{change:?}: {judged:?}");
    }
    let late = judged(&config(), &[("exp", json!(NOW - 61))]).unwrap_err();
    assert!(matches!(late, Refusal::CredentialsExpired));
}

#[test]
fn an_email_counts_once_it_is_verified() {
    let config = Oidc {
        user_claim: "email".to_owned(),
        ..config()
    };
    let email = ("email", json!("jane@example.org"));
    assert!(judged(&config, std::slice::from_ref(&email)).is_err());
    let verified = ("email_verified", json!(true));
    let (subject, _) = judged(&config, &[email.clone(), verified]).unwrap();
    assert_eq!(subject, "corp/user:jane@example.org");
    assert!(judged(&config, &[email, ("email_verified", json!("true"))]).is_err());
}
