//! Whether a document is what a JSON Schema of `deploy/schemas/` says: the keywords that these
//! schemas use, and a failure at any other, so that none is passed over.

use serde_json::{Map, Value};

/// Fails with the place at which a document is not what its schema says.
pub(crate) fn assert_valid(schema: &str, document: &Value) {
    let path = format!("{}/../deploy/schemas/{schema}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let root: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(root.is_object(), "{path} is no schema");
    let checked = (Schema { root: &root }).check(&root, document, "$");
    assert_eq!(checked, Ok(()), "{schema}");
}

struct Schema<'a> {
    root: &'a Value,
}

impl Schema<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let Some(schema) = schema.as_object() else {
            return match schema {
                Value::Bool(true) => Ok(()),
                _ => Err(format!("{at}: nothing may stand here")),
            };
        };
        for (keyword, argument) in schema {
            let holds = self.keyword(schema, keyword, argument, value, at)?;
            if !holds {
                return Err(format!("{at}: {value} is not {keyword} {argument}"));
            }
        }
        Ok(())
    }

    fn keyword(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        argument: &Value,
        value: &Value,
        at: &str,
    ) -> Result<bool, String> {
        Ok(match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            "$ref" => {
                let pointer = argument
                    .as_str()
                    .unwrap_or_default()
                    .trim_start_matches('#');
                let target = self.root.pointer(pointer);
                self.check(target.ok_or(format!("{argument} is nowhere"))?, value, at)?;
                true
            }
            "type" => is_of(argument, value),
            "const" => argument == value,
            "enum" => items(argument).contains(value),
            "minimum" => value.as_f64() >= argument.as_f64(),
            "maximum" => value.as_f64() <= argument.as_f64(),
            "required" => items(argument)
                .iter()
                .all(|name| value.get(name.as_str().unwrap_or_default()).is_some()),
            "properties" | "additionalProperties" => {
                return self.members(schema, keyword, argument, value, at);
            }
            "items" => {
                for (index, item) in items(value).iter().enumerate() {
                    self.check(argument, item, &format!("{at}[{index}]"))?;
                }
                true
            }
            "anyOf" | "oneOf" => {
                let fits = |schema: &&Value| self.check(schema, value, at).is_ok();
                let number = items(argument).iter().filter(fits).count();
                number == 1 || (keyword == "anyOf" && number > 1)
            }
            other => return Err(format!("{at}: the keyword {other} is not understood")),
        })
    }

    fn members(
        &self,
        schema: &Map<String, Value>,
        keyword: &str,
        argument: &Value,
        value: &Value,
        at: &str,
    ) -> Result<bool, String> {
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, member) in value.as_object().into_iter().flatten() {
            let own = known.and_then(|known| known.get(name));
            match (keyword, own) {
                ("properties", Some(schema)) => {
                    self.check(schema, member, &format!("{at}.{name}"))?;
                }
                // What a schema does not name is a field that programs cannot know of.
                ("properties", None) if !schema.contains_key("additionalProperties") => {
                    return Err(format!("{at}.{name} is in no schema"));
                }
                ("additionalProperties", None) => {
                    self.check(argument, member, &format!("{at}.{name}"))?;
                }
                _ => {}
            }
        }
        Ok(true)
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn is_of(names: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("null") => value.is_null(),
        _ => false,
    };
    match names.as_array() {
        Some(names) => names.iter().any(is),
        None => is(names),
    }
}
