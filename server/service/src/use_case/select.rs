//! Which baseline an operator is judged by: the one in the request, the one that it names, or the
//! one that applies.

use opsec_model::baseline::{Attestation, BaselineSpec};
use opsec_model::canonical::CanonicalError;
use opsec_model::{Baseline, EffectiveBaseline, Notice, NoticeCode, OperatorSummary};
use opsec_practices::SelectedBaseline;
use opsec_proto::v1::BaselineMatch;
use opsec_store::{Baselines, Match, Resolution, StoredBaseline};

use crate::failure::Failure;

/// What the request says about the baseline.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    /// Nothing: the one that applies.
    Applies,
    /// A stored one by name.
    Named(String),
    /// One that came with the request.
    Inline(Box<Baseline>),
}

/// Selects baselines for one call.
#[derive(Debug)]
pub(crate) struct Selector<'a> {
    pub(crate) baselines: &'a Baselines,
    pub(crate) choice: Choice,
    pub(crate) applying: Applying,
}

/// Which of the stored baselines may apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Applying {
    /// Those that are for the cluster of that id; without an id, for every cluster.
    On(Option<String>),
    /// `default` and no other: the cluster is none that is known.
    DefaultAlone,
}

/// A selected baseline with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    pub(crate) name: String,
    pub(crate) revision: i64,
    pub(crate) digest: String,
    pub(crate) parent: Option<Parent>,
    pub(crate) effective_digest: String,
    pub(crate) matched: BaselineMatch,
    /// What an attestation asks for.
    pub(crate) attestation: Attestation,
}

/// What a selected baseline extends.
#[derive(Debug, Clone)]
pub(crate) struct Parent {
    pub(crate) revision: i64,
    pub(crate) digest: String,
}

impl Selector<'_> {
    /// The baseline of an operator: its origin, and what the engine judges by.
    pub(crate) fn select(
        &self,
        operator: &OperatorSummary,
    ) -> Result<(Selected, SelectedBaseline), Failure> {
        let canonical = |_: CanonicalError| Failure::bug();
        match &self.choice {
            Choice::Inline(baseline) => {
                let inline = |error: CanonicalError| Failure::Spec {
                    path: "spec".to_owned(),
                    message: error.to_string(),
                };
                self.selected(baseline, 0, BaselineMatch::Inline, Vec::new())
                    .map_err(inline)
            }
            Choice::Named(name) => match self.baselines.get(name) {
                Some(stored) => self.of_stored(stored, BaselineMatch::Selected, Vec::new()),
                None if name == "default" => {
                    self.selected(&Baseline::builtin(), 0, BaselineMatch::Selected, Vec::new())
                }
                None => return Err(Failure::BaselineNotFound(name.clone())),
            }
            .map_err(canonical),
            Choice::Applies => self.applying(operator).map_err(canonical),
        }
    }

    /// What is judged by when a selection failed; the reports are thrown away.
    pub(crate) fn stand_in() -> SelectedBaseline {
        let baseline = EffectiveBaseline {
            name: String::new(),
            revision: 0,
            digest: String::new(),
            inline: false,
            spec: BaselineSpec::default(),
        };
        SelectedBaseline {
            baseline,
            notices: Vec::new(),
        }
    }

    fn applying(
        &self,
        operator: &OperatorSummary,
    ) -> Result<(Selected, SelectedBaseline), CanonicalError> {
        let resolution = self.resolution(operator)?;
        let mut notices: Vec<Notice> = resolution
            .passed_over
            .iter()
            .map(|stored| passed_over(stored))
            .collect();
        let matched = match resolution.matched {
            Match::NameAndNamespaces => BaselineMatch::NameAndNamespaces,
            Match::Name => BaselineMatch::Name,
            Match::Default => BaselineMatch::Default,
            Match::Builtin => BaselineMatch::Builtin,
        };
        let Some(stored) = resolution.baseline else {
            return self.selected(&Baseline::builtin(), 0, matched, notices);
        };
        if resolution.matched == Match::Name {
            notices.push(matched_by_name(stored));
        }
        self.of_stored(stored, matched, notices)
    }

    fn resolution(&self, operator: &OperatorSummary) -> Result<Resolution<'_>, CanonicalError> {
        match &self.applying {
            Applying::On(cluster) => self.baselines.resolve(operator, cluster.as_deref()),
            Applying::DefaultAlone => Ok(self.baselines.default_alone()),
        }
    }

    /// Baselines that are for an operator of that name and do not apply.
    pub(crate) fn passed_over(
        &self,
        operator: &OperatorSummary,
    ) -> Result<Vec<&StoredBaseline>, Failure> {
        let resolution = self.resolution(operator).map_err(|_| Failure::bug())?;
        Ok(resolution.passed_over)
    }

    fn of_stored(
        &self,
        stored: &StoredBaseline,
        matched: BaselineMatch,
        notices: Vec<Notice>,
    ) -> Result<(Selected, SelectedBaseline), CanonicalError> {
        self.selected(&stored.baseline, stored.revision, matched, notices)
    }

    fn selected(
        &self,
        baseline: &Baseline,
        revision: i64,
        matched: BaselineMatch,
        notices: Vec<Notice>,
    ) -> Result<(Selected, SelectedBaseline), CanonicalError> {
        let default = self.baselines.get("default");
        let inline = matched == BaselineMatch::Inline;
        let effective = EffectiveBaseline::new(
            baseline,
            revision,
            inline,
            default.map(|default| &default.baseline),
        )?;
        let is_builtin = revision == 0 && !inline;
        let parent = match (default, &baseline.spec.extends) {
            _ if is_builtin => None,
            (Some(default), Some(_)) => Some(Parent {
                revision: default.revision,
                digest: default.digest.clone(),
            }),
            _ => Some(Parent {
                revision: 0,
                digest: Baseline::builtin().digest()?,
            }),
        };
        let selected = Selected {
            name: baseline.metadata.name.clone(),
            revision,
            digest: baseline.digest()?,
            parent,
            effective_digest: effective.digest.clone(),
            matched,
            attestation: effective.spec.attestation.clone().unwrap_or_default(),
        };
        Ok((
            selected,
            SelectedBaseline {
                baseline: effective,
                notices,
            },
        ))
    }
}

fn matched_by_name(stored: &StoredBaseline) -> Notice {
    Notice::new(
        NoticeCode::MatchedByName,
        format!(
            "baseline `{}` was matched by the operator's name alone, which its own labels say; operatorNamespaces would hold it to where the operator runs",
            stored.name()
        ),
    )
}

fn passed_over(stored: &StoredBaseline) -> Notice {
    Notice::new(
        NoticeCode::BaselinePassedOver,
        format!(
            "baseline `{}` is for an operator of this name but does not apply: a component runs outside its operatorNamespaces",
            stored.name()
        ),
    )
}
