//! What may look like a schema and is none, what ends elsewhere than it seems, and that nothing
//! that is read of a definition depends on which of the two ways it was parsed.

use super::*;
use crate::input::{Input, Options};
use crate::read::read;

/// Whether schemas are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Slim,
    Whole,
}
use How::{Slim as SLIM, Whole as WHOLE};

const HEAD: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: orders.shop.example.com
spec:
  group: shop.example.com
  names: {kind: Order, plural: orders}
  scope: Namespaced
  versions:
";

/// A definition with a version whose schema is this text, and a second one behind it.
fn definition(schema: &str) -> String {
    format!(
        "{HEAD}  - name: v1\n    schema:\n      openAPIV3Schema:\n{schema}    served: true\n    storage: true\n  - name: v2\n    schema:\n      openAPIV3Schema:\n        type: object\n    served: false\n    storage: false\n"
    )
}

fn options(strict: bool) -> Options {
    Options {
        strict,
        ..Options::default()
    }
}

/// How the text is parsed, once both ways are shown to come to the same.
fn how(name: &str, text: &str) -> How {
    let input = [Input {
        name: "a.yaml".into(),
        bytes: text.as_bytes().to_vec(),
    }];
    let (lax, strict) = (read(&input, &options(false)), read(&input, &options(true)));
    if let Ok(strict) = strict {
        let lax = lax.unwrap_or_else(|error| panic!("{name}: {error}"));
        let said_of_schemas = |message: &str| message.contains(".schema.openAPIV3Schema.");
        let mut strict = strict;
        strict
            .snapshot
            .notices
            .retain(|notice| !said_of_schemas(&notice.message));
        assert_eq!(lax, strict, "{name}");
    }
    let slim = without_schemas(text).is_some_and(|slim| {
        let lines = Lines::new(1, &slim.gaps);
        let limits = crate::input::Limits::default();
        crate::compose::compose(&slim.text, lines, &limits, &mut 0)
            .is_ok_and(|composed| slim.is_proved_by(&composed, lines))
    });
    if slim { SLIM } else { WHOLE }
}

/// What may stand below a schema's key, and whether it is certain where it ends.
const SCHEMAS: [(&str, How, &str); 54] = [
    ("empty", SLIM, ""),
    ("null", SLIM, "        null\n"),
    (
        "properties",
        SLIM,
        "        type: object\n        properties:\n          a: {type: string}\n",
    ),
    (
        "comments and blank lines",
        SLIM,
        "\n# a\n        # b\n\n        type: object # c\n  # d\n\n",
    ),
    (
        "windows line ends",
        SLIM,
        "        type: object\r\n        description: \"a\r\n          b\"\r\n",
    ),
    (
        "block scalar with what looks like fields",
        SLIM,
        "        description: |\n          spec:\n          kind: Pod\n          ---x\n        type: object\n",
    ),
    (
        "folded block scalar, kept",
        SLIM,
        "        description: >+\n          a\n\n           b\n\n        type: object\n",
    ),
    (
        "block scalar with quotes and brackets",
        SLIM,
        "        description: |-\n          \"a\n          [b {c 'd\n",
    ),
    (
        "block scalar that begins with a comment's sign",
        SLIM,
        "        description: |\n          # a\n         # no comment: it is an error or text\n",
    ),
    (
        "block scalar below a dash",
        SLIM,
        "        enum:\n        - |\n          'a\n        - b\n",
    ),
    (
        "block scalar in a nested list",
        SLIM,
        "        x:\n        - - >-\n            \"a\n          - b\n",
    ),
    (
        "block scalar with a written indentation",
        WHOLE,
        "        description: |1\n         a\n",
    ),
    (
        "block scalar behind a comment",
        SLIM,
        "        description: | # a\n          \"b\n",
    ),
    (
        "block scalar with a tab behind it",
        WHOLE,
        "        description: |\t# a\n          b\n",
    ),
    (
        "plain text of two lines",
        SLIM,
        "        description: a\n          'b\n          c]\n",
    ),
    (
        "plain text with a colon that is no key",
        SLIM,
        "        description: a:b http://c\n",
    ),
    (
        "quoted text of two lines",
        SLIM,
        "        description: \"a: b\n          c: d\"\n        type: object\n",
    ),
    (
        "quoted text that is less indented",
        WHOLE,
        "        description: \"a\n    served: false\n    b\"\n",
    ),
    (
        "quoted text at the margin",
        WHOLE,
        "        description: 'a\nspec:\n  b'\n",
    ),
    (
        "quoted text with a blank line at the margin",
        SLIM,
        "        description: 'a\n\n          b'\n",
    ),
    (
        "quoted text with an escaped quote",
        SLIM,
        "        description: \"a \\\"\n          b: \\\\\"\n",
    ),
    (
        "quoted text with a doubled quote",
        SLIM,
        "        description: 'a ''\n          b: '''\n",
    ),
    (
        "quoted text whose line ends escaped",
        SLIM,
        "        description: \"a \\\n          b\\\"\n          c\"\n",
    ),
    (
        "quoted text with a comment's sign",
        SLIM,
        "        description: 'a # b' # c'\n",
    ),
    (
        "quoted text on the line below its key",
        SLIM,
        "        description:\n          \"a\n          b: c\"\n",
    ),
    (
        "quoted text below a dash, less indented",
        WHOLE,
        "        enum:\n        - \"a\n      b\"\n",
    ),
    (
        "quoted keys",
        SLIM,
        "        \"a: b\": 1\n        'c # d': |\n          \"\n",
    ),
    (
        "brackets on a line",
        SLIM,
        "        enum: [a, 'b]', \"c\\\"]\", {d: [e]}]\n        x: {}\n",
    ),
    (
        "brackets over lines",
        WHOLE,
        "        enum: [a,\n          b]\n",
    ),
    (
        "brackets that are less indented",
        WHOLE,
        "        enum: [a,\n    b]\n",
    ),
    (
        "braces at the margin",
        WHOLE,
        "        x: {a: 1,\nspec: 2}\n",
    ),
    (
        "brackets in brackets in a quote",
        SLIM,
        "        x: [\"[\", '{', a]\n",
    ),
    (
        "brackets with a comment",
        WHOLE,
        "        x: [a, # ]\n          b]\n",
    ),
    ("an anchor", WHOLE, "        x: &a {b: c}\n"),
    (
        "an anchor and its alias behind the schema",
        WHOLE,
        "        x: &a true\n    deprecated: *a\n",
    ),
    (
        "an anchor below its key",
        WHOLE,
        "        x:\n          &a\n          b: c\n",
    ),
    (
        "an anchor of a list's item",
        WHOLE,
        "        x:\n        - &a b\n",
    ),
    ("an anchor in brackets", WHOLE, "        x: [&a b]\n"),
    ("an anchor of a key", WHOLE, "        &a x: b\n"),
    ("an alias", WHOLE, "        x: *a\n"),
    ("a tag", WHOLE, "        x: !!str 1\n"),
    (
        "a tag that is less indented than its value",
        WHOLE,
        "        x: !!str\n          1\n",
    ),
    ("an explicit key", WHOLE, "        ? x\n        : y\n"),
    ("a tab before the first word", WHOLE, "        x:\n\t  y\n"),
    ("a tab behind a colon", WHOLE, "        x:\t\"y\n    z\"\n"),
    ("a list of the key's own indentation", WHOLE, "      - a\n"),
    ("a list that is less indented", WHOLE, "     - a\n"),
    (
        "a key that stands twice",
        SLIM,
        "        type: object\n        type: object\n",
    ),
    (
        "two schemas of one version",
        WHOLE,
        "        type: object\n      openAPIV3Schema:\n        type: object\n",
    ),
    (
        "a schema in a schema",
        SLIM,
        "        properties:\n          schema:\n            openAPIV3Schema:\n              type: object\n",
    ),
    ("the document's end", SLIM, "        type: object\n...\n"),
    (
        "a carriage return of its own",
        WHOLE,
        "        description: \"a\rb\"\n",
    ),
    (
        "characters of several bytes",
        SLIM,
        "        é: |\n         \"ü\n        description: 'ä\n          ö'\n",
    ),
    (
        "text that only looks blank",
        WHOLE,
        "        x: \"a\n\u{a0}\n    b\"\n",
    ),
];

#[test]
fn what_stands_below_a_schema_does_not_matter_where_it_is_certain_that_it_does() {
    for (name, expected, schema) in SCHEMAS {
        assert_eq!(how(name, &definition(schema)), expected, "{name}");
    }
}

/// Documents, and whether they are parsed without schemas.
fn documents() -> Vec<(&'static str, How, String)> {
    let schema = "    schema:\n      openAPIV3Schema:\n        type: object\n";
    let version = format!("  - name: v1\n{schema}    served: true\n");
    let whole = format!("{HEAD}{version}");
    vec![
        ("a definition", SLIM, whole.clone()),
        ("kind first", SLIM, format!("kind: CustomResourceDefinition\n{}", whole.replace("kind: CustomResourceDefinition\n", ""))),
        ("a comment behind the kind", SLIM, whole.replace("Definition\n", "Definition # a\n")),
        ("a quoted kind", WHOLE, whole.replace("CustomResourceDefinition", "\"CustomResourceDefinition\"")),
        ("an indented kind", WHOLE, whole.replace("kind: Cust", "kind:  Cust")),
        ("another kind with such a line in its text", WHOLE, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: \"\nkind: CustomResourceDefinition\nspec:\n    schema:\n      openAPIV3Schema:\n       a\n  \"\n".to_owned()),
        ("another kind that stands behind it", WHOLE, format!("{whole}kind: ConfigMap\n")),
        ("another group", WHOLE, whole.replace("apiextensions.k8s.io/v1", "shop.example.com/v1")),
        ("another version", SLIM, whole.replace("k8s.io/v1\n", "k8s.io/v1beta1\n")),
        ("a list", WHOLE, format!("apiVersion: v1\nkind: List\nitems:\n- {}", whole.replace('\n', "\n  "))),
        ("a definition with items", WHOLE, format!("{whole}items: []\n")),
        ("JSON", WHOLE, "{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\",\"metadata\":{\"name\":\"a.b\"}}".to_owned()),
        ("a spec in brackets", WHOLE, "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: orders.shop.example.com}\nspec:\n  {group: a, versions: [{name: v1,\n    schema:\n      {\n      openAPIV3Schema:\n        {type: object}}}]}\n".to_owned()),
        ("a spec that stands twice", WHOLE, format!("{whole}spec:\n  group: a\n  versions:\n{version}")),
        ("a schema at another path", WHOLE, format!("{HEAD}{version}  other:\n{version}")),
        ("a schema in annotations", SLIM, whole.replace("metadata:\n", "metadata:\n  annotations:\n    a: |\n      schema:\n        openAPIV3Schema:\n          \"\n")),
        ("a schema in a quoted text", WHOLE, format!("{HEAD}{version}  - name: \"\n    schema:\n      openAPIV3Schema:\n        v2\"\n{schema}")),
        ("a schema in a block scalar", WHOLE, format!("{HEAD}{version}  - name: |\n  {schema}\n").replace("      openAPI", "        openAPI").replace("        type", "          type")),
        ("a comment before the schema", WHOLE, whole.replace("    schema:\n", "    schema:\n      # a\n")),
        ("an anchor outside", WHOLE, whole.replace("name: v1", "name: &a v1")),
        ("a merge of the schema's parent", SLIM, format!("{HEAD}  - name: v1\n    <<:\n{}    served: true\n", schema.replace("    ", "      "))),
        ("a merge that overrides the schema", WHOLE, format!("{HEAD}  - name: v1\n    schema:\n      openAPIV3Schema:\n        type: object\n      <<: {{openAPIV3Schema: {{}}}}\n")),
        ("a document that ends before its schema", WHOLE, format!("{HEAD}  - name: v0\n...\n{version}")),
        ("no schema", WHOLE, HEAD.to_owned()),
    ]
}

#[test]
fn a_definition_is_told_by_what_was_parsed_and_not_by_its_looks() {
    for (name, expected, text) in documents() {
        assert_eq!(how(name, &text), expected, "{name}\n{text}");
    }
}
