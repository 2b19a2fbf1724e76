//! What is changed: definitions made to hold what schemas hold, and those of real operators.

use std::path::{Path, PathBuf};

/// Definitions of every style that schemas are written in.
pub(crate) const MADE: [&str; 3] = [
    r#"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: orders.shop.example.com
  annotations: {a: "b"}
spec:
  group: shop.example.com
  names:
    kind: Order
    plural: orders
  scope: Namespaced
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        description: |-
          An order: "one" of many
            - it's [ordered

          # and paid {
        type: object
        properties:
          spec:
            description: "quoted: text
              over lines # 'all' \" one"
            enum: [a, "b]", 'c}', {d: e}]
            items:
            - type: string
              pattern: '^[a-z]''?$'
            -
              "x-y": >
                folded

            - - "z"
    served: true
    storage: true
    subresources:
      status: {}
"#,
    r#"# made by hand
kind: CustomResourceDefinition
apiVersion: apiextensions.k8s.io/v1
metadata:
    name: widgets.shop.example.com
spec:
    versions:
        - schema:
              openAPIV3Schema:
                  type: object
                  description: plain text
                      of two lines
                  required:
                      - spec
          name: v1alpha1
          served: false
          storage: false
        - name: v1
          additionalPrinterColumns:
              - jsonPath: .spec.a
                name: A
                type: string
          schema:
              openAPIV3Schema:
                  # a comment
                  properties:
                      spec:
                          default: {}
                          x-kubernetes-validations:
                              - rule: "self.a != ''"
                                message: 'a: is needed'
          served: true
          storage: true
    group: shop.example.com
    scope: Cluster
    names: {kind: Widget, plural: widgets}
    conversion:
        strategy: None
"#,
    r#"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: "shops.shop.example.com"
  labels:
    schema: |
      schema:
        openAPIV3Schema:
          "a
spec:
  group: shop.example.com
  names:
    kind: Shop
    plural: shops
  scope: Namespaced
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
          schema:
            properties:
              openAPIV3Schema:
                type: object
        type: object
    served: true
    storage: true
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
data:
  kind: |
    kind: CustomResourceDefinition
---
apiVersion: shop.example.com/v1
kind: Shop
metadata:
  name: b
"#,
];

/// Every file below a folder, by name.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The documents of a folder's files.
pub(crate) fn documents(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(folder) {
        let text = std::fs::read_to_string(file).unwrap();
        found.extend(text.split("\n---").map(ToOwned::to_owned));
    }
    found
}
