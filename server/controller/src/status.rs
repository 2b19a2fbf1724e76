//! What a validation came to, as the status of a declaration. Its time is that at which what stands
//! there was first found: a validation that finds the same changes nothing.

use opsec_crd::{Condition, ConditionStatus, Grant, OperatorRightsStatus, Rule};
use opsec_model::RightsGrant;
use opsec_model::validation::{self, Validation};

/// How many rules of excess, and of what is not assigned, a status holds: an object has its limit.
const RULES: usize = 300;
/// How much of a message a status holds.
const LETTERS: usize = 1024;

/// The status that takes the place of another; none when nothing but the time would differ.
pub(crate) fn successor(
    validation: &Validation,
    before: &OperatorRightsStatus,
    now: &str,
) -> Option<OperatorRightsStatus> {
    let generation = validation.observed_generation;
    let (excess, more) = listed(&validation.excess);
    let (not_assigned, _) = listed(&validation.not_assigned);
    let conditions = validation.conditions.iter();
    let conditions = conditions.map(|found| {
        let status = as_resource(found.status);
        let same = before
            .conditions
            .iter()
            .find(|known| known.kind == found.kind && known.status == status);
        let since = same.and_then(|known| known.last_transition_time.clone());
        let mut message = found.message.clone();
        if found.kind == "Excess" && more > 0 {
            message = format!("{message}; {more} rules more than are listed");
        }
        Condition {
            kind: found.kind.clone(),
            status,
            reason: found.reason.clone(),
            message: shortened(message),
            last_transition_time: Some(since.unwrap_or_else(|| now.to_owned())),
            observed_generation: generation,
        }
    });
    let mut after = OperatorRightsStatus {
        observed_generation: generation,
        effective_rights_digest: Some(validation.effective_rights_digest.clone())
            .filter(|digest| !digest.is_empty()),
        last_validated: before.last_validated.clone(),
        excess,
        not_assigned,
        conditions: conditions.collect(),
    };
    if after == *before {
        return None;
    }
    after.last_validated = Some(now.to_owned());
    Some(after)
}

/// The conditions whose status or reason is another than before.
pub(crate) fn changed<'a>(
    before: &OperatorRightsStatus,
    after: &'a OperatorRightsStatus,
) -> Vec<&'a Condition> {
    let conditions = after.conditions.iter();
    conditions
        .filter(|condition| {
            let same = before.conditions.iter().any(|known| {
                (&known.kind, known.status, &known.reason)
                    == (&condition.kind, condition.status, &condition.reason)
            });
            !same
        })
        .collect()
}

/// As many grants as a status holds, and how many rules are left out.
fn listed(grants: &[RightsGrant]) -> (Vec<Grant>, usize) {
    let mut room = RULES;
    let mut left_out = 0;
    let mut all = Vec::new();
    for grant in grants {
        let mut grant = Grant::from(grant);
        let rules: Vec<Rule> = std::mem::take(&mut grant.rules);
        left_out += rules.len().saturating_sub(room);
        grant.rules = rules.into_iter().take(room).collect();
        room -= grant.rules.len();
        if !grant.rules.is_empty() {
            all.push(grant);
        }
    }
    (all, left_out)
}

fn as_resource(status: validation::ConditionStatus) -> ConditionStatus {
    match status {
        validation::ConditionStatus::True => ConditionStatus::True,
        validation::ConditionStatus::False => ConditionStatus::False,
        validation::ConditionStatus::Unknown => ConditionStatus::Unknown,
    }
}

pub(crate) fn shortened(message: String) -> String {
    if message.chars().count() <= LETTERS {
        return message;
    }
    let kept: String = message.chars().take(LETTERS - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use opsec_model::ServiceAccountRef;
    use opsec_model::declared_rights::{GrantScope, ScopeName};
    use opsec_model::objects::PolicyRule;
    use opsec_model::validation::ValidationCondition;

    use super::*;

    fn validation(excess: bool, rules: usize) -> Validation {
        let rule = PolicyRule {
            verbs: vec!["get".to_owned()],
            ..PolicyRule::default()
        };
        let condition = |kind: &str, holds: bool| ValidationCondition {
            kind: kind.to_owned(),
            status: if holds {
                validation::ConditionStatus::True
            } else {
                validation::ConditionStatus::False
            },
            reason: "Why".to_owned(),
            message: "why".to_owned(),
        };
        Validation {
            name: "a".to_owned(),
            observed_generation: Some(2),
            effective_rights_digest: "sha256:0".to_owned(),
            excess: (0..rules)
                .map(|_| RightsGrant {
                    service_account: ServiceAccountRef::new("a", "b"),
                    scope: GrantScope::Named(ScopeName::Own),
                    rules: vec![rule.clone(); 10],
                })
                .collect(),
            conditions: vec![condition("Validated", true), condition("Excess", excess)],
            ..Validation::default()
        }
    }

    #[test]
    fn the_same_is_not_written_again_and_keeps_its_times() {
        let nothing = OperatorRightsStatus::default();
        let first = successor(&validation(false, 0), &nothing, "1").unwrap();
        assert_eq!(first.last_validated.as_deref(), Some("1"));
        assert_eq!(changed(&nothing, &first).len(), 2);
        assert_eq!(successor(&validation(false, 0), &first, "2"), None);

        let second = successor(&validation(true, 1), &first, "3").unwrap();
        assert_eq!(second.last_validated.as_deref(), Some("3"));
        let times: Vec<_> = second
            .conditions
            .iter()
            .map(|it| it.last_transition_time.as_deref())
            .collect();
        assert_eq!(times, [Some("1"), Some("3")]);
        let kinds: Vec<_> = changed(&first, &second)
            .iter()
            .map(|it| it.kind.as_str())
            .collect();
        assert_eq!(kinds, ["Excess"]);
    }

    #[test]
    fn a_status_has_room_for_so_much_and_says_what_it_leaves_out() {
        let nothing = OperatorRightsStatus::default();
        let status = successor(&validation(true, 100), &nothing, "1").unwrap();
        let rules: usize = status.excess.iter().map(|grant| grant.rules.len()).sum();
        assert_eq!(rules, RULES);
        let excess = status.conditions.iter().find(|it| it.kind == "Excess");
        let message = &excess.unwrap().message;
        assert!(message.contains("700 rules more"), "{message}");
    }
}
