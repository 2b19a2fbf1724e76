//! ServiceAccounts by namespace and name.

use std::collections::BTreeMap;

use opsec_model::objects::ServiceAccount;
use opsec_model::{ServiceAccountRef, Snapshot};

pub(crate) fn index(snapshot: &Snapshot) -> BTreeMap<ServiceAccountRef, &ServiceAccount> {
    snapshot
        .service_accounts
        .iter()
        .map(|account| {
            let metadata = &account.metadata;
            (
                ServiceAccountRef::new(metadata.namespace(), &metadata.name),
                account,
            )
        })
        .collect()
}
