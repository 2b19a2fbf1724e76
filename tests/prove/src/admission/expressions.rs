//! Expressions: conditions that hold, that do not, that err and that are refused, and logic over
//! them.

use crate::chance::Chance;

/// About who asks.
const OF_USER: [&str; 12] = [
    "request.userInfo.username == 'system:serviceaccount:team-a:operator'",
    "request.userInfo.username != 'system:serviceaccount:team-a:operator'",
    "request.userInfo.username.startsWith('system:serviceaccount:team-a:')",
    "request.userInfo.username.endsWith(':operator')",
    "request.userInfo.username.matches('^system:serviceaccount:[a-z-]+:(operator|sibling)$')",
    "'system:serviceaccounts:team-b' in request.userInfo.groups",
    "request.userInfo.groups.exists(g, g == 'system:serviceaccounts:team-a')",
    "request.userInfo.groups.all(g, g.startsWith('system:'))",
    "sets.contains(request.userInfo.groups, ['system:authenticated', 'system:serviceaccounts'])",
    "request.userInfo.groups.size() == 3",
    "request.userInfo.username.split(':')[3] in ['operator', 'other']",
    "has(request.userInfo.extra)",
];

/// About the request and its object.
const OF_OBJECT: [&str; 44] = [
    "object.spec.group == 'own.example.com'",
    "object.spec.group.endsWith('.example.com')",
    "object.spec.scope == 'Namespaced'",
    "object.spec.scope != 'Cluster'",
    "object.spec.names.kind == 'Widget'",
    "object.spec.versions.all(v, v.served)",
    "object.spec.versions.exists(v, v.name == 'v2')",
    "object.spec.versions.map(v, v.name).join(',') == 'v1'",
    "object.spec.versions[0].name == 'v1'",
    "object.spec.versions.all(i, v, i == 0 || !v.storage)",
    "object.spec.conversion.strategy == 'None'",
    "object.metadata.name.startsWith('widgets')",
    "object.metadata.name == object.spec.names.plural + '.' + object.spec.group",
    "object.metadata.labels['app'] == 'shop'",
    "object.metadata.labels.app == 'shop'",
    "'app' in object.metadata.labels",
    "has(object.metadata.labels)",
    "has(object.metadata.labels) && has(object.metadata.labels.app)",
    "object.metadata.?labels.orValue({}).exists(k, k == 'app')",
    "object.metadata.?labels[?'app'].orValue('') == 'shop'",
    "object.metadata.?annotations.?team.orValue('none') != 'none'",
    "object.metadata.labels.transformList(k, v, k + '=' + v).sort().join(',') == 'app=shop'",
    "has(object.data)",
    "object.data['key'] == 'value'",
    "object.?data.?key.orValue('') == 'value'",
    "object.kind == 'ConfigMap'",
    "oldObject == null",
    "request.operation == 'CREATE'",
    "request.operation in ['UPDATE', 'DELETE']",
    "request.resource.resource == 'customresourcedefinitions'",
    "request.requestKind.kind == 'ConfigMap'",
    "request.resource.group == ''",
    "request.name.contains('widget')",
    "has(request.namespace)",
    "request.?namespace.orValue('none') == 'team-a'",
    "request.dryRun == true",
    "request.options.kind == 'CreateOptions'",
    "request.subResource == ''",
    "has(request.subResource)",
    "namespaceObject == null",
    "namespaceObject.metadata.labels['environment'] == 'prod'",
    "namespaceObject != null && namespaceObject.metadata.name == 'team-a'",
    "namespaceObject != null && namespaceObject.metadata.annotations.team.startsWith('team')",
    "type(object.spec) == map",
];

/// Over Kubernetes' libraries.
const OF_LIBRARIES: [&str; 24] = [
    "quantity('1.5Gi').isGreaterThan(quantity('1Gi'))",
    "quantity(object.metadata.labels['memory']).isLessThan(quantity('1Gi'))",
    "isQuantity(object.metadata.name)",
    "url('https://example.com:8443/a').getPort() == '8443'",
    "isURL(object.metadata.name)",
    "cidr('10.0.0.0/8').containsIP('10.1.2.3')",
    "ip(object.metadata.name).family() == 4",
    "semver('1.2.3').isLessThan(semver('1.10.0'))",
    "isSemver(object.metadata.name)",
    "'%s in %s'.format([object.metadata.name, request.operation]).contains('CREATE')",
    "'%d'.format([object.metadata.name]) == ''",
    "format.dns1123Label().validate(object.metadata.name).hasValue()",
    "!format.dns1123Subdomain().validate(object.metadata.name).hasValue()",
    "object.metadata.name.find('[a-z]+') == 'widgets'",
    "object.metadata.name.findAll('[a-z]+').size() > 2",
    "authorizer.group('guard.example.com').resource('definitions').check('publish').allowed()",
    "!authorizer.group('').resource('pods').namespace('team-a').check('create').allowed()",
    "authorizer.path('/guard/x').check('get').allowed()",
    "authorizer.requestResource.check('create').allowed()",
    "authorizer.requestResource.check('delete').allowed()",
    "authorizer.serviceAccount('team-a', 'operator').group('guard.example.com').resource('definitions').check('publish').allowed()",
    "authorizer.serviceAccount('team-a', 'sibling').group('guard.example.com').resource('definitions').check('publish').allowed()",
    "authorizer.group('').resource('').check('get').allowed()",
    "lists.range(3).map(i, i * 2).sum() == 6",
];

/// What errs, but where `object.spec.nothing` is there; and what is not known.
const STRANGE: [&str; 10] = [
    "object.spec.nothing == 'a'",
    "object.spec.nothing.deeper",
    "object.metadata.name > 1",
    "object.metadata.annotations['absent'] == 'x'",
    "1 / (request.name.size() - request.name.size()) == 1",
    "oldObject.metadata.name == 'x'",
    "request.userInfo.groups[9] == 'x'",
    "int(object.metadata.name) == 1",
    "duration('1h') > duration('1m')",
    "has(object.metadata.uid)",
];

/// What the API server refuses to compile.
const REFUSED: [&str; 6] = [
    "object.spec.group ==",
    "request.nothing == 'a'",
    "object.metadata.name",
    "nothing(object)",
    "[1].existsOne(x, x == 1)",
    "1 == 'a'",
];

/// About parameters, where there are any.
const OF_PARAMETERS: [&str; 12] = [
    "params.data.group == object.spec.group",
    "params.data.mode == 'strict'",
    "params.data.groups.split(',').exists(g, g == object.spec.group)",
    "has(params.data) && has(params.data.mode)",
    "params == null",
    "params != null && params.metadata.name.startsWith('settings')",
    "params.spec.mode == 'strict'",
    "params.spec.limit > 2",
    "params.spec.?limit.orValue(0) < 3",
    "params.kind in ['ConfigMap', 'Limit']",
    "params.metadata.?labels.?tier.orValue('') == 'gold'",
    "params.data.nothing == 'x'",
];

/// About variables `v0` to `v2`, where there are any.
const OF_VARIABLES: [&str; 6] = [
    "variables.v0 == true",
    "variables.v0 != variables.v1",
    "variables.v1 == true || variables.v2 == true",
    "[variables.v0, variables.v1].exists(x, x == true)",
    "variables.v2 == true",
    "has(variables.v0)",
];

/// What an expression may speak of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Speaks {
    pub(super) parameters: bool,
    pub(super) variables: usize,
}

/// An expression that comes to true or false, or to nothing.
pub(super) fn any(chance: &mut Chance, speaks: Speaks) -> String {
    let one = atom(chance, speaks);
    match chance.below(12) {
        0 => format!("!({one})"),
        1 | 2 => format!("({one}) || ({})", atom(chance, speaks)),
        3 | 4 => format!("({one}) && ({})", atom(chance, speaks)),
        5 => {
            let (yes, no) = (atom(chance, speaks), atom(chance, speaks));
            format!("({one}) ? ({yes}) : ({no})")
        }
        6 => format!("{}.all(x, {one})", chance.word(&["[1, 2]", "['a']"])),
        _ => one,
    }
}

/// The like of a variable: also a text or a list.
pub(super) fn variable(chance: &mut Chance, speaks: Speaks) -> String {
    match chance.below(20) {
        0 => "request.userInfo.username".to_owned(),
        1 => "object.metadata.name".to_owned(),
        2 => "object.spec.versions.map(v, v.name)".to_owned(),
        _ => any(
            chance,
            Speaks {
                variables: 0,
                ..speaks
            },
        ),
    }
}

fn atom(chance: &mut Chance, speaks: Speaks) -> String {
    let roll = chance.below(100);
    let pool: &[&'static str] = match roll {
        0..=17 if speaks.parameters => &OF_PARAMETERS,
        18..=31 if speaks.variables == 3 => &OF_VARIABLES,
        0..=31 => &OF_USER,
        32..=69 => &OF_OBJECT,
        70..=87 => &OF_LIBRARIES,
        88 => &["true"],
        89..=92 => &["false"],
        99 if chance.percent(60) => &REFUSED,
        _ => &STRANGE,
    };
    chance.word(pool).to_owned()
}
