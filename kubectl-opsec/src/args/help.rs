//! What help opens with: two examples that work as they stand.

/// A command's help: what it does, examples, usage, options.
pub(crate) const TEMPLATE: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

{all-args}{after-help}";

/// The program's help, its commands by what one wants to do.
pub(crate) const TOP_TEMPLATE: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

Judge:
  check     Judge an operator by the six practices
  list      List the operators that files hold, why each is one, and what it consists of

Understand:
  rights    List what an operator's ServiceAccounts may do; declare, validate
  can-i     Ask whether an operator may do something, as kubectl auth can-i does
  reach     List who may connect to whom under the NetworkPolicies
  path      Find the escalation chains that begin in an operator's pods
  diff      Say what whoever takes an operator gains from one version of it to another
  explain   Explain a practice, a rule or a right, with bad and good YAML

Mend:
  harden    Write what takes an operator from FAIL to PASS, as objects or as a kustomize overlay

Baselines:
  baseline  Keep what you accept of an operator: capture, apply, get, list, history, diff, rollback,
            delete, resolve, approve, reject

Attest:
  attest        Have the service judge an operator of a cluster, and sign what it comes to
  attestations  Keep the statements that a service made: list, get, revoke
  verify        Verify a statement offline, by a trust bundle

Service:
  fleet     List what operators came to when they were last recorded, over clusters; watch
  cluster   Keep the clusters that a service knows: register, list, delete

This program:
  completion  Print a script by which a shell, or kubectl, completes what is typed
  version     Print the version, and what is judged by

General:
{options}

`kubectl opsec COMMAND --help` says more about a command.
Exit status of check: 0 no FAIL and no UNKNOWN, 1 a FAIL, 2 usage or nothing judged, 3 an UNKNOWN.";

pub(crate) const TOP: &str = "\
Examples:
  kubectl opsec check -f cert-manager.yaml
  kubectl opsec list -f manifests/ -R";

pub(crate) const CHECK: &str = "\
Examples:
  kubectl opsec check cert-manager -f cert-manager.yaml   # a cluster without -f, and --watch goes on
  kubectl opsec check -f - --half operator -o json   # helm template … | kubectl opsec check -f -";

pub(crate) const LIST: &str = "\
Examples:
  kubectl opsec list -f cert-manager.yaml
  kubectl opsec list -f manifests/ -R -o json";

pub(crate) const RIGHTS: &str = "\
Examples:
  kubectl opsec rights cert-manager -f cert-manager.yaml
  kubectl opsec rights cert-manager -f cert-manager.yaml -o wide";

pub(crate) const RIGHTS_DECLARE: &str = "\
Examples:
  kubectl opsec rights declare cert-manager -f cert-manager.yaml > cert-manager-rights.yaml
  kubectl opsec rights declare cert-manager --intended shop,blog | kubectl apply -f -";

pub(crate) const RIGHTS_VALIDATE: &str = "\
Examples:
  kubectl opsec rights validate
  kubectl opsec rights validate --watch -o json   # a line a change: {\"type\": …, \"object\": …}
  kubectl opsec rights validate cert-manager -f cert-manager.yaml -f cert-manager-rights.yaml";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const RIGHTS_VALIDATE_AFTER: &str = "\
Exit status: 0 nothing is held that is not declared, 1 something is, or a declaration is of no \
operator that is here, 2 usage, or nothing is declared, 3 unknown; with --watch 130, for it ends by \
Ctrl-C. A right that is declared and not held is shown, and changes no status.";

pub(crate) const CAN_I: &str = "\
Examples:
  kubectl opsec can-i cert-manager create pods -n shop -f cert-manager.yaml
  kubectl opsec can-i --batch questions.jsonl -f cert-manager.yaml";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const CAN_I_AFTER: &str = "\
The answer is a SubjectAccessReview's: yes when any of the operator's ServiceAccounts may. Exit \
status: 0 yes, 1 no, 2 usage, 3 unknown.

A line of --batch is an object with serviceAccount (\"namespace/name\"), verb, and either path or \
group, resource (the plural), subresource, name and namespace; each is taken as it stands, and what \
is left out is empty. Its answer is {\"allowed\":true} or {\"allowed\":false}, where it is unknown \
{\"allowed\":null,\"reason\":…}, and for a bad line {\"error\":…}; then the exit status is 2 when all \
are answered.";

pub(crate) const REACH: &str = "\
Examples:
  kubectl opsec reach -f shop.yaml
  kubectl opsec reach cert-manager -f cert-manager.yaml -o json";

pub(crate) const PATH: &str = "\
Examples:
  kubectl opsec path cert-manager -f cert-manager.yaml
  kubectl opsec path cert-manager -f cert-manager.yaml -o json";

pub(crate) const DIFF: &str = "\
Examples:
  kubectl opsec diff cert-manager-1.20.yaml cert-manager-1.21.yaml
  kubectl opsec diff baseline:cert-manager cert-manager-1.21.yaml -o json";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const DIFF_AFTER: &str = "\
A state is a file or a directory of manifests or of a bundle of OLM, - for standard input, what \
--save-snapshot wrote, a file with an OperatorBaseline, or baseline:NAME for one that is kept. Rights are \
compared as sets: one that is only split or written otherwise is no change, and one more harmless verb is. \
A component, an account or a namespace that was renamed is found again where nothing else can be meant, \
and that is said. Beside a baseline, what the operator holds beyond it and what fails by it is gained.

Both states are judged by one baseline, so that facts alone make the difference. Exit status: 0 nothing is \
gained, 1 something is, 2 usage, 3 nothing is known to be and something may.";

pub(crate) const HARDEN: &str = "\
Examples:
  kubectl opsec harden cert-manager -f cert-manager.yaml --intended shop --output-dir hardened
  kubectl opsec harden cert-manager -f cert-manager.yaml --only OPSEC503 | kubectl apply -f -";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const HARDEN_AFTER: &str = "\
What is created is printed in the order in which it is applied; what is patched or goes is printed as \
comments. With --output-dir a kustomize overlay is written: `kubectl kustomize DIR | kubectl opsec check \
OPERATOR -f -` judges it. Each object says in an annotation which rules it answers.

Rights that are dangerous everywhere are granted in the intended namespaces alone, and those that are \
dangerous there too are taken away: name with --keep what the operator cannot work without. \
--dry-run=server has the cluster of the kubeconfig try each change, files or not, and names what it refuses \
in its own words; nothing is written there. Exit status: 0 the result passes, 1 findings remain and are \
listed, or the cluster refuses a change, 2 usage, 3 an UNKNOWN remains.";

pub(crate) const BASELINE: &str = "\
Examples:
  kubectl opsec baseline apply -f cert-manager-baseline.yaml
  kubectl opsec baseline list";

pub(crate) const BASELINE_APPLY: &str = "\
Examples:
  kubectl opsec baseline apply -f cert-manager-baseline.yaml
  kubectl opsec baseline apply -f -";

pub(crate) const BASELINE_CAPTURE: &str = "\
Examples:
  kubectl opsec baseline capture cert-manager -f cert-manager.yaml > cert-manager-baseline.yaml
  kubectl opsec baseline capture cert-manager --intended shop,blog";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const BASELINE_CAPTURE_AFTER: &str = "\
What is low or medium stands among the rights, which are granted. Every high or critical right, and \
whatever else fails, is an exemption whose reason and end are empty: `baseline apply` refuses the \
draft until a person has written both, or has taken the exemption out.";

pub(crate) const BASELINE_GET: &str = "\
Examples:
  kubectl opsec baseline get default
  kubectl opsec baseline get cert-manager -o json";

pub(crate) const BASELINE_LIST: &str = "\
Examples:
  kubectl opsec baseline list
  kubectl opsec baseline list -o json";

pub(crate) const BASELINE_DELETE: &str = "\
Examples:
  kubectl opsec baseline delete cert-manager
  kubectl opsec baseline delete cert-manager --data-dir ./baselines";

pub(crate) const BASELINE_HISTORY: &str = "\
Examples:
  kubectl opsec baseline history cert-manager
  kubectl opsec baseline history cert-manager -o json";

pub(crate) const BASELINE_DIFF: &str = "\
Examples:
  kubectl opsec baseline diff cert-manager
  kubectl opsec baseline diff cert-manager --from 1 --to 3";

pub(crate) const BASELINE_ROLLBACK: &str = "\
Examples:
  kubectl opsec baseline rollback cert-manager --to 2
  kubectl opsec baseline rollback default --to 1";

pub(crate) const BASELINE_RESOLVE: &str = "\
Examples:
  kubectl opsec baseline resolve cert-manager
  kubectl opsec baseline resolve cert-manager -n cert-manager --cluster prod-1";

pub(crate) const BASELINE_DECIDE: &str = "\
Examples:
  kubectl opsec baseline approve cert-manager
  kubectl opsec baseline reject cert-manager --revision 4";

pub(crate) const FLEET: &str = "\
Examples:
  kubectl opsec fleet --cluster prod-* --status FAIL,UNKNOWN
  kubectl opsec fleet --operator cert-manager --practice 4 --status FAIL --watch";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const FLEET_AFTER: &str = "\
What `check --record` recorded last is listed; nothing is judged anew, so look at how old the facts are. Of \
an operator whose facts the service read itself, what callers said is not shown. Exit status, as of `check \
--all`: 0 no FAIL and no UNKNOWN among those that are listed, or none has a status that is asked for, 1 a \
FAIL, 2 usage, or nothing is recorded, 3 an UNKNOWN; with --watch 130, for it ends by Ctrl-C.";

pub(crate) const CLUSTER: &str = "\
Examples:
  kubectl opsec cluster list
  kubectl opsec cluster delete prod-1";

pub(crate) const CLUSTER_REGISTER: &str = "\
Examples:
  kubectl opsec cluster register prod-1 --uid 0d6c2f0e-6f4a-4a38-9c0e-1c3f5e9d7a21
  kubectl opsec cluster register dev --uid 3f1b7a52-8f0e-4bb1-a2ad-92c5d1f0c7b4 --label stage=test";

pub(crate) const CLUSTER_LIST: &str = "\
Examples:
  kubectl opsec cluster list
  kubectl opsec cluster list -o json";

pub(crate) const CLUSTER_DELETE: &str = "\
Examples:
  kubectl opsec cluster delete prod-1
  kubectl opsec cluster delete dev";

pub(crate) const ATTEST: &str = "\
Examples:
  kubectl opsec attest cert-manager -o cert-manager.dsse.json
  kubectl opsec attest --check 01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11 -o cert-manager.dsse.json";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const ATTEST_AFTER: &str = "\
The cluster is read, and the service judges it by the baseline that applies and signs what it found: \
nothing that is said here is signed. It refuses clusters that are not registered, facts that are too \
old, and a baseline that asks for facts that it collects itself. With --check it signs what a check with \
--record found, if the same baseline still applies and its facts are still fresh. Exit status: 0 signed, 1 the operator \
fails and nothing is signed, 2 otherwise.";

pub(crate) const ATTESTATIONS: &str = "\
Examples:
  kubectl opsec attestations list
  kubectl opsec attestations get 01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11";

pub(crate) const ATTESTATIONS_LIST: &str = "\
Examples:
  kubectl opsec attestations list --operator cert-manager
  kubectl opsec attestations list --on prod-1 -o json";

pub(crate) const ATTESTATIONS_GET: &str = "\
Examples:
  kubectl opsec attestations get 01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11
  kubectl opsec attestations get 01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11 -o cert-manager.dsse.json";

pub(crate) const ATTESTATIONS_REVOKE: &str = "\
Examples:
  kubectl opsec attestations revoke 01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11 --reason replaced
  kubectl opsec attestations revoke 01939b4e-7a6a-7c4e-8a39-3c7c5f2f6d11 --reason CVE-2026-1";

pub(crate) const VERIFY: &str = "\
Examples:
  kubectl opsec verify shop.dsse.json --trust-bundle trust.json --operator shop --cluster-uid UID
  kubectl opsec verify shop.dsse.json --trust-bundle trust.json --any-target --max-age 24h --require-practices 1,3";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const VERIFY_AFTER: &str = "\
Nothing is asked but the two files and the clock. The bytes are verified before they are read, in one \
order, and the first demand that is not met is named. A statement whose operator failed is authentic, \
and not valid. Exit status: 0 valid, 1 not valid, 2 usage or a file that cannot be read.";

pub(crate) const EXPLAIN: &str = "\
Examples:
  kubectl opsec explain OPSEC306
  kubectl opsec explain                       # everything that can be explained";

pub(crate) const VERSION: &str = "\
Examples:
  kubectl opsec version
  kubectl opsec version -o json";

pub(crate) const COMPLETION: &str = "\
Examples:
  kubectl opsec completion kubectl            # save it as kubectl_complete-opsec on the PATH
  kubectl opsec completion bash";

/// Paragraphs are one line each: they are wrapped to the terminal.
pub(crate) const COMPLETION_AFTER: &str = "\
kubectl completes `kubectl opsec` by a program kubectl_complete-opsec on the PATH: save what \
`completion kubectl` prints under that name and make it executable. A shell completes \
kubectl-opsec itself by its own script: source <(kubectl-opsec completion bash).";
