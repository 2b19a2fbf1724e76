//! What a service answers about postures, and what is no such answer.

use opsec_model::posture::CollectionMode;
use opsec_model::{Gain, Severity, Status};
use opsec_proto::v1;
use opsec_wire::{decode_posture, encode_gain, encode_severity, encode_status};

fn sent() -> v1::Posture {
    let time = |seconds| {
        Some(prost_types::Timestamp {
            seconds,
            nanos: 5_000_000,
        })
    };
    v1::Posture {
        name: "clusters/prod-1/operators/shop~shop-operator/posture".to_owned(),
        mode: v1::CollectionMode::ServerCollected.into(),
        gather_time: time(20),
        record_time: time(30),
        status_since_time: time(10),
        check: "checks/0193".to_owned(),
        status: encode_status(Status::Unknown),
        practices: vec![v1::PracticeStatus {
            practice: 4,
            status: encode_status(Status::Pass),
        }],
        counts: Some(v1::Counts {
            by_severity: vec![v1::SeverityCount {
                severity: encode_severity(Severity::High),
                count: 2,
            }],
            ..v1::Counts::default()
        }),
        gains: vec![encode_gain(Gain::Secrets)],
        baseline: Some(v1::ResolvedBaseline {
            name: "baselines/shop".to_owned(),
            revision: 3,
            ..v1::ResolvedBaseline::default()
        }),
        ..v1::Posture::default()
    }
}

#[test]
fn a_posture_is_read_as_it_is_sent() {
    let posture = decode_posture(sent()).unwrap();
    assert_eq!(posture.cluster, "prod-1");
    assert_eq!(posture.operator, "shop~shop-operator");
    assert_eq!(posture.status, Status::Unknown);
    assert_eq!(posture.practice(4), Status::Pass);
    assert_eq!(posture.worst(), Some((Severity::High, 2)));
    assert_eq!(posture.gains, [Gain::Secrets]);
    assert_eq!(posture.mode, CollectionMode::ServerCollected);
    assert_eq!(posture.check, "0193");
    assert_eq!(
        (&*posture.baseline.name, posture.baseline.revision),
        ("shop", 3)
    );
    let times = [
        posture.status_since_time,
        posture.gather_time,
        posture.record_time,
    ];
    assert_eq!(
        times.map(jiff::Timestamp::as_millisecond),
        [10_005, 20_005, 30_005]
    );
}

#[test]
fn what_is_absent_or_not_known_is_named() {
    let with = |change: fn(&mut v1::Posture)| {
        let mut sent = sent();
        change(&mut sent);
        decode_posture(sent).unwrap_err().to_string()
    };
    for (said, expected) in [
        (
            with(|sent| sent.name = "clusters/prod-1".to_owned()),
            "name: `clusters/prod-1` is no posture's name",
        ),
        (with(|sent| sent.status = 0), "status: it is missing"),
        (
            with(|sent| sent.mode = 9),
            "mode: 9 is no value of this enum in this version",
        ),
        (
            with(|sent| sent.gather_time = None),
            "gather_time: it is missing",
        ),
        (with(|sent| sent.counts = None), "counts: it is missing"),
        (
            with(|sent| sent.gains.push(99)),
            "gains: 99 is no value of this enum in this version",
        ),
        (
            with(|sent| {
                sent.practices.push(v1::PracticeStatus {
                    practice: 999,
                    status: 1,
                });
            }),
            "practices[1].practice: 999 is no practice",
        ),
        (
            with(|sent| sent.record_time.as_mut().unwrap().seconds = i64::MAX),
            "record_time.seconds: 9223372036854775807 s after 1970 is no time",
        ),
    ] {
        assert_eq!(said, expected);
    }
}
