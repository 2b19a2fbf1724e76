//! Every fact that is shown here with its test, and those that are not with the reason.

use opsec_e2e::{Covered, covered, not_covered};

const HERE: &str = "tests/e2e/tests/server_facts";

const SHOWN: &[(&str, &str)] = &[
    (
        "SAR allows list nodes in a namespace, the request gets 403",
        "a_review_allows_list_nodes_in_a_namespace_and_no_request_can",
    ),
    ("POST never carries a name", "a_post_never_carries_a_name"),
    (
        "deletecollection never carries a name",
        "deletecollection_never_carries_a_name",
    ),
    (
        "effective rights are what real requests carry",
        "effective_rights_hold_what_requests_are_granted_and_no_more",
    ),
    (
        "apply of an absent name carries it",
        "apply_of_an_absent_name_creates_exactly_that_name",
    ),
    (
        "PUT of an absent name, for some kinds",
        "put_of_an_absent_name_creates_some_kinds",
    ),
    (
        "list and watch carry a name by field selector",
        "list_carries_a_name_only_by_its_field_selector",
    ),
    (
        "create on a named subresource",
        "create_on_a_named_subresource_carries_the_name",
    ),
    (
        "resourceNames * is a literal",
        "a_star_among_names_is_a_literal",
    ),
    (
        "signers: exact or domain/*",
        "a_signer_is_approved_by_its_name_or_its_domains_star",
    ),
    (
        "names do not tame a webhook configuration",
        "a_name_does_not_tame_a_webhook_configuration",
    ),
    (
        "names tame CRDs and APIServices",
        "names_tame_definitions_and_api_services",
    ),
    (
        "RBAC knows * and */sub",
        "resources_know_a_star_and_star_slash_sub_and_nothing_else",
    ),
    ("nonResourceURLs are prefixes", "paths_are_plain_prefixes"),
    (
        "nonResourceURLs never in a Role or by a RoleBinding",
        "paths_never_come_through_a_role_binding",
    ),
    (
        "admission wildcards",
        "which_rules_match_the_creation_of_a_definition",
    ),
    (
        "a RoleBinding grants its Namespace object",
        "a_role_binding_grants_its_own_namespace_object",
    ),
    (
        "a User subject grants the ServiceAccount",
        "a_user_subject_names_a_service_account",
    ),
    (
        "subjects defaulted and refused",
        "subjects_are_defaulted_or_refused",
    ),
    (
        "aggregation replaces",
        "aggregation_replaces_rules_by_the_union",
    ),
    (
        "bind: every update is refused",
        "a_binding_whose_role_holds_more_cannot_even_be_labelled",
    ),
    (
        "escalate carries the name",
        "a_named_escalate_works_for_all_but_post",
    ),
    (
        "dangling roleRef and subject",
        "a_dangling_role_grants_nothing_and_a_dangling_subject_is_a_door",
    ),
    (
        "69, 50, 7 and 7",
        "the_api_servers_own_roles_are_those_that_are_counted",
    ),
    (
        "Secrets come back from dry runs",
        "a_dry_run_of_patch_or_delete_reveals_a_secret",
    ),
    (
        "token Secrets",
        "a_token_secret_gives_the_token_of_an_account",
    ),
    (
        "cluster-admin in two hops",
        "secrets_of_kube_system_are_cluster_admin_in_two_hops",
    ),
    ("ten years", "a_token_lasts_ten_years_when_asked"),
    (
        "impersonate on users is enough",
        "impersonating_users_is_enough_for_everything",
    ),
    (
        "groups only with a user",
        "impersonating_groups_needs_a_user_too",
    ),
    (
        "constrained impersonation",
        "constrained_impersonation_needs_the_mode_and_the_target",
    ),
    (
        "--as-group takes two groups away",
        "naming_a_group_takes_the_accounts_groups_away",
    ),
    (
        "certificates for any group but system:masters",
        "a_certificate_is_asked_for_any_group_but_masters",
    ),
    (
        "exec needs get and create, proxies get",
        "a_connection_needs_create_and_a_proxy_only_get",
    ),
    (
        "labels change through status and finalize",
        "labels_change_through_status_and_finalize_too",
    ),
    (
        "workloads only warned about",
        "workloads_are_admitted_and_their_pods_refused",
    ),
    (
        "not nodeName, not a claim",
        "the_engine_refuses_the_pods_that_the_server_refuses",
    ),
    (
        "ephemeral containers are held",
        "ephemeral_containers_are_held",
    ),
    (
        "policies on policies are inert",
        "a_policy_holds_webhook_configurations_and_no_policies",
    ),
    (
        "errors deny under Fail; Warn and Audit do not",
        "errors_deny_under_fail_and_only_deny_denies",
    ),
    ("params missing", "a_missing_param_does_as_its_binding_says"),
    ("apply is CREATE", "apply_is_a_creation"),
    (
        "CEL that does not compile is refused",
        "what_does_not_compile_is_refused",
    ),
    (
        "unreachable webhooks deny under Fail",
        "a_webhook_that_cannot_be_reached_denies",
    ),
    (
        "protected groups need an annotation",
        "a_protected_group_needs_only_an_annotation",
    ),
    (
        "bootstrap tokens need create alone",
        "a_bootstrap_token_needs_create_alone",
    ),
    (
        "four or more groups: a literal *",
        "four_groups_at_once_are_asked_about_as_a_star",
    ),
    (
        "a sibling steps round a user name",
        "a_denial_by_user_name_spares_the_sibling_and_one_by_group_does_not",
    ),
    (
        "MutatingAdmissionPolicies can deny",
        "a_mutating_policy_that_errs_denies_under_fail",
    ),
    (
        "an APIService is redirected for good",
        "an_api_service_without_its_label_stays_redirected",
    ),
    (
        "automountServiceAccountToken: field, account, true",
        "a_token_is_mounted_as_the_pod_says_else_as_its_account_says",
    ),
    ("YAML 1.1 scalars", "scalars_are_those_of_yaml_1_1"),
    ("duplicate keys", "the_last_of_duplicate_keys_holds"),
    (
        "U+0085, U+2028 and U+2029 start a line",
        "other_line_ends_hide_a_key",
    ),
];

/// Facts that no server shows, and why.
const NOT_SHOWN: &[(&str, &str)] = &[("files without a Namespace object", "it is about files")];

#[test]
fn every_fact_has_its_test_or_its_reason() {
    let table: Vec<Covered> = SHOWN
        .iter()
        .map(|(sentence, test)| covered(sentence, HERE, test))
        .collect();
    assert_eq!(not_covered(&table), Vec::<String>::new());
    for (sentence, reason) in NOT_SHOWN {
        assert!(!reason.is_empty(), "{sentence}");
    }
}
