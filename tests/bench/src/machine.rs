//! Where this was measured. A figure without its machine says little.

use std::process::Command;

/// The cores, the system and the compilers, in one line.
pub(crate) fn said() -> String {
    let cores = match std::thread::available_parallelism() {
        Ok(cores) if cores.get() == 1 => "1 core".to_owned(),
        Ok(cores) => format!("{cores} cores"),
        Err(_) => "cores unknown".to_owned(),
    };
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let rust = first_words(Command::new(rustc).arg("--version"), 2);
    let go = first_words(Command::new("go").arg("version"), 3);
    let compilers = [
        rust.unwrap_or_else(|| "rustc unknown".to_owned()),
        go.map_or_else(
            || "no Go".to_owned(),
            |said| said.replace("go version ", ""),
        ),
    ];
    format!("{cores}, {system}, {}", compilers.join(", "))
}

fn first_words(command: &mut Command, number: usize) -> Option<String> {
    let output = command.output().ok().filter(|said| said.status.success())?;
    let said = String::from_utf8(output.stdout).ok()?;
    let words: Vec<&str> = said.split_whitespace().take(number).collect();
    Some(words.join(" "))
}
