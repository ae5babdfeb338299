//! `cargo xtask compare`: the same work on every runtime and in every place, as a table.

mod big;

use crate::args::{Args, Command, switch, valued};
use crate::error::{Error, Result};
use crate::processes::{self, BOUND, Keep};
use crate::report::{Progress, Verdict};
use crate::table::{Align, render};
use crate::workspace::Workspace;
use crate::{features, json, machine, python};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub(crate) const COMMAND: Command = Command {
    name: "compare",
    about: "the same work on every runtime and in every place, measured here: what to choose",
    flags: &[
        valued(
            "--files",
            "DIR",
            "hash and count the words of every file below DIR; without it, our own sources",
        ),
        switch("--no-python", "without CPython's rows, which are there where a python3 is"),
        valued(
            "--job",
            "big-argument",
            "instead: hand one large object over, hash it, write it, in every place",
        ),
        valued("--size", "SIZE", "of that object: 100MB if nothing is said"),
        switch("--json", "for programs"),
    ],
    run,
};

/// What is said of each file that could not be read, at most; the rest is a number.
const SKIPPED_SHOWN: usize = 10;

fn run(args: &Args) -> Result<Verdict> {
    let workspace = Workspace::load()?;
    let document = match args.value("--job") {
        None => everywhere(args, &workspace)?,
        Some("big-argument") => {
            let size = big::bytes(args.value("--size").unwrap_or("100MB"))?.to_string();
            measured(
                &workspace,
                &["--job".as_ref(), "big-argument".as_ref(), "--size".as_ref(), size.as_ref()],
            )?
        }
        Some(other) => return Err(Error::new(format!("--job {other}: there is only `big-argument`"))),
    };
    if args.has("--json") {
        json::print(&document);
    } else if args.value("--job").is_some() {
        print!("{}", big::page(&document)?);
    } else {
        print!("{}", page(&document)?);
    }
    Ok(Verdict::Green)
}

fn everywhere(args: &Args, workspace: &Workspace) -> Result<Value> {
    if args.value("--size").is_some() {
        return Err(Error::new("--size is that of the object of --job big-argument: say both"));
    }
    let files = match args.value("--files") {
        Some(typed) => folder(typed)?,
        None => workspace.root.join("crates"),
    };
    let python = if args.has("--no-python") { None } else { python::newest(python::all()) };
    let mut words: Vec<&OsStr> = vec!["--files".as_ref(), files.as_os_str()];
    words.extend(python.iter().flat_map(|python| [OsStr::new("--python"), OsStr::new(&python.program)]));
    let mut document = measured(workspace, &words)?;
    if let (None, false, Some(missing)) =
        (&python, args.has("--no-python"), document["unavailable"].as_array_mut())
    {
        let why = "there is no python3 of version 3.9 or newer on the PATH";
        missing.push(serde_json::json!({ "runtime": "cpython", "why": why }));
    }
    Ok(document)
}

/// What the program says.
fn measured(workspace: &Workspace, words: &[&OsStr]) -> Result<Value> {
    let program = build(workspace)?;
    let mut command = std::process::Command::new(program);
    command.current_dir(&workspace.root).args(words);
    let ended = processes::run(&mut command, Keep::Stdout, BOUND)?;
    if !ended.success {
        return Err(Error::new(format!("the comparison did not finish ({}); why stands above", ended.how)));
    }
    let mut document = json::parse(&ended.stdout, "the comparison")?;
    document["machine"] = machine::describe();
    Ok(document)
}

/// What the columns mean; the first words stand as they do in the table.
const LEGEND: &str = "\
hash              a job reads one file, computes its SHA-256 and counts its words
primes            a job counts the primes of a range, and reads nothing
p50, p99          from handing a job over to its end
cpython           its own loop, threads and processes; without whole passes, so its jobs are fewer
worst loop delay  how late, at worst, a task was that wants to run every millisecond beside the work

Other programs that run here make all figures waver: repeat it before you decide by a small difference.
";

/// The folder to read, or a sentence that says what is wrong with it.
fn folder(typed: &str) -> Result<PathBuf> {
    let path = Path::new(typed);
    let error = |why: &str| Error::new(format!("--files {typed}: {why}; name a folder with files to read"));
    match std::fs::read_dir(path) {
        Ok(_) => path.canonicalize().map_err(|why| error(&why.to_string())),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Err(error("there is no such folder")),
        Err(why) if why.kind() == std::io::ErrorKind::NotADirectory => Err(error("this is not a folder")),
        Err(why) => Err(error(&why.to_string())),
    }
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let package = workspace.find("examples")?;
    let mut cargo = processes::cargo(&workspace.root);
    cargo.args(["build", "--release", "-p", &package.name, "--bin", "compare"]).args(features::of(package)?);
    let word = |ended: &Result<processes::Finished>| match ended {
        Ok(ended) if ended.success => "built".to_owned(),
        _ => "FAILED".to_owned(),
    };
    let ended = Progress::new(1).step(
        "building the comparison, optimised: minutes the first time",
        || processes::run(&mut cargo, Keep::Nothing, BOUND),
        word,
    )?;
    if !ended.success {
        return Err(Error::new("the comparison does not build; what the compiler says stands above"));
    }
    Ok(workspace.target.join("release/compare"))
}

/// What was worked on, the table, what could not be read, and the sentence.
fn page(document: &Value) -> Result<String> {
    let machine = machine::sentence(&document["machine"]);
    let (files, bytes) = (json::number(document, "files")?, json::number(document, "bytes")?);
    let noun = if files == 1.0 { "file" } else { "files" };
    let mut text = format!("{files} {noun}, {}; on {machine}\n\n", amount(bytes));
    let rows: Vec<Vec<String>> = json::list(document, "rows")?.iter().map(row).collect::<Result<_>>()?;
    let head = [
        ("work", Align::Left),
        ("runtime", Align::Left),
        ("place", Align::Left),
        ("jobs", Align::Right),
        ("jobs/s", Align::Right),
        ("p50 ms", Align::Right),
        ("p99 ms", Align::Right),
        ("worst loop delay ms", Align::Right),
    ];
    text += &render(&head, &rows);
    text += &format!("\n{LEGEND}");
    let left_out = skipped(document)? + &unavailable(document)?;
    if !left_out.is_empty() {
        text += &format!("\n{left_out}");
    }
    Ok(text + &format!("\n{}\n", json::text(document, "advice")?))
}

fn row(row: &Value) -> Result<Vec<String>> {
    let text = |field: &str| json::text(row, field).map(str::to_owned);
    let number = |field: &str| json::number(row, field);
    Ok(vec![
        text("work")?,
        text("runtime")?,
        text("place")?,
        format!("{:.0}", number("jobs")?),
        figure(number("jobs_per_s")?),
        figure(number("p50_ms")?),
        figure(number("p99_ms")?),
        figure(number("worst_loop_delay_ms")?),
    ])
}

fn amount(bytes: f64) -> String {
    const MIB: f64 = 1024.0 * 1024.0;
    if bytes < 0.1 * MIB { format!("{bytes:.0} bytes") } else { format!("{:.1} MiB", bytes / MIB) }
}

/// Three figures that mean something: 0.042, 4.21, 42.1, 421.
fn figure(number: f64) -> String {
    match number.abs() {
        small if small < 1.0 => format!("{number:.3}"),
        small if small < 10.0 => format!("{number:.2}"),
        small if small < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// Files that were left out, each with its reason.
fn skipped(document: &Value) -> Result<String> {
    let skipped = json::list(document, "skipped")?;
    let mut text = String::new();
    for entry in skipped.iter().take(SKIPPED_SHOWN) {
        text += &format!("skipped {}: {}\n", json::text(entry, "path")?, json::text(entry, "why")?);
    }
    if skipped.len() > SKIPPED_SHOWN {
        text += &format!("skipped {} more; --json lists them\n", skipped.len() - SKIPPED_SHOWN);
    }
    Ok(text)
}

/// Runtimes that could not run here, each with its reason.
fn unavailable(document: &Value) -> Result<String> {
    let missing = json::list(document, "unavailable")?.iter();
    let line = |entry: &Value| {
        Ok(format!("without {}: {}\n", json::text(entry, "runtime")?, json::text(entry, "why")?))
    };
    missing.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{amount, figure, folder, page};
    use serde_json::json;

    #[test]
    fn a_folder_that_does_not_exist_is_said_with_the_cure() {
        let error = folder("/no/such/folder").unwrap_err().to_string();
        assert_eq!(
            error,
            "--files /no/such/folder: there is no such folder; name a folder with files to read"
        );
        assert!(folder(file!()).is_err());
    }

    #[test]
    fn figures_keep_three_digits_that_mean_something() {
        assert_eq!([0.0421, 4.214, 42.14, 4214.0].map(figure), ["0.042", "4.21", "42.1", "4214"]);
    }

    #[test]
    fn the_page_ends_with_the_advice_and_lists_what_was_left_out() {
        let row = json!({ "work": "hash", "runtime": "native", "place": "inline", "jobs": 7, "jobs_per_s": 10.5,
                          "p50_ms": 1, "p99_ms": 2.5, "worst_loop_delay_ms": 33 });
        let document = json!({ "machine": {}, "files": 7, "bytes": 1_048_576, "rows": [row],
                               "skipped": [{ "path": "a", "why": "permission denied" }],
                               "unavailable": [{ "runtime": "glommio", "why": "io_uring is forbidden" }],
                               "advice": "Use threads." });
        let text = page(&document).unwrap();
        assert!(text.starts_with("7 files, 1.0 MiB"), "{text}");
        assert!(
            text.contains("\n\nskipped a: permission denied\nwithout glommio: io_uring is forbidden\n\n"),
            "{text}"
        );
        assert!(text.ends_with("\nUse threads.\n"), "{text}");
    }

    #[test]
    fn little_to_read_is_not_called_nothing() {
        assert_eq!([36.0, 1_478_373.0].map(amount), ["36 bytes", "1.4 MiB"]);
    }

    #[test]
    fn a_row_without_a_number_names_the_field() {
        let document = json!({ "machine": {}, "files": 1, "bytes": 1, "rows": [{ "work": "hash", "runtime": "native",
                               "place": "inline" }], "advice": "" });
        let error = page(&document).unwrap_err().to_string();
        assert!(error.starts_with("`jobs` should be a number"), "{error}");
    }
}
