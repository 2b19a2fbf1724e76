//! Writes what an empty API server says of itself: `bootstrap FOLDER [RELEASE]`.

use std::path::Path;
use std::process::ExitCode;

use opsec_testbed::{ControlPlane, Options, RELEASE, bootstrap};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        [folder] => write(Path::new(folder), RELEASE).await,
        [folder, release] => write(Path::new(folder), release).await,
        _ => Err("usage: bootstrap FOLDER [RELEASE]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            opsec_testbed::say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn write(folder: &Path, release: &str) -> Result<(), Box<dyn std::error::Error>> {
    let cluster = ControlPlane::start(Options {
        release: release.to_owned(),
        ..Options::default()
    })
    .await?;
    let policy = bootstrap::policy(&cluster.client()).await?;
    let discovery = bootstrap::discovery(&cluster.client()).await?;
    std::fs::write(folder.join(format!("rbac-{release}.json")), policy)?;
    std::fs::write(folder.join(format!("discovery-{release}.json")), discovery)?;
    Ok(())
}
