//! The chains of an operator, those that nothing cuts first.

use std::io;

use opsec_model::{Path, PathList};

use crate::Options;
use crate::chain::{EVERYTHING, PLAIN, cut_by};
use crate::headline::looked_at;
use crate::page::Page;
use crate::words::count;

pub(crate) fn write(
    list: &PathList,
    everything: bool,
    options: &Options,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let version = &list.kubernetes_version;
    page.parts(&looked_at(&list.operator, &list.source, version, options))?;
    page.blank()?;
    let shown = if everything { EVERYTHING } else { PLAIN };
    for path in &list.items {
        shown.write(path, page)?;
        page.blank()?;
    }
    page.paragraph(0, &summary(&list.items))
}

fn summary(paths: &[Path]) -> String {
    let open = paths.iter().filter(|path| !path.cut).count();
    match (paths.len(), open) {
        (0, _) => "No chain leads from its pods beyond what it is for.".to_owned(),
        (all, 0) => format!("{}; each is cut{}.", count(all, "chain"), cut_by(paths)),
        (all, open) if all == open => format!("{}; nothing cuts them.", count(all, "chain")),
        (all, open) => format!("{}; {open} of them nothing cuts.", count(all, "chain")),
    }
}
