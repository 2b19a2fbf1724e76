//! Which objects are parameters of admission policies, and so are kept whole. A Secret never is.

use opsec_model::objects::{
    Metadata, ParamRef, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};

use crate::object::KindRef;

/// The parameters that the policies and bindings of the input ask for.
#[derive(Debug)]
pub(crate) struct Params<'a> {
    policies: Vec<&'a ValidatingAdmissionPolicy>,
    bindings: Vec<&'a ValidatingAdmissionPolicyBinding>,
}

impl<'a> Params<'a> {
    /// What these policies and bindings ask for.
    pub(crate) fn new(
        policies: Vec<&'a ValidatingAdmissionPolicy>,
        bindings: Vec<&'a ValidatingAdmissionPolicyBinding>,
    ) -> Self {
        Self { policies, bindings }
    }

    /// Whether objects of a kind are parameters of a policy.
    pub(crate) fn takes_kind(&self, kind: &KindRef) -> bool {
        self.policies_of(kind).next().is_some()
    }

    /// Whether a binding can select the object.
    pub(crate) fn takes(&self, kind: &KindRef, metadata: &Metadata) -> bool {
        self.policies_of(kind).any(|policy| {
            self.bindings
                .iter()
                .filter(|binding| binding.spec.policy_name == policy.metadata.name)
                .filter_map(|binding| binding.spec.param_ref.as_ref())
                .any(|reference| selects(reference, metadata))
        })
    }

    fn policies_of<'b>(
        &'b self,
        kind: &'b KindRef,
    ) -> impl Iterator<Item = &'b ValidatingAdmissionPolicy> {
        self.policies.iter().copied().filter(move |policy| {
            policy.spec.param_kind.as_ref().is_some_and(|param| {
                param.kind == kind.kind && param.api_version == kind.api_version()
            })
        })
    }
}

fn selects(reference: &ParamRef, metadata: &Metadata) -> bool {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if given(&reference.namespace).is_some_and(|namespace| namespace != metadata.namespace()) {
        return false;
    }
    match (given(&reference.name), &reference.selector) {
        (Some(name), _) => name == metadata.name,
        (None, Some(selector)) => selector.matches(&metadata.labels),
        (None, None) => false,
    }
}
