//! From the search to chains as they are shown.

use opsec_model::objects::{Object as _, Workload};
use opsec_model::{Evidence, Hop, ObjectRef, Path, PathEnd};
use opsec_rbac::EffectiveRights;
use opsec_rights::Hit;

use crate::chains::Chains;
use crate::ground::account_of;
use crate::moves::{Gives, Place};
use crate::search::{Arrival, NodeIs, Search, Step, What, Who};
use crate::words;

/// The chains of a component, one to each end.
pub(crate) fn paths(
    chains: &Chains<'_>,
    component: &Workload,
    search: &Search<'_, '_>,
) -> Vec<Path> {
    let writer = Writer {
        chains,
        component,
        search,
    };
    let arrivals = search.arrivals.iter();
    arrivals
        .map(|(&end, arrival)| writer.path(end, arrival))
        .collect()
}

struct Writer<'w, 'g> {
    chains: &'w Chains<'g>,
    component: &'w Workload,
    search: &'w Search<'w, 'g>,
}

impl Writer<'_, '_> {
    fn path(&self, end: PathEnd, arrival: &Arrival<'_>) -> Path {
        let mut places = vec![arrival.from];
        while let Some((from, _)) = self.came(*places.last().unwrap_or(&0)) {
            places.push(from);
        }
        places.reverse();
        let mut hops: Vec<Hop> = Vec::new();
        for pair in places.windows(2) {
            let [from, to] = pair else { continue };
            if let Some((_, step)) = self.came(*to) {
                self.hops(*from, self.object(*to), step, &mut hops);
            }
        }
        if let Some(step) = &arrival.last {
            self.hops(
                arrival.from,
                end_object(end, step, self.component),
                step,
                &mut hops,
            );
        }
        Path {
            end,
            severity: arrival.severity,
            cut: hops.iter().any(|hop| hop.cut),
            hops,
        }
    }

    fn came(&self, place: usize) -> Option<(usize, &Step<'_>)> {
        let visit = self.search.visits.get(place)?;
        visit.came.as_ref().map(|(from, step)| (*from, &**step))
    }

    /// The hop of a step, after the one that opens its way.
    fn hops(&self, from: usize, to: ObjectRef, step: &Step<'_>, hops: &mut Vec<Hop>) {
        let actor = self.object(from);
        if let Some(opening) = step.before {
            hops.push(self.opening(from, &actor, step, opening));
        }
        let mut hop = Hop {
            from: actor,
            right: None,
            action: self.action(from, &to, step),
            to,
            evidence: self.evidence(from, step),
            practice: None,
            cut: step.cut.is_some(),
            reason: step
                .cut
                .as_ref()
                .map(|cut| cut.reason.clone())
                .or_else(|| step.note.clone()),
        };
        match &step.what {
            What::Pod(setting) => {
                hop.right = setting.rule.map(str::to_owned);
                hop.practice = setting.practice;
            }
            What::Ghost(_) => hop.right = Some("ESC-GHOST".to_owned()),
            What::Right(_) => hop.right = step.hit.map(|hit| hit.row.id.to_owned()),
            What::Guest(_) => {}
        }
        if let (What::Right(given) | What::Ghost(given), Some(hit)) = (&step.what, step.hit) {
            hop.practice = self.practice(from, hit, given);
        }
        if let Some(cut) = &step.cut {
            hop.practice = cut.practice;
        }
        hops.push(hop);
    }

    /// The hop that makes a namespace hold no pods.
    fn opening(&self, from: usize, actor: &ObjectRef, step: &Step<'_>, hit: &Hit) -> Hop {
        let (name, what) = match &step.what {
            What::Right(Gives::Node(place)) if hit.row.id != "GRD-NS-CREATE" => {
                let name = hit
                    .scope
                    .namespace()
                    .or(match place {
                        Place::In(namespace) => Some(namespace),
                        _ => None,
                    })
                    .unwrap_or("*");
                (name, "drops the Pod Security label of a namespace")
            }
            _ => ("*", "creates a namespace without Pod Security"),
        };
        Hop {
            from: actor.clone(),
            to: ObjectRef::cluster("Namespace", name),
            right: Some(hit.row.id.to_owned()),
            action: self.acting(from, what),
            evidence: self.granted(from, hit),
            practice: self.practice(from, hit, &Gives::Everything),
            cut: step.cut.is_some(),
            reason: step.cut.as_ref().map(|cut| cut.reason.clone()),
        }
    }

    fn action(&self, from: usize, to: &ObjectRef, step: &Step<'_>) -> String {
        let (given, hit) = match (&step.what, step.hit) {
            (What::Pod(setting), _) => return setting.action.clone(),
            (What::Guest(workload), _) => return self.guests(from, workload),
            (What::Ghost(_), _) => {
                let made = format!(
                    "makes the missing ServiceAccount {}/{} that a binding names, and takes its token",
                    to.namespace.as_deref().unwrap_or_default(),
                    to.name
                );
                return self.acting(from, &made);
            }
            (What::Right(given), Some(hit)) => (given, hit),
            (What::Right(_), None) => return String::new(),
        };
        let words = match given {
            Gives::Everything => words::everything(hit).to_owned(),
            Gives::Node(place) => {
                let namespace = match place {
                    Place::In(namespace) => Some(*namespace),
                    _ => None,
                };
                words::node(hit, given, namespace)
            }
            Gives::AnyNode | Gives::NodeBy(_) => words::node(hit, given, None),
            Gives::Accounts(accounts) => {
                let named = accounts.names.map(|_| to_words(to));
                words::takes(hit, &accounts.place, named.as_deref())
            }
            Gives::Token(secret) => format!(
                "reads the Secret {}/{}, a token of {}",
                secret.account.namespace, secret.name, secret.account
            ),
            Gives::Users(_) | Gives::Groups(_) if hit.row.id == "ESC-CSR" => {
                format!("approves its own certificate, made out to {}", to_words(to))
            }
            Gives::Groups(_) if hit.row.id == "ESC-SECRET-CREATE" => {
                format!(
                    "writes a bootstrap token of {} in kube-system",
                    to_words(to)
                )
            }
            Gives::Users(_) | Gives::Groups(_) => format!("impersonates {}", to_words(to)),
            Gives::Role(role) => format!(
                "binds Role {}/{} to itself, which reads the Secrets there",
                role.namespace, role.name
            ),
            Gives::Content(end) => words::content(hit, *end),
        };
        self.acting(from, &words)
    }

    /// `as kube-system/job-controller, …`.
    fn acting(&self, from: usize, words: &str) -> String {
        let who = match self.who(from) {
            Who::Component => account_of(self.component).to_string(),
            Who::Holder(holder) => match self.chains.ground.holder(holder) {
                Some(holder) => holder.words(),
                None => return words.to_owned(),
            },
            Who::Node(_) => return words.to_owned(),
        };
        format!("as {who}, {words}")
    }

    /// The union of what runs on a node: whose tokens it holds.
    fn guests(&self, from: usize, taken: &Workload) -> String {
        let node = match self.who(from) {
            Who::Node(NodeIs::Named(name)) => Some(name),
            _ => None,
        };
        let taken = account_of(taken);
        let guests = self.chains.ground.on_node(node);
        let others: Vec<String> = guests
            .keys()
            .filter(|account| **account != taken)
            .map(ToString::to_string)
            .collect();
        let shown: Vec<&str> = others.iter().take(2).map(String::as_str).collect();
        let rest = match (shown.as_slice(), others.len() - shown.len()) {
            ([], _) => String::new(),
            (shown, 0) => format!(", beside {}", shown.join(" and ")),
            (shown, more) => format!(", beside {} and {more} more", shown.join(", ")),
        };
        format!("takes the tokens of the pods there: {taken}{rest}")
    }

    fn evidence(&self, from: usize, step: &Step<'_>) -> Vec<Evidence> {
        let mut evidence = match (&step.what, step.hit) {
            (What::Pod(setting), _) => return setting.evidence.clone(),
            (What::Guest(workload), _) => {
                let field = format!("{}.serviceAccountName", workload.kind.pod_spec_path());
                return vec![Evidence::new(workload.object_ref(), field)];
            }
            (_, Some(hit)) => self.granted(from, hit),
            (_, None) => Vec::new(),
        };
        if let What::Right(Gives::NodeBy(workload)) = &step.what {
            let access = opsec_pod_security::node_access(&workload.template);
            evidence.extend(
                access
                    .iter()
                    .map(|access| Evidence::new(workload.object_ref(), access.path(workload.kind))),
            );
        }
        evidence
    }

    /// The rules that give a hit, each once; of the component also whom it runs as.
    fn granted(&self, from: usize, hit: &Hit) -> Vec<Evidence> {
        let Some(rights) = self.rights(from) else {
            return Vec::new();
        };
        let mut evidence: Vec<Evidence> = Vec::new();
        for grant in hit
            .grants
            .iter()
            .filter_map(|&place| rights.grants().get(place))
        {
            let entry = Evidence::new(
                (*grant.source_role).clone(),
                format!("rules[{}]", grant.source_rule_index),
            );
            if !evidence.contains(&entry) {
                evidence.push(entry);
            }
        }
        if self.who(from) == Who::Component {
            let path = self.component.kind.pod_spec_path();
            let field = format!("{path}.serviceAccountName");
            evidence.push(Evidence::new(self.component.object_ref(), field));
        }
        evidence
    }

    fn rights(&self, from: usize) -> Option<&EffectiveRights> {
        let holder = match self.who(from) {
            Who::Component => self.chains.ground.holder_of(&account_of(self.component))?,
            Who::Holder(holder) => holder,
            Who::Node(_) => return None,
        };
        self.chains
            .ground
            .holder(holder)
            .map(|holder| holder.rights)
    }

    /// The practice that would cut a right: the API server's own are nobody's to cut.
    fn practice(&self, from: usize, hit: &Hit, given: &Gives<'_>) -> Option<u8> {
        let rights = self.rights(from)?;
        let mut grants = hit
            .grants
            .iter()
            .filter_map(|&place| rights.grants().get(place));
        if grants.all(|grant| grant.bootstrap) {
            return None;
        }
        let by_pods = matches!(given, Gives::Node(_));
        if by_pods && hit.row.id.starts_with("RUN-") {
            return Some(4);
        }
        // `OPSEC403` is of practice 4.
        let rule = hit.row.rules.first()?;
        let digits: u16 = rule.strip_prefix("OPSEC")?.parse().ok()?;
        u8::try_from(digits / 100).ok()
    }

    fn who(&self, place: usize) -> Who<'_> {
        self.search
            .visits
            .get(place)
            .map_or(Who::Component, |visit| visit.who)
    }

    fn object(&self, place: usize) -> ObjectRef {
        match self.who(place) {
            Who::Component => self.component.object_ref(),
            Who::Holder(holder) => self
                .chains
                .ground
                .holder(holder)
                .map(|holder| holder.object())
                .unwrap_or_default(),
            Who::Node(NodeIs::Named(name)) => ObjectRef::cluster("Node", name),
            Who::Node(_) => ObjectRef::cluster("Node", "*"),
        }
    }
}

/// `shop/web` of a ServiceAccount, `user jane`, `group admins`.
fn to_words(to: &ObjectRef) -> String {
    match &to.namespace {
        Some(namespace) => format!("{namespace}/{}", to.name),
        None => format!("{} {}", to.kind.to_ascii_lowercase(), to.name),
    }
}

fn end_object(end: PathEnd, step: &Step<'_>, component: &Workload) -> ObjectRef {
    let Some(hit) = step.hit else {
        // Of a pod that shares its processes the other containers, of one on its node's network
        // the pods of the node.
        return match &step.what {
            What::Pod(setting) if setting.rule.is_some() => ObjectRef::cluster("Pod", "*"),
            _ => component.object_ref(),
        };
    };
    if let What::Right(Gives::Role(role)) = &step.what {
        return ObjectRef::namespaced("Secret", role.namespace, "*");
    }
    match end {
        PathEnd::ClusterAdmin => ObjectRef::cluster("ClusterRole", "cluster-admin"),
        PathEnd::Node => ObjectRef::cluster("Node", "*"),
        PathEnd::Secrets => words::object(hit, Some("Secret")),
        PathEnd::Workloads if hit.row.id.starts_with("RUN-") => words::object(hit, Some("Pod")),
        PathEnd::Workloads => words::object(hit, Some("ServiceAccount")),
        PathEnd::Guards => words::object(hit, None),
    }
}
