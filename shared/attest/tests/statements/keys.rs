//! Keys in files, and their ids.

use opsec_attest::{Algorithm, KeyError, Locking, PublicKey, SigningKey};

#[test]
fn a_key_comes_back_from_its_file_as_it_was() {
    for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
        let key = SigningKey::from_seed(algorithm, &[5; 32]).unwrap();
        let pem = key.to_pem(None).unwrap();
        assert!(
            pem.starts_with("-----BEGIN PRIVATE KEY-----"),
            "{algorithm:?}"
        );
        let again = SigningKey::from_pem(&pem, None).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(again.sign(b"words"), key.sign(b"words"));
        let public = PublicKey::from_pem(&key.public().to_pem()).unwrap();
        assert_eq!(public.id(), key.public().id());
        assert_eq!(public.id().len(), 64);
        assert!(public.verifies(b"words", &key.sign(b"words")));
        assert!(!public.verifies(b"other words", &key.sign(b"words")));
    }
}

#[test]
fn the_file_of_a_key_is_of_the_version_that_every_openssl_reads() {
    let key = SigningKey::from_seed(Algorithm::Ed25519, &[5; 32]).unwrap();
    let pem = key.to_pem(None).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    // SEQUENCE of 46 bytes, INTEGER 0: version 1, and no public key behind it.
    assert!(body.starts_with("MC4CAQA"), "{body}");
}

#[test]
fn a_locked_key_opens_with_its_password_alone() {
    let key = SigningKey::from_seed(Algorithm::P256, &[5; 32]).unwrap();
    let locking = Locking {
        password: b"open",
        salt: [1; 16],
        iv: [2; 16],
    };
    let pem = key.to_pem(Some(&locking)).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let opened = |password: Option<&[u8]>| SigningKey::from_pem(&pem, password);
    assert_eq!(opened(Some(b"open")).unwrap().public(), key.public());
    assert_eq!(opened(None).unwrap_err(), KeyError::Locked);
    assert_eq!(opened(Some(b"shut")).unwrap_err(), KeyError::Password);
}

#[test]
fn what_is_no_key_is_refused() {
    let public = SigningKey::from_seed(Algorithm::P256, &[5; 32]).unwrap();
    let public = public.public().to_pem();
    assert!(
        SigningKey::from_pem(&public, None).is_err(),
        "a public key does not sign"
    );
    for pem in [
        "",
        "words",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ] {
        assert!(PublicKey::from_pem(pem).is_err(), "{pem}");
    }
}
