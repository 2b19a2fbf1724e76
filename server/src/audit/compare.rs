//! A store and its audit beside each other: every change has its event, and every event of a change has
//! its change. Neither may be cut back without the other.

use std::collections::BTreeMap;
use std::path::Path;

use opsec_store::fsck::{Code, Finding};
use opsec_store::outbox::Row;

use super::AuditError;
use super::files;
use super::verify::follow;

/// The event of the highest commit that an audit tells of.
struct Newest {
    commit: u64,
    seq: u64,
    resource: String,
}

/// What a store has that its audit has not, and the other way round: `owed` is what it still owes, and
/// `commit` its last one.
///
/// # Errors
/// When the audit cannot be read, or an event of it does not follow.
pub(crate) fn compare(
    directory: &Path,
    owed: &[Row],
    commit: u64,
) -> Result<Vec<Finding>, AuditError> {
    let mut missing: BTreeMap<&str, &Row> =
        owed.iter().map(|row| (row.owed.id.as_str(), row)).collect();
    let mut newest: Option<Newest> = None;
    for part in files::parts(directory)? {
        let _ = follow(&part, None, |head, link| {
            missing.remove(link.event.id.as_str());
            let known = newest.as_ref().map_or(0, |newest| newest.commit);
            if link.event.commit > known {
                newest = Some(Newest {
                    commit: link.event.commit,
                    seq: head.seq,
                    resource: link.event.resource.clone(),
                });
            }
        })?;
    }
    let mut findings: Vec<Finding> = missing.into_values().map(behind).collect();
    findings.extend(newest.filter(|newest| newest.commit > commit).map(|newest| {
        let Newest { commit: told, seq, resource } = newest;
        found(
            Code::AuditAhead,
            format!(
                "event {seq} of the audit tells of `{resource}` at commit {told}, and the store ends at \
                 commit {commit}: it was cut back, or is not the store of this audit"
            ),
        )
    }));
    Ok(findings)
}

fn behind(row: &Row) -> Finding {
    let about = &row.owed.about;
    found(
        Code::AuditBehind,
        format!(
            "`{}` of `{}` at commit {} has no event in the audit yet; the service writes it when it starts",
            row.owed.method, about.resource, row.commit
        ),
    )
}

fn found(code: Code, message: String) -> Finding {
    Finding {
        code,
        message,
        repaired: false,
    }
}
