//! Shell lines that show an opening: exit status 0 exactly while it is there.

use opsec_model::objects::Workload;
use opsec_network::{Direction, Peer};

use crate::context::Context;
use crate::shell::quote;

use super::openings::{Cause, Opening};

/// The line for an opening.
pub(crate) fn of(context: &Context<'_>, opening: &Opening<'_>, way: Direction) -> Option<String> {
    let workload = opening.workloads.first()?;
    match &opening.cause {
        Cause::NoPolicy(namespace) => Some(no_policy(context, workload, namespace, way)),
        Cause::Open { evidence, .. } => {
            let first = evidence.first()?;
            let namespace = first.object.namespace.as_deref().unwrap_or_default();
            let field = first.field.as_str();
            let peers = peers_of(way);
            // A field that is a peer ends in the list of peers; else the whole rule names none.
            Some(if field.contains(&format!(".{peers}[")) {
                is_there(&first.object.name, namespace, field)
            } else {
                names_no_peer(&first.object.name, namespace, field, peers)
            })
        }
        Cause::Peer(peer) => {
            let policy = peer.policy.as_ref()?;
            let namespace = policy.namespace.as_deref().unwrap_or_default();
            Some(match &peer.peer {
                Peer::Everyone => {
                    names_no_peer(&policy.name, namespace, &peer.field, peers_of(way))
                }
                Peer::Pods { .. } => is_there(&policy.name, namespace, &peer.field),
                Peer::Addresses { block, .. } => format!(
                    "{} | grep -qxF {}",
                    read(
                        &policy.name,
                        namespace,
                        &format!("{}.ipBlock.cidr", peer.field)
                    ),
                    quote(&block.cidr)
                ),
            })
        }
    }
}

fn peers_of(way: Direction) -> &'static str {
    match way {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    }
}

fn read(policy: &str, namespace: &str, field: &str) -> String {
    format!(
        "kubectl get networkpolicy {} -n {} -o jsonpath='{{.{field}}}'",
        quote(policy),
        quote(namespace)
    )
}

fn is_there(policy: &str, namespace: &str, field: &str) -> String {
    format!("{} | grep -q .", read(policy, namespace, field))
}

fn names_no_peer(policy: &str, namespace: &str, field: &str, peers: &str) -> String {
    format!(
        "{} | grep -vqF '\"{peers}\":'",
        read(policy, namespace, field)
    )
}

/// No policy of the direction in the namespace, or else none of them selects a pod of the
/// workload: each one's selector is asked for together with the pods' own labels.
fn no_policy(
    context: &Context<'_>,
    workload: &Workload,
    namespace: &str,
    way: Direction,
) -> String {
    let governed = context
        .facts
        .network_policies_in(namespace)
        .iter()
        .any(|policy| match way {
            Direction::Ingress => policy.spec.governs_ingress(),
            Direction::Egress => policy.spec.governs_egress(),
        });
    let (namespace, kind) = (quote(namespace), way.as_str());
    if !governed {
        return format!(
            "p=$(kubectl get networkpolicies -n {namespace} -o jsonpath='{{.items[*].spec.policyTypes[*]}}') && ! echo \"$p\" | grep -qw {kind}"
        );
    }
    let labels = &workload.template.metadata.labels;
    let own = if labels.is_empty() {
        // A selector of nothing is refused; no pod has this label.
        "!kubectl-opsec.dev/none".to_owned()
    } else {
        let pairs: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        pairs.join(",")
    };
    format!(
        "s=$(kubectl get networkpolicies -n {namespace} -o go-template='{}') && ! echo \"$s\" | while IFS= read -r l; do test -z \"$l\" || kubectl get pods -n {namespace} -l \"$l\" -o name; done | grep -q .",
        SELECTORS.replace("TYPE", kind).replace("OWN", &own)
    )
}

/// A line for each policy of a type: the pods' own labels and the policy's selector.
const SELECTORS: &str = r#"{{range $p := .items}}{{range .spec.policyTypes}}{{if eq . "TYPE"}}OWN{{range $k, $v := $p.spec.podSelector.matchLabels}},{{$k}}={{$v}}{{end}}{{range $p.spec.podSelector.matchExpressions}},{{if eq .operator "Exists"}}{{.key}}{{else if eq .operator "DoesNotExist"}}!{{.key}}{{else}}{{.key}} {{if eq .operator "In"}}in{{else}}notin{{end}} ({{range $i, $v := .values}}{{if $i}},{{end}}{{$v}}{{end}}){{end}}{{end}}{{"\n"}}{{end}}{{end}}{{end}}"#;
