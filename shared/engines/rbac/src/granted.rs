//! The rules that reach one account, indexed to answer many questions about it as
//! [`Policy::authorize`] answers one.

use std::collections::BTreeMap;

use opsec_model::ServiceAccountRef;

use crate::grant::{Grant, GrantScope};
use crate::matching::{ALL, rule_allows};
use crate::policy::Policy;
use crate::user::Attributes;

/// The rules that reach one account.
#[derive(Debug, Clone)]
pub struct Granted {
    grants: Vec<Grant>,
    /// Places of grants, by each entry of their rules' resources.
    by_resource: BTreeMap<String, Vec<usize>>,
    /// Places of the grants that have paths.
    of_paths: Vec<usize>,
}

impl Granted {
    /// The rules that reach an account through its user name or one of its three groups.
    pub fn to(policy: &Policy, account: &ServiceAccountRef) -> Self {
        let grants = policy.grants(account);
        let mut by_resource: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut of_paths = Vec::new();
        for (place, grant) in grants.iter().enumerate() {
            for resource in &grant.rule.resources {
                by_resource.entry(resource.clone()).or_default().push(place);
            }
            if !grant.rule.non_resource_urls.is_empty() {
                of_paths.push(place);
            }
        }
        Self {
            grants,
            by_resource,
            of_paths,
        }
    }

    /// What a SubjectAccessReview answers for the account: the first grant that allows the
    /// request, as [`Policy::authorize`] gives it; none when it is denied.
    pub fn authorize(&self, attributes: &Attributes) -> Option<&Grant> {
        let mut places = match attributes {
            Attributes::Path { .. } => self.of_paths.clone(),
            Attributes::Resource {
                resource,
                subresource,
                ..
            } => self.naming(resource, subresource),
        };
        places.sort_unstable();
        let mut grants = places
            .into_iter()
            .filter_map(|place| self.grants.get(place));
        grants.find(|grant| {
            is_asked_there(&grant.scope, attributes) && rule_allows(&grant.rule, attributes)
        })
    }

    /// Every rule that reaches the account.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    fn naming(&self, resource: &str, subresource: &str) -> Vec<usize> {
        let mut places = Vec::new();
        self.collect(ALL, &mut places);
        if subresource.is_empty() {
            self.collect(resource, &mut places);
        } else {
            self.collect(&format!("{resource}/{subresource}"), &mut places);
            self.collect(&format!("{ALL}/{subresource}"), &mut places);
        }
        places
    }

    fn collect(&self, resource: &str, places: &mut Vec<usize>) {
        places.extend(self.by_resource.get(resource).into_iter().flatten());
    }
}

/// A RoleBinding counts for what is asked in its namespace.
fn is_asked_there(scope: &GrantScope, attributes: &Attributes) -> bool {
    match (scope, attributes) {
        (GrantScope::Cluster, _) => true,
        (GrantScope::Namespace(own), Attributes::Resource { namespace, .. }) => {
            // An empty namespace is the cluster, or all namespaces.
            !namespace.is_empty() && own == namespace
        }
        (GrantScope::Namespace(_), Attributes::Path { .. }) => false,
    }
}
