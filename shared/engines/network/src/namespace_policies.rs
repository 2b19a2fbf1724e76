//! The policies of one namespace, found by the labels of a pod without trying each: a pod that a
//! selector with `matchLabels` selects has the first of them.

use std::collections::BTreeMap;

use crate::read::ReadPolicy;

/// The policies of one namespace.
#[derive(Debug, Default)]
pub(crate) struct NamespacePolicies<'a> {
    all: Vec<ReadPolicy<'a>>,
    /// By the first label that its selector asks for.
    by_label: BTreeMap<(&'a str, &'a str), Vec<usize>>,
    /// Those that ask for no label by `matchLabels`.
    others: Vec<usize>,
}

impl<'a> NamespacePolicies<'a> {
    /// Adds a policy.
    pub(crate) fn push(&mut self, read: ReadPolicy<'a>) {
        let place = self.all.len();
        let selector = &read.policy.spec.pod_selector;
        match selector.match_labels.iter().next() {
            Some((key, value)) => self.by_label.entry((key, value)).or_default().push(place),
            None => self.others.push(place),
        }
        self.all.push(read);
    }

    /// Those that select a pod with these labels, in the order in which they were added.
    pub(crate) fn selecting<'n>(
        &'n self,
        labels: &'n BTreeMap<String, String>,
    ) -> impl Iterator<Item = &'n ReadPolicy<'a>> {
        let mut places = self.others.clone();
        if !self.by_label.is_empty() {
            for (key, value) in labels {
                let found = self.by_label.get(&(key.as_str(), value.as_str()));
                places.extend(found.into_iter().flatten());
            }
            places.sort_unstable();
        }
        places
            .into_iter()
            .filter_map(|place| self.all.get(place))
            .filter(|read| read.policy.spec.pod_selector.matches(labels))
    }
}
