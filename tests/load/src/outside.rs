//! The same question from outside: by ghz, which knows nothing of this project but what the service's
//! reflection says.

use std::process::Command;

use prost::Message as _;
use serde_json::Value;

use crate::arguments::Arguments;
use crate::request::Request;
use crate::say;

/// Asks by ghz for as long as the others are asked, on as many connections and with as many calls at
/// once; a row of the table. It asks the same each time: it cannot do otherwise.
pub(crate) fn measure(
    arguments: &Arguments,
    address: &str,
    request: &Request,
) -> Result<String, String> {
    if !arguments.ghz {
        return Ok("ghz: not asked, --ghz asks".to_owned());
    }
    say("building ghz");
    let program = opsec_clients::ghz().map_err(|error| error.to_string())?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = directory.path().join("request");
    std::fs::write(&file, request.message.encode_to_vec()).map_err(|error| error.to_string())?;
    say("having ghz ask the service");
    let calls = arguments.connections * arguments.in_flight;
    let ran = Command::new(&program)
        .args(["--insecure", "--call", "opsec.v1.CheckService/Check"])
        .args(["--format", "json", "--binary-file"])
        .arg(&file)
        .args(["--connections", &arguments.connections.to_string()])
        .args(["--concurrency", &calls.to_string()])
        .args(["--duration", &format!("{}s", arguments.seconds)])
        // What runs when the time is over is waited for, and counts.
        .args(["--duration-stop", "wait"])
        .arg(address)
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let told = String::from_utf8_lossy(&ran.stderr);
    let answer: Value = serde_json::from_slice(&ran.stdout)
        .map_err(|error| format!("ghz: {error}: {}", told.trim()))?;
    row(&answer)
}

/// What ghz counted.
fn row(answer: &Value) -> Result<String, String> {
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let failed = answer.pointer("/errorDistribution");
    if let Some(failed) = failed
        .and_then(Value::as_object)
        .filter(|it| !it.is_empty())
    {
        return Err(format!("ghz: {failed:?}"));
    }
    let of = |percentage: u64| {
        let all = answer.get("latencyDistribution").and_then(Value::as_array);
        let mut all = all.into_iter().flatten();
        let found = all.find(|it| it.get("percentage") == Some(&Value::from(percentage)));
        let nanoseconds = found.and_then(|it| it.get("latency")).map(number);
        nanoseconds.unwrap_or_default() / 1e6
    };
    let rate = answer.get("rps").map(number).unwrap_or_default();
    if rate <= 0.0 {
        return Err("ghz asked nothing".to_owned());
    }
    Ok(format!(
        "{:16}{rate:>12.0}{:>10.2}{:>10.2}{:>10.2}{:>10}",
        "service, by ghz",
        of(50),
        of(95),
        of(99),
        "-"
    ))
}
