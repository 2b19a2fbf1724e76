//! The client of a cluster that reviews tokens. Its kubeconfig is data: what would run a program,
//! or trust anyone, is refused.

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::path::Path;
use std::time::Duration;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client of a kubeconfig, or of the cluster that the service runs in.
///
/// # Errors
/// When the kubeconfig cannot be read, or has what is refused.
pub(super) fn client(kubeconfig: Option<&Path>) -> Result<Client, String> {
    let mut config = config(kubeconfig)?;
    config.connect_timeout = Some(PATIENCE);
    config.read_timeout = Some(PATIENCE);
    config.write_timeout = Some(PATIENCE);
    Client::try_from(config).map_err(|error| error.to_string())
}

/// The same as a configuration.
///
/// # Errors
/// As for [`client`].
pub(crate) fn config(kubeconfig: Option<&Path>) -> Result<Config, String> {
    match kubeconfig {
        None => Config::incluster().map_err(|error| error.to_string()),
        Some(path) => of_file(path).map_err(|error| format!("{}: {error}", path.display())),
    }
}

fn of_file(path: &Path) -> Result<Config, String> {
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| error.to_string())?;
    refuse(&kubeconfig)?;
    let options = KubeConfigOptions::default();
    // It reads files alone: nothing is run, and nothing is asked.
    let made = std::thread::scope(|scope| {
        // A runtime ends where it began: not within the one that serves.
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            let made = runtime.block_on(Config::from_custom_kubeconfig(kubeconfig, &options));
            made.map_err(|error| error.to_string())
        };
        scope.spawn(work).join()
    });
    made.map_err(|_| "it cannot be read".to_owned())?
}

fn refuse(kubeconfig: &Kubeconfig) -> Result<(), String> {
    for user in &kubeconfig.auth_infos {
        let Some(auth) = &user.auth_info else {
            continue;
        };
        if auth.exec.is_some() || auth.auth_provider.is_some() {
            return Err(format!(
                "user `{}` would run a program; give a token file or a certificate",
                user.name
            ));
        }
    }
    for named in &kubeconfig.clusters {
        let Some(cluster) = &named.cluster else {
            continue;
        };
        if cluster.insecure_skip_tls_verify == Some(true) || cluster.proxy_url.is_some() {
            return Err(format!(
                "cluster `{}` has insecure-skip-tls-verify or proxy-url, which are refused",
                named.name
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_that_runs_programs_or_trusts_anyone_is_refused() {
        let of = |user: &str, cluster: &str| {
            format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  \
                 context: {{cluster: c, user: u}}\nclusters:\n- name: c\n  cluster: {{server: \
                 \"https://127.0.0.1:1\"{cluster}}}\nusers:\n- name: u\n  user: {{{user}}}\n"
            )
        };
        for (text, said) in [
            (of("token: a", ""), None),
            (
                of(
                    "exec: {apiVersion: client.authentication.k8s.io/v1, command: id}",
                    "",
                ),
                Some("run a program"),
            ),
            (
                of("auth-provider: {name: gcp, config: {}}", ""),
                Some("run a program"),
            ),
            (
                of("token: a", ", insecure-skip-tls-verify: true"),
                Some("refused"),
            ),
            (of("token: a", ", proxy-url: \"http://a\""), Some("refused")),
        ] {
            let kubeconfig = Kubeconfig::from_yaml(&text).unwrap();
            let refused = refuse(&kubeconfig).err();
            assert_eq!(refused.is_some(), said.is_some(), "{text}");
            if let Some(said) = said {
                assert!(refused.unwrap().contains(said));
            }
        }
    }
}
