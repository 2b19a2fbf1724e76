//! YAML as kubectl reads it. Each case was read by kubectl itself.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use opsec_manifests::{Document, Input, Limits, Options, read, read_documents};
use opsec_model::NoticeCode;
use serde_json::{Value, json};

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";

fn input(text: impl AsRef<[u8]>) -> Input {
    Input {
        name: "a.yaml".into(),
        bytes: text.as_ref().to_vec(),
    }
}

fn documents(text: &str) -> Result<Vec<Document>, String> {
    read_documents(&input(text), &Limits::default()).map_err(|error| error.to_string())
}

fn data(text: &str) -> Value {
    documents(&format!("{HEAD}{text}")).unwrap()[0].value["data"].clone()
}

fn error(text: &str) -> String {
    read(&[input(text)], &Options::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn scalars_are_those_of_yaml_1_1() {
    assert_eq!(
        data(
            "data: {a: yes, b: on, c: y, d: no, e: off, f: n, g: 010, h: 0444, i: 1_000, k: =, l: \"yes\", m: !!str 010, q: ! 12, o: !!int \"5\", p: !other 7}\n"
        ),
        json!({
            "a": true, "b": true, "c": true, "d": false, "e": false, "f": false, "g": 8,
            "h": 292, "i": 1000, "k": "=", "l": "yes", "m": "010", "q": "12", "o": 5, "p": "7",
        })
    );
}

#[test]
fn keys_that_are_no_strings_become_strings() {
    assert_eq!(
        data("data: {yes: 1, 010: 2, 1.5: 3}\n"),
        json!({"true": 1, "8": 2, "1.5": 3})
    );
    for key in ["~: 1", "[a]: 1", "? {a: 1} : 2"] {
        let error = documents(&format!("{HEAD}data:\n  {key}\n")).unwrap_err();
        assert!(
            error.ends_with("a field's name must be a string"),
            "{error}"
        );
    }
}

#[test]
fn block_scalars_and_under_indented_values_are_those_of_kubectl() {
    for (text, expected) in [
        ("data:\n  a: |\n    x\n     y\n", json!({"a": "x\n y\n"})),
        ("data:\n  a: >-\n    x\n    y\n", json!({"a": "x y"})),
        ("data:\n  a: |\n    x", json!({"a": "x\n"})),
        ("data:\n  a: \"x\ny\"\n", json!({"a": "x y"})),
        ("data:\n  a: [1,\n2]\n", json!({"a": [1, 2]})),
        (
            "data:\n- a\n- b: 1\n  c: 2\n",
            json!(["a", {"b": 1, "c": 2}]),
        ),
        ("data:\n  a:\t1\n", json!({"a": 1})),
    ] {
        assert_eq!(data(text), expected, "{text:?}");
    }
}

#[test]
fn merge_keys_apply_where_they_stand() {
    let base = "data:\n  base: &b {a: 1, c: 3}\n";
    for (text, expected) in [
        ("  x: {<<: *b, a: 2}\n", json!({"a": 2, "c": 3})),
        ("  x: {a: 2, <<: *b}\n", json!({"a": 1, "c": 3})),
        (
            "  x: {<<: [{a: 1, b: 1}, {a: 2, d: 2}]}\n",
            json!({"a": 1, "b": 1, "d": 2}),
        ),
        ("  x: {\"<<\": {a: 1}}\n", json!({"<<": {"a": 1}})),
    ] {
        assert_eq!(data(&format!("{base}{text}"))["x"], expected, "{text:?}");
    }
    let error = documents(&format!("{HEAD}data: {{<<: 5}}\n")).unwrap_err();
    assert!(
        error.ends_with("`<<` takes an object or a list of objects"),
        "{error}"
    );
}

#[test]
fn of_equal_keys_the_last_counts_and_both_lines_are_named() {
    let text = format!("{HEAD}data:\n  a: 1\n  b: {{c: 1}}\n  a: 2\n");
    let documents = documents(&text).unwrap();
    assert_eq!(documents[0].value["data"]["a"], json!(2));
    assert_eq!(documents[0].notices[0].code, NoticeCode::DuplicateKey);
    assert_eq!(
        documents[0].notices[0].message,
        "a.yaml: document 1 sets `data.a` on lines 5 and 7; kubectl would apply the last, so the last is judged"
    );
    let overridden = format!("{HEAD}data:\n  a: 1\n  <<: {{a: 2}}\n");
    let notice = &self::documents(&overridden).unwrap()[0].notices[0];
    assert!(
        notice.message.contains("`data.a` on lines 5 and 6"),
        "{}",
        notice.message
    );
}

#[test]
fn documents_are_split_before_they_are_parsed() {
    let several =
        format!("# licence\n---\n{HEAD}--- # next\n{HEAD}---\n---\n# nothing\n---\t\n{HEAD}");
    let lines: Vec<_> = documents(&several)
        .unwrap()
        .iter()
        .map(|document| (document.document, document.line))
        .collect();
    assert_eq!(lines, [(1, 3), (2, 7), (3, 14)]);
    assert_eq!(
        error(&format!("{HEAD}---foo\n{HEAD}")),
        "a.yaml: document 1, line 4, column 4: `foo` cannot follow `---`; only white space and a comment can"
    );
    assert!(error(&format!("{HEAD}--- {{a: 1}}\n")).contains("cannot follow `---`"));
}

#[test]
fn empty_documents_and_those_of_only_comments_are_nothing() {
    for text in [
        "",
        "\n",
        "---\n",
        "# a\n---\n  # b\n",
        "--- # a\n---\n",
        "---\nnull\n---\n~\n",
    ] {
        let manifests = read(&[input(text)], &Options::default()).unwrap();
        assert_eq!(manifests.objects, 0, "{text:?}");
    }
}

#[test]
fn what_follows_a_documents_end_is_not_judged_and_that_is_said() {
    let text = format!("{HEAD}...\nkind: [\n");
    let documents = documents(&text).unwrap();
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].notices[0].code, NoticeCode::Input);
    let silent = self::documents(&format!("{HEAD}...\n# c\n---\n{HEAD}")).unwrap();
    assert!(silent.iter().all(|document| document.notices.is_empty()));
}

#[test]
fn json_is_read_whole_in_lines_and_without_separators() {
    let one = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME"}}"#;
    let (a, b) = (one.replace("NAME", "a"), one.replace("NAME", "b"));
    for text in [
        format!("{a}{b}"),
        format!("{a}\n{b}\n"),
        format!("{a}\n---\n{b}"),
    ] {
        let manifests = read(&[input(&text)], &Options::default()).unwrap();
        let maps = manifests.snapshot.config_maps;
        let names: Vec<_> = maps.iter().map(|map| map.metadata.name.as_str()).collect();
        assert_eq!(names, ["a", "b"], "{text}");
    }
    let pretty = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"ConfigMap\",\n\t\"metadata\": {\"name\": \"a\\/b\\ud83d\\ude00\"}\n}\n";
    assert_eq!(
        documents(pretty).unwrap()[0].value["metadata"]["name"],
        json!("a/b😀")
    );
    let lines = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"ConfigMap\",\n  \"metadata\": {\n    \"name\": \"x\"\n  }\n}\n";
    assert_eq!(
        documents(lines).unwrap()[0].fields.nearest("metadata.name"),
        Some(5)
    );
}

#[test]
fn files_that_are_not_plain_utf8_are_refused() {
    let with_mark = [b"\xef\xbb\xbf", HEAD.as_bytes()].concat();
    assert_eq!(
        read(&[input(&with_mark)], &Options::default())
            .unwrap()
            .objects,
        1
    );
    for character in ['\u{85}', '\u{2028}', '\u{2029}'] {
        let text = format!("{HEAD}# a{character}data: {{}}\n");
        assert!(
            error(&text).starts_with("a.yaml: line 4, column 4: the character U+"),
            "{character:?}"
        );
    }
    let utf16: Vec<u8> = HEAD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = read(&[input(utf16)], &Options::default())
        .unwrap_err()
        .to_string();
    assert!(
        refused.ends_with("the file is UTF-16; save it as UTF-8"),
        "{refused}"
    );
}

#[test]
fn errors_name_file_document_line_and_column_in_plain_words() {
    let second = |text: &str| error(&format!("{HEAD}---\n{HEAD}{text}"));
    for (text, expected) in [
        (
            "data:\n\ta: 1\n",
            "document 2, line 9, column 2: a tab cannot indent a mapping or a list; use spaces",
        ),
        (
            "data: 'x\n",
            "document 2, line 8, column 7: a quote is never closed",
        ),
        ("data: {a: 1\n", "a `{` is never closed"),
        ("data: [1\n", "a `[` is never closed"),
        ("data: *x\n", "an alias (`*name`) names no anchor (`&name`)"),
        ("data: &x {a: *x}\n", "an anchor's value contains itself"),
        (
            "data: @x\n",
            "document 2, line 8, column 7: `@` cannot begin a value; quote it",
        ),
        ("data: .inf\n", "`.inf` is no number that JSON can hold"),
        (
            "data: {a: !!binary Zm9v}\n",
            "the tag `!!binary` is not read; write the text itself",
        ),
        (
            "data: {a: !!bool 1}\n",
            "`1` is not what its tag `!!bool` says",
        ),
        ("data:\n  a: 1\n b: 2\n", "document 2, line 10"),
    ] {
        let error = second(text);
        assert!(error.starts_with("a.yaml: document 2, line "), "{error}");
        assert!(error.contains(expected), "{text:?}: {error}");
        let message = error.rsplit(": ").next().unwrap();
        assert!(
            message
                .chars()
                .next()
                .is_some_and(|first| !first.is_uppercase()),
            "{error}"
        );
        assert!(!error.ends_with('.'), "{error}");
    }
}

#[test]
fn a_document_that_is_no_object_is_an_error() {
    for (text, expected) in [
        (
            "kind: ConfigMap\n",
            "a.yaml: document 1, line 1, column 1: the object has no `apiVersion`",
        ),
        (
            "---\napiVersion: v1\n",
            "a.yaml: document 1, line 2, column 1: the object has no `kind`",
        ),
        ("{}\n", "the object has no `apiVersion`"),
        ("apiVersion: 1\nkind: X\n", "the object has no `apiVersion`"),
        (
            "text\n",
            "this is no object; one has `apiVersion` and `kind`",
        ),
        (
            "- a\n",
            "this is no object; one has `apiVersion` and `kind`",
        ),
    ] {
        let error = error(text);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn a_charts_template_gets_the_hint() {
    for text in [
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
        "{{- if .Values.rbac }}\napiVersion: v1\nkind: X\n{{- end }}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  {{- include \"labels\" . | nindent 4 }}\n",
    ] {
        let error = error(text);
        assert!(
            error.ends_with("helm template … | kubectl opsec check … -f -"),
            "{text:?}: {error}"
        );
    }
}
