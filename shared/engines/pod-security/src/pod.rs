//! A pod as the checks walk it: its containers with their paths, its own security context.

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::{Container, PodSpec, PodTemplate, SecurityContext};

use crate::{Version, Violation};

/// A template under judgement, and what was found in it.
pub(crate) struct Pod<'a> {
    pub(crate) template: &'a PodTemplate,
    pub(crate) version: Version,
    level: PodSecurityLevel,
    found: Vec<Violation>,
}

impl<'a> Pod<'a> {
    pub(crate) fn new(
        template: &'a PodTemplate,
        version: Version,
        level: PodSecurityLevel,
    ) -> Self {
        Self {
            template,
            version,
            level,
            found: Vec::new(),
        }
    }

    pub(crate) fn spec(&self) -> &'a PodSpec {
        &self.template.spec
    }

    /// Every container with its path.
    pub(crate) fn containers(&self) -> impl Iterator<Item = (String, &'a Container)> + use<'a> {
        self.template.spec.all_containers()
    }

    /// The security context of every container that has one, with the container's path and name.
    pub(crate) fn contexts(
        &self,
    ) -> impl Iterator<Item = (String, &'a str, &'a SecurityContext)> + use<'a> {
        self.containers().filter_map(|(path, container)| {
            let context = container.security_context.as_ref()?;
            Some((path, container.name.as_str(), context))
        })
    }

    /// Whether the pod says that it runs Windows.
    pub(crate) fn is_windows(&self) -> bool {
        self.spec()
            .os
            .as_ref()
            .is_some_and(|os| os.name == "windows")
    }

    /// Whether the pod has a user namespace of its own and the version lets it do more for that.
    /// <https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/>
    pub(crate) fn relaxed_by_user_namespace(&self) -> bool {
        self.version.since(35) && self.spec().host_users == Some(false)
    }

    pub(crate) fn report(&mut self, check: &'static str, field: String, message: String) {
        self.found.push(Violation {
            level: self.level,
            field,
            check,
            message,
        });
    }

    pub(crate) fn found(self) -> Vec<Violation> {
        self.found
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use opsec_model::objects::PodTemplate;

    use crate::Violation;

    /// A template from its JSON.
    pub(crate) fn pod(text: &str) -> PodTemplate {
        serde_json::from_str(text).unwrap()
    }

    /// Each violation as its check and field, in order.
    pub(crate) fn found(violations: Vec<Violation>) -> Vec<String> {
        let mut found: Vec<String> = violations
            .into_iter()
            .map(|violation| format!("{} {}", violation.check, violation.field))
            .collect();
        found.sort();
        found
    }
}
