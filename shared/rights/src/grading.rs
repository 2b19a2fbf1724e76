//! What grading rests on beside a single account, computed once for an operator.

use std::collections::BTreeSet;
use std::sync::Arc;

use opsec_facts::Facts;
use opsec_model::objects::Object as _;
use opsec_model::{EffectiveBaseline, Kind, Reach, ServiceAccountRef, Severity};
use opsec_operators::Operator;
use opsec_rbac::{EffectiveRights, Kinds, Reaching};

use crate::hit::Hit;
use crate::holdings::{Holder, Holdings};
use crate::namespaces::{Namespaces, SYSTEM};
use crate::strength::Strength;
use crate::{GradedRight, combine, fold, ghost, grade};

/// What a grading is made from.
#[derive(Debug, Clone, Copy)]
pub struct GradingInput<'a> {
    /// The facts.
    pub facts: &'a Facts<'a>,
    /// What every account holds.
    pub holdings: &'a Holdings,
    /// Scope and service of kinds.
    pub kinds: &'a Kinds,
    /// All installations of the snapshot.
    pub operators: &'a [Operator],
    /// The one that is judged.
    pub operator: &'a Operator,
    /// What is accepted.
    pub baseline: &'a EffectiveBaseline,
    /// Namespaces that hold a pod which takes its node (OPSEC314 critical).
    pub node_pods: &'a BTreeSet<String>,
}

/// The grading of one operator's rights.
#[derive(Debug)]
pub struct Grading<'a> {
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) operator: &'a Operator,
    baseline: &'a EffectiveBaseline,
    node_pods: &'a BTreeSet<String>,
    kinds: &'a Kinds,
    /// What the namespaces are to the operator.
    pub namespaces: Namespaces,
    holdings: &'a Holdings,
}

impl<'a> Grading<'a> {
    /// Prepares the grading of an operator.
    pub fn new(input: GradingInput<'a>) -> Self {
        let GradingInput {
            facts,
            holdings,
            kinds,
            operators,
            operator,
            baseline,
            node_pods,
        } = input;
        let protected = protected(facts, operators, operator, holdings);
        Self {
            facts,
            operator,
            baseline,
            node_pods,
            kinds,
            namespaces: Namespaces::new(facts, operator, baseline, protected),
            holdings,
        }
    }

    /// The effective rights of an account of the operator.
    pub fn effective(&self, account: &ServiceAccountRef) -> Option<&EffectiveRights> {
        self.holder(account).map(|holder| &holder.rights)
    }

    /// The dangerous rights of an account, graded, folded and the worst first.
    pub fn rights_of(&self, account: &ServiceAccountRef) -> Vec<GradedRight> {
        let Some(holder) = self.holder(account) else {
            return Vec::new();
        };
        let hits = holder.hits.iter();
        let graded = hits
            .filter_map(|hit| grade::grade(self, account, Arc::clone(hit)))
            .chain(ghost::graded(self, account))
            .collect();
        let combined = combine::combine(self, account, graded);
        fold::fold(account, &holder.rights, combined)
    }

    /// Whether the account holds a high or critical right anywhere.
    pub fn is_strong(&self, account: &ServiceAccountRef) -> bool {
        self.holder(account)
            .is_some_and(|holder| holder.strength.is_strong())
    }

    /// Whether another account of the namespace holds a high or critical right that this one
    /// lacks.
    pub fn stronger_account_in(
        &self,
        account: &ServiceAccountRef,
        namespace: &str,
    ) -> Option<&ServiceAccountRef> {
        let beside = self.holdings.strong_in(namespace);
        beside
            .filter(|(other, holder)| *other != account && holder.matters_to(self.operator))
            .find(|(_, holder)| holder.strength.exceeds(self.strength(account)))
            .map(|(other, _)| other)
    }

    /// Whether somebody stronger lives in a namespace: an account, or for rights over pods also a
    /// pod that takes its node.
    pub(crate) fn stronger_in(
        &self,
        account: &ServiceAccountRef,
        namespace: &str,
        hit: &Hit,
    ) -> bool {
        let over_pods = hit.row.id.starts_with("RUN-");
        self.stronger_account_in(account, namespace).is_some()
            || (over_pods && self.node_pods.contains(namespace))
    }

    /// Whether the baseline lists rights, so that the inner columns count.
    pub(crate) fn has_baseline_rights(&self) -> bool {
        self.baseline.spec.rights.is_some()
    }

    pub(crate) fn baseline_grants(&self, account: &ServiceAccountRef, hit: &Hit) -> bool {
        crate::baseline::covers(self.baseline.rights(), account, &self.namespaces, hit)
    }

    /// Whether a role of that name in the input itself holds a high or critical right.
    pub(crate) fn role_is_strong(&self, name: &str) -> bool {
        let snapshot = self.facts.snapshot();
        self.holdings.role_is_strong(snapshot, self.kinds, name)
    }

    /// Whether another account of that name holds a high or critical right.
    pub(crate) fn named_account_is_strong(
        &self,
        holder: &ServiceAccountRef,
        scope: &Reaching,
        name: &str,
    ) -> bool {
        self.holdings.strong().any(|(account, strong)| {
            let in_scope = match scope {
                Reaching::Cluster => true,
                Reaching::Namespace(namespace) => account.namespace == *namespace,
            };
            account.name == name
                && in_scope
                && account != holder
                && strong.strength.is_strong()
                && strong.matters_to(self.operator)
        })
    }

    /// Whether one of the names is an account, or a workload of an account, that is stronger than
    /// the holder.
    pub(crate) fn names_somebody_stronger(
        &self,
        account: &ServiceAccountRef,
        hit: &Hit,
        names: &BTreeSet<String>,
    ) -> bool {
        let namespace = match &hit.scope {
            Reaching::Cluster => return false,
            Reaching::Namespace(namespace) => namespace,
        };
        let exceeds = |other: &ServiceAccountRef| self.is_stronger(other, account);
        let over_accounts = hit
            .atoms
            .iter()
            .any(|atom| atom.resource.starts_with("serviceaccounts"));
        if over_accounts {
            return names
                .iter()
                .any(|name| exceeds(&ServiceAccountRef::new(namespace, name)));
        }
        hit.row.id.starts_with("RUN-")
            && self.facts.workloads_in(namespace).iter().any(|workload| {
                let runs_as = workload.template.spec.service_account();
                names.contains(&workload.metadata.name)
                    && exceeds(&ServiceAccountRef::new(namespace, runs_as))
            })
    }

    /// Whether a name is an object of this installation: in the input, or absent and named after
    /// the operator, a component, an account or an owned kind.
    pub(crate) fn is_installations_own(&self, hit: &Hit, name: &str) -> bool {
        let namespace = match &hit.scope {
            Reaching::Cluster => None,
            Reaching::Namespace(namespace) => Some(namespace.as_str()),
        };
        hit.atoms.iter().all(|atom| {
            let resource = atom.resource.split('/').next().unwrap_or_default();
            self.is_in_the_input(resource, namespace, name) || self.is_named_after(name)
        })
    }

    fn is_in_the_input(&self, resource: &str, namespace: Option<&str>, name: &str) -> bool {
        let snapshot = self.facts.snapshot();
        let named = |metadata: &opsec_model::objects::Metadata| {
            let there = match (&metadata.namespace, namespace) {
                (Some(is), Some(reached)) => is == reached,
                _ => true,
            };
            there && metadata.name == name && self.is_of_the_installation(metadata)
        };
        match resource {
            "namespaces" => self.namespaces.operator.contains(name),
            "secrets" => snapshot
                .secrets
                .iter()
                .any(|object| named(object.metadata())),
            "configmaps" => snapshot
                .config_maps
                .iter()
                .any(|object| named(object.metadata())),
            "services" => snapshot
                .services
                .iter()
                .any(|object| named(object.metadata())),
            "serviceaccounts" => snapshot
                .service_accounts
                .iter()
                .any(|object| named(object.metadata())),
            "customresourcedefinitions" => snapshot.custom_resource_definitions.iter().any(|o| {
                named(o.metadata())
                    && self
                        .operator
                        .owned_kinds
                        .contains(&Kind::new(&o.spec.names.plural, &o.spec.group))
            }),
            "apiservices" => snapshot
                .api_services
                .iter()
                .any(|object| named(object.metadata())),
            "validatingwebhookconfigurations" => snapshot
                .validating_webhook_configurations
                .iter()
                .any(|object| named(object.metadata())),
            "mutatingwebhookconfigurations" => snapshot
                .mutating_webhook_configurations
                .iter()
                .any(|object| named(object.metadata())),
            "roles" => snapshot.roles.iter().any(|object| named(object.metadata())),
            "clusterroles" => snapshot
                .cluster_roles
                .iter()
                .any(|object| named(object.metadata())),
            "deployments" | "statefulsets" | "daemonsets" | "pods" | "jobs" | "cronjobs" => {
                snapshot
                    .workloads
                    .iter()
                    .any(|object| named(object.metadata()))
            }
            _ => false,
        }
    }

    /// From files: in one of the installation's files. Live: in a namespace of it, or labelled so.
    fn is_of_the_installation(&self, metadata: &opsec_model::objects::Metadata) -> bool {
        match &metadata.input_file {
            Some(file) => self.operator.files.contains(file),
            None => {
                metadata
                    .namespace
                    .as_ref()
                    .is_some_and(|ns| self.operator.namespaces.contains(ns))
                    || self.is_named_after(&metadata.name)
            }
        }
    }

    fn is_named_after(&self, name: &str) -> bool {
        let components = self
            .operator
            .components
            .iter()
            .map(|c| c.object.name.as_str());
        let accounts = self
            .operator
            .accounts
            .iter()
            .map(|account| account.account.name.as_str());
        let stems = std::iter::once(self.operator.name.as_str())
            .chain(components)
            .chain(accounts);
        let after_a_stem = stems
            .filter(|stem| *stem != "default" && !stem.is_empty())
            .any(|stem| {
                name.strip_prefix(stem)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.', '_']))
            });
        let owned = self
            .operator
            .owned_kinds
            .iter()
            .map(|kind| kind.group.as_str());
        let presumed = self.operator.presumed_own_groups.iter().map(String::as_str);
        let groups = owned.chain(presumed);
        let after_a_group = groups
            .filter(|group| !group.is_empty())
            .any(|group| name == group || name.ends_with(&format!(".{group}")));
        after_a_stem || after_a_group
    }

    /// Whether the kinds of a hit are the operator's own product.
    pub(crate) fn is_own_product(&self, hit: &Hit) -> bool {
        hit.atoms.iter().all(|atom| {
            let resource = atom.resource.split('/').next().unwrap_or_default();
            self.operator
                .owned_kinds
                .contains(&Kind::new(resource, &*atom.group))
                || self.operator.presumed_own_groups.contains(&*atom.group)
        })
    }

    /// Whether another account of the operator holds a high or critical right that this one lacks.
    pub(crate) fn sibling_is_stronger(&self, account: &ServiceAccountRef) -> bool {
        let mut siblings = self.operator.accounts.iter();
        siblings.any(|sibling| self.is_stronger(&sibling.account, account))
    }

    /// Whether the snapshot shows a token or bootstrap Secret of a stronger identity in reach.
    pub(crate) fn token_secret_in_reach(&self, account: &ServiceAccountRef, hit: &Hit) -> bool {
        self.facts.snapshot().secrets.iter().any(|secret| {
            let namespace = secret.metadata.namespace();
            let in_reach = match &hit.scope {
                Reaching::Cluster => true,
                Reaching::Namespace(reached) => reached == namespace,
            } && match &hit.names {
                opsec_rbac::Names::All => true,
                opsec_rbac::Names::Only(names) => names.contains(&secret.metadata.name),
            };
            let stronger = match secret.kind.as_deref() {
                Some("bootstrap.kubernetes.io/token") => namespace == "kube-system",
                Some("kubernetes.io/service-account-token") => secret
                    .metadata
                    .annotation("kubernetes.io/service-account.name")
                    .map(|name| ServiceAccountRef::new(namespace, name))
                    .and_then(|owner| self.holder(&owner))
                    .is_some_and(|owner| owner.strength.exceeds(self.strength(account))),
                _ => false,
            };
            in_reach && stronger
        })
    }

    /// Whether a Service that a webhook or an APIService relies on is in reach.
    pub(crate) fn backend_in_reach(&self, hit: &Hit) -> bool {
        let snapshot = self.facts.snapshot();
        let validating = snapshot
            .validating_webhook_configurations
            .iter()
            .flat_map(|c| &c.webhooks);
        let mutating = snapshot
            .mutating_webhook_configurations
            .iter()
            .flat_map(|c| &c.webhooks);
        let webhooks = validating
            .chain(mutating)
            .filter_map(|webhook| webhook.client_config.service.as_ref());
        let served = snapshot
            .api_services
            .iter()
            .filter_map(|api| api.spec.service.as_ref());
        webhooks.chain(served).any(|service| match &hit.scope {
            Reaching::Cluster => true,
            Reaching::Namespace(namespace) => {
                *namespace == service.namespace
                    && !self.operator.namespaces.contains(&service.namespace)
            }
        })
    }

    /// Whether a CRD of a controller that acts with strong rights is in the snapshot, other than
    /// the operator's own.
    pub(crate) fn deputy_definitions(&self, hit: &Hit) -> bool {
        let deputies = crate::rows::deputy_groups();
        self.facts
            .snapshot()
            .custom_resource_definitions
            .iter()
            .any(|definition| {
                let kind = Kind::new(&definition.spec.names.plural, &definition.spec.group);
                deputies.contains(definition.spec.group.as_str())
                    && hit.names.contains(&definition.metadata.name)
                    && !self.operator.owned_kinds.contains(&kind)
            })
    }

    /// Whether no Secret of a name exists in a namespace in scope; of every namespace, in
    /// kube-system, which is the worst to be free in.
    pub(crate) fn free_secret_name(&self, scope: &Reaching, name: &str) -> bool {
        let namespace = match scope {
            Reaching::Cluster => "kube-system",
            Reaching::Namespace(namespace) => namespace,
        };
        // Of Secrets that were not listed none is known to be absent.
        let listed = self.facts.missing("secrets", "").is_none();
        let mut secrets = self.facts.snapshot().secrets.iter();
        listed
            && !secrets.any(|secret| {
                secret.metadata.name == name && secret.metadata.namespace() == namespace
            })
    }

    /// Live, whether a ConfigMap that steers the cluster is there.
    pub(crate) fn steers_the_cluster(&self, name: &str) -> bool {
        !self.facts.from_files()
            && self.facts.snapshot().config_maps.iter().any(|config| {
                config.metadata.name == name && config.metadata.namespace() == "kube-system"
            })
    }

    /// Whether the server is one, live, that takes `get` on pods/exec for the whole of it.
    pub(crate) fn execs_by_get(&self) -> bool {
        let version = &self.facts.snapshot().kubernetes_version;
        let mut numbers = version
            .trim_start_matches('v')
            .split('.')
            .map(|part| part.trim_end_matches('+').parse::<u32>());
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => {
                !self.facts.from_files() && (major, minor) < (1, 35)
            }
            _ => false,
        }
    }

    /// How grave a hit is, and how far it reaches, if the account held it; none when it is nothing.
    pub fn graded(&self, account: &ServiceAccountRef, hit: &Arc<Hit>) -> Option<(Severity, Reach)> {
        let graded = grade::grade(self, account, Arc::clone(hit))?;
        Some((graded.severity, graded.reach))
    }

    /// What an account holds, graded by nobody.
    pub(crate) fn hits_of(&self, account: &ServiceAccountRef) -> &[Arc<Hit>] {
        self.holder(account)
            .map(|holder| holder.hits.as_slice())
            .unwrap_or_default()
    }

    /// The accounts that do not exist, with what their bindings would give them.
    pub(crate) fn ghosts(&self) -> impl Iterator<Item = &ServiceAccountRef> {
        let ghosts = self.holdings.ghosts();
        ghosts
            .filter(|(_, holder)| holder.matters_to(self.operator))
            .map(|(account, _)| account)
    }

    /// What an account holds that matters to the operator.
    fn holder(&self, account: &ServiceAccountRef) -> Option<&Holder> {
        let holder = self.holdings.of(account);
        holder.filter(|holder| holder.matters_to(self.operator))
    }

    fn strength(&self, account: &ServiceAccountRef) -> &Strength {
        self.holder(account)
            .map_or(Strength::none(), |holder| &holder.strength)
    }

    /// Whether an account holds a high or critical right that another lacks.
    fn is_stronger(&self, account: &ServiceAccountRef, than: &ServiceAccountRef) -> bool {
        account != than
            && self
                .holder(account)
                .is_some_and(|holder| holder.strength.exceeds(self.strength(than)))
    }
}

fn protected(
    facts: &Facts<'_>,
    operators: &[Operator],
    operator: &Operator,
    holdings: &Holdings,
) -> BTreeSet<String> {
    let strongholds = holdings
        .strong()
        .filter(|(_, holder)| holder.strength.critical_everywhere && holder.matters_to(operator))
        .map(|(account, _)| account.namespace.clone());
    SYSTEM
        .into_iter()
        .map(str::to_owned)
        .chain(opsec_operators::namespaces_of_others(
            facts, operators, operator,
        ))
        .chain(strongholds)
        .collect()
}
