//! No byte of an envelope can change and leave it as good as it was.

use std::time::{Duration, Instant};

use opsec_attest::{Algorithm, Envelope, KeyState, PAYLOAD_TYPE, SigningKey, verify};

use crate::{bundle, in_bundle, now, policy, signed, statement};

/// Whether any envelope with one bit of some of its bytes flipped is valid. Which bit it is changes
/// from byte to byte: unoptimised, all of them would take minutes.
fn flipped(algorithm: Algorithm, places: impl Fn(usize, usize) -> bool) {
    let key = SigningKey::from_seed(algorithm, &[3; 32]).unwrap();
    let envelope = Envelope::sign(statement().bytes().unwrap(), PAYLOAD_TYPE, &key).write();
    let mut bundle = bundle();
    bundle.keys = vec![in_bundle(&key, KeyState::Active)];
    let valid = |bytes: &[u8]| verify(bytes, &bundle, &policy(), now()).is_valid();
    assert!(valid(&envelope));
    let mut changed = envelope.clone();
    for place in (0..envelope.len()).filter(|place| places(*place, envelope.len())) {
        let bit = place % 8;
        *changed.get_mut(place).unwrap() ^= 1 << bit;
        assert!(!valid(&changed), "{algorithm:?}: byte {place}, bit {bit}");
        changed.copy_from_slice(&envelope);
    }
}

#[test]
fn every_byte_of_an_envelope_that_is_flipped_is_refused() {
    flipped(Algorithm::Ed25519, |_, _| true);
}

#[test]
fn a_byte_that_is_flipped_is_refused_on_the_other_curve() {
    // The last 300 bytes hold the payload's type, the key's id and the signature.
    flipped(Algorithm::P256, |place, length| {
        place % 32 == 0 || place + 300 > length
    });
}

#[test]
fn an_envelope_that_is_cut_or_longer_is_refused() {
    let envelope = signed(&statement());
    let valid = |bytes: &[u8]| verify(bytes, &bundle(), &policy(), now()).is_valid();
    // Its last byte ends the line, and nothing more.
    assert!(valid(&envelope[..envelope.len() - 1]));
    for end in 0..envelope.len() - 1 {
        assert!(!valid(&envelope[..end]), "{end}");
    }
    for byte in 0..=u8::MAX {
        let longer = [&envelope[..], &[byte]].concat();
        assert!(!valid(&longer), "{byte}");
    }
}

/// Not measured as a benchmark is: a machine that is busy is given twenty times what is promised.
#[test]
fn verifying_takes_less_than_a_millisecond_where_code_is_optimised() {
    let (envelope, bundle, policy) = (signed(&statement()), bundle(), policy());
    let best = (0..50).map(|_| {
        let began = Instant::now();
        assert!(verify(&envelope, &bundle, &policy, now()).is_valid());
        began.elapsed()
    });
    let best = best.min().unwrap();
    let limit = if cfg!(debug_assertions) { 200 } else { 1 };
    assert!(best <= Duration::from_millis(limit), "{best:?}");
}
