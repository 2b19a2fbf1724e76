//! The reference of the API, as Markdown: what the comments of the protos say, a page a service and
//! one for the messages that services share.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, ServiceDescriptorProto,
};

/// The package that is documented.
const PACKAGE: &str = "opsec.v1";

/// Pages by file name.
pub(super) fn pages(descriptors: &FileDescriptorSet) -> BTreeMap<String, String> {
    let own = descriptors.file.iter();
    let files: Vec<&FileDescriptorProto> = own.filter(|file| file.package() == PACKAGE).collect();
    let mut pages: BTreeMap<String, String> = files
        .iter()
        .map(|file| (page_of(file), page(file)))
        .collect();
    pages.insert("README.md".to_owned(), index(&files));
    pages
}

fn stem(file: &FileDescriptorProto) -> &str {
    let name = file.name().rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".proto").unwrap_or(name)
}

fn page_of(file: &FileDescriptorProto) -> String {
    format!("{}.md", stem(file))
}

fn index(files: &[&FileDescriptorProto]) -> String {
    let mut text = format!(
        "# {PACKAGE}\n\nMade from the protos by `cargo xtask gen`. Times are UTC; an enum's first value is never \
         sent; errors carry a `google.rpc.ErrorInfo` whose reasons stand with each RPC.\n\n"
    );
    for file in files {
        for service in &file.service {
            let _ = writeln!(text, "- [{}]({})", service.name(), page_of(file));
            for method in &service.method {
                let _ = writeln!(
                    text,
                    "  - [{}]({}#{})",
                    method.name(),
                    page_of(file),
                    method.name().to_lowercase()
                );
            }
        }
    }
    text.push_str("\nMessages of several services:\n\n");
    for file in files.iter().filter(|file| file.service.is_empty()) {
        let _ = writeln!(text, "- [{}]({})", stem(file), page_of(file));
    }
    text
}

fn page(file: &FileDescriptorProto) -> String {
    let comments = Comments::of(file);
    let mut text = format!("# {}\n\n{}\n", file.name(), comments.at(&[12]));
    for (index, service) in (0..).zip(&file.service) {
        write_service(service, &[6, index], &comments, &mut text);
    }
    for (index, message) in (0..).zip(&file.message_type) {
        write_message(message, message.name(), &[4, index], &comments, &mut text);
    }
    for (index, one) in (0..).zip(&file.enum_type) {
        write_enum(one, &[5, index], &comments, &mut text);
    }
    text
}

/// What is said of each place in a file; detached paragraphs open the file.
struct Comments(BTreeMap<Vec<i32>, String>);

impl Comments {
    fn of(file: &FileDescriptorProto) -> Self {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let said = locations.filter_map(|location| {
            let text = location.leading_comments.as_deref()?;
            let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
            Some((location.path.clone(), lines.join("\n").trim().to_owned()))
        });
        Self(said.collect())
    }

    fn at(&self, path: &[i32]) -> String {
        self.0
            .get(path)
            .map_or_else(String::new, |text| format!("{text}\n"))
    }

    /// In one line, as a cell of a table.
    fn cell(&self, path: &[i32]) -> String {
        self.at(path).trim().replace('\n', " ").replace('|', "\\|")
    }
}

fn with(path: &[i32], more: &[i32]) -> Vec<i32> {
    path.iter().chain(more).copied().collect()
}

fn write_service(
    service: &ServiceDescriptorProto,
    path: &[i32],
    comments: &Comments,
    text: &mut String,
) {
    let _ = writeln!(text, "## {}\n\n{}", service.name(), comments.at(path));
    for (index, method) in (0..).zip(&service.method) {
        let streams = if method.server_streaming() {
            "stream of "
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "### {}\n\n{} → {streams}{}\n\n{}",
            method.name(),
            link(method.input_type()),
            link(method.output_type()),
            comments.at(&with(path, &[2, index]))
        );
    }
}

fn write_message(
    message: &DescriptorProto,
    name: &str,
    path: &[i32],
    comments: &Comments,
    text: &mut String,
) {
    let is_map = message
        .options
        .as_ref()
        .is_some_and(prost_types::MessageOptions::map_entry);
    if is_map {
        return;
    }
    let _ = writeln!(text, "## {name}\n\n{}", comments.at(path));
    if !message.field.is_empty() {
        text.push_str("| field | type | |\n|---|---|---|\n");
    }
    for (index, field) in (0..).zip(&message.field) {
        let said = comments.cell(&with(path, &[2, index]));
        let one_of = field.oneof_index.filter(|_| !field.proto3_optional());
        let one_of = one_of
            .and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?))
            .map_or_else(String::new, |one| format!(" (one of `{}`)", one.name()));
        let _ = writeln!(
            text,
            "| `{}`{one_of} | {} | {said} |",
            field.name(),
            type_of(field, message)
        );
    }
    text.push('\n');
    for (index, nested) in (0..).zip(&message.nested_type) {
        let name = format!("{name}.{}", nested.name());
        write_message(nested, &name, &with(path, &[3, index]), comments, text);
    }
}

fn write_enum(one: &EnumDescriptorProto, path: &[i32], comments: &Comments, text: &mut String) {
    let _ = writeln!(text, "## {}\n\n{}", one.name(), comments.at(path));
    text.push_str("| value | number | |\n|---|---|---|\n");
    for (index, value) in (0..).zip(&one.value) {
        let said = comments.cell(&with(path, &[2, index]));
        let _ = writeln!(text, "| `{}` | {} | {said} |", value.name(), value.number());
    }
    text.push('\n');
}

fn type_of(field: &FieldDescriptorProto, message: &DescriptorProto) -> String {
    let entry = message.nested_type.iter().find(|nested| {
        field.type_name().rsplit('.').next() == Some(nested.name())
            && nested
                .options
                .as_ref()
                .is_some_and(prost_types::MessageOptions::map_entry)
    });
    if let Some([key, value]) = entry.map(|entry| entry.field.as_slice()) {
        return format!("map of {} to {}", scalar(key), scalar(value));
    }
    let one = scalar(field);
    match field.label() {
        Label::Repeated => format!("list of {one}"),
        _ if field.proto3_optional() => format!("{one}, or absent"),
        _ => one,
    }
}

fn scalar(field: &FieldDescriptorProto) -> String {
    match field.r#type() {
        Type::Message | Type::Enum => link(field.type_name()),
        other => {
            let name = other.as_str_name();
            name.strip_prefix("TYPE_").unwrap_or(name).to_lowercase()
        }
    }
}

/// A type by its last name; well-known ones by their whole.
fn link(name: &str) -> String {
    let name = name.trim_start_matches('.');
    match name
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.strip_prefix('.'))
    {
        Some(own) => format!("`{own}`"),
        None => format!("`{name}`"),
    }
}
