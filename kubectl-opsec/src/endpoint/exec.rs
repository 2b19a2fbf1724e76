//! Credentials that a program gives, by the protocol of kubectl's credential plugins
//! (client.authentication.k8s.io).

use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long the program may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program that gives a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Exec {
    /// The program.
    command: String,
    /// Its arguments.
    #[serde(default)]
    args: Vec<String>,
    /// What stands in its environment besides this process's.
    #[serde(default)]
    env: Vec<Variable>,
    /// `client.authentication.k8s.io/v1` when absent.
    #[serde(default)]
    api_version: Option<String>,
}

/// A variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    name: String,
    value: String,
}

/// What the program gave.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credential {
    /// A bearer token.
    pub(super) token: Option<String>,
    /// A certificate, PEM.
    pub(super) client_certificate_data: Option<String>,
    /// Its key, PEM.
    pub(super) client_key_data: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    status: Option<Credential>,
}

impl Exec {
    /// Runs the program.
    pub(super) async fn run(&self) -> Result<Credential, String> {
        let version = self.api_version.as_deref();
        let version = version.unwrap_or("client.authentication.k8s.io/v1");
        let asked = json!({
            "apiVersion": version,
            "kind": "ExecCredential",
            "spec": {"interactive": false},
        });
        let mut command = tokio::process::Command::new(&self.command);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|one| (&one.name, &one.value)))
            .env("KUBERNETES_EXEC_INFO", asked.to_string())
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        let name = &self.command;
        let output = tokio::time::timeout(PATIENCE, command.output())
            .await
            .map_err(|_| format!("`{name}` gave none within {} s", PATIENCE.as_secs()))?
            .map_err(|error| format!("`{name}` cannot be run: {error}"))?;
        if !output.status.success() {
            return Err(format!("`{name}` failed with {}", output.status));
        }
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("`{name}` printed no ExecCredential: {error}"))?;
        answer
            .status
            .filter(|status| status.token.is_some() || status.client_certificate_data.is_some())
            .ok_or_else(|| format!("`{name}` gave neither token nor certificate"))
    }
}
