//! `verify`: offline, from a file, a trust bundle and the clock. No service and no cluster is asked.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};

use jiff::SignedDuration;
use opsec_attest::{
    ENVELOPE_LIMIT, Statement, TrustBundle, Verification, VerifyPolicy, Wanted, verify,
};
use opsec_model::API_VERSION;
use serde::Serialize;

use crate::args::{AnswerFormat, CollectionArg, VerifyArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{clock, output};

/// The most bytes of a trust bundle that are read.
const BUNDLE: usize = 16 << 20;

/// Verifies: valid is status 0, not valid 1.
///
/// # Errors
/// When a file cannot be read, or the trust bundle is none.
pub(crate) fn run(args: &VerifyArgs) -> Result<Exit, Failure> {
    let envelope = read(&args.file, ENVELOPE_LIMIT)?;
    let bundle = read(&args.trust_bundle, BUNDLE)?;
    let file = || args.trust_bundle.to_string_lossy().into_owned();
    let bundle = TrustBundle::read(&bundle).map_err(|source| Failure::TrustBundle {
        file: file(),
        source,
    })?;
    let verification = verify(&envelope, &bundle, &policy(args), clock::now());
    let mut out = Vec::new();
    match args.output.format {
        AnswerFormat::Text => out.extend_from_slice(text(&verification, args).as_bytes()),
        AnswerFormat::Json => {
            opsec_render::json(&Said::of(&verification), &mut out).map_err(Failure::Output)?;
        }
        AnswerFormat::Yaml => {
            opsec_render::yaml(&Said::of(&verification), &mut out).map_err(Failure::Output)?;
        }
    }
    output::answer(&out)?;
    Ok(if verification.is_valid() {
        Exit::Success
    } else {
        Exit::Fail
    })
}

/// A file, or what is too large for it: enough to be refused.
fn read(path: &OsStr, limit: usize) -> Result<Vec<u8>, Failure> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(2);
    let mut bytes = Vec::new();
    let done = if path == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    done.map_err(|source| Failure::Unreadable {
        file: path.to_string_lossy().into_owned(),
        source,
    })?;
    Ok(bytes)
}

fn policy(args: &VerifyArgs) -> VerifyPolicy {
    let target = args.cluster_uid.clone().zip(args.operator.clone());
    let wanted = target.map_or(Wanted::Anything, |(cluster_uid, operator)| {
        Wanted::Operator {
            cluster_uid,
            operator,
        }
    });
    let age = |age| SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
    VerifyPolicy {
        image: args.image.clone(),
        max_age: args.max_age.map(age),
        server_collected: args.minimum_collection == CollectionArg::ServerCollected,
        practices: args.require_practices.iter().copied().collect(),
        allow_not_applicable: args.allow_not_applicable,
        allow_stale_bundle: args.allow_stale_bundle,
        min_sequence: args.min_sequence,
        ..VerifyPolicy::of(wanted)
    }
}

/// What verifying came to, for a program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    api_version: &'static str,
    kind: &'static str,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    steps: Vec<SaidStep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyid: Option<&'a str>,
    /// Who says it is known; whether it does is another question.
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<&'a Statement>,
}

#[derive(Debug, Serialize)]
struct SaidStep {
    name: &'static str,
    passed: bool,
}

impl<'a> Said<'a> {
    fn of(verification: &'a Verification) -> Self {
        let problem = verification.problem();
        let steps = verification.steps.iter().map(|step| SaidStep {
            name: step.name,
            passed: step.problem.is_none(),
        });
        Self {
            api_version: API_VERSION,
            kind: "Verification",
            valid: verification.is_valid(),
            reason: problem.map(|problem| problem.reason),
            message: problem.map(|problem| problem.message.as_str()),
            steps: steps.collect(),
            keyid: verification.key_id.as_deref(),
            statement: verification.statement.as_ref(),
        }
    }
}

fn text(verification: &Verification, args: &VerifyArgs) -> String {
    let mut text = match verification.problem() {
        None => "valid\n".to_owned(),
        Some(_) if verification.is_authentic_failure() => {
            "not valid: authentic, result FAILED\n".to_owned()
        }
        Some(problem) => format!("not valid: {}\n", opsec_render::clean(&problem.to_string())),
    };
    if let Some(statement) = &verification.statement {
        describe(statement, args.any_target, &mut text);
    }
    text
}

fn describe(statement: &Statement, any_target: bool, text: &mut String) {
    let said = &statement.predicate;
    let (target, facts, baseline) = (&said.target, &said.snapshot, &said.baseline);
    let practices: Vec<String> = said
        .practices
        .iter()
        .map(|practice| format!("{} {}", practice.number, practice.status))
        .collect();
    let compared = if any_target {
        "; not compared (--any-target)"
    } else {
        ""
    };
    let rows = [
        (
            "about",
            format!(
                "{} on cluster {} ({}){compared}",
                target.operator.id, target.cluster.id, target.cluster.uid
            ),
        ),
        ("result", said.result.clone()),
        ("practices", practices.join(", ")),
        (
            "baseline",
            format!(
                "{} revision {}, {}",
                baseline.own.name, baseline.own.revision, baseline.effective_digest
            ),
        ),
        (
            "facts",
            format!(
                "{} by {}, read at {}",
                facts.mode, facts.collector, facts.gathered_at
            ),
        ),
        ("images", images(statement)),
        ("exemptions", exemptions(statement)),
        (
            "verified",
            format!(
                "at {} by {} ({}), valid until {}",
                said.time_verified,
                said.verifier.id,
                said.verifier.engine_version,
                said.valid_until
            ),
        ),
    ];
    for (name, value) in rows {
        if !value.is_empty() {
            // Writing to a String does not fail.
            let _ = writeln!(text, "  {name:<10} {}", opsec_render::clean(&value));
        }
    }
}

fn images(statement: &Statement) -> String {
    let images = statement.subject.len().saturating_sub(1);
    if statement.predicate.target.images_complete {
        format!("{images}, each known by its digest")
    } else {
        format!("{images} known by their digest, others by their tag alone")
    }
}

fn exemptions(statement: &Statement) -> String {
    let exemptions = statement.predicate.exemptions.iter();
    let said: Vec<String> = exemptions
        .map(|one| format!("{} ({}, until {})", one.rule, one.owner, one.expires))
        .collect();
    said.join(", ")
}
