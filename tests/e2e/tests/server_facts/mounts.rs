//! Which pods get a token: admission mounts it as the pod's field says, else as the ServiceAccount's.

use opsec_facts::Facts;
use serde_json::{Value, json};

use crate::given::{create, eventually, namespace, snapshot};
use crate::server::admin;

/// The pod's field, else the ServiceAccount's, else true: in the pod that admission makes, and ours.
#[test]
fn a_token_is_mounted_as_the_pod_says_else_as_its_account_says() {
    namespace("mounts", &json!({}));
    let accounts = "/api/v1/namespaces/mounts/serviceaccounts";
    let pods = "/api/v1/namespaces/mounts/pods?dryRun=All";
    for (of_account, account) in [(None, "absent"), (Some(true), "yes"), (Some(false), "no")] {
        let mut made = json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": account, "namespace": "mounts"}});
        if let Some(value) = of_account {
            made["automountServiceAccountToken"] = json!(value);
        }
        create(accounts, &made);
        for of_pod in [None, Some(true), Some(false)] {
            let mut pod = json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "p", "namespace": "mounts"},
                "spec": {"serviceAccountName": account,
                    "containers": [{"name": "c", "image": "i"}]}});
            if let Some(value) = of_pod {
                pod["spec"]["automountServiceAccountToken"] = json!(value);
            }
            // Admission may not have seen the account yet.
            eventually("an account that is seen", || {
                admin().post(pods, &pod).is_ok()
            });
            let admitted = admin().post(pods, &pod).body;
            let mounted = admitted["spec"]["volumes"]
                .as_array()
                .is_some_and(|volumes| volumes.iter().any(is_token));
            let expected = of_pod.or(of_account).unwrap_or(true);
            assert_eq!(mounted, expected, "{of_account:?} {of_pod:?}: {admitted}");
            let read = snapshot(&[made.clone(), pod]);
            let facts = Facts::new(&read);
            let workload = facts.workloads().first().unwrap();
            let ours = !facts.mounted_tokens(workload).is_empty();
            assert_eq!(ours, expected, "ours: {of_account:?} {of_pod:?}");
        }
    }
}

fn is_token(volume: &Value) -> bool {
    let sources = volume["projected"]["sources"].as_array();
    sources.is_some_and(|all| all.iter().any(|it| it["serviceAccountToken"].is_object()))
}
