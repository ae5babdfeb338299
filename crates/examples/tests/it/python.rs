//! The Python above an idiom is no decoration: it runs, and prints the same.

use crate::program::{block, run};
use crate::programs::Program;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where the order differs by intention, ours in theirs: there, whoever asks again overtakes whoever was woken.
const DIFFERENCES: &[(&str, &str, &str)] = &[("producers_consumers", "Yvonne", "Xaver")];

/// What some need beside it.
const NEEDS: &[(&str, &str)] = &[("tls_echo", "openssl")];

#[track_caller]
pub(crate) fn prints_the_same(name: &str, program: &Program) {
    let asked =
        Command::new("python3").args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).status();
    if !asked.is_ok_and(|status| status.success()) {
        return conformance::skipped(
            &format!("{name} in Python"),
            &"no python3 of version 3.11 or newer is installed",
        );
    }
    if let Some((_, needed)) = NEEDS.iter().find(|needs| needs.0 == name)
        && Command::new(needed).arg("version").output().is_err()
    {
        return conformance::skipped(&format!("{name} in Python"), &format!("there is no program {needed}"));
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.py"));
    let seconds = |text: String| text.replace("asyncio.run(main(1))", "asyncio.run(main(0.4))");
    fs::write(&file, seconds(block(program.idiom, "python"))).expect("there is a place for scratch files");
    let ended = run(Command::new("python3").arg("-I").arg(&file));
    assert!(ended.status.success(), "{name} in Python: {}", ended.stderr);
    let mut ours = program.promised().replace("400ms", "0.4s");
    for (_, here, there) in DIFFERENCES.iter().filter(|difference| difference.0 == name) {
        ours = ours.replace(here, there);
    }
    assert_eq!(ours, ended.stdout, "{name}: ours, and what the Python above it prints");
}
