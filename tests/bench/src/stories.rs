//! What is measured, over which files, and what is aimed at.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::arguments::Arguments;
use crate::figures::{Aim, Bench, Figure, Measured, Outcome};
use crate::measure::{Invocation, NO_CLUSTER};
use crate::peers::{Counting, Peer, Story};
use crate::race::{Contender, Judge, race};
use crate::{evaluation, inputs, machine, peers, results, say, units, verification};

/// The operator that is judged alone.
const OPERATOR: &str = "cert-manager";

/// The policies whose connections are listed: a thousand ranges of addresses.
const POLICIES: &str = "netpol/plain/ipblockstest_4";

/// What the plugin is called beside its peers.
pub(crate) const PLUGIN: &str = "kubectl-opsec";

/// The folders and programs of this run.
struct Ground<'a> {
    arguments: &'a Arguments,
    corpus: &'a Path,
    peers: Vec<Peer>,
}

/// Measures everything.
///
/// # Errors
/// When the data of peers is not as declared.
pub(crate) fn measure(arguments: &Arguments, corpus: &Path) -> Result<Bench, String> {
    let peers = if arguments.with_peers {
        peers::all()?
    } else {
        Vec::new()
    };
    let ground = Ground {
        arguments,
        corpus,
        peers,
    };
    let operators = corpus.join("operators");
    let file = operators.join(format!("{OPERATOR}.yaml"));
    say("   evaluation, in process");
    let evaluation = evaluation::figures(&file, OPERATOR);
    say("   verification, in process");
    let verified = verification::figures();
    say("   one operator");
    let one = or_wrong("one operator", ground.one_operator(&operators, &file));
    say("   corpus");
    let all = or_wrong("corpus", ground.all_operators(&operators));
    say("   reach");
    let reach = or_wrong("reach", ground.reach());
    let mut aims = aims(&evaluation, &one, &all, &reach);
    aims.extend(verified.iter().map(|figure| {
        let what = format!("offline verify, {}: at most 1 ms", figure.by);
        Aim::at_most(&what, seconds(figure.measured()), 1e-3)
    }));
    Ok(Bench {
        machine: machine::said(),
        figures: [evaluation, verified, one, all, reach].concat(),
        aims,
    })
}

fn aims(evaluation: &[Figure], one: &[Figure], all: &[Figure], reach: &[Figure]) -> Vec<Aim> {
    let megabytes = |figures: &[Figure]| {
        let peak = figures.first()?.measured()?.peak_bytes?;
        Some((units::megabytes(peak), units::memory(peak)))
    };
    let checking = seconds(evaluation::checking(evaluation));
    let connections = seconds(reach.first().and_then(Figure::measured));
    vec![
        // Nothing judges without chains: the first aim is compared with more than it is for.
        Aim::at_most(
            "evaluation, facts built: at most 50 µs",
            checking.clone(),
            50e-6,
        ),
        Aim::at_most(
            "evaluation, facts built, with chains: at most 1 ms",
            checking,
            1e-3,
        ),
        Aim::at_least("one operator: no slower than kube-score", ratio(one), 1.0),
        Aim::at_most("one operator: at most 40 MB", megabytes(one), 40.0),
        Aim::at_least("corpus: 4 times as fast as kube-score", ratio(all), 4.0),
        Aim::at_least(
            "reach: 10 times as fast as netpol-analyzer",
            ratio(reach),
            10.0,
        ),
        Aim::at_most(
            "reach: at most 0.8 s, a tenth of netpol-analyzer elsewhere (8.0 s)",
            connections,
            0.8,
        ),
        Aim::at_most(
            "reach: at most 17.8 MB, a tenth of netpol-analyzer elsewhere (178 MB)",
            megabytes(reach),
            17.8,
        ),
    ]
}

/// The median in seconds, and as people read it.
fn seconds(measured: Option<&Measured>) -> Option<(f64, String)> {
    let median = measured?.time.median;
    Some((median.as_secs_f64(), units::time(median)))
}

/// What kept a race from being set up is its only figure, and hides no other.
fn or_wrong(what: &str, figures: Result<Vec<Figure>, String>) -> Vec<Figure> {
    figures.unwrap_or_else(|reason| {
        vec![Figure {
            what: what.to_owned(),
            by: PLUGIN.to_owned(),
            outcome: Outcome::Wrong { reason },
        }]
    })
}

/// How many times as fast the first of two is.
fn ratio(figures: &[Figure]) -> Option<(f64, String)> {
    let [ours, theirs, ..] = figures else {
        return None;
    };
    let times = ours.measured()?.time.faster_than(&theirs.measured()?.time);
    Some((times, format!("{times:.2} times")))
}

/// How many objects with pods files have.
fn workloads(files: &[PathBuf]) -> Result<usize, String> {
    let of = |file: &PathBuf| match std::fs::read_to_string(file) {
        Ok(text) => Ok(results::workloads(&text)),
        Err(error) => Err(format!("`{}`: {error}", file.display())),
    };
    files.iter().map(of).sum()
}

impl Ground<'_> {
    fn one_operator(&self, folder: &Path, file: &Path) -> Result<Vec<Figure>, String> {
        let files = [file.to_owned()];
        let path = file.display().to_string();
        let judge: Judge = Box::new(|output| results::report(output, OPERATOR));
        let ours = self.plugin(&["check", OPERATOR, "-f", &path, "-o", "json"], judge);
        let what = format!("one operator, {}", inputs::size(&files)?);
        Ok(self.race(
            &what,
            ours,
            Story::OneOperator,
            folder,
            &files,
            workloads(&files)?,
        ))
    }

    fn all_operators(&self, folder: &Path) -> Result<Vec<Figure>, String> {
        let files = inputs::manifests(folder)?;
        let path = folder.display().to_string();
        let listed = self.said(&["list", "-f", &path, "-o", "json"])?;
        let listed = results::operators(&listed)?;
        let judge: Judge = Box::new(move |output| results::reports(output, &listed));
        let ours = self.plugin(&["check", "--all", "-f", &path, "-o", "json"], judge);
        let what = format!("corpus, {} files, {}", files.len(), inputs::size(&files)?);
        Ok(self.race(
            &what,
            ours,
            Story::Corpus,
            folder,
            &files,
            workloads(&files)?,
        ))
    }

    fn reach(&self) -> Result<Vec<Figure>, String> {
        let story = self.corpus.join(POLICIES);
        let folder = story.join("manifests");
        let expected = story.join("expected.txt");
        let expected = std::fs::read_to_string(&expected)
            .map_err(|error| format!("`{}`: {error}", expected.display()))?;
        let expected = results::arrows(&expected);
        let path = folder.display().to_string();
        let judge: Judge = Box::new(move |output| results::connections(output, expected));
        let mut ours = self.plugin(&["reach", "-f", &path, "-o", "json"], judge);
        ours.statuses = vec![0];
        let files = inputs::manifests(&folder)?;
        Ok(self.race("reach", ours, Story::Reach, &folder, &files, expected))
    }

    /// The plugin, whose exit status of a check that was made is 0, 1 or 3.
    fn plugin(&self, arguments: &[&str], judge: Judge) -> Contender {
        Contender {
            by: PLUGIN.to_owned(),
            command: Ok(Invocation {
                program: self.arguments.plugin.clone(),
                arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            }),
            statuses: vec![0, 1, 3],
            judge,
        }
    }

    /// What the plugin prints when it succeeds.
    fn said(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let plugin = &self.arguments.plugin;
        let output = Command::new(plugin)
            .args(arguments)
            .env("KUBECONFIG", NO_CLUSTER)
            .output()
            .map_err(|error| format!("`{}` does not start: {error}", plugin.display()))?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("`{}` failed: {said}", arguments.join(" ")))
        }
    }

    /// Ours and the peers of the story, over the same files.
    fn race(
        &self,
        what: &str,
        ours: Contender,
        story: Story,
        folder: &Path,
        files: &[PathBuf],
        expected: usize,
    ) -> Vec<Figure> {
        let beside = self
            .peers
            .iter()
            .filter(|peer| peer.beside.contains(&story))
            .map(|peer| Contender {
                by: peer.name.clone(),
                command: peer
                    .program(&self.arguments.tools)
                    .map(|program| peer.command(&program, folder, files)),
                statuses: peer.statuses.clone(),
                judge: match peer.counts {
                    Counting::ScoredObjects => {
                        Box::new(move |output| results::scored_objects(output, expected))
                    }
                    Counting::ArrowLines => {
                        Box::new(move |output| results::arrow_lines(output, expected))
                    }
                },
            });
        let contenders: Vec<_> = std::iter::once(ours).chain(beside).collect();
        race(what, &contenders, self.arguments.runs)
    }
}
