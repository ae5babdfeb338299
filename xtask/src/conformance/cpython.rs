//! CPython's column: what its scripts printed when they were recorded, and the recording.

use crate::error::{self, Error, Result};
use crate::json;
use crate::processes::{self, Finished, Keep};
use crate::python::{self, Python};
use crate::report::Verdict;
use crate::workspace::Workspace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Where the scripts are, each beside what it printed; their behaviours name them in their origin.
const FOLDER: &str = "crates/conformance/differential";

/// Which CPython printed the lines, and a seal for each script with its lines.
const STAMP: &str = "recording.txt";

/// `Queue.shutdown` is new in 3.13.
const MINOR: u32 = 13;

/// For one script; the slowest sleeps for a quarter of a second.
const BOUND: Duration = Duration::from_secs(60);

/// What the stamp says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stamp {
    /// `3.13.0`.
    version: String,
    seals: BTreeMap<String, String>,
}

impl Stamp {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let version = lines.next()?.strip_prefix("CPython ")?.to_owned();
        let seal = |line: &str| line.split_once(' ').map(|(name, seal)| (name.to_owned(), seal.to_owned()));
        Some(Self { version, seals: lines.map(seal).collect::<Option<_>>()? })
    }

    fn text(&self) -> String {
        let head = format!(
            "# Written by `cargo xtask conformance --record`; do not edit.\nCPython {}\n",
            self.version
        );
        self.seals.iter().fold(head, |text, (name, seal)| text + &format!("{name} {seal}\n"))
    }
}

/// FNV-1a of a script and its lines: tells a recording from a file that was edited later.
fn seal(script: &str, lines: &str) -> String {
    let bytes = script.bytes().chain([0]).chain(lines.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Adds the column: `pass` where the lines are as CPython printed them.
pub(super) fn add_column(workspace: &Workspace, document: &mut Value) -> Result<()> {
    add_column_of(&workspace.root.join(FOLDER), document)
}

fn add_column_of(folder: &Path, document: &mut Value) -> Result<()> {
    let stamp = folder.join(STAMP);
    let stamp = Stamp::parse(&error::read(&stamp)?)
        .ok_or_else(|| Error::new(format!("{} is no recording; {CURE}", stamp.display())))?;
    let mut unheard: Vec<&str> = stamp.seals.keys().map(String::as_str).collect();
    for behaviour in document["behaviours"].as_array_mut().into_iter().flatten() {
        let Some(name) = script_of(json::text(behaviour, "origin")?).map(str::to_owned) else { continue };
        unheard.retain(|known| *known != name);
        behaviour["cells"]["cpython"] = cell(folder, &stamp, &name)?.into();
    }
    if !unheard.is_empty() {
        let names = unheard.join(", ");
        return Err(Error::new(format!("no behaviour replays {names} of {FOLDER}: write one, or delete it")));
    }
    let note = format!("cpython is a recording of CPython {}; {CURE}.", stamp.version);
    document["columns"].as_array_mut().into_iter().for_each(|columns| {
        columns.push(json!({ "name": "cpython", "kind": "recorded", "subject": "loop", "note": note }));
    });
    Ok(())
}

const CURE: &str = "`cargo xtask conformance --record` repeats it";

/// `01_callbacks_timers` of the origin `differential/01_callbacks_timers.py`.
fn script_of(origin: &str) -> Option<&str> {
    origin.strip_prefix("differential/")?.strip_suffix(".py")
}

fn cell(folder: &Path, stamp: &Stamp, name: &str) -> Result<String> {
    let Some(wanted) = stamp.seals.get(name) else {
        return Ok(format!("fail: {name} was never recorded; {CURE}"));
    };
    let [script, lines] = files(folder, name).map(|path| error::read(&path));
    let as_recorded = seal(&script?, &lines?) == *wanted;
    Ok(if as_recorded {
        "pass".into()
    } else {
        format!("fail: {name} was edited after its recording; {CURE}")
    })
}

fn files(folder: &Path, name: &str) -> [std::path::PathBuf; 2] {
    ["py", "expected"].map(|extension| folder.join(format!("{name}.{extension}")))
}

/// Runs every script, says what changed, and writes the lines – or nothing, if a script fails.
pub(super) fn record() -> Result<Verdict> {
    let python = python::at_least(MINOR, python::all())?;
    let folder = Workspace::load()?.root.join(FOLDER);
    println!("recording with {python}");
    record_in(&folder, &python, |script| {
        // Isolated: what PYTHON… variables ask for must not show in the lines.
        processes::run(Command::new(&python.program).arg("-I").arg(script), Keep::Both, BOUND)
    })
}

fn record_in(folder: &Path, python: &Python, run: impl Fn(&Path) -> Result<Finished>) -> Result<Verdict> {
    let before = error::read(&folder.join(STAMP)).ok().and_then(|text| Stamp::parse(&text));
    let mut stamp = Stamp { version: python.version.clone(), ..Stamp::default() };
    let (mut written, mut failed) = (Vec::new(), Vec::new());
    for name in scripts(folder)? {
        let [script, lines] = files(folder, &name);
        let ended = run(&script)?;
        if !ended.success {
            println!("  {name}: failed ({})\n{}", ended.how, ended.transcript());
            failed.push(name);
            continue;
        }
        println!("  {name}: {}", difference(error::read(&lines).ok().as_deref(), &ended.stdout));
        stamp.seals.insert(name, seal(&error::read(&script)?, &ended.stdout));
        written.push((lines, ended.stdout));
    }
    if !failed.is_empty() {
        println!("nothing was written: {} failed", failed.join(", "));
        return Ok(Verdict::Red);
    }
    for (path, lines) in written {
        error::write(&path, &lines)?;
    }
    error::write(&folder.join(STAMP), &stamp.text())?;
    match before {
        Some(before) if before == stamp => println!("all as recorded with CPython {}", before.version),
        Some(before) => println!("written; the recording before was of CPython {}", before.version),
        None => println!("written"),
    }
    Ok(Verdict::Green)
}

/// The names of the scripts, in order.
fn scripts(folder: &Path) -> Result<Vec<String>> {
    let unreadable = |error| Error::new(format!("cannot list {}: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.file_name();
        names.extend(file.to_str().and_then(|file| file.strip_suffix(".py")).map(str::to_owned));
    }
    if names.is_empty() {
        return Err(Error::new(format!("there is no script in {}", folder.display())));
    }
    names.sort();
    Ok(names)
}

/// The first line that changed, in words.
fn difference(before: Option<&str>, now: &str) -> String {
    let Some(before) = before else { return "new".into() };
    if before == now {
        return "as recorded".into();
    }
    let (mut was, mut is) = (before.lines(), now.lines());
    let mut at = 1;
    loop {
        match (was.next(), is.next()) {
            (None, None) => return "changed in its line ends".into(),
            (was, is) if was == is => at += 1,
            (was, is) => {
                let shown =
                    |line: Option<&str>| line.map_or("nothing".to_owned(), |line| format!("`{line}`"));
                return format!("changed: line {at} was {}, is {}", shown(was), shown(is));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stamp, add_column_of, difference, record_in};
    use crate::error::{read, write};
    use crate::processes::Finished;
    use crate::python::Python;
    use crate::report::Verdict;
    use serde_json::{Value, json};
    use std::path::{Path, PathBuf};

    /// A fresh folder with two scripts.
    fn scene(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-cpython-{}-{name}", std::process::id()));
        write(&folder.join("01_a.py"), "print('a')\n").unwrap();
        write(&folder.join("02_b.py"), "print('b')\n").unwrap();
        folder
    }

    /// Records with a Python that prints `lines` for each script, or fails at the script `broken`.
    fn record(folder: &Path, lines: &str, broken: &str) -> Verdict {
        let python = Python { program: "python3".to_owned(), version: "3.13.0".to_owned() };
        let run = |script: &Path| {
            let success = !script.ends_with(broken);
            let (how, stdout) = ("exit status: 1".to_owned(), lines.to_owned());
            Ok(Finished { success, was_killed: false, how, stdout, stderr: String::new() })
        };
        record_in(folder, &python, run).unwrap()
    }

    /// The column of a matrix whose behaviours replay these scripts, one loop among them.
    fn column(folder: &Path, scripts: &[&str]) -> crate::error::Result<Value> {
        let row = |script: &&str| json!({ "origin": format!("differential/{script}.py"), "cells": {} });
        let mut rows: Vec<Value> = scripts.iter().map(row).collect();
        rows.push(json!({ "origin": "test_asyncio/test_tasks", "cells": { "native": "pass" } }));
        let mut document = json!({ "columns": [], "behaviours": rows });
        add_column_of(folder, &mut document)?;
        Ok(document)
    }

    #[test]
    fn what_was_recorded_passes_and_other_behaviours_have_no_cell() {
        let folder = scene("pass");
        assert_eq!(record(&folder, "a\n", "none"), Verdict::Green);
        let document = column(&folder, &["01_a", "02_b"]).unwrap();
        let cell = |at: usize| &document["behaviours"][at]["cells"]["cpython"];
        assert_eq!((cell(0), cell(1), cell(2)), (&json!("pass"), &json!("pass"), &Value::Null));
        assert!(document["columns"][0]["note"].as_str().unwrap().contains("CPython 3.13.0"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn lines_edited_after_the_recording_fail() {
        let folder = scene("edited");
        record(&folder, "a\n", "none");
        write(&folder.join("01_a.expected"), "b\n").unwrap();
        let document = column(&folder, &["01_a", "02_b"]).unwrap();
        let cell = document["behaviours"][0]["cells"]["cpython"].as_str().unwrap();
        assert!(cell.starts_with("fail: 01_a was edited after its recording"), "{cell}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_script_that_no_behaviour_replays_is_refused() {
        let folder = scene("unheard");
        record(&folder, "a\n", "none");
        let error = column(&folder, &["01_a"]).unwrap_err().to_string();
        assert!(error.starts_with("no behaviour replays 02_b"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_script_that_fails_leaves_the_recording_as_it_was() {
        let folder = scene("fails");
        record(&folder, "a\n", "none");
        let stamp = read(&folder.join("recording.txt")).unwrap();
        assert_eq!(record(&folder, "b\n", "02_b.py"), Verdict::Red);
        assert_eq!(read(&folder.join("01_a.expected")).unwrap(), "a\n");
        assert_eq!(read(&folder.join("recording.txt")).unwrap(), stamp);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_stamp_reads_what_it_writes() {
        let seals = [("01_a".to_owned(), "00".to_owned())].into();
        let stamp = Stamp { version: "3.13.0".to_owned(), seals };
        assert_eq!(Stamp::parse(&stamp.text()), Some(stamp));
        assert_eq!(Stamp::parse("nonsense"), None);
    }

    #[test]
    fn the_first_line_that_changed_is_told() {
        assert_eq!(difference(Some("a\nb\n"), "a\nb\n"), "as recorded");
        assert_eq!(difference(Some("a\nb\n"), "a\nc\n"), "changed: line 2 was `b`, is `c`");
        assert_eq!(difference(Some("a\n"), "a\nc\n"), "changed: line 2 was nothing, is `c`");
        assert_eq!(difference(None, "a\n"), "new");
    }
}
