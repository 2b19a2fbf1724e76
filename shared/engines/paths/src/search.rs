//! The search from one component: breadth first, over who can be become.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use opsec_model::objects::Workload;
use opsec_model::{PathEnd, Reach, Severity};
use opsec_rights::Hit;

use crate::chains::Chains;
use crate::ground::{Held, account_of};
use crate::moves::{Accounts, Gives, Place, Pods, gives, makes_pod};
use crate::pods;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who<'g> {
    /// The component, with its own account.
    Component,
    /// A principal with rights, by its place among the holders.
    Holder(usize),
    /// A node.
    Node(NodeIs<'g>),
}

/// Which node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NodeIs<'g> {
    /// Any, as the holder chooses; from files the only one.
    Any,
    /// This one.
    Named(&'g str),
    /// One that is not known.
    Unknown,
}

/// What is done to come from one to the next.
#[derive(Debug, Clone)]
pub(crate) struct Step<'g> {
    /// By which right; none where none is needed.
    pub(crate) hit: Option<&'g Arc<Hit>>,
    pub(crate) what: What<'g>,
    /// What opens the way first: the right to change the namespace that would refuse the pod.
    pub(crate) before: Option<&'g Arc<Hit>>,
    /// By what it is cut.
    pub(crate) cut: Option<Cut>,
    /// Why it is not cut, or why that is not known.
    pub(crate) note: Option<String>,
}

/// By what a step is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The practice that cuts it.
    pub(crate) practice: Option<u8>,
    /// How.
    pub(crate) reason: String,
}

/// What a step is.
#[derive(Debug, Clone)]
pub(crate) enum What<'g> {
    /// What a right gives.
    Right(Gives<'g>),
    /// A right of the account that is missing until its holder makes it.
    Ghost(Gives<'g>),
    /// A setting of the component's pods.
    Pod(pods::Setting),
    /// The node has the pods of this workload.
    Guest(&'g Workload),
}

/// Somebody who is reached.
#[derive(Debug, Clone)]
pub(crate) struct Visit<'g> {
    pub(crate) who: Who<'g>,
    /// From which visit, and how; none for the component itself.
    pub(crate) came: Option<(usize, Rc<Step<'g>>)>,
    depth: usize,
    cut: bool,
}

/// The best way to an end so far.
#[derive(Debug, Clone)]
pub(crate) struct Arrival<'g> {
    pub(crate) severity: Severity,
    /// Who came there.
    pub(crate) from: usize,
    /// By which last step; none where being `from` is the end.
    pub(crate) last: Option<Rc<Step<'g>>>,
    pub(crate) cut: bool,
    depth: usize,
}

/// Somebody who is reached, when nothing better leads there.
struct Waiting<'g> {
    who: Who<'g>,
    from: usize,
    step: Rc<Step<'g>>,
}

/// The search from one component.
pub(crate) struct Search<'c, 'g> {
    chains: &'c Chains<'g>,
    component: &'g Workload,
    pub(crate) visits: Vec<Visit<'g>>,
    seen: Vec<bool>,
    seen_nodes: Vec<NodeIs<'g>>,
    queue: BTreeMap<usize, VecDeque<usize>>,
    waiting: BTreeMap<usize, VecDeque<Waiting<'g>>>,
    /// Whether every account was reached.
    everyone: bool,
    pub(crate) arrivals: BTreeMap<PathEnd, Arrival<'g>>,
}

impl<'c, 'g> Search<'c, 'g> {
    /// Searches from a component. First along what nothing cuts; what is reached only by a step
    /// that is cut comes after.
    pub(crate) fn from(chains: &'c Chains<'g>, component: &'g Workload) -> Self {
        let mut search = Self {
            chains,
            component,
            visits: vec![Visit {
                who: Who::Component,
                came: None,
                depth: 0,
                cut: false,
            }],
            seen: vec![false; chains.ground.holders()],
            seen_nodes: Vec::new(),
            queue: BTreeMap::from([(0, VecDeque::from([0]))]),
            waiting: BTreeMap::new(),
            everyone: false,
            arrivals: BTreeMap::new(),
        };
        loop {
            while let Some(place) = pop(&mut search.queue) {
                search.expand(place);
            }
            if !search.needs_more() {
                return search;
            }
            search.everyone = false;
            let Some(next) = pop(&mut search.waiting) else {
                return search;
            };
            search.visit(next.who, next.from, next.step, true);
        }
    }

    /// Whether an end was not reached without a cut.
    fn needs_more(&self) -> bool {
        self.arrivals.len() < PathEnd::ALL.len() || self.arrivals.values().any(|best| best.cut)
    }

    fn expand(&mut self, place: usize) {
        let Some(visit) = self.visits.get(place) else {
            return;
        };
        match visit.who {
            Who::Component => self.expand_component(place),
            Who::Holder(holder) => self.expand_holder(place, holder, None),
            Who::Node(node) => self.expand_node(place, node),
        }
    }

    fn expand_component(&mut self, place: usize) {
        let (chains, component) = (self.chains, self.component);
        for setting in pods::settings(chains.ground, component) {
            self.pod_setting(place, setting);
        }
        if let Some(holder) = chains.ground.holder_of(&account_of(component)) {
            if let Some(seen) = self.seen.get_mut(holder) {
                *seen = true;
            }
            self.expand_holder(place, holder, chains.severed(component));
        }
    }

    fn pod_setting(&mut self, place: usize, setting: pods::Setting) {
        let step = Step {
            hit: None,
            before: None,
            cut: setting.cut.clone(),
            note: setting.note.clone(),
            what: What::Pod(setting.clone()),
        };
        let step = Rc::new(step);
        match setting.end {
            PathEnd::Node => {
                for node in pods::nodes(self.chains.ground, self.component) {
                    self.reach(Who::Node(node), place, &step);
                }
            }
            end => self.arrive(end, setting.severity, place, Some(step)),
        }
    }

    fn expand_node(&mut self, place: usize, node: NodeIs<'g>) {
        let chains = self.chains;
        let guests = match node {
            NodeIs::Any => chains.ground.on_node(None),
            NodeIs::Named(name) => chains.ground.on_node(Some(name)),
            NodeIs::Unknown => return,
        };
        for (account, workload) in guests {
            let Some(holder) = chains.ground.holder_of(&account) else {
                continue;
            };
            let step = Step {
                hit: None,
                what: What::Guest(workload),
                before: None,
                cut: None,
                note: None,
            };
            self.reach(Who::Holder(holder), place, &Rc::new(step));
        }
    }

    fn expand_holder(&mut self, place: usize, holder: usize, severed: Option<&Cut>) {
        let chains = self.chains;
        let Some(acting) = chains.ground.holder(holder) else {
            return;
        };
        for hit in acting.hits.iter().filter(|hit| !hit.alone && !hit.latent) {
            for given in gives(chains.ground, acting.rights, hit) {
                self.give(place, holder, hit, given, severed);
            }
        }
        for (hit, given) in Chains::ghosts(&acting) {
            let step = Step {
                hit: Some(hit),
                what: What::Ghost(given.clone()),
                before: None,
                cut: severed.cloned(),
                note: None,
            };
            if let Gives::Accounts(accounts) = given {
                self.take(place, &accounts, &Rc::new(step));
            }
        }
    }

    fn give(
        &mut self,
        place: usize,
        holder: usize,
        hit: &'g Arc<Hit>,
        given: Gives<'g>,
        severed: Option<&Cut>,
    ) {
        let mut step = Step {
            hit: Some(hit),
            what: What::Right(given.clone()),
            before: None,
            cut: severed.cloned(),
            note: None,
        };
        match given {
            Gives::Everything => {
                let step = Some(Rc::new(step));
                self.arrive(PathEnd::ClusterAdmin, Severity::Critical, place, step);
            }
            Gives::Node(namespaces) => {
                self.guard(holder, &namespaces, &mut step);
                self.reach(Who::Node(NodeIs::Any), place, &Rc::new(step));
            }
            // Machines that are the operator's own product are its work, and no way to a node.
            Gives::AnyNode if hit.row.id == "RUN-NODE-OBJ" && self.is_info(hit) => {}
            Gives::AnyNode => self.reach(Who::Node(NodeIs::Any), place, &Rc::new(step)),
            Gives::NodeBy(workload) => {
                let step = Rc::new(step);
                for node in pods::nodes(self.chains.ground, workload) {
                    self.reach(Who::Node(node), place, &step);
                }
            }
            Gives::Accounts(accounts) => self.take(place, &accounts, &Rc::new(step)),
            Gives::Token(secret) => {
                if let Some(holder) = self.chains.ground.holder_of(&secret.account) {
                    self.reach(Who::Holder(holder), place, &Rc::new(step));
                }
            }
            Gives::Users(names) | Gives::Groups(names) => {
                let users = matches!(given, Gives::Users(_));
                let step = Rc::new(step);
                for holder in self.chains.ground.users_or_groups(users, names) {
                    self.reach(Who::Holder(holder), place, &step);
                }
            }
            Gives::Role(role) => {
                let reach = self.reach_of(role.namespace);
                if is_inner(reach) {
                    let cut = within(Some(role.namespace), reach);
                    step.cut.get_or_insert(cut);
                }
                let step = Some(Rc::new(step));
                self.arrive(PathEnd::Secrets, Severity::High, place, step);
            }
            Gives::Content(end) => self.content(place, end, hit, step),
        }
    }

    /// What holds a pod that reaches its node, where one may be started.
    fn guard(&self, holder: usize, namespaces: &Place<'g>, step: &mut Step<'g>) {
        let chains = self.chains;
        let (name, held) = chains.weakest(namespaces);
        let level = match held {
            Held::Open => {
                step.note = Some(format!(
                    "namespace {name} enforces no Pod Security Standard"
                ));
                return;
            }
            Held::Unknown(why) => {
                step.note = Some(format!(
                    "whether namespace {name} enforces a Pod Security Standard is not known: {why}"
                ));
                return;
            }
            Held::By(level) => level,
        };
        step.before = chains.opens(holder, namespaces);
        if step.before.is_none() && step.cut.is_none() {
            let reason = if matches!(namespaces, Place::Everywhere) {
                "every namespace enforces a Pod Security Standard".to_owned()
            } else {
                format!("namespace {name} enforces {}", level.as_str())
            };
            step.cut = Some(Cut {
                practice: Some(4),
                reason,
            });
        }
    }

    /// Whether a right weighs nothing for the operator that is judged.
    fn is_info(&self, hit: &'g Arc<Hit>) -> bool {
        let account = account_of(self.component);
        let graded = self.chains.grading.graded(&account, hit);
        graded.is_none_or(|(severity, _)| severity == Severity::Info)
    }

    fn take(&mut self, place: usize, accounts: &Accounts<'g>, step: &Rc<Step<'g>>) {
        let chains = self.chains;
        let everyone = matches!(accounts.place, Place::Everywhere)
            && accounts.names.is_none()
            && matches!(accounts.pods, Pods::NotNeeded)
            && !accounts.missing;
        if everyone && std::mem::replace(&mut self.everyone, true) {
            return;
        }
        for holder in chains.ground.accounts_in(&accounts.place) {
            let unseen = self.seen.get(holder).is_some_and(|seen| !seen);
            if unseen && self.is_taken(holder, accounts) {
                self.reach(Who::Holder(holder), place, step);
            }
        }
    }

    fn is_taken(&self, holder: usize, accounts: &Accounts<'_>) -> bool {
        let chains = self.chains;
        let Some(account) = chains.ground.holder(holder).and_then(|it| it.account) else {
            return false;
        };
        accounts
            .names
            .is_none_or(|names| names.contains(&account.name))
            && chains.ground.is_missing(account) == accounts.missing
            && match accounts.pods {
                Pods::NotNeeded => true,
                Pods::Named(names) => chains
                    .ground
                    .facts
                    .workloads_of(account)
                    .into_iter()
                    .any(|workload| makes_pod(workload, names)),
            }
    }

    fn reach(&mut self, who: Who<'g>, from: usize, step: &Rc<Step<'g>>) {
        let cut = step.cut.is_some() || self.visits.get(from).is_some_and(|visit| visit.cut);
        if cut {
            let depth = self.depth(from) + 1;
            let waiting = Waiting {
                who,
                from,
                step: Rc::clone(step),
            };
            self.waiting.entry(depth).or_default().push_back(waiting);
        } else {
            self.visit(who, from, Rc::clone(step), false);
        }
    }

    fn visit(&mut self, who: Who<'g>, from: usize, step: Rc<Step<'g>>, cut: bool) {
        let known = match who {
            Who::Component => true,
            Who::Holder(holder) => self
                .seen
                .get_mut(holder)
                .is_none_or(|seen| std::mem::replace(seen, true)),
            Who::Node(node) => {
                let known = self.seen_nodes.contains(&node);
                self.seen_nodes.push(node);
                known
            }
        };
        if known {
            return;
        }
        let depth = self.depth(from) + 1 + usize::from(step.before.is_some());
        let place = self.visits.len();
        self.visits.push(Visit {
            who,
            came: Some((from, step)),
            depth,
            cut,
        });
        self.queue.entry(depth).or_default().push_back(place);
        if matches!(who, Who::Node(_)) {
            self.arrive(PathEnd::Node, Severity::Critical, place, None);
        }
    }

    /// How far a namespace is from the component.
    fn reach_of(&self, namespace: &str) -> Reach {
        let namespaces = &self.chains.grading.namespaces;
        namespaces.reach(self.component.namespace(), namespace)
    }

    fn depth(&self, place: usize) -> usize {
        self.visits.get(place).map_or(0, |visit| visit.depth)
    }

    /// What a chain ends in: where only the operator's own is reached it is cut.
    fn content(&mut self, place: usize, end: PathEnd, hit: &'g Arc<Hit>, mut step: Step<'g>) {
        // What is no better than what is known is not graded.
        let cut = step.cut.is_some() || self.visits.get(place).is_some_and(|visit| visit.cut);
        let best = self.arrivals.get(&end);
        if best.is_some_and(|best| {
            (best.cut, best.severity) <= (cut, most(end, hit)) && {
                best.severity >= most(end, hit)
            }
        }) {
            return;
        }
        let account = account_of(self.component);
        let Some((severity, reach)) = self.chains.grading.graded(&account, hit) else {
            return;
        };
        let severity = severity.min(most(end, hit));
        if is_inner(reach) && end != PathEnd::Guards {
            let namespace = hit.scope.namespace();
            step.cut.get_or_insert_with(|| within(namespace, reach));
        } else if severity == Severity::Info {
            return;
        }
        self.arrive(end, severity, place, Some(Rc::new(step)));
    }

    fn arrive(
        &mut self,
        end: PathEnd,
        severity: Severity,
        from: usize,
        last: Option<Rc<Step<'g>>>,
    ) {
        let cut = self.visits.get(from).is_some_and(|visit| visit.cut)
            || last.as_ref().is_some_and(|step| step.cut.is_some());
        let depth = self.depth(from) + usize::from(last.is_some());
        let order = |cut, severity, depth| (cut, std::cmp::Reverse(severity), depth);
        let known = self.arrivals.get(&end);
        let better = known.is_none_or(|known| {
            order(cut, severity, depth) < order(known.cut, known.severity, known.depth)
        });
        if better {
            let arrival = Arrival {
                severity,
                from,
                last,
                cut,
                depth,
            };
            self.arrivals.insert(end, arrival);
        }
    }
}

/// The first of the least depth.
fn pop<T>(queue: &mut BTreeMap<usize, VecDeque<T>>) -> Option<T> {
    loop {
        let mut first = queue.first_entry()?;
        if let Some(next) = first.get_mut().pop_front() {
            return Some(next);
        }
        first.remove();
    }
}

/// The gravest that an end can be by a right: other namespaces' Secrets and workloads are high.
fn most(end: PathEnd, hit: &Hit) -> Severity {
    let reads = hit.row.id.starts_with("ESC-SECRET-RE");
    match end {
        PathEnd::Secrets if reads => Severity::Critical,
        PathEnd::Secrets | PathEnd::Workloads => Severity::High,
        _ => Severity::Critical,
    }
}

fn is_inner(reach: Reach) -> bool {
    matches!(reach, Reach::Own | Reach::Intended)
}

/// Why what is reached is nobody else's.
fn within(namespace: Option<&str>, reach: Reach) -> Cut {
    let whose = match reach {
        Reach::Own => "its own namespace",
        _ => "a namespace that it is meant to work in",
    };
    Cut {
        practice: Some(3),
        reason: match namespace {
            Some(namespace) => format!("held in {namespace} alone, {whose}"),
            None => format!("held in {whose} alone"),
        },
    }
}
