//! What a practice and a rule are. A rule says whose it is to mend, what it must know, and judges.

use opsec_model::report::Evidence;
use opsec_model::{Finding, FindingStatus, Half, ObjectRef, Reach, ServiceAccountRef, Severity};

use crate::context::Context;

/// One of the six practices.
#[derive(Debug, Clone, Copy)]
pub struct Practice {
    /// 1 to 6.
    pub number: u8,
    /// Its name as a report prints it.
    pub name: &'static str,
    /// What it is for, in prose.
    pub doc: &'static str,
    /// Why an operator that does not meet it is dangerous.
    pub why: &'static str,
    /// The rule whose YAML shows it best.
    pub example: &'static str,
    /// Its rules, in the order of their ids.
    pub rules: &'static [&'static Rule],
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its id, as in `OPSEC306`; never changes meaning and is never reused.
    pub id: &'static str,
    /// The bad pattern in kebab case, as in `secrets-beyond-intended-namespaces`; also the name
    /// of its file and case.
    pub slug: &'static str,
    /// What it judges, in a line of at most 80 characters, lowercase, no final period.
    pub summary: &'static str,
    /// Whose it is to mend.
    pub half: Half,
    /// Its documentation.
    pub doc: RuleDoc,
    /// Kinds that it needs beyond those that finding the operator needs, as plural and group.
    pub needs: &'static [(&'static str, &'static str)],
    /// Judges.
    pub judge: fn(&Context<'_>) -> Judgement,
}

/// The documentation of a rule, as `explain` prints it.
#[derive(Debug, Clone, Copy)]
pub struct RuleDoc {
    /// What it checks.
    pub what: &'static str,
    /// Why that is bad.
    pub why: &'static str,
    /// How grave it is, and when.
    pub severity: &'static str,
    /// YAML that fails it.
    pub bad: &'static str,
    /// YAML that passes it.
    pub good: &'static str,
    /// How to mend it.
    pub fix: &'static str,
    /// Where to read more.
    pub references: &'static [&'static str],
}

/// What a rule found.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// How many subjects were judged; none is NOT_APPLICABLE.
    pub subjects: usize,
    /// What is wrong.
    pub findings: Vec<Draft>,
    /// Facts that could not be had, each a clause: `may not list networkpolicies in shop`.
    pub unknown: Vec<String>,
    /// Why there was nothing to judge, when there was not.
    pub nothing: Option<&'static str>,
}

impl Judgement {
    /// Nothing to judge, for a reason: `no payload in these files`.
    pub fn nothing(reason: &'static str) -> Self {
        Self {
            nothing: Some(reason),
            ..Self::default()
        }
    }

    /// So many subjects, and nothing wrong yet.
    pub fn of(subjects: usize) -> Self {
        Self {
            subjects,
            ..Self::default()
        }
    }
}

/// A finding before the baseline has been asked about it. Its rule is the one that judged unless
/// it says otherwise.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Another rule that it is filed under.
    pub filed_under: Option<&'static str>,
    /// Other rules that it fails.
    pub also: Vec<&'static str>,
    /// The row of the table of dangerous rights.
    pub right: Option<&'static str>,
    /// How grave.
    pub severity: Severity,
    /// How far.
    pub reach: Option<Reach>,
    /// Whether it certainly holds; else the reason is a fact that could not be had.
    pub uncertain: Option<String>,
    /// What is wrong, in a line that begins lowercase: `can create pods in every namespace`.
    pub title: String,
    /// Components that share the cause.
    pub components: Vec<ObjectRef>,
    /// ServiceAccounts that hold it.
    pub service_accounts: Vec<ServiceAccountRef>,
    /// Objects and fields.
    pub evidence: Vec<Evidence>,
    /// Grants.
    pub granted_by: Vec<opsec_model::GrantedBy>,
    /// What an attacker gains, a sentence without its period.
    pub gain: String,
    /// The smallest change, a sentence without its period.
    pub remedy: String,
    /// A shell line that exits 0 exactly when the finding holds.
    pub confirm: Option<String>,
}

impl Draft {
    /// A certain finding with nothing but what every finding has.
    pub fn new(
        severity: Severity,
        title: impl Into<String>,
        gain: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            filed_under: None,
            also: Vec::new(),
            right: None,
            severity,
            reach: None,
            uncertain: None,
            title: title.into(),
            components: Vec::new(),
            service_accounts: Vec::new(),
            evidence: Vec::new(),
            granted_by: Vec::new(),
            gain: gain.into(),
            remedy: remedy.into(),
            confirm: None,
        }
    }

    /// With components that share the cause.
    #[must_use]
    pub fn components(mut self, components: impl IntoIterator<Item = ObjectRef>) -> Self {
        self.components.extend(components);
        self
    }

    /// With ServiceAccounts.
    #[must_use]
    pub fn accounts(mut self, accounts: impl IntoIterator<Item = ServiceAccountRef>) -> Self {
        self.service_accounts.extend(accounts);
        self
    }

    /// With evidence.
    #[must_use]
    pub fn evidence(mut self, object: ObjectRef, field: impl Into<String>) -> Self {
        self.evidence.push(Evidence::new(object, field));
        self
    }

    /// With other rules that it fails.
    #[must_use]
    pub fn also(mut self, rules: impl IntoIterator<Item = &'static str>) -> Self {
        self.also.extend(rules);
        self
    }

    /// With a command that shows it.
    #[must_use]
    pub fn confirm(mut self, command: impl Into<String>) -> Self {
        self.confirm = Some(command.into());
        self
    }

    /// Not certain: a fact could not be had.
    #[must_use]
    pub fn uncertain(mut self, reason: impl Into<String>) -> Self {
        self.uncertain = Some(reason.into());
        self
    }

    /// The finding, filed under a rule of a half, before its status is known.
    pub(crate) fn into_finding(self, rule: &str, half: Half) -> Finding {
        let mut also: Vec<String> = self.also.iter().map(ToString::to_string).collect();
        also.sort();
        also.dedup();
        also.retain(|other| other != rule);
        Finding {
            rule: rule.to_owned(),
            also,
            half,
            right: self.right.map(str::to_owned),
            severity: self.severity,
            reach: self.reach,
            status: FindingStatus::Noted,
            title: self.title,
            components: self.components,
            service_accounts: self.service_accounts,
            evidence: self.evidence,
            granted_by: self.granted_by,
            gain: self.gain,
            remedy: self.remedy,
            confirm: self.confirm,
            reason: self.uncertain,
            exemption: None,
        }
    }
}
