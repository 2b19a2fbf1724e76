//! Operators as they are found and judged.

use opsec_model::OperatorSummary;
use opsec_model::report::{AccountSummary, ComponentSummary};
use opsec_proto::v1;

/// An operator for the wire.
pub fn encode_operator(operator: &OperatorSummary) -> v1::OperatorSummary {
    let OperatorSummary {
        name,
        namespaces,
        components,
        service_accounts,
        owned_kinds,
        presumed_own_groups,
        intended_namespaces,
        why,
    } = operator.clone();
    v1::OperatorSummary {
        name,
        namespaces,
        components: components.into_iter().map(encode_component).collect(),
        service_accounts: service_accounts.into_iter().map(encode_account).collect(),
        owned_kinds,
        presumed_own_groups,
        intended_namespaces,
        why,
    }
}

/// An operator from the wire.
pub fn decode_operator(operator: v1::OperatorSummary) -> OperatorSummary {
    let v1::OperatorSummary {
        name,
        namespaces,
        components,
        service_accounts,
        owned_kinds,
        presumed_own_groups,
        intended_namespaces,
        why,
    } = operator;
    OperatorSummary {
        name,
        namespaces,
        components: components.into_iter().map(decode_component).collect(),
        service_accounts: service_accounts.into_iter().map(decode_account).collect(),
        owned_kinds,
        presumed_own_groups,
        intended_namespaces,
        why,
    }
}

fn encode_component(component: ComponentSummary) -> v1::ComponentSummary {
    let ComponentSummary {
        kind,
        namespace,
        name,
        service_account,
        hook,
    } = component;
    v1::ComponentSummary {
        kind,
        namespace,
        name,
        service_account,
        hook,
    }
}

fn decode_component(component: v1::ComponentSummary) -> ComponentSummary {
    let v1::ComponentSummary {
        kind,
        namespace,
        name,
        service_account,
        hook,
    } = component;
    ComponentSummary {
        kind,
        namespace,
        name,
        service_account,
        hook,
    }
}

fn encode_account(account: AccountSummary) -> v1::AccountSummary {
    let AccountSummary {
        namespace,
        name,
        workload,
    } = account;
    v1::AccountSummary {
        namespace,
        name,
        workload,
    }
}

fn decode_account(account: v1::AccountSummary) -> AccountSummary {
    let v1::AccountSummary {
        namespace,
        name,
        workload,
    } = account;
    AccountSummary {
        namespace,
        name,
        workload,
    }
}
