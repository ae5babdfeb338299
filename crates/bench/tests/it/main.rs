//! The program as its callers see it.

use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Only a hang takes that long.
const HANG: Duration = Duration::from_secs(120);

/// How often a peer is tried that hangs: glommio 0.9 may sleep through a wake, which is not ours to mend.
const PEER_TRIES: usize = 3;

fn bench(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(words)
        .output()
        .expect("the program was built beside this test")
}

/// The same, killed where it takes longer than `bound`.
fn within(bound: Duration, words: &[&str]) -> Option<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program was built beside this test");
    let begin = Instant::now();
    // A few lines fit into the pipes: whoever writes them does not wait for us.
    while child.try_wait().expect("it is our child").is_none() {
        if begin.elapsed() > bound {
            child.kill().expect("it is our child");
            child.wait().expect("it is our child");
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
    Some(child.wait_with_output().expect("it has ended"))
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("what it prints is UTF-8")
}

/// The text behind `"key": "` in a line of the list.
fn text<'a>(line: &'a str, key: &str) -> &'a str {
    let (_, rest) = line.split_once(&format!("\"{key}\": \"")).expect("every line has it");
    rest.split('"').next().unwrap_or_default()
}

/// Every bench with its contenders.
fn listed() -> Vec<(String, Vec<String>)> {
    let output = bench(&["list"]);
    let lines = stdout(&output).lines().filter(|line| line.contains("\"bench\": "));
    let contenders = |line: &str| {
        let (_, list) = line.split_once("\"contenders\": [").expect("every line has it");
        list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    lines.map(|line| (text(line, "bench").to_owned(), contenders(line))).collect()
}

#[test]
fn every_bench_has_one_of_ours_and_a_peer() {
    let listed = listed();
    for (bench, contenders) in &listed {
        let peers = contenders.iter().filter(|name| name.starts_with("raw-")).count();
        assert!(peers > 0 && peers < contenders.len(), "{bench}: {contenders:?}");
    }
    for group in
        ["loop.", "wake.", "timers.", "tcp.", "tls.", "http.", "offload.", "process.", "sync.", "memory."]
    {
        assert!(listed.iter().any(|(bench, _)| bench.starts_with(group)), "{group}");
    }
}

#[test]
fn every_contender_gives_a_number_or_says_why_it_cannot_run_here() {
    for (bench_name, contenders) in listed() {
        for contender in contenders {
            let measured = || within(HANG, &["measure", &bench_name, &contender, "--smoke"]);
            let is_peer = contender.starts_with("raw-");
            let tries = if is_peer { PEER_TRIES } else { 1 };
            let Some(output) = (0..tries).find_map(|_| measured()) else {
                assert!(is_peer, "{bench_name} of {contender} hangs");
                println!("{bench_name} of {contender} hung {tries} times");
                continue;
            };
            let words = stdout(&output).trim();
            let number = words.parse::<f64>().is_ok_and(|number| number > 0.0);
            let excused = output.status.code() == Some(3) && !words.is_empty();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(number || excused, "{bench_name} of {contender}: {words} {error}");
        }
    }
}

#[test]
fn a_peer_that_is_not_installed_is_named_with_the_cure() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    let words = ["measure", "process.bulk", "raw-python3.13-processpool", "--smoke"];
    let output =
        command.args(words).env("PATH", "").output().expect("the program was built beside this test");
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).contains("cure: install Python 3.13"), "{}", stdout(&output));
}

#[test]
fn what_does_not_exist_is_a_usage_error() {
    for words in
        [&["measure", "loop.yield", "nobody"][..], &["measure", "nothing", "native"], &["measure"], &[]]
    {
        assert_eq!(bench(words).status.code(), Some(2), "{words:?}");
    }
}
