//! Files into facts.

use opsec_gather::{Manifests, Options, PathOrStdin, read, read_files};
use opsec_model::NoticeCode;

use crate::args::FileArgs;
use crate::failure::Failure;
use crate::output::say;

/// Reads the files that were named, and warns of what kubectl would take otherwise than it looks.
///
/// # Errors
/// When nothing was named, or what was named cannot be read or is no manifest.
pub(crate) fn gather(args: &FileArgs) -> Result<Manifests, Failure> {
    if args.filename.is_empty() {
        return Err(Failure::NoInput);
    }
    let paths: Vec<PathOrStdin> = args.filename.iter().map(PathOrStdin::from_arg).collect();
    let limits = args.limits();
    let mut stdin = std::io::stdin().lock();
    let inputs = read_files(&paths, args.recursive, &mut stdin, &limits)?;
    let options = Options {
        namespace: args.namespace.clone(),
        namespace_as_given: args.namespace_as_given,
        install: args.install(),
        limits,
        strict: args.strict,
    };
    let manifests = read(&inputs, &options)?;
    for notice in &manifests.snapshot.notices {
        let otherwise_than_it_looks = matches!(
            notice.code,
            NoticeCode::DuplicateKey | NoticeCode::DuplicateObject | NoticeCode::Input
        );
        if otherwise_than_it_looks {
            say(&format!("warning: {}", notice.message));
        }
    }
    Ok(manifests)
}
