//! Judges of pods that are broken on purpose, by what is taken from the pod or its version.

use opsec_model::objects::{PodSpec, PodTemplate};
use opsec_pod_security::Version;

/// A way to break the judge.
pub(crate) struct Break {
    pub(crate) how: &'static str,
    pub(crate) change: Change,
}

/// What is changed before the judge sees it.
pub(crate) enum Change {
    Whole(fn(&mut PodTemplate, &mut Version)),
    Spec(fn(&mut PodSpec)),
}

impl Change {
    /// Makes it.
    pub(crate) fn make(&self, pod: &mut PodTemplate, version: &mut Version) {
        match self {
            Self::Whole(change) => change(pod, version),
            Self::Spec(change) => change(&mut pod.spec),
        }
    }
}

/// All ways.
pub(crate) const BREAKS: [Break; 12] = [
    whole("the version is ignored", |_, version| {
        *version = Version::LATEST;
    }),
    whole("annotations are ignored", |pod, _| {
        pod.metadata.annotations.clear();
    }),
    spec("init containers are ignored", |spec| {
        spec.init_containers.clear();
    }),
    spec("volumes are ignored", |spec| spec.volumes.clear()),
    spec("the pod's own security context is ignored", |spec| {
        spec.security_context = None;
    }),
    spec("user namespaces are ignored", |spec| spec.host_users = None),
    spec("Windows is ignored", |spec| spec.os = None),
    spec("sysctls are ignored", |spec| {
        let context = spec.security_context.iter_mut();
        context.for_each(|context| context.sysctls.clear());
    }),
    spec("host ports are ignored", |spec| {
        let ports = spec.containers.iter_mut().chain(&mut spec.init_containers);
        ports.for_each(|container| container.ports.clear());
    }),
    spec("hosts of probes are ignored", |spec| {
        let probes = spec.containers.iter_mut().chain(&mut spec.init_containers);
        probes.for_each(|container| container.probe_hosts.clear());
    }),
    spec("capabilities that are added are ignored", |spec| {
        for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
            let context = container.security_context.as_mut();
            if let Some(capabilities) = context.and_then(|context| context.capabilities.as_mut()) {
                capabilities.add.clear();
            }
        }
    }),
    spec("the SELinux type is ignored", |spec| {
        let of_pod = spec.security_context.iter_mut();
        let of_pod = of_pod.filter_map(|context| context.se_linux_options.as_mut());
        let containers = spec.containers.iter_mut().chain(&mut spec.init_containers);
        let contexts = containers.filter_map(|container| container.security_context.as_mut());
        let of_containers = contexts.filter_map(|context| context.se_linux_options.as_mut());
        of_pod
            .chain(of_containers)
            .for_each(|options| options.kind.clear());
    }),
];

const fn whole(how: &'static str, change: fn(&mut PodTemplate, &mut Version)) -> Break {
    Break {
        how,
        change: Change::Whole(change),
    }
}

const fn spec(how: &'static str, change: fn(&mut PodSpec)) -> Break {
    Break {
        how,
        change: Change::Spec(change),
    }
}
