//! What an API server can be asked about operators beside being read, and what its answers are held
//! against. Dry runs of CRD creations settle what no reading can tell; SubjectAccessReviews settle
//! nothing: they show whether the rights that verdicts rest on are what the API server grants.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::{
    AccessQuestion, AccessReview, CreationProbe, DryRunAnswer, Notice, NoticeCode, OperatorSummary,
    Probes, ReviewAnswer, ServiceAccountRef,
};
use opsec_rbac::User;

use crate::analysis::attributes;
use crate::context::{Context, Engines};
use crate::evaluate::{CheckError, CheckOptions, SelectedBaseline, with_owned_kinds};
use crate::p5_crd_creation::asked;
use crate::prepared::Prepared;
use crate::shell::rests_on;

/// The kinds by which it is known what RBAC grants.
const RBAC: [&str; 4] = [
    "roles",
    "clusterroles",
    "rolebindings",
    "clusterrolebindings",
];

impl Prepared<'_> {
    /// What to ask about the operators of a check.
    ///
    /// # Errors
    /// When the operator is not there or ambiguous.
    pub fn probes(
        &self,
        options: &CheckOptions,
        baselines: &dyn Fn(&OperatorSummary) -> SelectedBaseline,
    ) -> Result<Probes, CheckError> {
        let engines = Engines::new(self);
        let mut creations = BTreeMap::new();
        let mut reviews = BTreeSet::new();
        for operator in self.judged(options)? {
            let selected = baselines(&operator.summary(&BTreeSet::new()));
            let operator = with_owned_kinds(self, operator, &selected.baseline);
            let context = Context::new(self, &engines, &operator, &selected.baseline);
            for probe in creation_probes(&context) {
                let key = (probe.service_account.clone(), probe.creation.clone());
                creations.insert(key, probe);
            }
            reviews.extend(questions(&context));
        }
        Ok(Probes {
            creations: creations.into_values().collect(),
            reviews: reviews.into_iter().collect(),
        })
    }
}

/// Every fixed creation as every account of the operator, and of the namespaces that it runs in:
/// which of these a denial spares is asked too.
fn creation_probes(context: &Context<'_>) -> Vec<CreationProbe> {
    let own = context.operator.accounts.iter();
    let mut accounts: BTreeSet<ServiceAccountRef> = own.map(|own| own.account.clone()).collect();
    accounts.extend(
        context
            .facts
            .service_accounts()
            .into_iter()
            .filter(|account| context.operator.namespaces.contains(&account.namespace)),
    );
    let creations = asked::creations(context);
    accounts
        .iter()
        .flat_map(|account| {
            let probes = creations.by_nobody().iter();
            probes.map(|probe| CreationProbe {
                service_account: account.clone(),
                creation: probe.creation.as_ref().clone(),
                object: probe.request.object.as_ref().clone(),
            })
        })
        .collect()
}

/// The rights that findings rest on, those folded into others too.
fn questions(context: &Context<'_>) -> BTreeSet<(ServiceAccountRef, AccessQuestion)> {
    let mut found = BTreeSet::new();
    for own in &context.operator.accounts {
        let rights = context.rights_with_folded(&own.account);
        for graded in rights.into_iter().flat_map(|right| &right.hits) {
            let asked = rests_on(context, &own.account, &graded.hit);
            found.extend(
                asked
                    .iter()
                    .map(|asked| (own.account.clone(), asked.question())),
            );
        }
    }
    found
}

/// What the answers come to beside the verdicts, where the API server was asked.
pub(crate) fn notices(context: &Context<'_>) -> Vec<Notice> {
    let snapshot = context.facts.snapshot();
    if snapshot.access_reviews.is_empty() && snapshot.crd_creation_answers.is_empty() {
        return Vec::new();
    }
    let mut tally = Tally::default();
    for review in &snapshot.access_reviews {
        if is_own(context, &review.service_account) {
            tally.hear(context, review);
        }
    }
    let dry_runs = DryRuns::of(context);
    let disagreements: BTreeSet<String> = asked::ask_all(context)
        .iter()
        .flat_map(|asked| asked.disagreements.iter().cloned())
        .chain(tally.disagreements.iter().cloned())
        .collect();
    let mut notices = vec![Notice::new(
        NoticeCode::Probed,
        format!("{}; {}", tally.words(), dry_runs.words()),
    )];
    notices.extend(disagreements.into_iter().map(|sentence| {
        Notice::new(
            NoticeCode::ProbeDisagrees,
            format!("{sentence}: unless the cluster changed meanwhile, this is a defect of this program, to be reported"),
        )
    }));
    notices
}

fn is_own(context: &Context<'_>, account: &ServiceAccountRef) -> bool {
    let mut own = context.operator.accounts.iter();
    own.any(|own| own.account == *account)
}

/// How reviews came out.
#[derive(Default)]
struct Tally {
    asked: usize,
    agree: usize,
    /// Why the others were not answered, each once.
    unanswered: BTreeSet<String>,
    disagreements: BTreeSet<String>,
}

impl Tally {
    fn hear(&mut self, context: &Context<'_>, review: &AccessReview) {
        self.asked += 1;
        let answered = match &review.answer {
            ReviewAnswer::Allowed => true,
            ReviewAnswer::Denied => false,
            ReviewAnswer::Forbidden { missing } => {
                self.unanswered.insert(format!("may not {missing}"));
                return;
            }
            ReviewAnswer::Unclear { message } => {
                self.unanswered.insert(message.clone());
                return;
            }
        };
        let user = User::service_account(&review.service_account);
        let reckoned = context
            .policy
            .authorize(&user, &attributes(&review.question, ""))
            .allowed;
        if answered == reckoned {
            self.agree += 1;
        } else if reckoned || knows_rbac(context) {
            let (says, reckoned) = if answered {
                ("lets", "refused")
            } else {
                ("does not let", "granted")
            };
            self.disagreements.insert(format!(
                "the API server {says} {} {}, which was reckoned to be {reckoned}",
                review.service_account,
                words(&review.question)
            ));
        } else {
            self.unanswered
                .insert("roles or bindings could not be read".to_owned());
        }
    }

    fn words(&self) -> String {
        let mut words = match self.asked {
            0 => return "the API server was asked about no right".to_owned(),
            1 => format!(
                "the API server was asked about 1 right and agrees about {}",
                self.agree
            ),
            many => format!(
                "the API server was asked about {many} rights and agrees about {}",
                self.agree
            ),
        };
        if !self.unanswered.is_empty() {
            let why: Vec<&str> = self.unanswered.iter().map(String::as_str).collect();
            words = format!("{words} (some have no answer: {})", why.join("; "));
        }
        words
    }
}

/// How dry runs came out.
#[derive(Default)]
struct DryRuns {
    admitted: usize,
    denied: usize,
    unanswered: usize,
}

impl DryRuns {
    fn of(context: &Context<'_>) -> Self {
        let mut runs = Self::default();
        for it in &context.facts.snapshot().crd_creation_answers {
            if !is_own(context, &it.service_account) {
                continue;
            }
            match it.answer {
                DryRunAnswer::Admitted => runs.admitted += 1,
                DryRunAnswer::Denied { .. } => runs.denied += 1,
                _ => runs.unanswered += 1,
            }
        }
        runs
    }

    fn words(&self) -> String {
        format!(
            "of {} dry runs of CRD creations admission denied {}, admitted {} and was not reached by {}",
            self.admitted + self.denied + self.unanswered,
            self.denied,
            self.admitted,
            self.unanswered
        )
    }
}

fn knows_rbac(context: &Context<'_>) -> bool {
    let group = "rbac.authorization.k8s.io";
    RBAC.iter()
        .all(|kind| context.facts.missing(kind, group).is_none())
}

/// `create pods in shop`, `update deployments.apps/scale web`.
fn words(question: &AccessQuestion) -> String {
    if !question.path.is_empty() {
        return format!("{} {}", question.verb, question.path);
    }
    let mut words = format!("{} {}", question.verb, question.resource);
    for (before, part) in [
        (".", &question.group),
        ("/", &question.subresource),
        (" ", &question.name),
    ] {
        if !part.is_empty() {
            words = format!("{words}{before}{part}");
        }
    }
    match question.namespace.as_deref() {
        None | Some("") => words,
        Some(namespace) => format!("{words} in {namespace}"),
    }
}
