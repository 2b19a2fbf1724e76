//! Objects of a kind in the order of their names, changed one by one: what reads them takes a list.

use std::cmp::Ordering;

use opsec_model::OperatorRights;
use opsec_model::objects::{
    ClusterRole, ClusterRoleBinding, CustomResourceDefinition, Metadata, Namespace, Role,
    RoleBinding, ServiceAccount, Workload,
};

/// Namespace and name.
pub(crate) type Key = (Option<String>, String);

/// An object that a list is sorted by.
pub(crate) trait Kept {
    /// Its metadata.
    fn metadata(&self) -> &Metadata;
    /// Its kind, in lists of several.
    fn kind(&self) -> &'static str {
        ""
    }
}

macro_rules! kept {
    ($($kind:ident),+ $(,)?) => {$(
        impl Kept for $kind {
            fn metadata(&self) -> &Metadata {
                &self.metadata
            }
        }
    )+};
}
kept!(
    ClusterRole,
    ClusterRoleBinding,
    CustomResourceDefinition,
    Namespace,
    OperatorRights,
    Role,
    RoleBinding,
    ServiceAccount,
);

impl Kept for Workload {
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
    fn kind(&self) -> &'static str {
        self.kind.as_str()
    }
}

fn compare<T: Kept>(object: &T, kind: &str, namespace: &str, name: &str) -> Ordering {
    let metadata = object.metadata();
    let own = (object.kind(), metadata.namespace(), metadata.name.as_str());
    own.cmp(&(kind, namespace, name))
}

fn place<T: Kept>(list: &[T], kind: &str, namespace: &str, name: &str) -> Result<usize, usize> {
    list.binary_search_by(|object| compare(object, kind, namespace, name))
}

/// Puts an object into the list, and gives back the one that it replaces.
pub(crate) fn put<T: Kept>(list: &mut Vec<T>, object: T) -> Option<T> {
    let metadata = object.metadata();
    let found = place(list, object.kind(), metadata.namespace(), &metadata.name);
    match found {
        Ok(place) => list
            .get_mut(place)
            .map(|before| std::mem::replace(before, object)),
        Err(place) => {
            list.insert(place, object);
            None
        }
    }
}

/// Takes an object out of the list. `kind` is empty in a list of one kind.
pub(crate) fn remove<T: Kept>(list: &mut Vec<T>, kind: &str, key: &Key) -> Option<T> {
    let namespace = key.0.as_deref().unwrap_or_default();
    let place = place(list, kind, namespace, &key.1).ok()?;
    Some(list.remove(place))
}

/// An object of a list of one kind.
pub(crate) fn get<'a, T: Kept>(
    list: &'a [T],
    namespace: Option<&str>,
    name: &str,
) -> Option<&'a T> {
    let place = place(list, "", namespace.unwrap_or_default(), name).ok()?;
    list.get(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(namespace: &str, name: &str, label: &str) -> Role {
        Role {
            metadata: Metadata {
                name: name.to_owned(),
                namespace: Some(namespace.to_owned()),
                labels: [("l".to_owned(), label.to_owned())].into(),
                ..Metadata::default()
            },
            ..Role::default()
        }
    }

    #[test]
    fn a_list_stays_in_order_whatever_comes_and_goes() {
        let mut list = Vec::new();
        for (namespace, name) in [("b", "x"), ("a", "z"), ("a", "y"), ("c", "a")] {
            assert!(put(&mut list, role(namespace, name, "1")).is_none());
        }
        let before = put(&mut list, role("a", "z", "2")).unwrap();
        assert_eq!(before.metadata.label("l"), Some("1"));
        assert_eq!(
            get(&list, Some("a"), "z").unwrap().metadata.label("l"),
            Some("2")
        );
        let key = (Some("b".to_owned()), "x".to_owned());
        assert!(remove(&mut list, "", &key).is_some());
        assert!(remove(&mut list, "", &key).is_none());
        let names: Vec<&str> = list
            .iter()
            .map(|role| role.metadata.name.as_str())
            .collect();
        assert_eq!(names, ["y", "z", "a"]);
    }
}
