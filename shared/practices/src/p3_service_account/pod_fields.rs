//! Shell lines that show a field of a workload's pods to be what a Pod Security Standard forbids.
//! (A dry run of the namespace's label names but one pod of several that lack the same.)

use opsec_model::objects::{Object as _, Workload};

use crate::shell::quote;

/// The line for a field that a violation or a reach into the node names: exit status 0 exactly
/// while the field is so.
pub(crate) fn is_as_said(workload: &Workload, field: &str) -> String {
    if let Some((annotations, key)) = annotation(field) {
        return format!(
            "{} | grep -qF {}",
            get(workload, &[annotations]),
            quote(key)
        );
    }
    let spec = workload.kind.pod_spec_path();
    let inner = field
        .strip_prefix(spec)
        .map_or(field, |rest| rest.trim_start_matches('.'));
    let last = inner.rsplit('.').next().unwrap_or(inner);
    let here = || get(workload, &[field]);
    // What a container leaves out its pod may say.
    let with_pods = |name: &str| {
        let of_pod = format!("{spec}.securityContext.{name}");
        if of_pod == field {
            here()
        } else {
            get(workload, &[&of_pod, field])
        }
    };
    match last {
        "privileged" | "hostProcess" | "hostNetwork" | "hostPID" | "hostIPC" => {
            format!("{} | grep -qx true", here())
        }
        "allowPrivilegeEscalation" => format!("v=$({}) && test \"$v\" != false", here()),
        "runAsNonRoot" => {
            format!(
                "v=$({}) && ! echo \"$v\" | grep -q 'true$'",
                with_pods("runAsNonRoot")
            )
        }
        "runAsUser" => format!("{} | grep -qx 0", here()),
        "drop" => format!("v=$({}) && ! echo \"$v\" | grep -qF '\"ALL\"'", here()),
        "add" => format!("{} | grep -qxF {}", here(), quote(&added(workload, inner))),
        "type" if inner.contains("seccompProfile") => {
            let types = with_pods("seccompProfile.type");
            format!("v=$({types}) && case \"$v\" in *Unconfined|'') ;; *) false;; esac")
        }
        "hostPath" => {
            format!("{} | grep -q .", get(workload, &[&format!("{field}.path")]))
        }
        _ => format!("{} | grep -q .", here()),
    }
}

/// `spec.template.metadata.annotations[key]` in two.
fn annotation(field: &str) -> Option<(&str, &str)> {
    let (path, key) = field.split_once("metadata.annotations[")?;
    let annotations = field.get(..path.len() + "metadata.annotations".len())?;
    Some((annotations, key.strip_suffix(']')?))
}

fn get(workload: &Workload, fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| format!("{{.{field}}}")).collect();
    format!(
        "kubectl get {}/{} -n {} -o jsonpath={}",
        workload.kind().to_ascii_lowercase(),
        quote(&workload.metadata.name),
        quote(workload.namespace()),
        quote(&fields.concat()),
    )
}

/// The capabilities that a container adds, as kubectl prints the list.
fn added(workload: &Workload, inner: &str) -> String {
    let add = workload
        .template
        .spec
        .all_containers()
        .find(|(path, _)| {
            inner
                .strip_prefix(path.as_str())
                .is_some_and(|rest| rest.starts_with('.'))
        })
        .and_then(|(_, container)| container.security_context.as_ref()?.capabilities.as_ref())
        .map(|capabilities| capabilities.add.as_slice())
        .unwrap_or_default();
    let quoted: Vec<String> = add
        .iter()
        .map(|capability| format!("\"{capability}\""))
        .collect();
    format!("[{}]", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(field: &str) -> String {
        let workload: Workload = serde_json::from_str(
            r#"{"kind": "Deployment", "metadata": {"name": "operator", "namespace": "ops"},
                "template": {"metadata": {}, "spec": {"containers": [{"name": "a",
                "securityContext": {"capabilities": {"add": ["NET_ADMIN", "CHOWN"]}}}]}}}"#,
        )
        .unwrap();
        let line = is_as_said(&workload, field);
        line.replace(
            "kubectl get deployment/operator -n ops -o jsonpath=",
            "GET ",
        )
    }

    #[test]
    fn each_field_is_asked_for_what_is_forbidden_of_it() {
        for (field, expected) in [
            ("hostPID", "GET '{.<S>.hostPID}' | grep -qx true"),
            (
                "volumes[2].hostPath",
                "GET '{.<S>.volumes[2].hostPath.path}' | grep -q .",
            ),
            (
                "securityContext.runAsUser",
                "GET '{.<S>.securityContext.runAsUser}' | grep -qx 0",
            ),
            (
                "containers[0].securityContext.allowPrivilegeEscalation",
                "v=$(GET '{.<S>.containers[0].securityContext.allowPrivilegeEscalation}') && test \"$v\" != false",
            ),
            (
                "containers[0].securityContext.runAsNonRoot",
                "v=$(GET '{.<S>.securityContext.runAsNonRoot}{.<S>.containers[0].securityContext.runAsNonRoot}') && ! echo \"$v\" | grep -q 'true$'",
            ),
            (
                "securityContext.runAsNonRoot",
                "v=$(GET '{.<S>.securityContext.runAsNonRoot}') && ! echo \"$v\" | grep -q 'true$'",
            ),
            (
                "containers[0].securityContext.capabilities.add",
                "GET '{.<S>.containers[0].securityContext.capabilities.add}' | grep -qxF '[\"NET_ADMIN\",\"CHOWN\"]'",
            ),
        ] {
            let spec = "spec.template.spec";
            assert_eq!(
                line(&format!("{spec}.{field}")),
                expected.replace("<S>", spec)
            );
        }
        assert_eq!(
            line("spec.template.metadata.annotations[a.b/c]"),
            "GET '{.spec.template.metadata.annotations}' | grep -qF a.b/c"
        );
    }
}
