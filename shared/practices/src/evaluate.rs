//! From a snapshot to reports: find the operators, judge every rule, join the verdicts.

mod collate;
mod needs;

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use opsec_model::canonical::CanonicalError;
use opsec_model::report::{BaselineSummary, OperatorSummary};
use opsec_model::snapshot::PlacementReason;
use opsec_model::{
    API_VERSION, Completeness, EffectiveBaseline, Half, Notice, NoticeCode, Report, Severity,
    Snapshot, Source, Status,
};
use opsec_operators::{Operator, ResolveError};
use opsec_rights::gains;

use crate::chains::chains;
use crate::context::{Context, Engines};
use crate::exempt::Exemptions;
use crate::p6_declared_rights::declaration;
use crate::prepared::Prepared;
use crate::probes;
use crate::registry::PRACTICES;
use collate::collate;
pub(crate) use needs::base as base_needs;

/// What is asked of a check.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// The operator by any of its names; absent: the only one.
    pub operator: Option<String>,
    /// Every operator.
    pub all: bool,
    /// The half that is judged; absent: both.
    pub half: Option<Half>,
    /// The least severity that fails, instead of the baseline's.
    pub fail_on: Option<Severity>,
    /// The time at which exemptions are looked at.
    pub now: Timestamp,
}

/// The baseline that applies to an operator, and what is to be said about why.
#[derive(Debug, Clone)]
pub struct SelectedBaseline {
    /// The baseline.
    pub baseline: EffectiveBaseline,
    /// Notices about the selection.
    pub notices: Vec<Notice>,
}

/// Why a check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The operator could not be resolved.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The operator has no component of that name.
    #[error(
        "{operator} has no component `{component}`; it has: {}",
        .candidates.join(", ")
    )]
    Component {
        /// The operator.
        operator: String,
        /// The component that was asked for.
        component: String,
        /// Those that it has.
        candidates: Vec<String>,
    },
    /// The snapshot has no canonical form.
    #[error("the input has no digest: {0}")]
    Digest(#[from] CanonicalError),
}

/// Judges one operator of a snapshot, or all of them. `baselines` says which baseline applies.
///
/// # Errors
/// When the operator is not there or ambiguous, or a parameter object has no canonical form.
pub fn check(
    snapshot: &Snapshot,
    options: &CheckOptions,
    baselines: &dyn Fn(&OperatorSummary) -> SelectedBaseline,
) -> Result<Vec<Report>, CheckError> {
    Prepared::new(snapshot).check(options, baselines)
}

/// Every operator of a snapshot.
pub fn list_operators(snapshot: &Snapshot) -> Vec<OperatorSummary> {
    Prepared::new(snapshot).list_operators()
}

impl Prepared<'_> {
    /// Judges one operator, or all of them. `baselines` says which baseline applies.
    ///
    /// # Errors
    /// When the operator is not there or ambiguous, or a parameter object has no canonical form.
    pub fn check(
        &self,
        options: &CheckOptions,
        baselines: &dyn Fn(&OperatorSummary) -> SelectedBaseline,
    ) -> Result<Vec<Report>, CheckError> {
        let judged = self.judged(options)?;
        let digest = self.digest()?;
        let engines = Engines::new(self);
        let reports = judged.into_iter().map(|operator| {
            let selected = baselines(&operator.summary(&BTreeSet::new()));
            judge(self, &engines, operator, &selected, options, digest)
        });
        Ok(reports.collect())
    }

    /// Judges one operator by one baseline, both halves of every practice.
    ///
    /// # Errors
    /// When the operator is not there or ambiguous, or a parameter object has no canonical form.
    pub fn check_one(
        &self,
        operator: Option<&str>,
        baseline: &EffectiveBaseline,
        now: Timestamp,
    ) -> Result<Report, CheckError> {
        let options = CheckOptions {
            operator: None,
            all: false,
            half: None,
            fail_on: None,
            now,
        };
        let selected = SelectedBaseline {
            baseline: baseline.clone(),
            notices: Vec::new(),
        };
        let operator = self.resolve(operator)?;
        let (digest, engines) = (self.digest()?, Engines::new(self));
        Ok(judge(self, &engines, operator, &selected, &options, digest))
    }

    /// Every operator.
    pub fn list_operators(&self) -> Vec<OperatorSummary> {
        let works_in = |operator: &Operator| {
            let elsewhere = operator
                .intended
                .namespaces
                .difference(&operator.namespaces);
            elsewhere
                .filter(|name| !opsec_kubernetes::NAMESPACES.contains(&name.as_str()))
                .cloned()
                .collect()
        };
        self.operators()
            .iter()
            .map(|operator| operator.summary(&works_in(operator)))
            .collect()
    }

    /// The operators that are asked for.
    pub(crate) fn judged(&self, options: &CheckOptions) -> Result<Vec<&Operator>, ResolveError> {
        if !options.all {
            return Ok(vec![self.resolve(options.operator.as_deref())?]);
        }
        let operators = self.operators();
        let named = options.operator.as_deref();
        let namespace = named.and_then(opsec_operators::whole_namespace);
        let found: Vec<&Operator> = operators
            .iter()
            .filter(|operator| operator.is_operator)
            .filter(|operator| namespace.is_none_or(|only| operator.namespaces.contains(only)))
            .collect();
        match (found.is_empty(), operators) {
            // From files a single installation is judged whatever it is.
            (true, _) if namespace.is_some() => self.resolve(named).map(|one| vec![one]),
            (true, [only]) if self.facts().from_files() => Ok(vec![only]),
            (true, _) => Err(opsec_operators::none_watches(operators, self.facts())),
            (false, _) => Ok(found),
        }
    }
}

fn judge(
    prepared: &Prepared<'_>,
    engines: &Engines<'_>,
    operator: &Operator,
    selected: &SelectedBaseline,
    options: &CheckOptions,
    digest: &str,
) -> Report {
    let baseline = &selected.baseline;
    let operator = &*with_owned_kinds(prepared, operator, baseline);
    let context = Context::new(prepared, engines, operator, baseline);
    let fail_on = options.fail_on.unwrap_or_else(|| baseline.fail_on());
    let mut exemptions = Exemptions::new(baseline, options.now);
    let collated = collate(&context, fail_on, options.half, &mut exemptions);
    let status = collated
        .practices
        .iter()
        .map(|practice| practice.status)
        .fold(Status::NotApplicable, Status::join);
    let snapshot = prepared.snapshot();
    let mut notices = snapshot.notices.clone();
    notices.extend(selected.notices.iter().cloned());
    notices.extend(context_notices(&context));
    notices.extend(exemptions.notices());
    notices.sort();
    notices.dedup();
    Report {
        api_version: API_VERSION.to_owned(),
        kind: "Report".to_owned(),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        kubernetes_version: if snapshot.kubernetes_version.is_empty() {
            opsec_kubernetes::RELEASE.to_owned()
        } else {
            snapshot.kubernetes_version.clone()
        },
        source: source(operator, snapshot),
        operator: operator.summary(&context.namespaces().intended_for_report()),
        baseline: BaselineSummary {
            name: baseline.name.clone(),
            revision: baseline.revision,
            digest: baseline.digest.clone(),
            inline: baseline.inline,
        },
        fail_on,
        half: options.half,
        snapshot_digest: digest.to_owned(),
        status,
        gains: report_gains(&context),
        counts: collated.counts,
        notices,
        paths: opsec_paths::heads(&chains(&context)),
        practices: collated.practices,
    }
}

/// The operator with what the baseline calls its kinds: they are the operator's.
pub(crate) fn with_owned_kinds<'o>(
    prepared: &Prepared<'_>,
    operator: &'o Operator,
    baseline: &EffectiveBaseline,
) -> Cow<'o, Operator> {
    match baseline.spec.owned_kinds.as_deref() {
        None | Some([]) => Cow::Borrowed(operator),
        Some(owned) => {
            let operator = operator.clone();
            Cow::Owned(operator.with_owned_kinds(prepared.facts(), owned))
        }
    }
}

/// Where the facts are from; of the installations by OLM, those of this operator.
fn source(operator: &Operator, snapshot: &Snapshot) -> Source {
    let mut source = snapshot.source.clone();
    source
        .olm_installations
        .retain(|installation| operator.is_installed_by(installation));
    source
}

fn report_gains(context: &Context<'_>) -> Vec<opsec_model::Gain> {
    let mut found = gains(context.all_rights());
    let takes_a_node = context
        .components()
        .into_iter()
        .any(|w| !opsec_pod_security::node_access(&w.template).is_empty());
    if takes_a_node {
        found.insert(opsec_model::Gain::Nodes);
    }
    found.into_iter().collect()
}

fn context_notices(context: &Context<'_>) -> Vec<Notice> {
    let mut notices = Vec::new();
    for group in &context.operator.presumed_own_groups {
        notices.push(Notice::new(
            NoticeCode::PresumedOwnGroups,
            format!("group {group} is taken to be the operator's own: it writes its status, and no CRD of it is here"),
        ));
    }
    if context.namespaces().all_intended {
        notices.push(Notice::new(
            NoticeCode::EveryNamespaceIntended,
            "the baseline says that every namespace is intended",
        ));
    } else if context.namespaces().inferred
        && !context.namespaces().intended.is_empty()
        && !declaration::confirms_intended(context)
    {
        let names: Vec<&str> = context
            .namespaces()
            .intended
            .iter()
            .map(String::as_str)
            .collect();
        notices.push(Notice::new(
            NoticeCode::InferredIntendedNamespaces,
            format!("intended namespaces are inferred: {}", names.join(", ")),
        ));
    }
    notices.extend(placements(context));
    notices.extend(probes::notices(context));
    if *context.facts.completeness("secrets", "") == Completeness::OutOfScope {
        notices.push(Notice::new(
            NoticeCode::Incomplete,
            "Secrets were not listed (--secret-metadata lists their names and types): OPSEC313 judges projected tokens alone, and what rests on a Secret takes the lower grade",
        ));
    }
    notices
}

/// Where the operator's objects that name no namespace were placed, and why. What was placed in
/// `default`, since nothing says where, is a notice of reading.
fn placements(context: &Context<'_>) -> Vec<Notice> {
    let placed = context.facts.snapshot().placements.iter();
    placed
        .filter(|placement| context.operator.namespaces.contains(&placement.namespace))
        .filter_map(|placement| {
            let why = match placement.reason {
                PlacementReason::Asked => "as asked",
                PlacementReason::Bindings => "which the bindings of their file name",
                // Where OLM installs is said of the installation.
                PlacementReason::Default | PlacementReason::Installation => return None,
            };
            let noun = if placement.objects == 1 {
                "object names"
            } else {
                "objects name"
            };
            Some(Notice::new(
                NoticeCode::NamespacePlaced,
                format!(
                    "{} {noun} no namespace; judged in {}, {why}",
                    placement.objects, placement.namespace
                ),
            ))
        })
        .collect()
}
