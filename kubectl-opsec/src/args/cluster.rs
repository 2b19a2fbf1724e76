//! Which cluster is read when no file is named; the flags are kubectl's.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use opsec_gather::{ClusterOptions, ConnectionOptions};

/// A cluster, as kubectl takes it.
#[derive(Debug, Args)]
pub(crate) struct ClusterArgs {
    /// The kubeconfig [default: $KUBECONFIG, else ~/.kube/config, else the pod's own account]
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    context: Option<String>,
    /// Ask as this user
    #[arg(long = "as", value_name = "USER", help_heading = "Cluster")]
    impersonate: Option<String>,
    /// Ask as a member of this group; may be repeated
    #[arg(
        long = "as-group",
        value_name = "GROUP",
        requires = "impersonate",
        help_heading = "Cluster"
    )]
    impersonate_groups: Vec<String>,
    /// How long one request may take, as in 30s or 2m
    #[arg(long, default_value = "1m", value_name = "TIME", value_parser = time, help_heading = "Cluster")]
    request_timeout: Duration,
    /// How long all reading may take
    #[arg(long, default_value = "5m", value_name = "TIME", value_parser = time, help_heading = "Cluster")]
    deadline: Duration,
    /// List the names and types of Secrets too; their content is never read
    #[arg(long, help_heading = "Cluster")]
    pub(crate) secret_metadata: bool,
    /// Judge what --save-snapshot wrote, instead of a cluster
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "filename",
        help_heading = "Input"
    )]
    pub(crate) snapshot: Option<PathBuf>,
    /// Write down everything that is judged, and goes to the service
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(crate) save_snapshot: Option<PathBuf>,
}

impl ClusterArgs {
    /// Whom to ask, and as whom.
    pub(crate) fn connection(&self) -> ConnectionOptions {
        ConnectionOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
        }
    }

    /// What to read, and for how long.
    pub(crate) fn options(&self) -> ClusterOptions {
        ClusterOptions {
            secret_metadata: self.secret_metadata,
            deadline: self.deadline,
            request_timeout: self.request_timeout,
            ..ClusterOptions::default()
        }
    }

    /// The flag that only a cluster takes, where files or a snapshot are judged.
    pub(crate) fn misplaced(&self) -> Option<&'static str> {
        [
            (self.kubeconfig.is_some(), "--kubeconfig"),
            (self.context.is_some(), "--context"),
            (self.impersonate.is_some(), "--as"),
            (self.secret_metadata, "--secret-metadata"),
        ]
        .into_iter()
        .find_map(|(given, flag)| given.then_some(flag))
    }
}

/// A time as Go writes it: `30s`, `2m`, `1h`, `500ms`; a bare number is seconds.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end).unwrap_or((text, ""));
    let wrong = || format!("`{text}` is not a time, as in 30s or 2m");
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let duration = match unit {
        "ms" => Duration::from_millis(number),
        "" | "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        "h" => Duration::from_secs(number.saturating_mul(3600)),
        _ => return Err(wrong()),
    };
    if duration.is_zero() {
        return Err(format!("`{text}` leaves no time at all"));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_kubectl_takes_them() {
        for (text, seconds) in [("30s", 30), ("2m", 120), ("1h", 3600), ("7", 7)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        for text in ["", "s", "0", "-1s", "1d", "1.5s", "2m30s"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
