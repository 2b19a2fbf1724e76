//! "Secrets, tokens", certificates, and what passes with `get`.

use serde_json::{Value, json};

use crate::given::{
    Bound, RBAC, account, create, eventually, granted, granted_to, namespace, rule,
};
use crate::server::{admin, bearer, user};

pub(crate) const REQUESTS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// A CertificateSigningRequest for a user of a group, or of none.
pub(crate) fn signing_request(name: &str, signer: &str, group: &str, common: &str) -> Value {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let names = &mut parameters.distinguished_name;
    names.push(rcgen::DnType::CommonName, common);
    if !group.is_empty() {
        names.push(rcgen::DnType::OrganizationName, group);
    }
    let pem = parameters.serialize_request(&key).unwrap().pem().unwrap();
    let request = k8s_openapi::ByteString(pem.into_bytes());
    json!({"metadata": {"name": name}, "spec": {"request": request, "signerName": signer,
        "usages": ["client auth"]}})
}

/// A token of an account, by the administrator.
pub(crate) fn token(namespace: &str, name: &str) -> String {
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
    let answer = create(&path, &json!({}));
    answer.body["status"]["token"].as_str().unwrap().to_owned()
}

/// The content of a Secret comes back from patch and from delete with `dryRun=All`, foreground or
/// orphan; an update reveals nothing that was not sent.
#[test]
fn a_dry_run_of_patch_or_delete_reveals_a_secret() {
    namespace("secret-dry", &json!({}));
    let secrets = "/api/v1/namespaces/secret-dry/secrets";
    let hidden = json!({"metadata": {"name": "s"}, "stringData": {"k": "hidden"}});
    create(secrets, &hidden);
    let one = format!("{secrets}/s");
    // base64 of `hidden`.
    let shown = |answer: &Value| answer.to_string().contains("aGlkZGVu");
    for (who, verb) in [
        ("secret-dry-patch", "patch"),
        ("secret-dry-delete", "delete"),
        ("secret-dry-collection", "deletecollection"),
        ("secret-dry-update", "update"),
    ] {
        let rules = json!([rule("", "secrets", &[verb])]);
        granted(who, Bound::In("secret-dry"), &rules);
        let who = user(who);
        assert_eq!(who.get(&one).code, 403);
        let answers = match verb {
            "patch" => vec![who.merge(&format!("{one}?dryRun=All"), &json!({}))],
            "delete" => ["Foreground", "Orphan"]
                .map(|policy| format!("{one}?dryRun=All&propagationPolicy={policy}"))
                .map(|path| who.delete(&path))
                .into(),
            "deletecollection" => vec![who.delete(&format!("{secrets}?dryRun=All"))],
            _ => {
                let empty = json!({"metadata": {"name": "s"}});
                vec![who.put(&format!("{one}?dryRun=All"), &empty)]
            }
        };
        for answer in answers {
            assert_eq!(answer.code, 200, "{verb}: {answer:?}");
            assert_eq!(shown(&answer.body), verb != "update", "{verb}");
        }
    }
    assert!(shown(&admin().get(&one).body), "it is still there");
}

/// A Secret of type service-account-token is created, and read by whoever can: the token of any
/// account of the namespace.
#[test]
fn a_token_secret_gives_the_token_of_an_account() {
    namespace("secret-token", &json!({}));
    account("secret-token", "victim");
    let who = "secret-token-user";
    let rules = json!([rule("", "secrets", &["create", "get"])]);
    granted(who, Bound::In("secret-token"), &rules);
    let token = token_secret(&user(who), "secret-token", "victim");
    let answer = whoami(&token);
    assert_eq!(answer, "system:serviceaccount:secret-token:victim");
}

fn token_secret(who: &crate::server::Who, namespace: &str, account: &str) -> String {
    let secrets = format!("/api/v1/namespaces/{namespace}/secrets");
    let annotations = json!({"kubernetes.io/service-account.name": account});
    let name = format!("{account}-facts");
    let secret = json!({"metadata": {"name": name, "annotations": annotations},
        "type": "kubernetes.io/service-account-token"});
    let answer = who.post(&secrets, &secret);
    assert_eq!(answer.code, 201, "{answer:?}");
    let mut token = String::new();
    eventually("a token in its Secret", || {
        let read = who.get(&format!("{secrets}/{name}"));
        let value: Result<k8s_openapi::ByteString, _> =
            serde_json::from_value(read.body["data"]["token"].clone());
        token = value.map_or_else(|_| String::new(), |v| String::from_utf8(v.0).unwrap());
        !token.is_empty()
    });
    token
}

fn whoami(token: &str) -> String {
    let reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = bearer(token).post(reviews, &json!({}));
    let name = &answer.body["status"]["userInfo"]["username"];
    name.as_str().unwrap_or_default().to_owned()
}

/// cert-manager's rights on Secrets of every namespace are enough: a token Secret for
/// kube-system/clusterrole-aggregation-controller, whose `escalate` makes its own ClusterRole
/// `* * *`: cluster-admin in two hops, with no pod involved.
#[test]
fn secrets_of_kube_system_are_cluster_admin_in_two_hops() {
    namespace("secret-hops", &json!({}));
    account("secret-hops", "o");
    let subject = json!({"kind": "ServiceAccount", "name": "o", "namespace": "secret-hops"});
    // As the controller's ClusterRole has it for certificates.
    let verbs = &[
        "get", "list", "watch", "create", "update", "delete", "patch",
    ];
    let rules = json!([rule("", "secrets", verbs)]);
    granted_to("secret-hops", &subject, Bound::Everywhere, &rules);
    let operator = bearer(&token("secret-hops", "o"));
    assert_eq!(operator.get("/api/v1/nodes").code, 403);
    let controller = "clusterrole-aggregation-controller";
    let second = bearer(&token_secret(&operator, "kube-system", controller));
    let own = format!("{RBAC}/clusterroles/system:controller:{controller}");
    let before = admin().get(&own).body["rules"].clone();
    let everything = json!({"rules": [rule("*", "*", &["*"])]});
    let answer = second.merge(&own, &everything);
    assert_eq!(answer.code, 200, "{answer:?}");
    eventually("everything", || second.get("/api/v1/nodes").code == 200);
    assert!(admin().merge(&own, &json!({"rules": before})).is_ok());
}

/// TokenRequests last as long as asked: ten years are granted.
#[test]
fn a_token_lasts_ten_years_when_asked() {
    namespace("secret-years", &json!({}));
    account("secret-years", "o");
    let path = "/api/v1/namespaces/secret-years/serviceaccounts/o/token";
    let years = 10 * 365 * 24 * 3600;
    let answer = create(path, &json!({"spec": {"expirationSeconds": years}}));
    assert_eq!(answer.body["spec"]["expirationSeconds"], json!(years));
    let until = answer.body["status"]["expirationTimestamp"].as_str();
    let until: jiff::Timestamp = until.unwrap().parse().unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs();
    let left = until.as_second() - i64::try_from(now).unwrap();
    assert!(left > years - 60, "{left} seconds");
}

/// Certificates may be asked for any group but system:masters.
#[test]
fn a_certificate_is_asked_for_any_group_but_masters() {
    let signer = "kubernetes.io/kube-apiserver-client";
    let kubeadm = signing_request("secret-kubeadm", signer, "kubeadm:cluster-admins", "u");
    create(REQUESTS, &kubeadm);
    let masters = signing_request("secret-masters", signer, "system:masters", "u");
    let answer = admin().post(REQUESTS, &masters);
    assert_eq!(answer.code, 403, "{answer:?}");
    assert!(answer.message().contains("system:masters"), "{answer:?}");
}

/// exec, attach and portforward need get and create over WebSocket since 1.35; proxies pass with
/// `get`.
#[test]
fn a_connection_needs_create_and_a_proxy_only_get() {
    namespace("secret-exec", &json!({}));
    let subresources = ["pods/exec", "pods/attach", "pods/portforward"];
    let rules_with = |verbs: &[&str]| {
        let rules: Vec<Value> = subresources.map(|sub| rule("", sub, verbs)).into();
        json!(rules)
    };
    let get = "secret-exec-get";
    granted(get, Bound::In("secret-exec"), &rules_with(&["get"]));
    let both = "secret-exec-both";
    let verbs = &["get", "create"];
    granted(both, Bound::In("secret-exec"), &rules_with(verbs));
    let pods = "/api/v1/namespaces/secret-exec/pods";
    for sub in ["exec?command=id", "attach", "portforward?ports=80"] {
        let path = format!("{pods}/absent/{sub}");
        let upgrade = |who: &str| user(who).websocket(&path).code;
        assert_eq!(upgrade(get), 403, "{sub}");
        assert_ne!(upgrade(both), 403, "{sub}");
    }
    let proxy = "secret-exec-proxy";
    let rules = json!([
        rule("", "pods/proxy", &["get"]),
        rule("", "services/proxy", &["get"]),
        rule("", "nodes/proxy", &["get"]),
    ]);
    granted(proxy, Bound::Everywhere, &rules);
    for path in [
        format!("{pods}/absent/proxy/"),
        "/api/v1/namespaces/secret-exec/services/absent/proxy/".to_owned(),
        "/api/v1/nodes/absent/proxy/run".to_owned(),
    ] {
        let read = user(proxy).get(&path);
        assert_ne!(read.code, 403, "{path}: {read:?}");
        // The verb is that of the method: a POST is a creation.
        assert_eq!(user(proxy).post(&path, &json!({})).code, 403, "{path}");
    }
}

/// In kube-system a bootstrap-token Secret needs `create` alone: nothing has to be read back.
#[test]
fn a_bootstrap_token_needs_create_alone() {
    let who = "secret-bootstrap";
    let rules = json!([rule("", "secrets", &["create"])]);
    granted(who, Bound::In("kube-system"), &rules);
    let group = "system:bootstrappers:kubeadm:default-node-token";
    let secret = json!({"metadata": {"name": "bootstrap-token-facts0"},
        "type": "bootstrap.kubernetes.io/token",
        "stringData": {"token-id": "facts0", "token-secret": "0123456789abcdef",
            "usage-bootstrap-authentication": "true", "auth-extra-groups": group}});
    let answer = user(who).post("/api/v1/namespaces/kube-system/secrets", &secret);
    assert!(answer.is_ok(), "{answer:?}");
    let holder = crate::server::bearer("facts0.0123456789abcdef");
    let reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    crate::given::eventually("a bootstrap token", || {
        holder.post(reviews, &json!({})).is_ok()
    });
    let answer = holder.post(reviews, &json!({}));
    let groups = &answer.body["status"]["userInfo"]["groups"];
    assert!(groups.to_string().contains(group), "{answer:?}");
}
