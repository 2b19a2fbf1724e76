//! Small random changes of manifests, the same for the same seed: some break them, many do not.

/// Random numbers by splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is above 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }
}

/// What begins, ends or changes a value, put where it may do so.
const TOKENS: [&str; 27] = [
    "\"", "'", "[", "]", "{", "}", ",", ": ", ":", "#", " #", "&a ", "*a", "!!str ", "!", "|",
    ">-", "|2", "- ", "? ", "\t", "\\", "<<", "%", "~", "\r", "é",
];

/// Whole lines, put at any indentation.
const LINES: [&str; 30] = [
    "x: |",
    "x: >-",
    "x: |+",
    "- |",
    "x: \"",
    "x: '",
    "\"",
    "'",
    "x: \"a",
    "a\"",
    "x: [a,",
    "b]",
    "x: {a: 1,",
    "b: 2}",
    "spec:",
    "schema:",
    "openAPIV3Schema:",
    "versions:",
    "- schema:",
    "- name: v9",
    "kind: CustomResourceDefinition",
    "kind: ConfigMap",
    "# a",
    "",
    "x: &a b",
    "y: *a",
    "<<: {openAPIV3Schema: {a: b}}",
    "...",
    "x:",
    "? x",
];

/// The text with one to three changes.
pub(crate) fn mutated(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    for _ in 0..=random.below(3) {
        change(&mut lines, random);
    }
    let end = if random.below(20) == 0 { "\r\n" } else { "\n" };
    lines.iter().flat_map(|line| [line, end]).collect()
}

fn change(lines: &mut Vec<String>, random: &mut Random) {
    if lines.is_empty() {
        lines.push(random.of(&LINES).to_owned());
    }
    let at = random.below(lines.len());
    match random.below(12) {
        0 => {
            lines.remove(at);
        }
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let other = random.below(lines.len());
            lines.swap(at, other);
        }
        3 => indent(&mut lines[at], random),
        4 => {
            let end = block_end(lines, at);
            lines[at..end]
                .iter_mut()
                .for_each(|line| line.insert_str(0, "  "));
        }
        5 => {
            let block = lines[at..block_end(lines, at)].to_vec();
            let to = random.below(lines.len());
            lines.splice(to..to, block);
        }
        6 => {
            let end = block_end(lines, at);
            lines.drain(at..end);
        }
        7 => insert_token(&mut lines[at], random),
        8 => quote_value(&mut lines[at], random),
        9 => insert_line(lines, at, random),
        10 => insert_text_of_lines(lines, at, random),
        _ => {
            let below = lines.get(at + 1).cloned().unwrap_or_default();
            lines[at].push_str(below.trim_start());
            lines.drain(at + 1..(at + 2).min(lines.len()));
        }
    }
}

fn spaces(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The end of the lines that are deeper than one.
fn block_end(lines: &[String], at: usize) -> usize {
    let deeper = |line: &&String| line.is_empty() || spaces(line) > spaces(&lines[at]);
    at + 1 + lines[at + 1..].iter().take_while(deeper).count()
}

fn indent(line: &mut String, random: &mut Random) {
    let by = random.below(9);
    if by < 4 {
        line.insert_str(0, &" ".repeat(by));
    } else {
        let fewer = spaces(line).min(by - 3);
        line.drain(..fewer);
    }
}

fn insert_token(line: &mut String, random: &mut Random) {
    // Where values begin is where most tokens mean something.
    let begins = line.find(": ").map_or(0, |colon| colon + 2);
    let at = match random.below(4) {
        0 => spaces(line),
        1 => line.len(),
        2 => begins,
        _ => random.below(line.len() + 1),
    };
    if line.is_char_boundary(at) {
        line.insert_str(at, random.of(&TOKENS));
    }
}

fn quote_value(line: &mut String, random: &mut Random) {
    let quote = random.of(&["\"", "'"]);
    if let Some(colon) = line.find(": ") {
        line.insert_str(colon + 2, quote);
        line.push_str(quote);
    }
}

fn insert_line(lines: &mut Vec<String>, at: usize, random: &mut Random) {
    let near = (spaces(&lines[at]) + random.below(5)).saturating_sub(2);
    let column = if random.below(4) == 0 {
        random.below(4)
    } else {
        near
    };
    lines.insert(at + 1, " ".repeat(column) + random.of(&LINES));
}

/// A text of several lines, whole, whose second line is indented by chance.
fn insert_text_of_lines(lines: &mut Vec<String>, at: usize, random: &mut Random) {
    let column = spaces(&lines[at]);
    let (open, close) = match random.below(6) {
        0 => ("zz: \"a", "b\""),
        1 => ("zz: 'a", "b'"),
        2 => ("zz: [a,", "b]"),
        3 => ("zz: {a: 1,", "b: 2}"),
        4 => ("zz: |", "served: \"no"),
        _ => ("zz: a", "- b"),
    };
    let middle = random.of(&LINES);
    let deeper = |random: &mut Random| match random.below(4) {
        0 => " ".repeat(random.below(column + 1)),
        _ => " ".repeat(column + 1 + random.below(3)),
    };
    let inside = deeper(random) + middle;
    let last = deeper(random) + close;
    lines.splice(at..at, [" ".repeat(column) + open, inside, last]);
}
