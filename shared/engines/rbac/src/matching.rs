//! Whether a rule covers a request: the API server's own comparison, field by field.
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/rbac/v1/evaluation_helpers.go>

use opsec_model::objects::PolicyRule;

use crate::user::Attributes;

/// The wildcard of verbs, groups, resources and paths.
pub(crate) const ALL: &str = "*";

/// Which wildcards a rule needed to cover a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WildcardUse {
    /// Its verbs hold `*` and not the verb itself.
    pub verbs: bool,
    /// Its groups hold `*` and not the group itself.
    pub groups: bool,
    /// Its resources hold `*` or `*/subresource` and not the resource itself; its paths one that
    /// ends in `*`.
    pub resources: bool,
}

impl WildcardUse {
    /// Whether any was needed.
    pub fn any(self) -> bool {
        self.verbs || self.groups || self.resources
    }
}

/// Whether a rule by itself allows what is asked: RBAC's `RuleAllows`.
pub fn rule_allows(rule: &PolicyRule, attributes: &Attributes) -> bool {
    match attributes {
        Attributes::Resource {
            verb,
            group,
            resource,
            subresource,
            name,
            ..
        } => {
            matches_literally_or_all(&rule.verbs, verb).is_some()
                && matches_literally_or_all(&rule.api_groups, group).is_some()
                && matches_resource(&rule.resources, resource, subresource).is_some()
                && matches_name(&rule.resource_names, name)
        }
        Attributes::Path { verb, path } => matches_path_rule(rule, verb, path).is_some(),
    }
}

/// Whether a rule covers a verb on a resource, whatever the name, and by which wildcards.
pub(crate) fn matches_kind_rule(
    rule: &PolicyRule,
    verb: &str,
    group: &str,
    resource: &str,
    subresource: &str,
) -> Option<WildcardUse> {
    Some(WildcardUse {
        verbs: matches_literally_or_all(&rule.verbs, verb)?,
        groups: matches_literally_or_all(&rule.api_groups, group)?,
        resources: matches_resource(&rule.resources, resource, subresource)?,
    })
}

/// Whether a rule covers a verb on a path, and by which wildcards.
pub(crate) fn matches_path_rule(rule: &PolicyRule, verb: &str, path: &str) -> Option<WildcardUse> {
    Some(WildcardUse {
        verbs: matches_literally_or_all(&rule.verbs, verb)?,
        groups: false,
        resources: matches_path(&rule.non_resource_urls, path)?,
    })
}

/// Whether a list holds a value, or `*`; `Some(true)` when only by `*`.
pub(crate) fn matches_literally_or_all(list: &[String], value: &str) -> Option<bool> {
    let mut by_wildcard = None;
    for item in list {
        if item == value {
            return Some(false);
        }
        if item == ALL {
            by_wildcard = Some(true);
        }
    }
    by_wildcard
}

/// `pods` is not `pods/exec`; `*` is both; `*/exec` is every resource's exec; `pods/*` is a
/// literal that no request carries.
pub(crate) fn matches_resource(
    resources: &[String],
    resource: &str,
    subresource: &str,
) -> Option<bool> {
    let mut by_wildcard = None;
    for item in resources {
        if is_combined(item, resource, subresource) {
            return Some(false);
        }
        if item == ALL || (!subresource.is_empty() && item.strip_prefix("*/") == Some(subresource))
        {
            by_wildcard = Some(true);
        }
    }
    by_wildcard
}

/// Whether an item is `resource`, or `resource/subresource` when there is one.
fn is_combined(item: &str, resource: &str, subresource: &str) -> bool {
    if subresource.is_empty() {
        return item == resource;
    }
    item.strip_prefix(resource)
        .and_then(|rest| rest.strip_prefix('/'))
        == Some(subresource)
}

/// Names are literal, `*` too; no names at all is every name.
pub(crate) fn matches_name(resource_names: &[String], name: &str) -> bool {
    resource_names.is_empty() || resource_names.iter().any(|item| item == name)
}

/// Plain prefixes: only a trailing `*` counts.
pub(crate) fn matches_path(paths: &[String], path: &str) -> Option<bool> {
    let mut by_wildcard = None;
    for item in paths {
        if item == path {
            return Some(false);
        }
        if path_covers(item, path) {
            by_wildcard = Some(true);
        }
    }
    by_wildcard
}

/// Whether one path of a rule covers a path, or another rule's path.
pub(crate) fn path_covers(item: &str, path: &str) -> bool {
    item == path || (item.ends_with(ALL) && path.starts_with(item.trim_end_matches(ALL)))
}
