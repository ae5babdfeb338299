//! Processes, pipes and names, where only this crate can show it. What must hold on every driver is in the conformance suite.

use crate::run;
use loop_io::pipes;
use loop_io::process::{Command, Process, Stdio};
use loop_io::{getaddrinfo, getnameinfo};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs::File;
use std::io::PipeWriter;

#[test]
fn without_a_descriptor_to_watch_a_child_with_a_thread_waits_for_it() {
    if !conformance::alone(
        "processes::without_a_descriptor_to_watch_a_child_with_a_thread_waits_for_it",
        "ulimit -n 40",
    ) {
        return;
    }
    run(async {
        let mut files = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            files.push(file);
        }
        let child = Command::shell("exit 6").spawn().unwrap();
        assert_eq!(child.wait().await.code(), Some(6));
        assert!(!child.kill().unwrap(), "it was reaped");
        let refused = Command::new("true").stdout(Stdio::PIPE).spawn();
        assert!(refused.is_err(), "a pipe without descriptors");
        drop(files);
        // Nobody has a handle of what was refused, and it leaves no zombie.
        let mut children = 1;
        while children > 0 {
            let all = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
            children = all.split_whitespace().count();
            core_loop::yield_now().await;
        }
    });
}

/// Calls `act` while no thread can start: there is no room for the stack of one.
fn without_threads<T>(act: impl FnOnce() -> T) -> T {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap();
    let size: u64 = size.trim().trim_end_matches(" kB").parse().unwrap();
    let (soft, hard) = getrlimit(Resource::RLIMIT_AS).unwrap();
    setrlimit(Resource::RLIMIT_AS, (size + 1024) * 1024, hard).unwrap();
    assert!(std::thread::Builder::new().spawn(|| ()).is_err(), "a thread has started");
    let output = act();
    setrlimit(Resource::RLIMIT_AS, soft, hard).unwrap();
    output
}

/// A child of a loop that has closed since, and what ends the child when it is dropped.
fn orphan() -> (Process, PipeWriter) {
    let (input, end) = std::io::pipe().unwrap();
    (run(async { Command::new("cat").stdin(input).spawn().unwrap() }), end)
}

#[test]
fn an_orphan_for_which_no_thread_could_start_is_reaped_with_the_next() {
    let name = "processes::an_orphan_for_which_no_thread_could_start_is_reaped_with_the_next";
    if !conformance::alone(name, "") {
        return;
    }
    let (first, end_of_first) = without_threads(orphan);
    let (second, end_of_second) = orphan();
    drop(end_of_first);
    assert!(run(first.wait()).success());
    drop(end_of_second);
    assert!(run(second.wait()).success());
}

#[test]
fn a_child_with_neither_a_descriptor_nor_a_thread_is_reaped_with_the_next_orphan() {
    let name = "processes::a_child_with_neither_a_descriptor_nor_a_thread_is_reaped_with_the_next_orphan";
    if !conformance::alone(name, "ulimit -n 40") {
        return;
    }
    let first = run(async {
        without_threads(|| {
            let mut files = Vec::new();
            while let Ok(file) = File::open("/dev/null") {
                files.push(file);
            }
            Command::shell("exit 6").spawn().unwrap()
        })
    });
    let (second, end) = orphan();
    assert_eq!(run(first.wait()).code(), Some(6));
    drop(end);
    assert!(run(second.wait()).success());
}

#[test]
fn a_stream_over_a_pipe_has_lines_and_tells_a_broken_pipe() {
    run(async {
        let (reader, writer) = core_loop::pipe::pipe().unwrap();
        let (mut reader, writer) = (pipes::read_stream(reader), pipes::write_stream(writer));
        writer.write(b"one\ntwo\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"one\n");
        assert_eq!(reader.readline().await.unwrap(), b"two\n");
        drop(reader);
        // The first write after it may still be taken.
        while writer.write(b"x").is_ok() && writer.flush().await.is_ok() {}
        let (reader, writer) = core_loop::pipe::pipe().unwrap();
        let (mut reader, writer) = (pipes::read_stream(reader), pipes::write_stream(writer));
        writer.write(&[b'x'; 300_000]).unwrap();
        drop(writer);
        assert_eq!(reader.read_to_end().await.unwrap().len(), 300_000);
    });
}

#[test]
fn hosts_have_addresses_and_addresses_have_names() {
    run(async {
        let addresses = getaddrinfo(("localhost", 80)).await.unwrap();
        assert!(!addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback()));
        let (host, service) = getnameinfo(([127, 0, 0, 1], 80).into()).await.unwrap();
        assert!(!host.is_empty() && (service == "http" || service == "80"), "{host} {service}");
        let unknown = getaddrinfo("no-such-host.invalid:80").await.unwrap_err().to_string();
        assert!(unknown.contains("no-such-host.invalid"), "{unknown}");
    });
}

#[test]
fn a_reader_that_is_dropped_leaves_the_rest_of_a_pipe_to_others() {
    run(async {
        let (ends, mut writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut writer, &vec![7; 20_000]).unwrap();
        drop(writer);
        let mut others = ends.try_clone().unwrap();
        let mut reader = pipes::connect_read_pipe(ends).unwrap();
        let taken = reader.read(1).await.unwrap().len() + reader.buffer().len();
        drop(reader);
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut others, &mut rest).unwrap();
        assert_eq!(taken + rest.len(), 20_000);
    });
}

#[test]
fn the_standard_streams_of_a_program_are_streams() {
    conformance::standard_streams(
        "processes::the_standard_streams_of_a_program_are_streams",
        core_loop::NativeDriver::new,
    );
}
