//! The lines of a document's fields.

use opsec_model::FieldLines;
use opsec_model::field_lines::{Below, Step};

use crate::node::{Data, Node};
use crate::schemas::SCHEMA;

/// The line of each field by its path, as in `rules[3].verbs`. Those in schemas of custom
/// resources, of which nothing is judged, are left out.
pub(crate) fn lines(root: &Node) -> FieldLines {
    let mut lines = FieldLines::default();
    let top = below(root, root.line, &mut lines);
    lines.finish(top)
}

/// The fields in a value, of which one on `line` has no line of its own.
fn below(node: &Node, line: u32, lines: &mut FieldLines) -> Below {
    let mut fields = Vec::new();
    let mut add = |step: Step<'_>, own: u32, inner: Option<&Node>| {
        let inner = inner.map_or_else(Below::default, |node| below(node, own, lines));
        if own != line || !inner.is_empty() {
            fields.push(lines.field(step, own, inner));
        }
    };
    match &node.data {
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                add(Step::Index(index), item.line, Some(item));
            }
        }
        Data::Object(members) => {
            for (key, member) in members.iter() {
                let inner = Some(&member.value).filter(|_| key != SCHEMA);
                add(Step::Key(key), member.line, inner);
            }
        }
        _ => {}
    }
    lines.put(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Member, Members};

    fn object(line: u32, key: &str, value: Node) -> Node {
        let members = vec![(key.into(), Member::new(line, value))];
        Node::new(line, Data::Object(Members::new(members, |_, _, _| {})))
    }

    #[test]
    fn fields_on_the_line_of_what_they_are_in_take_nothing() {
        let value = serde_json::json!({"rules": [{"verbs": ["get"]}, {}]});
        assert_eq!(lines(&Node::on_line(7, value)).size(), (0, 0));
    }

    #[test]
    fn fields_on_lines_of_their_own_are_found() {
        let item = object(3, "verbs", Node::text_of(4, "get"));
        let rules = Node::new(2, Data::List([Node::empty(2), item].into()));
        let lines = lines(&object(1, "rules", rules));
        for (path, line) in [
            ("rules", 1),
            ("rules[0]", 2),
            ("rules[1].verbs", 3),
            ("rules[2]", 1),
        ] {
            assert_eq!(lines.nearest(path).unwrap_or(1), line, "{path}");
        }
    }

    #[test]
    fn schemas_are_left_out() {
        let schema = object(3, SCHEMA, object(4, "type", Node::text_of(5, "object")));
        assert_eq!(lines(&object(2, "schema", schema)).size().0, 2);
    }

    #[test]
    fn long_keys_in_long_keys_stay_small() {
        let leaves = (0..10_000).map(|line| Node::new(line, Data::Null));
        let leaves = Node::new(0, Data::List(leaves.collect()));
        let deep = (1..50).fold(leaves, |node, line| object(line, &"k".repeat(1000), node));
        let (fields, bytes) = lines(&deep).size();
        assert!(fields <= 10_050 && bytes <= 50_000, "{fields}, {bytes}");
    }
}
