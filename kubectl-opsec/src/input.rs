//! What is judged: files, a cluster, or a snapshot that was saved. Files alone decide where they
//! are named; without them, whatever the kubeconfig points at is read.

mod saved;
mod state;

use std::borrow::Borrow;
use std::path::Path;
use std::sync::Arc;

use opsec_gather::{Connection, Input, Options, PathOrStdin, gather_cluster, read, read_files};
use opsec_model::snapshot::SourceKind;
use opsec_model::{NoticeCode, Snapshot, SourceMap};

use crate::args::{FileArgs, LimitArgs, ReadingArgs};
use crate::failure::Failure;
use crate::output::say;
use crate::progress::Progress;

pub(crate) use state::{State, state};

/// What is judged.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The facts.
    pub(crate) snapshot: Snapshot,
    /// Where they stand, of files.
    pub(crate) sources: SourceMap,
    /// How many objects the files hold; absent of a cluster.
    pub(crate) objects: Option<usize>,
    /// The cluster, where one was read.
    pub(crate) connection: Option<Connection>,
    /// The namespace of a cluster that the operator is looked for in.
    namespace: Option<String>,
}

impl Gathered {
    /// The operator that is asked for, looked for in the namespace alone where one is named; empty
    /// is the only one.
    pub(crate) fn operator(&self, named: Option<&String>) -> String {
        let name = named.map_or("", String::as_str);
        match &self.namespace {
            Some(namespace) => format!("{namespace}~{name}"),
            None => name.to_owned(),
        }
    }

    /// Writes the snapshot down where that is asked for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn save(&self, args: &FileArgs) -> Result<(), Failure> {
        match &args.cluster.save_snapshot {
            Some(path) => saved::write(path, &self.snapshot),
            None => Ok(()),
        }
    }

    /// Whether what runs in those namespaces is asked for.
    pub(crate) fn is_asked_for(&self, namespaces: &[String]) -> bool {
        let asked = self.namespace.as_ref();
        asked.is_none_or(|namespace| namespaces.contains(namespace))
    }
}

/// Facts that a service reads itself: none are here.
pub(crate) fn elsewhere(args: &FileArgs) -> Gathered {
    Gathered {
        namespace: args
            .reading
            .namespace
            .clone()
            .filter(|name| !name.is_empty()),
        ..Gathered::default()
    }
}

/// Gathers, and warns of what kubectl would take otherwise than it looks.
///
/// # Errors
/// When what was named cannot be read, is no manifest, or does not answer.
pub(crate) async fn gather(args: &FileArgs, progress: &Progress) -> Result<Gathered, Failure> {
    let gathered = gather_unsaved(args, progress).await?;
    gathered.save(args)?;
    Ok(gathered)
}

/// The same, for who adds to what was read before it is written down.
///
/// # Errors
/// As for [`gather`].
pub(crate) async fn gather_unsaved(
    args: &FileArgs,
    progress: &Progress,
) -> Result<Gathered, Failure> {
    let gathered = if let Some(path) = &args.cluster.snapshot {
        saved(&args.reading, path)?
    } else if args.filename.is_empty() {
        cluster(args, progress).await?
    } else {
        files(args)?
    };
    if let (Some(flag), false) = (args.cluster.misplaced(), is_live(args)) {
        return Err(Failure::OnlyOfACluster(flag));
    }
    Ok(gathered)
}

/// A snapshot of a cluster is asked as the cluster is.
fn saved(reading: &ReadingArgs, path: &Path) -> Result<Gathered, Failure> {
    let gathered = saved::read(path)?;
    let of_cluster = gathered.snapshot.source.kind == SourceKind::Cluster;
    Ok(Gathered {
        namespace: reading
            .namespace
            .clone()
            .filter(|name| of_cluster && !name.is_empty()),
        ..gathered
    })
}

fn is_live(args: &FileArgs) -> bool {
    args.filename.is_empty() && args.cluster.snapshot.is_none()
}

async fn cluster(args: &FileArgs, progress: &Progress) -> Result<Gathered, Failure> {
    let connection = Connection::open(&args.cluster.connection()).await?;
    let steps = progress.steps();
    let on_progress = Arc::new(move |step| steps.tell(step));
    let snapshot = gather_cluster(&connection, &args.cluster.options(), on_progress).await?;
    Ok(Gathered {
        snapshot,
        connection: Some(connection),
        namespace: args
            .reading
            .namespace
            .clone()
            .filter(|name| !name.is_empty()),
        ..Gathered::default()
    })
}

/// Files as facts and as they were read, for who writes them down again.
///
/// # Errors
/// As for [`gather`].
pub(crate) fn with_bytes(args: &FileArgs) -> Result<(Gathered, Vec<Input>), Failure> {
    let inputs = bytes(args)?;
    let gathered = from_bytes((&args.reading, &args.limits), &inputs)?;
    gathered.save(args)?;
    Ok((gathered, inputs))
}

fn files(args: &FileArgs) -> Result<Gathered, Failure> {
    from_bytes((&args.reading, &args.limits), bytes(args)?)
}

fn bytes(args: &FileArgs) -> Result<Vec<Input>, Failure> {
    let paths: Vec<PathOrStdin> = args.filename.iter().map(PathOrStdin::from_arg).collect();
    let limits = args.limits.limits();
    let mut stdin = std::io::stdin().lock();
    let recursive = args.reading.recursive;
    Ok(read_files(&paths, recursive, &mut stdin, &limits)?)
}

fn from_bytes<I: Borrow<Input>>(
    (reading, limits): (&ReadingArgs, &LimitArgs),
    inputs: impl IntoIterator<Item = I>,
) -> Result<Gathered, Failure> {
    let options = Options {
        namespace: reading.namespace.clone(),
        namespace_as_given: reading.namespace_as_given,
        install: reading.install(),
        limits: limits.limits(),
        strict: reading.strict,
    };
    let manifests = read(inputs, &options)?;
    for notice in &manifests.snapshot.notices {
        let otherwise_than_it_looks = matches!(
            notice.code,
            NoticeCode::DuplicateKey | NoticeCode::DuplicateObject | NoticeCode::Input
        );
        if otherwise_than_it_looks {
            say(&format!("warning: {}", notice.message));
        }
    }
    Ok(Gathered {
        snapshot: manifests.snapshot,
        sources: manifests.sources,
        objects: Some(manifests.objects),
        ..Gathered::default()
    })
}
