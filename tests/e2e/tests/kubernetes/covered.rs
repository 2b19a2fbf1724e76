//! Sentences about the API server that the engines' own tests show.

use opsec_e2e::{Covered, covered};

const NAMES: &str = "shared/engines/rbac/tests/names.rs";
const REQUESTS: &str = "shared/engines/rbac/tests/real_requests.rs";
const AGGREGATION: &str = "shared/engines/rbac/tests/aggregation.rs";
const INVALID: &str = "shared/manifests/tests/invalid.rs";
const POLICIES: &str = "shared/engines/admission/tests/policies.rs";
const PARAMS: &str = "shared/engines/admission/tests/params.rs";
const WEBHOOKS: &str = "shared/engines/admission/tests/webhooks.rs";
const YAML: &str = "shared/manifests/tests/yaml.rs";
const TOKENS: &str = "shared/practices/cases/payload-mounts-a-token.md";

/// Each sentence and its test.
pub(crate) const COVERED: &[Covered] = &[
    covered(
        "POST never carries a name, apply and PUT of some kinds do",
        NAMES,
        "a_post_never_carries_a_name_but_apply_and_put_do",
    ),
    covered(
        "list and watch may carry the name, deletecollection never",
        NAMES,
        "list_and_watch_carry_a_name_and_deletecollection_never_does",
    ),
    covered(
        "signers: exact or a domain's star",
        NAMES,
        "a_domain_star_covers_the_signers_of_that_domain_and_a_bare_star_none",
    ),
    covered(
        "two wildcards and a trailing star of paths",
        REQUESTS,
        "wildcards_are_star_star_slash_sub_and_nothing_else",
    ),
    covered(
        "paths never come through a RoleBinding",
        REQUESTS,
        "paths_are_plain_prefixes_and_never_come_through_a_role_binding",
    ),
    covered(
        "a RoleBinding gives its own Namespace object",
        REQUESTS,
        "a_role_binding_grants_namespaced_kinds_and_its_own_namespace_object",
    ),
    covered(
        "admission's wildcards",
        POLICIES,
        "what_rules_are_for_a_crd_creation",
    ),
    covered(
        "subjects that are refused",
        INVALID,
        "bindings_are_refused_as_the_api_server_refuses_them",
    ),
    covered(
        "a missing apiGroup of User or Group is defaulted",
        INVALID,
        "groups_of_subjects_and_roles_are_defaulted",
    ),
    covered(
        "an empty selector gathers every ClusterRole",
        AGGREGATION,
        "an_empty_selector_gathers_every_cluster_role",
    ),
    covered(
        "nothing gathered: own rules stay",
        AGGREGATION,
        "aggregation_replaces_own_rules_unless_nothing_is_gathered",
    ),
    covered(
        "live, rules are the truth",
        AGGREGATION,
        "live_the_rules_are_the_truth_and_a_difference_is_told",
    ),
    covered(
        "bootstrap grants are no excess",
        "shared/engines/rbac/tests/difference.rs",
        "bootstrap_rights_are_no_excess",
    ),
    covered(
        "admission objects are exempt",
        POLICIES,
        "policies_their_bindings_and_reviews_are_exempt_and_webhook_configurations_are_not",
    ),
    covered(
        "namespaceSelector never excludes a CRD, objectSelector can",
        POLICIES,
        "selectors_of_namespaces_never_exclude_a_crd_and_those_of_objects_can",
    ),
    covered(
        "errors deny under Fail, allow under Ignore",
        POLICIES,
        "errors_deny_under_fail_and_pass_under_ignore",
    ),
    covered(
        "match conditions",
        POLICIES,
        "match_conditions_skip_when_false_and_fail_when_none_is_false",
    ),
    covered(
        "CEL that does not compile is refused",
        POLICIES,
        "what_does_not_compile_is_refused_from_files_and_unknown_live",
    ),
    covered(
        "Warn and Audit do not deny",
        POLICIES,
        "a_binding_narrows_the_policy_and_its_actions_decide",
    ),
    covered(
        "denial by user name and by group",
        POLICIES,
        "a_denial_by_user_name_holds_one_account_and_lets_its_sibling_through",
    ),
    covered(
        "denial by group holds",
        POLICIES,
        "a_denial_by_group_holds_every_account_of_the_namespace",
    ),
    covered(
        "parameterNotFoundAction",
        PARAMS,
        "a_missing_parameter_does_as_the_binding_says",
    ),
    covered(
        "namespaced params deny a cluster-scoped request",
        PARAMS,
        "parameters_of_a_namespaced_kind_without_a_namespace_deny_a_cluster_scoped_request",
    ),
    covered(
        "mutating webhooks deny as well",
        WEBHOOKS,
        "a_mutating_webhook_can_deny_as_well",
    ),
    covered(
        "mutating policies deny as well",
        WEBHOOKS,
        "a_mutating_policy_counts_when_it_is_bound",
    ),
    covered(
        "scope, version and resource of webhooks",
        WEBHOOKS,
        "a_webhook_that_looks_at_crd_creation_counts",
    ),
    covered(
        "long tokens",
        "shared/practices/cases/long-lived-tokens.md",
        "a projected token for two days is low",
    ),
    covered(
        "automount: the pod's field",
        TOKENS,
        "the pod's word goes before the ServiceAccount's",
    ),
    covered(
        "automount: else the ServiceAccount's",
        TOKENS,
        "the ServiceAccount says no",
    ),
    covered(
        "automount: else true",
        TOKENS,
        "nothing says otherwise, and the ServiceAccount holds a role",
    ),
    covered(
        "labels decide Pod Security",
        "shared/engines/pod-security/src/labels.rs",
        "a_namespace_enforces_what_its_label_says_and_restricted_when_the_label_is_wrong",
    ),
    covered("scalars of YAML 1.1", YAML, "scalars_are_those_of_yaml_1_1"),
    covered(
        "the last of equal keys",
        YAML,
        "of_equal_keys_the_last_counts_and_both_lines_are_named",
    ),
    covered(
        "hidden line breaks are refused",
        "shared/manifests/src/text.rs",
        "line_breaks_that_not_every_reader_sees_are_refused",
    ),
    covered(
        "documents end at dashes",
        "shared/manifests/src/split.rs",
        "documents_end_at_dashes_followed_by_white_space_a_comment_or_the_lines_end",
    ),
    covered(
        "lists nest",
        "shared/manifests/tests/objects.rs",
        "lists_nest_and_their_items_may_leave_out_their_kind",
    ),
    covered(
        "empty documents are nothing",
        YAML,
        "empty_documents_and_those_of_only_comments_are_nothing",
    ),
    covered(
        "octals and the value tag, in the corpus",
        "shared/manifests/tests/corpus.rs",
        "the_value_tag_is_a_string_and_octals_are_octal",
    ),
];
