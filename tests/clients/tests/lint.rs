//! The protos as buf's STANDARD rules want them.

use std::process::Command;

use opsec_clients::{buf, proto};

#[test]
fn the_protos_pass_bufs_standard_lint() {
    let output = Command::new(buf().unwrap())
        .arg("lint")
        .current_dir(proto())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{failed}");
}
