//! "Admission": how guards are stepped round, and what else denies.

use serde_json::{Value, json};

use crate::admission::{attempt, case, definition, put_in_force};
use crate::given::{ADMISSION, CRDS, create, eventually};
use crate::server::{Answer, Who, admin, user};

/// A ServiceAccount with its groups, which RBAC lets do everything.
fn account(namespace: &str, name: &str) -> Who {
    user(&format!("system:serviceaccount:{namespace}:{name}"))
        .group("system:serviceaccounts")
        .group(&format!("system:serviceaccounts:{namespace}"))
        .group("system:authenticated")
        .group("system:masters")
}

fn attempt_as(who: &Who, definition: &Value) -> Answer {
    who.post(&format!("{CRDS}?dryRun=All"), definition)
}

/// A denial by user name is stepped round through a sibling ServiceAccount; by
/// `system:serviceaccounts:NS` in the groups it holds.
#[test]
fn a_denial_by_user_name_spares_the_sibling_and_one_by_group_does_not() {
    let denies = |expression: &str| json!({"validations": [{"expression": expression}]});
    let by_name = "request.userInfo.username != 'system:serviceaccount:guards:o'";
    let by_name = case("adm-by-name", denies(by_name), true);
    let by_group = "!('system:serviceaccounts:guards' in request.userInfo.groups)";
    let by_group = case("adm-by-group", denies(by_group), true);
    put_in_force(&by_name);
    put_in_force(&by_group);
    let (operator, sibling) = (account("guards", "o"), account("guards", "sibling"));
    let of_name = definition("owns", &by_name.group());
    let of_group = definition("owns", &by_group.group());
    for object in [&of_name, &of_group] {
        eventually("the denial in force", || {
            !attempt_as(&operator, object).is_ok()
        });
    }
    let answer = attempt_as(&sibling, &of_name);
    assert!(answer.is_ok(), "{answer:?}");
    let answer = attempt_as(&sibling, &of_group);
    assert_eq!(answer.code, 422, "{answer:?}");
    assert!(attempt_as(&account("elsewhere", "o"), &of_group).is_ok());
}

/// MutatingAdmissionPolicies deny as well: by an error under Fail.
#[test]
fn a_mutating_policy_that_errs_denies_under_fail() {
    for (name, failure_policy, denied) in [
        ("adm-mut-fail", "Fail", true),
        ("adm-mut-ignore", "Ignore", false),
    ] {
        let errs = case(name, json!({}), denied);
        let [policy, _] = errs.objects();
        let mut mutating = json!({"metadata": {"name": name}, "spec": policy["spec"]});
        let spec = mutating["spec"].as_object_mut().unwrap();
        spec.remove("validations");
        let expression = "object.spec.absent == 'x' ? Object{} : Object{}";
        let mutation = json!({"patchType": "ApplyConfiguration",
            "applyConfiguration": {"expression": expression}});
        spec.insert("reinvocationPolicy".to_owned(), json!("Never"));
        spec.insert("failurePolicy".to_owned(), json!(failure_policy));
        spec.insert("mutations".to_owned(), json!([mutation]));
        let bound = json!({"metadata": {"name": name}, "spec": {"policyName": name}});
        create(&format!("{ADMISSION}/mutatingadmissionpolicies"), &mutating);
        let bindings = format!("{ADMISSION}/mutatingadmissionpolicybindings");
        create(&bindings, &bound);
        let object = definition("owns", &errs.group());
        if denied {
            eventually("the policy in force", || !attempt(&object).is_ok());
        } else {
            assert!(attempt(&object).is_ok());
        }
    }
}

/// An APIService, even a definition's own, is redirected for good once its automanaged label is
/// gone.
#[test]
fn an_api_service_without_its_label_stays_redirected() {
    let object = definition("owns", "redirected.example.com");
    create(CRDS, &object);
    let path = "/apis/apiregistration.k8s.io/v1/apiservices/v1.redirected.example.com";
    eventually("an APIService of its own", || admin().get(path).is_ok());
    let label = "kube-aggregator.kubernetes.io/automanaged";
    assert!(admin().get(path).body["metadata"]["labels"][label].is_string());
    let elsewhere = json!({"namespace": "default", "name": "elsewhere"});
    let change = json!({"metadata": {"labels": {label: null}},
        "spec": {"service": elsewhere, "insecureSkipTLSVerify": true}});
    let answer = admin().merge(path, &change);
    assert_eq!(answer.code, 200, "{answer:?}");
    // What manages APIServices looks at it again when its definition changes.
    let definition = format!("{CRDS}/owns.redirected.example.com");
    let again = json!({"metadata": {"labels": {"again": "yes"}}});
    assert_eq!(admin().merge(&definition, &again).code, 200);
    // It looks for a Service that is not there: requests would go to whoever makes it.
    eventually("an APIService that looks elsewhere", || {
        let service = admin().get(path).body;
        let conditions = service["status"]["conditions"].as_array().cloned();
        let mut conditions = conditions.unwrap_or_default().into_iter();
        conditions.any(|condition| condition["reason"] == json!("ServiceNotFound"))
    });
    let kept = admin().get(path).body["spec"]["service"]["name"].clone();
    assert_eq!(kept, json!("elsewhere"));
    assert!(admin().delete(&definition).is_ok());
    assert!(admin().delete(path).is_ok());
}
