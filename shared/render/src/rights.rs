//! What ServiceAccounts may do: account by account, cluster-wide first, a block for each rule. What
//! is dangerous stands below its rule, and so does what no request can use.

use std::collections::BTreeSet;
use std::io;

use opsec_model::{Danger, Kind, ObjectRef, Right, RightList, Severity};

use crate::Options;
use crate::headline::looked_at;
use crate::layout::{GLUE, wrap};
use crate::page::{Page, Span, YELLOW};
use crate::words::{count, place, severity_span, some};

/// How far a rule is indented.
const INDENT: usize = 4;
/// How far what is said of a rule is.
const BELOW: usize = 6;
/// How many names a rule is shown with before they are counted.
const NAMES: usize = 6;

/// How rights are shown.
pub(crate) struct View<'a> {
    pub(crate) options: &'a Options,
    pub(crate) everything: bool,
}

impl View<'_> {
    pub(crate) fn write(&self, list: &RightList, page: &mut Page<'_>) -> io::Result<()> {
        let version = &list.kubernetes_version;
        page.parts(&looked_at(
            &list.operator,
            &list.source,
            version,
            self.options,
        ))?;
        page.blank()?;
        for rights in list
            .items
            .chunk_by(|a, b| a.service_account == b.service_account)
        {
            self.account(rights, page)?;
            page.blank()?;
        }
        page.paragraph(0, &summary(&list.items))?;
        if !list.notices.is_empty() && self.everything {
            for notice in &list.notices {
                page.parts(&[format!("notice: {}", notice.message)])?;
            }
        }
        if self.everything {
            return Ok(());
        }
        page.paragraph(0, "Who grants each, and what every account has: -o wide")
    }

    fn account(&self, rights: &[Right], page: &mut Page<'_>) -> io::Result<()> {
        let Some(first) = rights.first() else {
            return Ok(());
        };
        let name = format!("ServiceAccount {}", first.service_account);
        page.line(&[Span::bold(name)])?;
        let (everyones, own): (Vec<&Right>, Vec<&Right>) =
            rights.iter().partition(|right| right.bootstrap);
        if own.is_empty() {
            page.paragraph(2, "nothing beyond what every account has")?;
        }
        self.by_namespace(&own, page)?;
        if self.everything {
            return self.by_namespace(&everyones, page);
        }
        let rules = count(everyones.len(), "rule");
        page.paragraph(
            2,
            &format!("and {rules} of the API server's own (bootstrap), which every account has"),
        )
    }

    fn by_namespace(&self, rights: &[&Right], page: &mut Page<'_>) -> io::Result<()> {
        for rights in rights.chunk_by(|a, b| a.namespace == b.namespace) {
            let Some(first) = rights.first() else {
                continue;
            };
            let origin = if first.bootstrap {
                " (bootstrap: the API server's own)"
            } else {
                ""
            };
            page.line(&[Span::plain(match &first.namespace {
                Some(namespace) => format!("  in namespace {namespace}{origin}"),
                None => format!("  cluster-wide{origin}"),
            })])?;
            for (right, times) in self.distinct(rights) {
                self.rule(right, times, page)?;
            }
        }
        Ok(())
    }

    /// Rules that say the same and differ in who grants them, each once with how often.
    fn distinct<'r>(&self, rights: &[&'r Right]) -> Vec<(&'r Right, usize)> {
        let mut distinct: Vec<(&Right, usize)> = Vec::new();
        for &right in rights {
            let known = distinct.iter_mut().find(|(known, _)| {
                !self.everything
                    && self.words(known) == self.words(right)
                    && known.dangers == right.dangers
                    && known.ineffective == right.ineffective
            });
            match known {
                Some((_, times)) => *times += 1,
                None => distinct.push((right, 1)),
            }
        }
        distinct
    }

    fn words(&self, right: &Right) -> String {
        rule_words(right, if self.everything { usize::MAX } else { NAMES })
    }

    fn rule(&self, right: &Right, times: usize, page: &mut Page<'_>) -> io::Result<()> {
        let text = match times {
            1 => self.words(right),
            _ => format!("{} ({times}{GLUE}times)", self.words(right)),
        };
        let lines = wrap(&text, page.width().saturating_sub(BELOW));
        for (index, line) in lines.into_iter().enumerate() {
            let indent = if index == 0 { INDENT } else { BELOW };
            let line = if right.unusable {
                Span::dim(line)
            } else {
                Span::plain(line)
            };
            page.line(&[Span::plain(" ".repeat(indent)), line])?;
        }
        self.dangers(&right.dangers, page)?;
        for reason in &right.ineffective {
            let head = if right.unusable {
                "no request can use it: "
            } else {
                "no request can use all of it: "
            };
            said(head, reason, page)?;
        }
        if self.everything {
            let grant = &right.granted_by;
            said("by ", &chain(&grant.subject, right), page)?;
        }
        Ok(())
    }

    fn dangers(&self, dangers: &[Danger], page: &mut Page<'_>) -> io::Result<()> {
        let shown: Vec<&Danger> = dangers
            .iter()
            .filter(|danger| self.everything || danger.severity > Severity::Info)
            .collect();
        let words: Vec<String> = shown.iter().map(|danger| self.danger(danger)).collect();
        let Some(worst) = shown.iter().map(|danger| danger.severity).max() else {
            return Ok(());
        };
        let lines = wrap(&words.join(" · "), page.width().saturating_sub(BELOW));
        for line in lines {
            page.line(&[Span::plain(" ".repeat(BELOW)), severity_span(line, worst)])?;
        }
        Ok(())
    }

    fn danger(&self, danger: &Danger) -> String {
        let Danger {
            right,
            severity,
            reach,
        } = danger;
        // The words of one danger stay together.
        if self.everything {
            format!("{severity}{GLUE}{right}{GLUE}({reach})")
        } else {
            format!("{severity}{GLUE}{right}")
        }
    }
}

/// A clause below a rule.
fn said(head: &str, text: &str, page: &mut Page<'_>) -> io::Result<()> {
    let lines = wrap(
        &format!("{head}{text}"),
        page.width().saturating_sub(BELOW + 2),
    );
    for (index, line) in lines.into_iter().enumerate() {
        let indent = if index == 0 { BELOW } else { BELOW + 2 };
        let line = match line.strip_prefix(head.trim_end()) {
            Some(rest) if index == 0 && head.ends_with(": ") => {
                vec![Span::styled(head.trim_end(), YELLOW), Span::plain(rest)]
            }
            _ => vec![Span::dim(line)],
        };
        let spans: Vec<Span> = [Span::plain(" ".repeat(indent))]
            .into_iter()
            .chain(line)
            .collect();
        page.line(&spans)?;
    }
    Ok(())
}

/// `get, list on secrets, deployments.apps, named a, b`.
fn rule_words(right: &Right, names_shown: usize) -> String {
    let mut words = format!(
        "{} on {}",
        right.verbs.join(", "),
        objects(right).join(", ")
    );
    if !right.resource_names.is_empty() {
        let names: Vec<String> = right
            .resource_names
            .iter()
            .map(|name| quoted(name))
            .collect();
        words = format!("{words}, named {}", some(&names, names_shown));
    }
    words
}

fn quoted(name: &str) -> String {
    if name.is_empty() || name.contains(' ') {
        format!("`{name}`")
    } else {
        name.to_owned()
    }
}

/// Resources with their groups, then paths. Several groups are said once, for not every pair of
/// them exists.
fn objects(right: &Right) -> Vec<String> {
    let mut objects: Vec<String> = match right.api_groups.as_slice() {
        [group] => right
            .resources
            .iter()
            .map(|resource| match resource.split_once('/') {
                Some((kind, subresource)) => format!("{}/{subresource}", Kind::new(kind, group)),
                None => Kind::new(resource, group).to_string(),
            })
            .collect(),
        _ => right.resources.clone(),
    };
    if let ([_, _, ..], Some(last)) = (right.api_groups.as_slice(), objects.last_mut()) {
        let groups: Vec<&str> = right
            .api_groups
            .iter()
            .map(|group| if group.is_empty() { "core" } else { group })
            .collect();
        *last = format!("{last} in {}", groups.join(", "));
    }
    objects.extend(right.non_resource_urls.iter().cloned());
    objects
}

/// Who grants it: `ClusterRoleBinding/a → ClusterRole/b rules[2] file.yaml:12`.
fn chain(subject: &ObjectRef, right: &Right) -> String {
    let grant = &right.granted_by;
    let through = match subject.kind.as_str() {
        "ServiceAccount" => String::new(),
        kind => format!("{kind} {} ← ", subject.name),
    };
    let source = grant.source.as_ref().map(place).unwrap_or_default();
    format!(
        "{through}{} → {}{GLUE}{}  {source}",
        grant.binding, grant.role, grant.rule
    )
}

fn summary(items: &[Right]) -> String {
    let accounts: BTreeSet<_> = items.iter().map(|right| &right.service_account).collect();
    let own: Vec<&Right> = items.iter().filter(|right| !right.bootstrap).collect();
    let unusable = own.iter().filter(|right| right.unusable).count();
    let partly = own
        .iter()
        .filter(|right| !right.unusable && !right.ineffective.is_empty())
        .count();
    let mut parts = vec![format!(
        "{} of {}",
        count(own.len(), "rule"),
        count(accounts.len(), "ServiceAccount")
    )];
    if unusable > 0 {
        parts.push(format!("{unusable} that no request can use"));
    }
    if partly > 0 {
        parts.push(format!("{partly} that none can use all of"));
    }
    let worst = own
        .iter()
        .flat_map(|right| &right.dangers)
        .map(|danger| danger.severity)
        .max();
    parts.push(match worst {
        Some(worst) => format!("the gravest is {worst}"),
        None => "none is dangerous".to_owned(),
    });
    format!("{}.", parts.join("; "))
}
