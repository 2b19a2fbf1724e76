//! What callers may: nothing by default, what their bindings say, or what the authoriser of a
//! cluster says.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where what it needs is not there"
)]

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use opsec_access::{
    Answer, BindingText, Bindings, Caller, Delegate, DelegateFailed, Denied, Ended, Identity,
    Lapsed, Method, Pair, Question, Roster, Standing, Subject, Target,
};

#[derive(Debug, Default)]
struct Credential(Mutex<Option<Lapsed>>);

impl Standing for Credential {
    fn still(&self) -> Pin<Box<dyn Future<Output = Result<(), Lapsed>> + Send + '_>> {
        let lapsed = *self.0.lock().unwrap();
        Box::pin(async move { lapsed.map_or(Ok(()), Err) })
    }

    fn expires(&self) -> Option<u64> {
        None
    }
}

fn subject(text: &str) -> Subject {
    Subject::parse(text).unwrap()
}

/// Role, subject, clusters, operators, baselines.
type Row = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

fn bindings(list: &[Row]) -> Bindings {
    let list: Vec<BindingText> = list
        .iter()
        .map(|&(role, subject, clusters, operators, baselines)| {
            let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
            BindingText {
                role: role.to_owned(),
                subjects: vec![subject.to_owned()],
                clusters: texts(clusters),
                operators: texts(operators),
                baselines: texts(baselines),
            }
        })
        .collect();
    let authenticators = ["corp", "prod"].map(str::to_owned);
    Bindings::read(&list, &BTreeSet::from(authenticators)).unwrap()
}

struct Someone {
    caller: Caller,
    roster: Arc<Roster>,
    credential: Arc<Credential>,
}

fn someone(bindings: Bindings, delegate: Option<Arc<dyn Delegate>>) -> Someone {
    let (roster, credential) = (
        Arc::new(Roster::new(bindings)),
        Arc::<Credential>::default(),
    );
    let identity = Identity {
        subject: subject("corp/user:jane"),
        groups: vec![subject("corp/group:platform")],
        standing: Arc::clone(&credential) as Arc<dyn Standing>,
        delegate,
    };
    Someone {
        caller: Caller::authenticated(identity, Arc::clone(&roster)),
        roster,
        credential,
    }
}

const ARGO: Target<'static> = Target::Pair {
    cluster: "dev-1",
    operator: "argocd~argo-cd",
};

#[tokio::test]
async fn who_is_not_bound_may_nothing() {
    let Someone { caller, .. } = someone(Bindings::default(), None);
    for method in Method::all().filter(|method| *method != Method::Reflection) {
        for target in [Target::Nothing, ARGO, Target::Everything] {
            let denied = caller.require(method, target).await.unwrap_err();
            assert!(matches!(denied, Denied::RoleMissing { .. }), "{method:?}");
            assert!(!caller.sees(method, target).await);
        }
    }
    assert_eq!(
        caller.require(Method::Reflection, Target::Nothing).await,
        Ok(())
    );
}

#[tokio::test]
async fn a_role_is_for_its_scope() {
    let list: &[Row] = &[(
        "checker",
        "corp/group:platform",
        &["dev-*"],
        &["argo-cd"],
        &[],
    )];
    let Someone { caller, .. } = someone(bindings(list), None);
    assert_eq!(caller.require(Method::Check, ARGO).await, Ok(()));
    assert_eq!(caller.require(Method::Check, Target::Nothing).await, Ok(()));
    assert_eq!(
        caller.require(Method::GetPosture, ARGO).await,
        Ok(()),
        "every role reads"
    );
    let elsewhere = Target::Pair {
        cluster: "prod",
        operator: "argocd~argo-cd",
    };
    assert_eq!(
        caller.require(Method::Check, elsewhere).await,
        Err(Denied::OutOfScope)
    );
    let denied = caller.require(Method::Attest, ARGO).await.unwrap_err();
    assert_eq!(denied.to_string(), "Attest needs one of the roles attester");
}

#[tokio::test]
async fn another_authenticators_subject_is_someone_else() {
    let list: &[Row] = &[("admin", "prod/user:jane", &["*"], &["*"], &["*"])];
    let Someone { caller, .. } = someone(bindings(list), None);
    assert!(
        caller
            .require(Method::Check, Target::Nothing)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn two_bindings_do_not_add_up_to_what_neither_allows() {
    let list: &[Row] = &[
        ("editor", "corp/user:jane", &["dev"], &["*"], &["argo"]),
        ("editor", "corp/user:jane", &["prod"], &["*"], &["kyverno"]),
    ];
    let Someone { caller, .. } = someone(bindings(list), None);
    let pairs = |cluster| {
        [Pair {
            cluster,
            operator: "argo-cd",
        }]
    };
    let change = async |baseline, cluster| {
        let pairs = pairs(cluster);
        let target = Target::Change {
            baseline,
            pairs: &pairs,
        };
        caller.require(Method::UpdateBaseline, target).await
    };
    assert_eq!(change("argo", "dev").await, Ok(()));
    assert_eq!(change("argo", "prod").await, Err(Denied::OutOfScope));
    assert_eq!(change("kyverno", "prod").await, Ok(()));
}

#[tokio::test]
async fn some_may_with_what_is_their_own() {
    let list: &[Row] = &[("attester", "corp/user:jane", &["*"], &["*"], &[])];
    let Someone { caller, .. } = someone(bindings(list), None);
    let method = Method::RevokeAttestation;
    assert_eq!(
        caller.require(method, ARGO).await,
        Ok(()),
        "it may be its own"
    );
    assert_eq!(
        caller.require_own(method, ARGO, "corp/user:jane").await,
        Ok(())
    );
    let denied = caller.require_own(method, ARGO, "corp/user:joe").await;
    assert!(
        matches!(denied, Err(Denied::RoleMissing { .. })),
        "{denied:?}"
    );
}

#[tokio::test]
async fn bindings_that_are_replaced_hold_at_once() {
    let list: &[Row] = &[("viewer", "corp/user:jane", &["*"], &["*"], &[])];
    let Someone { caller, roster, .. } = someone(bindings(list), None);
    assert_eq!(caller.still(Method::WatchPosture, ARGO).await, Ok(()));
    let before = caller.generation();
    roster.replace(Bindings::default());
    assert!(caller.generation() > before);
    let ended = caller.still(Method::WatchPosture, ARGO).await.unwrap_err();
    assert!(matches!(ended, Ended::Denied(Denied::RoleMissing { .. })));
}

#[tokio::test]
async fn a_stream_ends_with_its_callers_credential() {
    let list: &[Row] = &[("viewer", "corp/user:jane", &["*"], &["*"], &[])];
    let Someone {
        caller, credential, ..
    } = someone(bindings(list), None);
    *credential.0.lock().unwrap() = Some(Lapsed::Expired);
    let ended = caller.still(Method::WatchPosture, ARGO).await.unwrap_err();
    assert_eq!(ended, Ended::Lapsed(Lapsed::Expired));
}

#[tokio::test]
async fn embedded_and_dev_hold_every_role() {
    for (caller, name) in [(Caller::embedded(), "embedded"), (Caller::dev(), "dev")] {
        assert_eq!(caller.subject(), name);
        for method in Method::all() {
            assert_eq!(caller.still(method, Target::Everything).await, Ok(()));
        }
    }
}

#[derive(Debug)]
struct Authoriser(Vec<(&'static str, &'static str, &'static str)>);

impl Delegate for Authoriser {
    fn allows(&self, question: Question) -> Answer<'_> {
        let Question {
            resource,
            verb,
            name,
        } = question;
        let allowed = |rule: &(&str, &str, &str)| {
            rule.0 == resource && rule.1 == verb && (rule.2.is_empty() || rule.2 == name)
        };
        let answer = self.0.iter().any(allowed);
        Box::pin(async move {
            if name == "broken" {
                return Err(DelegateFailed);
            }
            Ok(answer)
        })
    }
}

#[tokio::test]
async fn the_authoriser_of_a_cluster_decides_instead_of_roles() {
    let list: &[Row] = &[("admin", "corp/user:jane", &["*"], &["*"], &["*", "default"])];
    let authoriser = Authoriser(vec![
        ("baselines", "get", "argo"),
        ("baselines", "update", "argo"),
        ("baselines", "update", "dev/argo-cd"),
        ("postures", "list", ""),
    ]);
    let Someone { caller, .. } = someone(bindings(list), Some(Arc::new(authoriser)));
    let reads = async |name| {
        caller
            .require(Method::GetBaseline, Target::Baseline(name))
            .await
    };
    assert_eq!(reads("argo").await, Ok(()));
    assert_eq!(reads("kyverno").await, Err(Denied::OutOfScope));
    assert_eq!(reads("broken").await, Err(Denied::Unavailable));
    let changes = async |cluster| {
        let pairs = [Pair {
            cluster,
            operator: "argo-cd",
        }];
        let baseline = "argo";
        let target = Target::Change {
            baseline,
            pairs: &pairs,
        };
        caller.require(Method::UpdateBaseline, target).await
    };
    assert_eq!(changes("dev").await, Ok(()));
    assert_eq!(changes("prod").await, Err(Denied::OutOfScope));
    assert!(caller.sees(Method::ListPostures, ARGO).await);
    assert!(
        !caller
            .sees(Method::ListBaselines, Target::Baseline("argo"))
            .await
    );
    assert!(
        !caller
            .sees(Method::ListBaselines, Target::Baseline("broken"))
            .await
    );
}
