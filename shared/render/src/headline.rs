//! Before anything else: what was judged, from what, against which baseline, and what is at
//! stake. A reader must not mistake a file for a cluster, nor a default for a decision.

use std::io;

use opsec_model::report::OperatorSummary;
use opsec_model::{
    Gain, InstallMode, NoticeCode, OlmInstallation, Path, Report, Source, SourceKind,
};

use crate::Options;
use crate::chain::{IN_SHORT, cut_by};
use crate::layout::{pad, width, wrap};
use crate::page::{Page, RED, Span};
use crate::words::{baseline, count, release, some};

pub(crate) fn write(report: &Report, options: &Options, page: &mut Page<'_>) -> io::Result<()> {
    let version = &report.kubernetes_version;
    let mut parts = looked_at(&report.operator, &report.source, version, options);
    let bar = report.fail_on;
    parts.push(format!("{}, fails from {bar}", baseline(&report.baseline)));
    if let Some(half) = report.half {
        parts.push(format!("the {half}'s half alone"));
    }
    let placed = report
        .notices
        .iter()
        .filter(|notice| notice.code == NoticeCode::NamespacePlaced);
    parts.extend(placed.map(|notice| notice.message.clone()));
    page.parts(&parts)?;
    page.blank()?;
    gains(&report.gains, page)
}

/// The worst chain, the shortest of those; that there are some and each is cut.
pub(crate) fn worst_chain(paths: &[Path], page: &mut Page<'_>) -> io::Result<()> {
    match paths.first() {
        Some(worst) if !worst.cut => IN_SHORT.write(worst, page),
        Some(_) => {
            let chains = count(paths.len(), "chain");
            page.paragraph(0, &format!("Each of {chains} is cut{}", cut_by(paths)))
        }
        None => Ok(()),
    }
}

/// Which operator was looked at, and in what.
pub(crate) fn looked_at(
    operator: &OperatorSummary,
    source: &Source,
    version: &str,
    options: &Options,
) -> Vec<String> {
    vec![
        operator.name.clone(),
        consists_of(operator),
        seen_in(source, version, options),
    ]
}

fn consists_of(operator: &OperatorSummary) -> String {
    let what = if operator.components.is_empty() {
        format!(
            "{}, no workload",
            count(operator.service_accounts.len(), "service account")
        )
    } else {
        count(operator.components.len(), "component")
    };
    if operator.namespaces.is_empty() {
        what
    } else {
        format!("{what} in {}", some(&operator.namespaces, 3))
    }
}

fn seen_in(source: &Source, version: &str, options: &Options) -> String {
    let release = release(version);
    match source.kind {
        SourceKind::Files => {
            let what = match options.objects {
                Some(objects) => count(objects, "object"),
                None => "files".to_owned(),
            };
            let cluster = format!("an empty {release} cluster");
            if source.olm_installations.is_empty() {
                return format!("{what}, as if applied to {cluster}");
            }
            let installed: Vec<String> = source.olm_installations.iter().map(installed).collect();
            let installed = installed.join("; ");
            format!("{what}, as OLM would install it: {installed} of {cluster}")
        }
        SourceKind::Cluster | SourceKind::Snapshot => {
            let name = source.cluster.as_deref().or(source.context.as_deref());
            let cluster = match name {
                Some(name) => format!("cluster {name}"),
                None => "a cluster".to_owned(),
            };
            let saved = match source.kind {
                SourceKind::Snapshot => "a saved snapshot of ",
                _ => "",
            };
            format!("{saved}{cluster}, judged as {release}")
        }
    }
}

/// `AllNamespaces, in operators`; `SingleNamespace, in ops for shop`.
fn installed(installation: &OlmInstallation) -> String {
    let mode = installation.install_mode;
    let place = format!("{mode}, in {}", installation.namespace);
    match mode {
        InstallMode::SingleNamespace | InstallMode::MultiNamespace => {
            format!("{place} for {}", some(&installation.target_namespaces, 3))
        }
        InstallMode::AllNamespaces | InstallMode::OwnNamespace => place,
    }
}

fn gains(gains: &[Gain], page: &mut Page<'_>) -> io::Result<()> {
    let all = Gain::ALL.len();
    if gains.is_empty() {
        let words: Vec<&str> = Gain::ALL.iter().map(|gain| gain.as_str()).collect();
        return page.paragraph(
            0,
            &format!(
                "Whoever takes it gains 0 of {all}: none of {}",
                words.join(", ")
            ),
        );
    }
    let words: Vec<&str> = Gain::ALL
        .iter()
        .filter(|gain| gains.contains(gain))
        .map(|gain| gain.as_str())
        .collect();
    let head = format!("Whoever takes it gains {} of {all}:", words.len());
    let columns = width(&head) + 1;
    let lines = wrap(&words.join(" · "), page.width().saturating_sub(columns));
    for (index, line) in lines.into_iter().enumerate() {
        let head = if index == 0 { head.as_str() } else { "" };
        page.line(&[
            Span::plain(pad(head, columns)),
            Span::styled(line, RED.bold()),
        ])?;
    }
    Ok(())
}
