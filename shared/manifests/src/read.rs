//! The whole way: every input parsed, placed, decoded, checked and put into one snapshot.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use opsec_kubernetes::RELEASE;
use opsec_model::objects::Object;
use opsec_model::snapshot::{Placement, PlacementReason};
use opsec_model::{Notice, NoticeCode, ObjectRef, ObjectSource, Snapshot, SourceMap};

use crate::decode;
use crate::document::{Counts, Schemas, parse, too_much};
use crate::error::ManifestError;
use crate::input::{Input, Limits, Manifests, Options};
use crate::invalid::Invalid;
use crate::memory::{Memory, TooMuch};
use crate::node::Node;
use crate::object::{RawObject, objects};
use crate::olm::{Bundles, expand};
use crate::params::Params;
use crate::place::{FilePlace, place};
use crate::scope::{Kinds, Known, is_built_in_group};
use crate::subjects::Accounts;
use crate::typed::Typed;

/// Reads all input; each that is handed over is freed as soon as it is parsed.
///
/// # Errors
/// When an input is no manifest, passes a limit, or its bindings contradict the namespace asked
/// for.
pub fn read<I: Borrow<Input>>(
    inputs: impl IntoIterator<Item = I>,
    options: &Options,
) -> Result<Manifests, ManifestError> {
    let schemas = if options.strict {
        Schemas::Read
    } else {
        Schemas::LeftOut
    };
    let limits = &options.limits;
    let memory = Memory::new(limits.memory);
    let mut counts = Counts::default();
    let mut raws = Vec::new();
    let mut notices = Vec::new();
    let mut bundles = Bundles::default();
    let mut files = Vec::new();
    for (index, input) in inputs.into_iter().enumerate() {
        let input = input.borrow();
        files.push(input.name.clone());
        parse(input, limits, schemas, &mut counts, &mut |mut parsed| {
            notices.append(&mut parsed.notices);
            if bundles.take(&input.name, &parsed.root) {
                return Ok(());
            }
            objects((&input.name, index), parsed, (limits, &memory), &mut raws)
        })?;
    }
    let mut olm = expand(&mut raws, &bundles, options, &memory)?;
    notices.append(&mut olm.notices);
    let kinds = Kinds::of(&raws);
    let places = place(&files, &mut raws, &kinds, options, &olm.namespaces)?;
    let mut reading = Reading {
        accounts: Accounts::of(&raws),
        repeated: repeated(&raws),
        kinds,
        places,
        kept: BTreeMap::new(),
        invalid: BTreeSet::new(),
        notices,
        told: BTreeSet::new(),
        limits,
        memory,
    };
    for raw in raws {
        reading.add(raw)?;
    }
    let mut manifests = reading.finish()?;
    manifests.snapshot.source.olm_installations = olm.installations;
    manifests.snapshot.served = olm.served;
    Ok(manifests)
}

struct Reading<'a> {
    accounts: Accounts,
    repeated: BTreeSet<ObjectRef>,
    kinds: Kinds,
    places: Vec<FilePlace>,
    kept: BTreeMap<ObjectRef, Kept>,
    invalid: BTreeSet<ObjectRef>,
    notices: Vec<Notice>,
    told: BTreeSet<(NoticeCode, String)>,
    limits: &'a Limits,
    memory: Memory,
}

struct Kept {
    raw: RawObject,
    typed: Typed,
}

impl Reading<'_> {
    fn add(&mut self, raw: RawObject) -> Result<(), ManifestError> {
        let decoded = match self.kinds.find(&raw.kind) {
            Known::NotServed => Err(not_served(&raw)),
            _ => decode::object(&raw, &self.memory),
        };
        if self.memory.is_passed() {
            return Err(too_much(&raw.start.file, self.limits));
        }
        match decoded {
            Ok((typed, misspelt)) => {
                if let Some(invalid) = misspelt {
                    self.report(
                        &raw,
                        &invalid,
                        "but what it asks for is plain and is judged",
                    );
                }
                self.keep(raw, typed);
            }
            Err(invalid) => self.refuse(&raw, &invalid),
        }
        Ok(())
    }

    fn keep(&mut self, mut raw: RawObject, mut typed: Typed) {
        let object = reference(&raw, typed.metadata().name.clone());
        if let Typed::ClusterRoleBinding(binding) = &mut typed
            && let Some(place) = self.places.get(raw.input)
        {
            for (index, name, namespace) in self.accounts.complete(raw.input, place, binding) {
                let message = format!(
                    "{object}: subjects[{index}] names ServiceAccount {name} without a namespace, which the API server refuses; judged as {namespace}/{name}"
                );
                self.note(
                    Notice::new(NoticeCode::SubjectWithoutNamespace, message)
                        .about(object.clone())
                        .at(raw.line_of(&format!("subjects[{index}]"))),
                );
            }
        }
        if let Some(earlier) = self.kept.get(&object)
            && !earlier.raw.value.says_what(&raw.value)
        {
            let message = format!(
                "{object} stands twice, in {} line {} and in {} line {}; kubectl would apply the last, so the last is judged",
                earlier.raw.start.file, earlier.raw.start.line, raw.start.file, raw.start.line
            );
            let notice = Notice::new(NoticeCode::DuplicateObject, message);
            self.note(notice.about(object.clone()).at(raw.start.clone()));
        }
        let may_be_params = matches!(typed, Typed::ConfigMap(_) | Typed::CustomObject(_));
        if !may_be_params && !self.repeated.contains(&object) {
            // What was decoded is all that is asked for again, and takes far less room.
            raw.value = Node::empty(raw.start.line);
        }
        self.kept.insert(object, Kept { raw, typed });
    }

    fn refuse(&mut self, raw: &RawObject, invalid: &Invalid) {
        let object = self.report(raw, invalid, "so it counts for nothing");
        self.invalid.insert(object);
    }

    fn report(&mut self, raw: &RawObject, invalid: &Invalid, hence: &str) -> ObjectRef {
        let object = reference(raw, raw.name().unwrap_or_default().to_owned());
        let field = if invalid.field.is_empty() {
            String::new()
        } else {
            format!("{}: ", invalid.field)
        };
        let message = format!(
            "{object}: {field}{}; the API server refuses it, {hence}",
            invalid.reason
        );
        let notice = Notice::new(NoticeCode::InvalidObject, message);
        self.note(notice.about(object.clone()).at(raw.line_of(&invalid.field)));
        object
    }

    /// A notice that differs from an earlier one by its line alone says nothing new.
    fn note(&mut self, notice: Notice) {
        let told = (notice.code, notice.message.clone());
        if self.told.insert(told) {
            self.notices.push(notice);
        }
    }

    fn finish(mut self) -> Result<Manifests, ManifestError> {
        self.keep_params()?;
        self.notices.extend(self.unknown_kinds());
        self.notices.extend(self.default_placements());
        let placements = self.placements();
        let objects = self.kept.len()
            + self
                .invalid
                .iter()
                .filter(|object| !self.kept.contains_key(object))
                .count();
        let mut sources = SourceMap::default();
        let mut snapshot = Snapshot {
            kubernetes_version: RELEASE.to_owned(),
            placements,
            notices: self.notices,
            ..Snapshot::default()
        };
        for (object, Kept { raw, typed }) in self.kept {
            sources.objects.insert(
                object,
                ObjectSource {
                    start: raw.start,
                    fields: raw.lines,
                    made_from: raw.made_from,
                },
            );
            typed.push_to(&mut snapshot);
        }
        sort(&mut snapshot);
        Ok(Manifests {
            snapshot,
            sources,
            objects,
        })
    }

    /// Keeps whole what admission policies take as parameters.
    fn keep_params(&mut self) -> Result<(), ManifestError> {
        let mut policies = Vec::new();
        let mut bindings = Vec::new();
        for kept in self.kept.values() {
            match &kept.typed {
                Typed::ValidatingAdmissionPolicy(policy) => policies.push((**policy).clone()),
                Typed::ValidatingAdmissionPolicyBinding(binding) => {
                    bindings.push((**binding).clone());
                }
                _ => {}
            }
        }
        let params = Params::new(policies.iter().collect(), bindings.iter().collect());
        let mut refused = Vec::new();
        for (object, kept) in &mut self.kept {
            let kind = &kept.raw.kind;
            match &mut kept.typed {
                Typed::ConfigMap(map) if params.takes(kind, &map.metadata) => {
                    match crate::invalid::decode_part(&kept.raw.value, "data", &self.memory) {
                        Ok(data) => map.data = data,
                        Err(invalid) => refused.push((object.clone(), invalid)),
                    }
                }
                Typed::CustomObject(custom) if params.takes_kind(kind) => {
                    custom.body = decode::body(&kept.raw.value, &self.memory)
                        .map_err(|TooMuch| too_much(&kept.raw.start.file, self.limits))?;
                }
                _ => {}
            }
        }
        for (object, invalid) in refused {
            if let Some(kept) = self.kept.remove(&object) {
                self.refuse(&kept.raw, &invalid);
                if self.memory.is_passed() {
                    return Err(too_much(&kept.raw.start.file, self.limits));
                }
            }
        }
        Ok(())
    }

    fn unknown_kinds(&self) -> Option<Notice> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for kept in self.kept.values() {
            if self.kinds.find(&kept.raw.kind) == Known::Unknown {
                let kind = &kept.raw.kind;
                *counts
                    .entry(format!("{}.{}", kind.kind, kind.group))
                    .or_default() += 1;
            }
        }
        let total: usize = counts.values().sum();
        let list: Vec<String> = counts
            .iter()
            .map(|(kind, count)| format!("{kind} ({count})"))
            .collect();
        let noun = if total == 1 {
            "object is"
        } else {
            "objects are"
        };
        let message = format!(
            "{total} {noun} of kinds that these files do not define: {}",
            list.join(", ")
        );
        (total > 0).then(|| Notice::new(NoticeCode::UnknownKinds, message))
    }

    fn placements(&self) -> Vec<Placement> {
        let mut counts: BTreeMap<(String, PlacementReason), usize> = BTreeMap::new();
        for kept in self.kept.values().filter(|kept| kept.raw.placed) {
            if let Some(place) = self.places.get(kept.raw.input) {
                *counts
                    .entry((place.namespace.clone(), place.reason))
                    .or_default() += 1;
            }
        }
        let placement = |((namespace, reason), objects)| Placement {
            namespace,
            reason,
            objects,
        };
        counts.into_iter().map(placement).collect()
    }

    fn default_placements(&self) -> Vec<Notice> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for kept in self.kept.values().filter(|kept| kept.raw.placed) {
            let place = self.places.get(kept.raw.input);
            if place.is_some_and(|place| place.reason == PlacementReason::Default) {
                *counts.entry(&kept.raw.start.file).or_default() += 1;
            }
        }
        let notice = |(file, count): (&str, usize)| {
            let noun = if count == 1 {
                "object names"
            } else {
                "objects name"
            };
            let message = format!(
                "{file}: {count} {noun} no namespace and no binding of the file says which; judged in `default` (-n NAMESPACE puts them elsewhere)"
            );
            Notice::new(NoticeCode::NamespacePlaced, message)
        };
        counts.into_iter().map(notice).collect()
    }
}

/// The objects that stand more than once.
fn repeated(raws: &[RawObject]) -> BTreeSet<ObjectRef> {
    let mut seen = BTreeSet::new();
    let objects = raws
        .iter()
        .map(|raw| reference(raw, raw.name().unwrap_or_default().to_owned()));
    objects.filter_map(|object| seen.replace(object)).collect()
}

/// How an object is named. The group is given where the kind is not Kubernetes' own, and for
/// kinds that no type is for.
fn reference(raw: &RawObject, name: String) -> ObjectRef {
    let group = if is_built_in_group(&raw.kind.group) && decode::has_type(&raw.kind) {
        String::new()
    } else {
        raw.kind.group.clone()
    };
    ObjectRef {
        kind: raw.kind.kind.clone(),
        namespace: raw.namespace.clone(),
        name,
        group,
    }
}

fn not_served(raw: &RawObject) -> Invalid {
    let release = RELEASE
        .rsplit_once('.')
        .map_or(RELEASE, |(release, _)| release);
    let reason = format!(
        "`{}` of `{}` is not served by Kubernetes {release}",
        raw.kind.kind,
        raw.kind.api_version()
    );
    Invalid::new("", reason)
}

/// Lists that hold several kinds are sorted by namespace and name as the others are.
pub(crate) fn sort(snapshot: &mut Snapshot) {
    snapshot.workloads.sort_by_cached_key(|workload| {
        let metadata = &workload.metadata;
        (
            metadata.namespace.clone(),
            metadata.name.clone(),
            workload.kind().to_owned(),
        )
    });
    snapshot
        .other_network_policies
        .sort_by_cached_key(|policy| {
            (
                policy.metadata.namespace.clone(),
                policy.metadata.name.clone(),
                policy.group.clone(),
                policy.kind.clone(),
            )
        });
    snapshot.gateway_routes.sort_by_cached_key(|route| {
        (
            route.metadata.namespace.clone(),
            route.metadata.name.clone(),
            route.kind.clone(),
        )
    });
    snapshot.custom_objects.sort_by_cached_key(|object| {
        (
            object.metadata.namespace.clone(),
            object.metadata.name.clone(),
            object.group.clone(),
            object.kind.clone(),
        )
    });
}
