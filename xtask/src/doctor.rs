//! `cargo xtask doctor`: what can run on this machine, what cannot, and the cure.

use crate::args::{Args, Command};
use crate::error::Result;
use crate::machine;
use crate::processes::on_path;
use crate::python;
use crate::report::Verdict;
use crate::runtimes::RUNTIMES;
use crate::table::{Align, render};

pub(crate) const COMMAND: Command = Command {
    name: "doctor",
    about: "kernel, io_uring, memlock, cores, tools: what can run here, and the cure for what cannot",
    flags: &[],
    run,
};

fn run(_: &Args) -> Result<Verdict> {
    println!("machine");
    println!("{}", machine_rows());
    println!("runtimes");
    println!("{}", runtime_rows());
    println!("tools");
    print!("{}", tool_rows());
    Ok(Verdict::Green)
}

fn machine_rows() -> String {
    let unknown = || "unknown".to_owned();
    let memlock = machine::memlock().map_or("unlimited".into(), |bytes| format!("{} KiB", bytes / 1024));
    let quota = machine::cpu_quota().map_or("none".into(), |cores| format!("{cores:.1} cores"));
    let io_uring = match machine::io_uring_disabled() {
        Some(0) => "on",
        Some(1) => "off for unprivileged users",
        Some(_) => "off",
        None => "no switch: on wherever the kernel has it",
    };
    let filter = if machine::filtered() { "on" } else { "none" };
    let rows = [
        ("kernel", machine::kernel().unwrap_or_else(unknown)),
        ("cores", machine::cores().to_string()),
        ("cpu quota", quota),
        ("memory", machine::memory_mib().map_or_else(unknown, |mib| format!("{mib} MiB"))),
        ("memlock", memlock),
        ("io_uring", io_uring.to_owned()),
        ("seccomp filter", filter.to_owned()),
    ];
    rows.iter().map(|(name, value)| format!("  {name:<16}{value}\n")).collect()
}

fn runtime_rows() -> String {
    let row = |runtime: &crate::runtimes::Runtime| {
        let (can, why) = match (runtime.obstacle(), runtime.doubt()) {
            (Some(obstacle), _) => ("no", obstacle.to_string()),
            (None, Some(doubt)) => ("perhaps", doubt.to_string()),
            (None, None) => ("yes", String::new()),
        };
        vec![format!("  {}", runtime.name), can.into(), why]
    };
    let rows: Vec<_> = RUNTIMES.iter().map(row).collect();
    render(&[("  name", Align::Left), ("can run", Align::Left), ("why not", Align::Left)], &rows)
}

/// Programs with the way they tell their version, and what is missing without them.
const TOOLS: &[(&str, &[&str], &str)] = &[
    ("git", &["--version"], "glommio cannot be built: install git"),
    ("cc", &["--version"], "nothing can be linked: install a C compiler, gcc for example"),
    ("cargo-fmt", &["--version"], "`ci` needs it: rustup component add rustfmt"),
    ("cargo-clippy", &["--version"], "`ci` needs it: rustup component add clippy"),
    ("curl", &["--version"], "the web server is not tested with it: install curl"),
    ("wrk", &["-v"], "no test and no bench of the web server under load: install wrk"),
    ("openssl", &["version"], "TLS is not tested against it: install openssl"),
    ("socat", &["-V"], "Unix sockets, pipes and datagrams are not tested against it: install socat"),
    ("mdbook", &["--version"], "`docs` builds one for itself, in two to five minutes: cargo install mdbook"),
];

fn tool_rows() -> String {
    let mut rows: Vec<Vec<String>> = TOOLS
        .iter()
        .map(|(name, version, without)| {
            let found = if on_path(name) {
                machine::first_line(name, version).unwrap_or_else(|| "present".into())
            } else {
                format!("missing; {without}")
            };
            vec![format!("  {name}"), found]
        })
        .collect();
    let mut pythons: Vec<String> = python::all().iter().map(ToString::to_string).collect();
    pythons.dedup();
    let found =
        if pythons.is_empty() { "none; no comparison with CPython".into() } else { pythons.join(", ") };
    rows.push(vec!["  python".into(), found]);
    render(&[("  name", Align::Left), ("found", Align::Left)], &rows)
}
