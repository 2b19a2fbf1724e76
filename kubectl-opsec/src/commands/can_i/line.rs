//! One line of a batch: a question as JSON. What it does not say is empty; what it says beside is
//! refused, for a misspelt field would change the answer.

use opsec_proto::v1;
use opsec_proto::v1::access_question::Attributes;
use serde::Deserialize;

/// A question as it stands in a line.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Line {
    service_account: Option<String>,
    verb: Option<String>,
    group: Option<String>,
    resource: Option<String>,
    subresource: Option<String>,
    name: Option<String>,
    namespace: Option<String>,
    path: Option<String>,
}

/// Reads a line.
///
/// # Errors
/// Why it is no question.
pub(super) fn read(line: &[u8]) -> Result<v1::AccessQuestion, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| malformed(&error))?;
    let service_account = line.service_account.as_deref().map(account).transpose()?;
    let verb = line
        .verb
        .filter(|verb| !verb.is_empty())
        .ok_or("`verb` is missing")?;
    let attributes = match (line.path, line.resource) {
        (Some(_), Some(_)) => return Err("`path` and `resource` exclude each other".to_owned()),
        (None, None) => return Err("`resource` or `path` is missing".to_owned()),
        (Some(path), None) => {
            let beside = [&line.group, &line.subresource, &line.name, &line.namespace];
            if beside.iter().any(|field| field.is_some()) {
                return Err("beside `path` there is only `verb`".to_owned());
            }
            Attributes::NonResource(v1::NonResourceAttributes { verb, path })
        }
        (None, Some(resource)) => Attributes::Resource(v1::ResourceAttributes {
            verb,
            group: line.group.unwrap_or_default(),
            resource,
            subresource: line.subresource.unwrap_or_default(),
            name: line.name.unwrap_or_default(),
            namespace: line.namespace.unwrap_or_default(),
        }),
    };
    Ok(v1::AccessQuestion {
        service_account,
        attributes: Some(attributes),
    })
}

fn account(text: &str) -> Result<v1::ServiceAccountRef, String> {
    match text.split_once('/') {
        Some((namespace, name))
            if !namespace.is_empty() && !name.is_empty() && !name.contains('/') =>
        {
            Ok(v1::ServiceAccountRef {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            })
        }
        _ => Err(format!("serviceAccount `{text}` is not namespace/name")),
    }
}

/// The parser's words without the place: a line is one line.
fn malformed(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    match error.classify() {
        serde_json::error::Category::Data => text.to_owned(),
        _ => format!("not JSON: {text}, column {}", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_question_is_told() {
        for (line, error) in [
            ("", "not JSON: EOF while parsing a value, column 0"),
            ("{", "not JSON: EOF while parsing an object, column 1"),
            ("[]", "`verb` is missing"),
            ("7", "invalid type: integer `7`, expected struct Line"),
            (r#"{"resource":"pods"}"#, "`verb` is missing"),
            (r#"{"verb":"","resource":"pods"}"#, "`verb` is missing"),
            (r#"{"verb":"get"}"#, "`resource` or `path` is missing"),
            (
                r#"{"verb":"get","resource":"pods","path":"/x"}"#,
                "`path` and `resource` exclude each other",
            ),
            (
                r#"{"verb":"get","path":"/x","namespace":"a"}"#,
                "beside `path` there is only `verb`",
            ),
            (
                r#"{"verb":"get","resource":"pods","serviceAccount":"a"}"#,
                "serviceAccount `a` is not namespace/name",
            ),
            (
                r#"{"verb":"get","resource":"pods","namespce":"a"}"#,
                "unknown field `namespce`, expected one of `serviceAccount`, `verb`, `group`, \
                 `resource`, `subresource`, `name`, `namespace`, `path`",
            ),
        ] {
            assert_eq!(read(line.as_bytes()).unwrap_err(), error, "{line}");
        }
    }

    #[test]
    fn what_is_left_out_is_empty() {
        let question = read(br#"{"serviceAccount":"a/b","verb":"get","resource":"pods"}"#).unwrap();
        assert_eq!(question.service_account.unwrap().name, "b");
        let Some(Attributes::Resource(asked)) = question.attributes else {
            panic!("no resource");
        };
        assert_eq!((asked.group.as_str(), asked.namespace.as_str()), ("", ""));
    }
}
