//! Traps that another crate's tests show better: a live cluster, exit statuses, engines alone.

use opsec_e2e::{Covered, covered};

/// Each trap and its test.
pub(crate) const COVERED: &[Covered] = &[
    covered(
        "clean input still fails the exit code",
        "kubectl-opsec/tests/cli.rs",
        "a_bar_above_every_finding_passes",
    ),
    covered(
        "an unrelated webhook is no guard",
        "shared/practices/cases/crd-creation-not-denied.md",
        "an unrelated webhook is no guard",
    ),
    covered(
        "forbidden to list is not pass",
        "shared/practices/cases/creates-crds.md",
        "a role that could not be read leaves it unknown",
    ),
    covered(
        "an exception that matches nothing widens nothing",
        "shared/practices/tests/exemptions.rs",
        "an_exemption_that_matches_nothing_matches_nothing_and_is_said",
    ),
    covered(
        "an expired exception counts no more",
        "shared/practices/tests/exemptions.rs",
        "an_expired_exemption_counts_no_more_and_is_said",
    ),
    covered(
        "a pod is never its own peer",
        "shared/engines/network/tests/reachability/endpoints.rs",
        "an_endpoint_may_what_any_of_its_pods_may_and_is_never_its_own_peer",
    ),
    covered(
        "ports of both sides are intersected",
        "shared/engines/network/tests/reachability/specification.rs",
        "both_the_egress_and_the_ingress_policy_must_allow_a_connection",
    ),
    covered(
        "manifests without a namespace",
        "shared/manifests/tests/placement.rs",
        "without_a_namespace_the_bindings_of_the_file_say_where",
    ),
    covered(
        "manifests without a namespace, the corpus",
        "shared/manifests/tests/corpus.rs",
        "objects_without_a_namespace_go_where_the_bindings_say",
    ),
    covered(
        "names do not tame a webhook configuration of its own",
        "shared/practices/cases/changes-admission.md",
        "a name of its own tames no webhook configuration",
    ),
    covered(
        "a policy on admission objects is inert",
        "shared/practices/cases/weak-denial.md",
        "a policy that guards admission objects is inert",
    ),
    covered(
        "a policy on admission objects is inert, the engine",
        "shared/engines/admission/tests/policies.rs",
        "policies_their_bindings_and_reviews_are_exempt_and_webhook_configurations_are_not",
    ),
    covered(
        "denial by user name",
        "shared/practices/cases/weak-denial.md",
        "by user name, and the default account beside it passes",
    ),
    covered(
        "wildcards of RBAC",
        "shared/engines/rbac/tests/real_requests.rs",
        "wildcards_are_star_star_slash_sub_and_nothing_else",
    ),
    covered(
        "wildcards of admission",
        "shared/engines/admission/tests/policies.rs",
        "what_rules_are_for_a_crd_creation",
    ),
    covered(
        "signers by domain",
        "shared/engines/rbac/tests/names.rs",
        "a_domain_star_covers_the_signers_of_that_domain_and_a_bare_star_none",
    ),
    covered(
        "leader election in kube-system",
        "shared/rights/tests",
        "leader_election_in_kube_system_is_no_power",
    ),
    covered(
        "exec by get on older servers",
        "shared/rights/tests",
        "get_on_exec_is_exec_on_older_servers",
    ),
    covered(
        "a binding to an account that is not there",
        "shared/rights/tests",
        "a_ghost_inherits_what_its_binding_grants",
    ),
    covered(
        "scalars of YAML 1.1",
        "shared/manifests/tests/yaml.rs",
        "scalars_are_those_of_yaml_1_1",
    ),
    covered(
        "of duplicate keys the last",
        "shared/manifests/tests/yaml.rs",
        "of_equal_keys_the_last_counts_and_both_lines_are_named",
    ),
    covered(
        "no payload in the input",
        "shared/practices/cases/payload-reachable.md",
        "without payload there is nothing to judge",
    ),
    covered(
        "a grant that is refused makes nothing green",
        "shared/practices/cases/creates-crds.md",
        "a binding that the API server would refuse makes nothing green",
    ),
];
