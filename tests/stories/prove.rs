//! The script that measures the figures runs, at reduced size, and finds nothing lost and nothing counted twice.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{installation::BINARY, is_proving};

#[test]
fn every_figure_is_measured_at_reduced_size() {
    if is_proving() {
        println!("SKIPPED: the full figures are measured by `make prove` itself, alone on the machine");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/prove");
    let binaries = Path::new(BINARY).parent().expect("the folder of the binary");
    let mut command = Command::new("python3");
    command.arg(script).args(["--reduced", "--offline", "--bin"]).arg(binaries).stdin(Stdio::null());
    let output = command.output().expect("python3 runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{told}"));
    for name in ["ingest_max", "sustained", "single", "idle", "visible", "import_crm", "import_events"] {
        assert!(figures[name].is_object(), "{name} was not measured: {figures}");
    }
    for name in ["ingest_max", "single"] {
        let statuses = figures[name]["statuses"].as_object().expect("statuses");
        assert!(statuses.keys().all(|status| status == "200"), "{name}: {statuses:?}");
    }
    // The script has ended by an error if the lake does not hold every acknowledged message once, and if the replay differs.
    assert!(0 < figures["sustained"]["acknowledged"].as_u64().expect("a count"), "{figures}");
    assert_eq!(figures["import_crm"]["rows"], 20_000, "{figures}");
    println!("{figures:#}");
}
