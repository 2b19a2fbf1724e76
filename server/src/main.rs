//! The central service: one binary, one directory of data, one configuration.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
