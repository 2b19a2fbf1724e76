//! One block a finding. Findings that differ only in whom they concern are one block with a list.

use std::collections::BTreeSet;
use std::io;

use opsec_model::{Evidence, Finding, FindingStatus};

use crate::grants;
use crate::page::{Page, Span};
use crate::words::{count, distinct, place, severity_span};

/// Findings of one cause and one sentence.
pub(crate) struct Block<'a> {
    findings: Vec<&'a Finding>,
}

/// The findings of a status in blocks, the worst first.
pub(crate) fn blocks(findings: &[Finding], status: FindingStatus) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.status == status) {
        let alike = |block: &&mut Block<'_>| {
            block
                .findings
                .first()
                .is_some_and(|first| is_alike(first, finding))
        };
        match blocks.iter_mut().find(alike) {
            Some(block) => block.findings.push(finding),
            None => blocks.push(Block {
                findings: vec![finding],
            }),
        }
    }
    blocks.sort_by_key(|block| {
        let first = block.findings.first();
        std::cmp::Reverse(first.map(|finding| finding.severity))
    });
    blocks
}

fn is_alike(a: &Finding, b: &Finding) -> bool {
    let key = |finding: &Finding| {
        (
            finding.rule.clone(),
            finding.also.clone(),
            (finding.right.clone(), finding.severity, finding.reach),
            (finding.title.clone(), finding.gain.clone()),
            (finding.reason.clone(), finding.exemption.clone()),
        )
    };
    key(a) == key(b)
}

impl Block<'_> {
    /// The whole block, as the finding's status asks: what is accepted or below the bar is brief.
    pub(crate) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Some(first) = self.findings.first() else {
            return Ok(());
        };
        self.title(first, page)?;
        if first.status == FindingStatus::Noted {
            return self.places(page);
        }
        if let Some(accepted) = &first.exemption {
            page.labelled("accepted", &accepted_words(accepted))?;
        }
        if let Some(reason) = first.reason.as_deref() {
            page.labelled("unknown", reason)?;
        }
        if !first.also.is_empty() {
            page.labelled("also", &first.also.join(", "))?;
        }
        self.subjects(page)?;
        self.places(page)?;
        let granted: Vec<_> = self.findings.iter().flat_map(|f| &f.granted_by).collect();
        grants::write(&granted, page)?;
        page.labelled("gives", &first.gain)?;
        for remedy in self.each(|finding| Some(&finding.remedy)) {
            page.labelled("fix", remedy)?;
        }
        for confirm in self.each(|finding| finding.confirm.as_deref()) {
            page.verbatim("see it", confirm)?;
        }
        page.blank()
    }

    fn each<'b>(&'b self, text: impl Fn(&'b Finding) -> Option<&'b str>) -> Vec<&'b str> {
        distinct(self.findings.iter().filter_map(|finding| text(finding)))
    }

    fn title(&self, first: &Finding, page: &mut Page<'_>) -> io::Result<()> {
        let status = match first.status {
            FindingStatus::Fail => "",
            FindingStatus::Unknown => " UNKNOWN",
            FindingStatus::Accepted => " ACCEPTED",
            FindingStatus::Noted => " NOTED",
        };
        let head = format!("{} {}{status}", first.rule, first.severity);
        let number = match self.findings.len() {
            1 => String::new(),
            number => format!(" ({})", count(number, "finding")),
        };
        let subject = match self.accounts().as_slice() {
            [account] if first.right.is_some() && !first.title.contains(account.as_str()) => {
                format!("{account} ")
            }
            _ => String::new(),
        };
        let text = format!(" · {subject}{}{number}", first.title);
        page.wrapped(&severity_span(head, first.severity), &text)
    }

    fn accounts(&self) -> Vec<String> {
        let accounts: BTreeSet<_> = self
            .findings
            .iter()
            .flat_map(|finding| &finding.service_accounts)
            .collect();
        accounts.into_iter().map(ToString::to_string).collect()
    }

    fn subjects(&self, page: &mut Page<'_>) -> io::Result<()> {
        let components: BTreeSet<_> = self
            .findings
            .iter()
            .flat_map(|finding| &finding.components)
            .collect();
        let components: Vec<String> = components.into_iter().map(ToString::to_string).collect();
        if !components.is_empty() {
            page.labelled("of", &components.join(", "))?;
        }
        let accounts = self.accounts();
        let holds_grants = self.findings.iter().any(|f| !f.granted_by.is_empty());
        if accounts.is_empty() || holds_grants {
            return Ok(());
        }
        page.labelled("account", &accounts.join(", "))
    }

    fn places(&self, page: &mut Page<'_>) -> io::Result<()> {
        let mut seen = BTreeSet::new();
        let mut label = "at";
        for evidence in self.findings.iter().flat_map(|finding| &finding.evidence) {
            let words = evidence_words(evidence);
            let granted = self.findings.iter().flat_map(|f| &f.granted_by);
            let in_grants = granted.into_iter().any(|grant| {
                grant.role == evidence.object && evidence.field.starts_with(&grant.rule)
            });
            if !in_grants && seen.insert(words.clone()) {
                page.verbatim(label, &words)?;
                label = "";
            }
        }
        Ok(())
    }
}

fn evidence_words(evidence: &Evidence) -> String {
    let mut words = evidence.object.to_string();
    if !evidence.field.is_empty() {
        words = format!("{words}  {}", evidence.field);
    }
    if let Some(source) = &evidence.source {
        words = format!("{words}  {}", place(source));
    }
    words
}

fn accepted_words(accepted: &opsec_model::report::AcceptedBy) -> String {
    let by = match accepted.owner.as_str() {
        "" => String::new(),
        owner => format!("by {owner}, "),
    };
    format!("{by}until {}: {}", accepted.expires, accepted.reason)
}

impl Page<'_> {
    /// A title that begins with a coloured head and goes on in lines below it.
    fn wrapped(&mut self, head: &Span, text: &str) -> io::Result<()> {
        let whole = format!("{}{text}", head.text);
        let lines = crate::layout::wrap(&whole, self.width().saturating_sub(2));
        for (index, line) in lines.into_iter().enumerate() {
            match line.strip_prefix(head.text.as_str()) {
                Some(rest) if index == 0 => self.line(&[head.clone(), Span::plain(rest)])?,
                _ if index == 0 => self.line(&[Span::plain(line)])?,
                _ => self.line(&[Span::plain("  "), Span::plain(line)])?,
            }
        }
        Ok(())
    }
}
