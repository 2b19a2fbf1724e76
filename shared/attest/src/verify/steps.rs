//! The steps, each a function; their order is the contract's.

use jiff::{SignedDuration, Timestamp};

use super::policy::{VerifyPolicy, Wanted};
use super::{Problem, Step, Verification};
use crate::bundle::{BundleKey, KeyState, TrustBundle};
use crate::envelope::{ENVELOPE_LIMIT, Envelope, PAYLOAD_TYPE, pre_authentication_encoding};
use crate::predicate::Predicate;
use crate::statement::{PREDICATE_TYPE, STATEMENT_TYPE, Statement, envelope_digest};
use crate::{FAILED, PASSED};

/// How far the clocks of signer and verifier may differ.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What fails a step: it is written down already.
pub(super) struct Failed;

type Done<T = ()> = Result<T, Problem>;

pub(super) struct Steps<'a> {
    bundle: &'a TrustBundle,
    policy: &'a VerifyPolicy,
    now: Timestamp,
    taken: Vec<Step>,
    statement: Option<Statement>,
    key_id: Option<String>,
}

fn fails<T>(reason: &'static str, message: impl Into<String>) -> Done<T> {
    let message = message.into();
    Err(Problem { reason, message })
}

impl<'a> Steps<'a> {
    pub(super) fn new(bundle: &'a TrustBundle, policy: &'a VerifyPolicy, now: Timestamp) -> Self {
        Self {
            bundle,
            policy,
            now,
            taken: Vec::new(),
            statement: None,
            key_id: None,
        }
    }

    pub(super) fn done(self) -> Verification {
        Verification {
            steps: self.taken,
            statement: self.statement,
            key_id: self.key_id,
        }
    }

    fn step<T>(&mut self, name: &'static str, done: Done<T>) -> Result<T, Failed> {
        let (problem, taken) = match done {
            Ok(taken) => (None, Ok(taken)),
            Err(problem) => (Some(problem), Err(Failed)),
        };
        self.taken.push(Step { name, problem });
        taken
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        self.step("size", size(bytes))?;
        let envelope = self.step("envelope", form(bytes))?;
        self.step("payload type", payload_type(&envelope))?;
        self.step("bundle", self.fresh())?;
        let key = self.step("signature", self.signed(&envelope))?;
        self.key_id = Some(key.keyid.clone());
        self.step("key", usable(key))?;
        let statement = self.step("predicate type", parse(&envelope.payload))?;
        self.statement = Some(statement.clone());
        let predicate = &statement.predicate;
        let (verified, until) = self.step("times", times(predicate))?;
        self.step("retirement", not_retired(key, verified))?;
        self.step("verifier", self.verifier(predicate))?;
        self.step("revocation", self.not_revoked(&envelope.payload))?;
        self.step("not from the future", self.not_ahead(verified))?;
        self.step("not expired", self.not_expired(until))?;
        self.step("age", self.young(predicate))?;
        self.step("target", self.target(&statement))?;
        self.step("image", self.image(&statement))?;
        self.step("result", result(predicate))?;
        self.step("collection", self.collection(predicate))?;
        self.step("practices", self.practices(predicate))
    }

    fn fresh(&self) -> Done {
        let expires = self.bundle.expires_at;
        if self.now >= expires && !self.policy.allow_stale_bundle {
            let message =
                format!("the trust bundle was to be relied on until {expires}; get a newer one");
            return fails("BUNDLE_EXPIRED", message);
        }
        let sequence = self.bundle.sequence;
        match self.policy.min_sequence {
            Some(least) if sequence < least => {
                let message = format!(
                    "the trust bundle has the sequence {sequence}, and {least} was seen before"
                );
                fails("BUNDLE_EXPIRED", message)
            }
            _ => Ok(()),
        }
    }

    /// The key that signed. An id that is said selects nothing: every key is tried, and the id must
    /// then be that key's.
    fn signed(&self, envelope: &Envelope) -> Done<&'a BundleKey> {
        let message = pre_authentication_encoding(&envelope.payload_type, &envelope.payload);
        let mut other = None;
        for (id, signature) in &envelope.signatures {
            let made = |key: &&BundleKey| {
                let public = key.public();
                public.is_ok_and(|public| public.verifies(&message, signature))
            };
            let Some(key) = self.bundle.keys.iter().find(made) else {
                continue;
            };
            match id {
                Some(id) if *id != key.keyid => other = Some(id),
                _ => return Ok(key),
            }
        }
        match other {
            Some(id) => fails(
                "KEYID_MISMATCH",
                format!("`{id}` is not the key that signed it"),
            ),
            None => fails(
                "SIGNATURE_INVALID",
                "no key of the trust bundle signed these bytes",
            ),
        }
    }

    fn verifier(&self, predicate: &Predicate) -> Done {
        let (said, known) = (&predicate.verifier.id, &self.bundle.verifier_id);
        if said == known {
            return Ok(());
        }
        let message = format!("it is of {said}, the trust bundle of {known}");
        fails("VERIFIER_MISMATCH", message)
    }

    fn not_revoked(&self, payload: &[u8]) -> Done {
        let digest = envelope_digest(payload);
        let mut revoked = self.bundle.revoked.iter();
        if revoked.any(|one| one.envelope_digest == digest) {
            return fails("REVOKED", "it was revoked");
        }
        Ok(())
    }

    fn not_ahead(&self, verified: Timestamp) -> Done {
        if verified.duration_since(self.now) > SKEW {
            return fails(
                "FROM_FUTURE",
                format!("it says that it was made at {verified}"),
            );
        }
        Ok(())
    }

    fn not_expired(&self, until: Timestamp) -> Done {
        if self.now >= until {
            return fails("EXPIRED", format!("it held until {until}"));
        }
        Ok(())
    }

    fn young(&self, predicate: &Predicate) -> Done {
        let Some(oldest) = self.policy.max_age else {
            return Ok(());
        };
        let gathered = time(&predicate.snapshot.gathered_at)?;
        let age = self.now.duration_since(gathered);
        if age > oldest {
            let message = format!("its facts were read at {gathered}, {} s ago", age.as_secs());
            return fails("TOO_OLD", message);
        }
        Ok(())
    }

    fn target(&self, statement: &Statement) -> Done {
        let target = &statement.predicate.target;
        let name = format!("opsec:{}/{}", target.cluster.uid, target.operator.id);
        let digest = target.descriptor_digest.trim_start_matches("sha256:");
        let subject = statement.subject.first();
        if !subject.is_some_and(|subject| subject.name == name && subject.sha256() == digest) {
            return fails("TARGET_MISMATCH", "its subject is not what it is about");
        }
        let Wanted::Operator {
            cluster_uid,
            operator,
        } = &self.policy.wanted
        else {
            return Ok(());
        };
        let same = [&target.operator.id, &target.operator.name].contains(&operator);
        if target.cluster.uid != *cluster_uid || !same {
            let message = format!(
                "it is about {} on the cluster {} ({})",
                target.operator.id, target.cluster.uid, target.cluster.id
            );
            return fails("TARGET_MISMATCH", message);
        }
        Ok(())
    }

    fn image(&self, statement: &Statement) -> Done {
        let Some(image) = &self.policy.image else {
            return Ok(());
        };
        let hex = image.trim_start_matches("sha256:");
        let mut images = statement.subject.iter().skip(1);
        if images.any(|subject| subject.sha256() == hex) {
            return Ok(());
        }
        fails("IMAGE_MISMATCH", format!("{image} is none of its images"))
    }

    fn collection(&self, predicate: &Predicate) -> Done {
        let mode = &predicate.snapshot.mode;
        if self.policy.server_collected && mode != "SERVER_COLLECTED" {
            let message = format!(
                "its facts are {mode} by {}, and not read by the service",
                predicate.snapshot.collector
            );
            return fails("COLLECTION_TOO_WEAK", message);
        }
        Ok(())
    }

    fn practices(&self, predicate: &Predicate) -> Done {
        for number in &self.policy.practices {
            let mut found = predicate
                .practices
                .iter()
                .filter(|one| one.number == *number);
            let Some(practice) = found.next() else {
                let message = format!("it says nothing of practice {number}");
                return fails("PRACTICE_MISSING", message);
            };
            let spared = self.policy.allow_not_applicable && practice.status == "NOT_APPLICABLE";
            if found.next().is_some() || (practice.status != "PASS" && !spared) {
                let message = format!("practice {number} is {}", practice.status);
                return fails("PRACTICE_NOT_PASSED", message);
            }
        }
        Ok(())
    }
}

fn size(bytes: &[u8]) -> Done {
    if bytes.len() > ENVELOPE_LIMIT {
        let message = format!(
            "it holds {} bytes; the limit is {ENVELOPE_LIMIT}",
            bytes.len()
        );
        return fails("ENVELOPE_MALFORMED", message);
    }
    Ok(())
}

fn form(bytes: &[u8]) -> Done<Envelope> {
    Envelope::read(bytes).or_else(|error| fails("ENVELOPE_MALFORMED", error.to_string()))
}

fn payload_type(envelope: &Envelope) -> Done {
    if envelope.payload_type == PAYLOAD_TYPE {
        return Ok(());
    }
    fails("PAYLOAD_TYPE", format!("it is not {PAYLOAD_TYPE}"))
}

fn usable(key: &BundleKey) -> Done {
    if key.state == KeyState::Revoked {
        return fails("KEY_REVOKED", format!("key {} was revoked", key.keyid));
    }
    Ok(())
}

/// The statement, of bytes of which it is known who signed them.
fn parse(payload: &[u8]) -> Done<Statement> {
    let unsupported = |message: String| fails("PREDICATE_UNSUPPORTED", message);
    let head: Statement<serde_json::Value> = match serde_json::from_slice(payload) {
        Ok(head) => head,
        Err(error) => return unsupported(format!("it is no statement: {error}")),
    };
    if head.statement_type != STATEMENT_TYPE || head.predicate_type != PREDICATE_TYPE {
        return unsupported(format!(
            "`{}` is not what is understood here",
            head.predicate_type
        ));
    }
    serde_json::from_slice(payload).or_else(|error| unsupported(error.to_string()))
}

fn time(text: &str) -> Done<Timestamp> {
    let parsed = text.parse();
    parsed.or_else(|_| fails("PREDICATE_UNSUPPORTED", format!("`{text}` is no time")))
}

fn times(predicate: &Predicate) -> Done<(Timestamp, Timestamp)> {
    Ok((
        time(&predicate.time_verified)?,
        time(&predicate.valid_until)?,
    ))
}

fn not_retired(key: &BundleKey, verified: Timestamp) -> Done {
    if key.state != KeyState::Retired {
        return Ok(());
    }
    match key.not_after {
        Some(end) if verified <= end => Ok(()),
        end => {
            let end = end.map_or_else(|| "before".to_owned(), |end| format!("at {end}"));
            let message = format!(
                "key {} was retired {end}, and it is of {verified}",
                key.keyid
            );
            fails("KEY_RETIRED_BEFORE", message)
        }
    }
}

fn result(predicate: &Predicate) -> Done {
    match predicate.result.as_str() {
        PASSED => Ok(()),
        FAILED => fails("RESULT_FAILED", "authentic, result FAILED"),
        other => fails(
            "RESULT_FAILED",
            format!("`{other}` is no result that is known here"),
        ),
    }
}
