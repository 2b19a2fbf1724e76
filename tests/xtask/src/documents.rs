//! Documents that the types give: JSON Schemas of what is printed and applied, and the
//! CustomResourceDefinition.

use std::path::Path;

use opsec_model::report::{OperatorList, ReportList};
use opsec_model::validation::ValidationList;
use opsec_model::{
    AccessAnswer, Baseline, Comparison, ConnectionList, Explanation, PathList, PostureList, Report,
    RightList,
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};

use crate::workspace::{Outcome, root};

/// A generated file: its path below the workspace's folder, and its content.
pub(crate) struct Document {
    path: &'static str,
    content: String,
}

/// Writes every document.
///
/// # Errors
/// When a schema cannot be written down, or a file cannot be written.
pub(crate) fn write() -> Outcome {
    for document in all()? {
        let path = root().join(document.path);
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, &document.content))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}

/// Fails when a document that is checked in differs from what the types give.
///
/// # Errors
/// When one differs or is absent, naming it.
pub(crate) fn check() -> Outcome {
    for document in all()? {
        if std::fs::read_to_string(root().join(document.path)).ok() != Some(document.content) {
            return Err(format!(
                "{} is not up to date; run `cargo xtask gen`",
                document.path
            ));
        }
    }
    Ok(())
}

fn all() -> Result<Vec<Document>, String> {
    Ok(vec![
        Document {
            path: "deploy/crds/operatorrights.yaml",
            content: opsec_crd::crd_yaml(),
        },
        // What is applied together lies together.
        Document {
            path: "deploy/controller/operatorrights.yaml",
            content: opsec_crd::crd_yaml(),
        },
        schema::<AccessAnswer>("deploy/schemas/access-answer.json")?,
        schema::<Baseline>("deploy/schemas/baseline.json")?,
        schema::<Comparison>("deploy/schemas/comparison.json")?,
        schema::<ConnectionList>("deploy/schemas/connection-list.json")?,
        schema::<Explanation>("deploy/schemas/explanation.json")?,
        schema::<OperatorList>("deploy/schemas/operator-list.json")?,
        schema::<PathList>("deploy/schemas/path-list.json")?,
        schema::<PostureList>("deploy/schemas/posture-list.json")?,
        schema::<Report>("deploy/schemas/report.json")?,
        schema::<ReportList>("deploy/schemas/report-list.json")?,
        schema::<RightList>("deploy/schemas/right-list.json")?,
        schema::<ValidationList>("deploy/schemas/validation-list.json")?,
    ])
}

/// The schema of a type, in JSON Schema 2020-12.
fn schema<T: JsonSchema>(path: &'static str) -> Result<Document, String> {
    let generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let schema = generator.into_root_schema_for::<T>();
    let text = serde_json::to_string_pretty(&schema).map_err(|error| format!("{path}: {error}"))?;
    Ok(Document {
        path,
        content: text + "\n",
    })
}
