//! Many requests, asked of many accounts. Which of them a rule covers is looked up by the words of
//! the rule, so that what a rule does not speak of costs nothing.

use std::collections::BTreeMap;

use opsec_kubernetes::{Scope, find};
use opsec_model::objects::PolicyRule;

use crate::effective::{EffectiveRights, Held};
use crate::grant::Grant;
use crate::matching::{ALL, WildcardUse};
use crate::request::Request;

/// Requests that are asked together, each once.
#[derive(Debug)]
pub struct Questions<'q> {
    /// By group, resource, subresource and verb.
    asked: Vec<Question<'q>>,
    verbs: BTreeMap<&'q str, usize>,
    groups: BTreeMap<&'q str, usize>,
    /// Places by group.
    of_group: Vec<Vec<usize>>,
    /// Places by what a rule says of the resource, `pods` or `pods/exec`.
    of_resource: BTreeMap<String, Vec<usize>>,
    /// Places by subresource.
    of_subresource: BTreeMap<&'q str, Vec<usize>>,
}

#[derive(Debug)]
struct Question<'q> {
    request: Request<'q>,
    verb: usize,
    group: usize,
    /// Where a kind of Kubernetes' own lives.
    built_in: Option<Scope>,
}

/// What an account holds of questions: as [`EffectiveRights::held`] says of each.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    held: Vec<Held>,
    /// The places of the questions of which something is held, with where that begins.
    places: Vec<(usize, usize)>,
}

/// A question that a grant's rule covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Covered {
    place: usize,
    grant: usize,
    via_wildcard: WildcardUse,
}

impl<'q> Questions<'q> {
    /// These requests.
    pub fn new(requests: impl IntoIterator<Item = Request<'q>>) -> Self {
        let mut requests: Vec<Request<'q>> = requests.into_iter().collect();
        requests.sort_unstable_by_key(order);
        requests.dedup();
        let verbs = numbered(requests.iter().map(|request| request.verb));
        let groups = numbered(requests.iter().map(|request| request.group));
        let mut of_group = vec![Vec::new(); groups.len()];
        let mut of_resource: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut of_subresource: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut asked = Vec::with_capacity(requests.len());
        for (place, request) in requests.into_iter().enumerate() {
            let number = |words: &BTreeMap<&str, usize>, word: &str| {
                words.get(word).copied().unwrap_or_default()
            };
            let group = number(&groups, request.group);
            if let Some(places) = of_group.get_mut(group) {
                places.push(place);
            }
            let resource = if request.is_top_level() {
                request.resource.to_owned()
            } else {
                let of_subresource = of_subresource.entry(request.sub()).or_default();
                of_subresource.push(place);
                format!("{}/{}", request.resource, request.sub())
            };
            of_resource.entry(resource).or_default().push(place);
            asked.push(Question {
                request,
                verb: number(&verbs, request.verb),
                group,
                built_in: find(request.group, request.resource).map(|kind| kind.scope),
            });
        }
        Self {
            asked,
            verbs,
            groups,
            of_group,
            of_resource,
            of_subresource,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// The place of a request; none when it is not asked.
    pub fn place(&self, request: &Request<'_>) -> Option<usize> {
        let asked = order(request);
        self.asked
            .binary_search_by(|question| order(&question.request).cmp(&asked))
            .ok()
    }

    /// The request at a place.
    pub fn request(&self, place: usize) -> Option<&Request<'q>> {
        self.asked.get(place).map(|question| &question.request)
    }

    /// Adds every question that a rule covers; one that several of its words cover may be there
    /// more than once.
    fn covered(&self, grant: usize, rule: &PolicyRule, found: &mut Vec<Covered>) {
        let verbs = Words::of(&rule.verbs, &self.verbs);
        let groups = Words::of(&rule.api_groups, &self.groups);
        let mut add = |place: usize, by_wildcard: bool| {
            let Some(question) = self.asked.get(place) else {
                return;
            };
            let via_verb = verbs.matches(question.verb);
            if let (Some(verbs), Some(groups)) = (via_verb, groups.matches(question.group)) {
                found.push(Covered {
                    place,
                    grant,
                    via_wildcard: WildcardUse {
                        verbs,
                        groups,
                        resources: by_wildcard,
                    },
                });
            }
        };
        for item in &rule.resources {
            let literal = self.of_resource.get(item);
            for &place in literal.into_iter().flatten() {
                add(place, false);
            }
            if item == ALL {
                let every = if groups.all {
                    0..self.asked.len()
                } else {
                    0..0
                };
                let of_groups = groups.literal.iter().filter(|_| !groups.all);
                let of_groups = of_groups.filter_map(|&group| self.of_group.get(group));
                for place in every.chain(of_groups.flatten().copied()) {
                    add(place, true);
                }
            } else if let Some(subresource) = item.strip_prefix("*/") {
                let places = self.of_subresource.get(subresource);
                for &place in places.into_iter().flatten() {
                    add(place, true);
                }
            }
        }
    }
}

impl EffectiveRights {
    /// What is held of each question by the grants that count.
    pub fn answers(&self, questions: &Questions<'_>, counts: impl Fn(&Grant) -> bool) -> Answers {
        let mut covered = Vec::new();
        for (place, grant) in self.grants().iter().enumerate() {
            if counts(grant) {
                questions.covered(place, &grant.rule, &mut covered);
            }
        }
        // What a word names literally sorts before what a wildcard covers.
        covered.sort_unstable();
        covered.dedup_by_key(|covered| (covered.place, covered.grant));
        let mut answers = Answers::default();
        for covered in covered {
            let question = questions.asked.get(covered.place);
            let grant = self.grants().get(covered.grant);
            let (Some(question), Some(grant)) = (question, grant) else {
                continue;
            };
            let begin = answers.held.len();
            self.add_held(
                (covered.grant, grant),
                &question.request,
                question.built_in,
                covered.via_wildcard,
                &mut answers.held,
            );
            let known = answers.places.last().map(|(place, _)| *place);
            if answers.held.len() > begin && known != Some(covered.place) {
                answers.places.push((covered.place, begin));
            }
        }
        answers
    }
}

impl Answers {
    /// What is held of the question at a place.
    pub fn of(&self, place: usize) -> &[Held] {
        let Ok(at) = self
            .places
            .binary_search_by_key(&place, |(place, _)| *place)
        else {
            return &[];
        };
        let begin = |at: usize| self.places.get(at).map(|(_, begin)| *begin);
        let end = begin(at + 1).unwrap_or(self.held.len());
        let range = begin(at).unwrap_or(end)..end;
        self.held.get(range).unwrap_or_default()
    }

    /// The places of the questions of which anything is held, in order.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.places.iter().map(|(place, _)| *place)
    }
}

/// What a list of a rule says: some words, and whether it says `*`.
struct Words {
    literal: Vec<usize>,
    all: bool,
}

impl Words {
    fn of(list: &[String], numbers: &BTreeMap<&str, usize>) -> Self {
        let literal = list.iter().filter_map(|word| numbers.get(word.as_str()));
        Self {
            literal: literal.copied().collect(),
            all: list.iter().any(|word| word == ALL),
        }
    }

    /// Whether a word is said; `Some(true)` when only by `*`.
    fn matches(&self, word: usize) -> Option<bool> {
        if self.literal.contains(&word) {
            Some(false)
        } else {
            self.all.then_some(true)
        }
    }
}

fn order<'r>(request: &Request<'r>) -> (&'r str, &'r str, &'r str, &'r str) {
    let Request {
        verb,
        group,
        resource,
        ..
    } = *request;
    (group, resource, request.sub(), verb)
}

fn numbered<'q>(words: impl Iterator<Item = &'q str>) -> BTreeMap<&'q str, usize> {
    let mut numbers = BTreeMap::new();
    for word in words {
        let next = numbers.len();
        numbers.entry(word).or_insert(next);
    }
    numbers
}
