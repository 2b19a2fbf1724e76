//! What a bundle says of itself beside its manifests: `metadata/annotations.yaml`, and the
//! `package.yaml` of the format before it. Neither is an object of Kubernetes.

use crate::node::{Data, Node};

const PACKAGE: &str = "operators.operatorframework.io.bundle.package.v1";
const MEDIA_TYPE: &str = "operators.operatorframework.io.bundle.mediatype.v1";

/// The bundles and packages of the input.
#[derive(Debug, Default)]
pub(crate) struct Bundles {
    said: Vec<Said>,
}

#[derive(Debug)]
struct Said {
    /// The folder that it is about.
    folder: String,
    package: Option<String>,
    /// Whether the folder is a single bundle.
    is_bundle: bool,
}

impl Bundles {
    /// Takes a document that is no object but says something about a bundle; whether it did.
    pub(crate) fn take(&mut self, file: &str, document: &Node) -> bool {
        let Data::Object(members) = &document.data else {
            return false;
        };
        if members.get("apiVersion").is_some() || members.get("kind").is_some() {
            return false;
        }
        let folder = folder(file);
        if let Some(annotations) = document.get("annotations")
            && (annotations.get(PACKAGE).is_some() || annotations.get(MEDIA_TYPE).is_some())
        {
            self.said.push(Said {
                folder: self::folder(folder).to_owned(),
                package: annotations.text(PACKAGE).map(str::to_owned),
                is_bundle: true,
            });
            return true;
        }
        if let (Some(package), Some(_)) = (document.text("packageName"), document.get("channels")) {
            self.said.push(Said {
                folder: folder.to_owned(),
                package: Some(package.to_owned()),
                is_bundle: false,
            });
            return true;
        }
        let lists = |key: &str| {
            let list = document.get(key).map(|list| &list.data);
            members.len() == 1 && matches!(list, Some(Data::List(_)))
        };
        name(folder) == "metadata" && (lists("dependencies") || lists("properties"))
    }

    /// The package of a file's versions.
    pub(super) fn package_of<'a>(&'a self, file: &'a str) -> Option<&'a str> {
        self.about(file)
            .filter_map(|said| Some((said.folder.len(), said.package.as_deref()?)))
            .max_by_key(|(depth, _)| *depth)
            .map(|(_, package)| package)
    }

    /// Whether a file is of the bundle that another is of.
    pub(super) fn are_of_one(&self, file: &str, other: &str) -> bool {
        self.about(file)
            .any(|said| said.is_bundle && is_in(&said.folder, other))
    }

    fn about<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a Said> {
        self.said
            .iter()
            .filter(move |said| is_in(&said.folder, file))
    }
}

/// The folder of a file, or of a folder.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Whether a file is in a folder or below it; the folder without a name is where the program runs.
fn is_in(folder: &str, file: &str) -> bool {
    match file.strip_prefix(folder) {
        Some(rest) if folder.is_empty() => !rest.starts_with('/') && rest != "-",
        Some(rest) => rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn bundles(documents: &[(&str, Value)]) -> Bundles {
        let mut bundles = Bundles::default();
        for (file, document) in documents {
            let node = Node::on_line(1, document.clone());
            assert!(bundles.take(file, &node), "{file}");
        }
        bundles
    }

    #[test]
    fn annotations_are_about_the_folder_above_theirs() {
        let annotations = json!({"annotations": {PACKAGE: "etcd"}});
        let bundles = bundles(&[
            ("x/metadata/annotations.yaml", annotations),
            ("x/metadata/dependencies.yaml", json!({"dependencies": []})),
        ]);
        assert_eq!(bundles.package_of("x/manifests/etcd.yaml"), Some("etcd"));
        assert_eq!(bundles.package_of("xy/manifests/etcd.yaml"), None);
        assert!(bundles.are_of_one("x/manifests/a.yaml", "x/manifests/b.yaml"));
        assert!(!bundles.are_of_one("x/manifests/a.yaml", "y/b.yaml"));
    }

    #[test]
    fn the_nearest_package_counts() {
        let package = |name: &str| json!({"packageName": name, "channels": []});
        let bundles = bundles(&[
            ("all.package.yaml", package("all")),
            ("etcd/etcd.package.yaml", package("etcd")),
        ]);
        assert_eq!(bundles.package_of("etcd/0.9.4/etcd.yaml"), Some("etcd"));
        assert_eq!(bundles.package_of("other/1.yaml"), Some("all"));
        assert_eq!(bundles.package_of("/other/1.yaml"), None);
        assert!(!bundles.are_of_one("etcd/0.9.4/a.yaml", "etcd/0.9.4/b.yaml"));
    }

    #[test]
    fn objects_and_other_documents_are_left() {
        for (file, document) in [
            ("metadata/a.yaml", json!({"annotations": {"x": "y"}})),
            (
                "metadata/a.yaml",
                json!({"kind": "X", "annotations": {PACKAGE: "x"}}),
            ),
            ("a.yaml", json!({"dependencies": []})),
            ("a.yaml", json!("text")),
        ] {
            let node = Node::on_line(1, document.clone());
            assert!(!Bundles::default().take(file, &node), "{document}");
        }
    }
}
