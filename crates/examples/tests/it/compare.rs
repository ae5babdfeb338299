//! The comparison as a program: on a small directory with everything that a directory can hold.

use serde_json::Value;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn compare(files: &Path) -> Output {
    compare_with(files, &[])
}

fn compare_with(files: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    command.arg("--files").arg(files);
    // One short pass a row.
    command.args(["--primes-per-job", "100", "--seconds-per-row", "0"]).args(more).output().unwrap()
}

/// A fresh directory of this name.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Left by a run before.
    let _none = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn report(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn words(value: &Value, field: &str) -> Vec<String> {
    let list = value.as_array().unwrap().iter();
    list.map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_work_is_measured_on_every_runtime_in_every_place() {
    let files = directory("compare-rows");
    fs::write(files.join("one"), "one file").unwrap();
    fs::create_dir_all(files.join("a/b")).unwrap();
    fs::write(files.join("a/b/two"), "another").unwrap();
    let report = report(&compare(&files));
    assert_eq!((report["files"].as_u64(), report["bytes"].as_u64()), (Some(2), Some(15)));
    let unavailable = words(&report["unavailable"], "runtime");
    assert!(unavailable.iter().all(|runtime| runtime == "glommio"), "{unavailable:?}");
    let mut rows = report["rows"].as_array().unwrap().iter();
    for work in ["hash", "primes"] {
        for runtime in ["native", "tokio", "smol", "glommio"] {
            if unavailable.iter().any(|missing| missing == runtime) {
                continue;
            }
            let places = ["inline", "threads", "interpreters", "processes"];
            // A guest reads no files.
            for place in places.into_iter().filter(|place| *place != "interpreters" || work == "primes") {
                let row = rows.next().unwrap();
                assert_eq!(
                    (&row["work"], &row["runtime"], &row["place"]),
                    (&work.into(), &runtime.into(), &place.into())
                );
                assert_eq!(row["jobs"], if work == "hash" { 2 } else { 48 }, "one pass");
                for number in ["jobs_per_s", "p50_ms", "p99_ms"] {
                    assert!(row[number].as_f64().unwrap() > 0.0, "{number} of {row}");
                }
                // Two short jobs may be done before a heartbeat is due.
                assert!(row["worst_loop_delay_ms"].as_f64().unwrap() >= 0.0, "{row}");
            }
        }
    }
    assert_eq!(rows.next(), None);
    let advice = report["advice"].as_str().unwrap();
    assert!(advice.starts_with("For hash choose ") && advice.contains("; for primes choose "), "{advice}");
}

#[test]
fn cpython_gives_the_same_outputs_in_its_own_three_places() {
    let files = directory("compare-python");
    let long = b"a word\x0band more ".repeat(10_000);
    for (name, text) in
        [("empty", &b""[..]), ("blank", b" \n"), ("odd", b"\xff\x0b\x0c\r\n x"), ("long", &long)]
    {
        fs::write(files.join(name), text).unwrap();
    }
    let report = report(&compare_with(&files, &["--python", "python3"]));
    let unavailable = words(&report["unavailable"], "runtime");
    let of_cpython = |row: &&Value| row["runtime"].as_str().unwrap().starts_with("cpython 3.");
    let rows: Vec<&Value> = report["rows"].as_array().unwrap().iter().filter(of_cpython).collect();
    if unavailable.iter().any(|missing| missing == "cpython") {
        assert_eq!(rows, Vec::<&Value>::new(), "there is no python3 here");
        return;
    }
    let seen = rows.iter().map(|row| (row["work"].as_str().unwrap(), row["place"].as_str().unwrap()));
    let places = ["inline", "threads", "processes"];
    assert!(
        seen.eq(["hash", "primes"].iter().flat_map(|work| places.map(|place| (*work, place)))),
        "{rows:?}"
    );
    assert!(rows.iter().all(|row| row["jobs"].as_u64().unwrap() > 0), "{rows:?}");
    assert_eq!(report["skipped"], Value::Array(Vec::new()), "no output differs");
}

#[test]
fn a_python_that_is_not_there_or_ends_early_is_said_and_the_rest_is_measured() {
    let files = directory("compare-no-python");
    fs::write(files.join("one"), "one file").unwrap();
    for (python, why) in [("no-such-python", "cannot start"), ("false", "ended with 1"), ("true", "no rows")]
    {
        let report = report(&compare_with(&files, &["--python", python]));
        let missing = report["unavailable"].as_array().unwrap().iter();
        let said: Vec<&str> = missing
            .filter(|missing| missing["runtime"] == "cpython")
            .filter_map(|missing| missing["why"].as_str())
            .collect();
        assert!(said.len() == 1 && said[0].contains(why), "{python}: {said:?}");
        assert!(!report["rows"].as_array().unwrap().is_empty());
    }
}

#[test]
fn what_cannot_be_read_is_listed_and_the_rest_is_measured() {
    let files = directory("compare-odd");
    fs::write(files.join(OsStr::from_bytes(b"no\xfftext")), "a name that is no text").unwrap();
    fs::write(files.join("closed"), "secret").unwrap();
    fs::set_permissions(files.join("closed"), Permissions::from_mode(0o0)).unwrap();
    fs::create_dir(files.join("locked")).unwrap();
    fs::set_permissions(files.join("locked"), Permissions::from_mode(0o0)).unwrap();
    symlink("nowhere", files.join("dangling")).unwrap();
    symlink(".", files.join("circle")).unwrap();
    assert!(Command::new("mkfifo").arg(files.join("pipe")).status().unwrap().success());
    // Its path is too long for a socket in some target directories; the pipe stands for it then.
    let socket = UnixListener::bind(files.join("socket"));

    let output = compare(&files);
    let report = report(&output);
    let mut skipped = words(&report["skipped"], "path");
    skipped.sort_unstable();
    let mut expected = vec!["circle", "closed", "dangling", "locked", "pipe", "socket"];
    if File::open(files.join("closed")).is_ok() {
        // Nothing is closed to root.
        expected.retain(|name| !["closed", "locked"].contains(name));
    }
    if socket.is_err() {
        expected.retain(|name| *name != "socket");
    }
    let paths: Vec<String> = expected.iter().map(|name| files.join(name).display().to_string()).collect();
    assert_eq!(skipped, paths);
    assert!(words(&report["skipped"], "why").iter().all(|why| !why.is_empty()));
    let found = report["files"].as_u64().unwrap();
    assert_eq!(found, if expected.contains(&"closed") { 1 } else { 2 });
    fs::set_permissions(files.join("locked"), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_directory_that_is_not_there_is_said_and_nothing_is_measured() {
    let output = compare(Path::new("no/such/directory"));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "--files no/such/directory: there is no such directory\n"
    );
    let output = compare(Path::new(env!("CARGO_BIN_EXE_compare")));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).ends_with(": this is not a directory\n"));
}

#[test]
fn a_directory_without_a_file_that_can_be_read_is_said() {
    let files = directory("compare-empty");
    symlink("nowhere", files.join("dangling")).unwrap();
    let output = compare(&files);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("there is no file that can be read") && said.contains("dangling"), "{said}");
}

#[test]
fn a_large_object_is_measured_in_every_place_and_the_crossing_is_said() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    let report = report(&command.args(["--job", "big-argument", "--size", "100000"]).output().unwrap());
    let rows = report["rows"].as_array().unwrap();
    let sizes: Vec<u64> = rows.iter().map(|row| row["bytes"].as_u64().unwrap()).collect();
    assert_eq!(sizes, [4096, 32_768, 100_000].map(|size| [size; 4]).concat());
    assert_eq!(
        words(&report["rows"], "way")[..4],
        ["inline", "thread", "process-by-copy", "process-by-blob"]
    );
    for figure in ["hand_over_ms", "hash_ms", "write_ms"] {
        assert!(rows.iter().all(|row| row[figure].as_f64().unwrap() >= 0.0), "{figure}");
    }
    assert!(report["crossing"].as_str().unwrap().starts_with("By Blob a process takes at most "));
}

#[test]
fn a_wrong_command_line_is_one_clear_line() {
    for (args, cure) in [
        (&["--job", "small-argument"][..], "there is only `big-argument`"),
        (&["--job", "big-argument", "--size", "0"], "not from 1 to 1073741824 bytes"),
        (&[], "--files DIR is missing"),
        (&["--files"], "--files needs a value"),
        (&["--files", ".", "--seconds-per-row", "-1"], "--seconds-per-row -1: "),
        (&["--files", ".", "--primes-per-job", "0"], "not from 1 to 1000000"),
        (&["--files", ".", "--fast"], "`--fast` is not known"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_compare")).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(cure) && said.lines().count() == 1, "{args:?}: {said}");
    }
}

#[test]
fn a_runtime_that_cannot_run_here_is_listed_with_the_cure_and_the_others_are_measured() {
    let files = directory("compare-without");
    fs::write(files.join("one"), "one").unwrap();
    // Less than glommio may do without.
    let script = "ulimit -l 64; exec \"$0\" --files \"$1\" --primes-per-job 10 --seconds-per-row 0";
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", script, env!("CARGO_BIN_EXE_compare")]).arg(&files).output().unwrap();
    let report = report(&output);
    assert_eq!(words(&report["unavailable"], "runtime"), ["glommio"]);
    let why = &words(&report["unavailable"], "why")[0];
    assert!(why.contains("cannot run here: ") && why.contains("; "), "{why}");
    assert_eq!(report["rows"].as_array().unwrap().len(), 3 * (3 + 4), "primes in interpreters, too");
}

#[test]
fn nobody_reading_the_report_is_no_panic() {
    let files = directory("compare-unread");
    fs::write(files.join("one"), "one").unwrap();
    let script =
        "\"$0\" --files \"$1\" --primes-per-job 10 --seconds-per-row 0 2>\"$1.err\" | true; cat \"$1.err\"";
    let output =
        Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_compare")]).arg(&files).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("primes") && !said.contains("panicked"), "{said}");
}
