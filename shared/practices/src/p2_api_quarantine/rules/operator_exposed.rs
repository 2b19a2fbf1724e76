//! OPSEC206: the operator is exposed outside the cluster.

use std::collections::BTreeMap;

use opsec_facts::Exposure;
use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Half, ObjectRef, Severity};

use crate::context::Context;
use crate::contract::{Draft, Judgement, Rule, RuleDoc};
use crate::p1_separation::openings::onto_workloads;
use crate::shell::quote;

/// The group of routes.
const GATEWAY: &str = "gateway.networking.k8s.io";

/// OPSEC206.
pub(crate) const RULE: Rule = Rule {
    id: "OPSEC206",
    slug: "operator-exposed",
    summary: "the operator is exposed outside the cluster",
    half: Half::Operator,
    doc: RuleDoc {
        what: "Whether a LoadBalancer or NodePort Service, a Service with externalIPs, an Ingress, a route of the Gateway API or a hostPort leads to a pod of the operator. It is high when that component's ServiceAccount holds a high or critical right. Ports of host network pods are OPSEC207.",
        why: "A flaw in what it serves is then a flaw that anyone outside can use, and behind it are the operator's rights.",
        severity: "medium; high when the component holds a high or critical right",
        bad: "kind: Service\nspec: {type: LoadBalancer, selector: {app: operator}}",
        good: "kind: Service\nspec: {type: ClusterIP, selector: {app: operator}}",
        fix: "Publish nothing of the operator; reach it by kubectl port-forward, or put what must be public into a component without rights.",
        references: &[
            "https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types",
        ],
    },
    needs: &[
        ("services", ""),
        ("ingresses", "networking.k8s.io"),
        ("httproutes", GATEWAY),
        ("grpcroutes", GATEWAY),
        ("tlsroutes", GATEWAY),
        ("tcproutes", GATEWAY),
        ("udproutes", GATEWAY),
    ],
    judge,
};

fn judge(context: &Context<'_>) -> Judgement {
    let components = context.components();
    if components.is_empty() {
        return Judgement::nothing("no workload");
    }
    let mut judgement = Judgement::of(components.len());
    let mut ways: BTreeMap<ObjectRef, Way<'_>> = BTreeMap::new();
    for component in components {
        for exposure in context.facts.exposures(component) {
            // The API server gives every port of a host network pod a hostPort.
            let is_own = exposure.object == component.object_ref();
            if is_own && component.template.spec.host_network {
                continue;
            }
            ways.entry(exposure.object.clone())
                .or_default()
                .add(component, exposure);
        }
    }
    judgement.findings = ways
        .iter()
        .map(|(object, way)| way.finding(context, object))
        .collect();
    judgement
}

/// One object that opens a way, with what it leads to.
#[derive(Default)]
struct Way<'a> {
    components: Vec<&'a Workload>,
    exposures: Vec<Exposure>,
}

impl<'a> Way<'a> {
    fn add(&mut self, component: &'a Workload, exposure: Exposure) {
        if !self
            .components
            .iter()
            .any(|known| known.object_ref() == component.object_ref())
        {
            self.components.push(component);
        }
        if !self.exposures.contains(&exposure) {
            self.exposures.push(exposure);
        }
    }

    fn finding(&self, context: &Context<'_>, object: &ObjectRef) -> Draft {
        let strong = self
            .components
            .iter()
            .any(|component| context.holds_high(&context.account_of(component)));
        let names: Vec<&str> = self
            .components
            .iter()
            .map(|component| component.metadata.name.as_str())
            .collect();
        let mut what: Vec<&str> = Vec::new();
        for exposure in &self.exposures {
            if !what.contains(&exposure.description.as_str()) {
                what.push(&exposure.description);
            }
        }
        let title = format!(
            "{} ({}) leads to {}",
            what.join(" and "),
            object.name,
            names.join(", ")
        );
        let gain = if strong {
            "a flaw in what it serves gives anyone outside its high rights"
        } else {
            "a flaw in what it serves is open to anyone outside"
        };
        let severity = if strong {
            Severity::High
        } else {
            Severity::Medium
        };
        let remedy = match object.kind.as_str() {
            "Service" => "make the Service a ClusterIP without externalIPs",
            "Ingress" => "remove the operator's Service from the Ingress",
            kind if kind.ends_with("Route") => "remove the operator's Service from the route",
            _ => "remove the hostPort",
        };
        let mut draft = onto_workloads(
            context,
            &self.components,
            Draft::new(severity, title, gain, remedy),
        );
        let mut shown = Vec::new();
        for exposure in &self.exposures {
            draft = draft.evidence(exposure.object.clone(), exposure.field.clone());
            shown.push(self.confirm(context, exposure));
        }
        draft.confirm(shown.join(" || "))
    }

    fn confirm(&self, context: &Context<'_>, exposure: &Exposure) -> String {
        let object = &exposure.object;
        let namespace = quote(object.namespace.as_deref().unwrap_or_default());
        let kind = object.kind.to_ascii_lowercase();
        let get = |resource: &str, path: &str| {
            format!(
                "kubectl get {resource}/{} -n {namespace} -o jsonpath='{{{path}}}'",
                quote(&object.name)
            )
        };
        match object.kind.as_str() {
            "Service" if exposure.field == "spec.type" => {
                format!(
                    "{} | grep -qxE 'LoadBalancer|NodePort'",
                    get(&kind, ".spec.type")
                )
            }
            "Service" => format!("{} | grep -q .", get(&kind, ".spec.externalIPs")),
            "Ingress" => format!(
                "{} | tr ' ' '\\n' | grep -qx -e {}",
                get(&kind, "..service.name"),
                self.services(context)
            ),
            // Of the built-in kinds only those above and workloads are exposures.
            _ if object.group == GATEWAY => format!(
                "{} | tr ' ' '\\n' | grep -qx -e {}",
                get(&format!("{kind}s.{GATEWAY}"), "..backendRefs[*].name"),
                self.services(context)
            ),
            _ => format!(
                "{} | grep -q .",
                get(&kind, &format!(".{}", exposure.field))
            ),
        }
    }

    /// The Services that lead to the components, as patterns of `grep -e`.
    fn services(&self, context: &Context<'_>) -> String {
        let mut names: Vec<String> = self
            .components
            .iter()
            .flat_map(|component| context.facts.services_of(component))
            .map(|service| quote(&service.metadata.name))
            .collect();
        names.sort();
        names.dedup();
        names.join(" -e ")
    }
}
