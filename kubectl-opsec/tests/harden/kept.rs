//! What operators cannot lose, as `kept.txt` lists it: what is given to `harden` as `--keep`, and all
//! that remains.

use opsec_model::report::FindingStatus;
use opsec_model::{Finding, Report, Status};

const LIST: &str = include_str!("kept.txt");

/// A line of the list: operator, what is kept, and why.
pub(crate) struct Kept {
    pub(crate) operator: &'static str,
    id: &'static str,
    account: Option<&'static str>,
    pub(crate) why: &'static str,
}

/// Every line.
pub(crate) fn kept() -> Vec<Kept> {
    let lines = LIST
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let mut parts = line.splitn(3, " | ");
            let mut next = || parts.next().unwrap().trim();
            let (operator, what, why) = (next(), next(), next());
            let (id, account) = match what.split_once('=') {
                Some((id, account)) => (id, Some(account)),
                None => (what, None),
            };
            Kept {
                operator,
                id,
                account,
                why,
            }
        })
        .collect()
}

impl Kept {
    /// Whether a finding is meant.
    pub(crate) fn means(&self, finding: &Finding) -> bool {
        let named = finding.rule == self.id || finding.right.as_deref() == Some(self.id);
        let whose = self.account.is_none_or(|account| {
            let accounts = finding.service_accounts.iter();
            accounts.map(ToString::to_string).any(|it| it == account)
        });
        named && whose
    }

    /// As `--keep` takes it.
    pub(crate) fn flag(&self) -> String {
        match self.account {
            Some(account) => format!("{}={account}", self.id),
            None => self.id.to_owned(),
        }
    }
}

/// The six practices, a letter each.
pub(crate) fn letters(report: &Report) -> String {
    let letter = |status| match status {
        Status::Pass => 'P',
        Status::Fail => 'F',
        Status::Unknown => '?',
        Status::NotApplicable => '-',
    };
    report
        .practices
        .iter()
        .map(|it| letter(it.status))
        .collect()
}

/// The findings that fail.
pub(crate) fn failing(report: &Report) -> Vec<&Finding> {
    report
        .findings()
        .filter(|finding| finding.status == FindingStatus::Fail)
        .collect()
}
