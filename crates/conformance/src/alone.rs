//! Tests that need a process of their own: they count its descriptors, or take some of its limits away.

mod giving_up;
mod sigpipe;

use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, cannot_run, loops};
use contract::{Driver, Unavailable};
use core_loop::net::TcpStream;
use loop_io::{StreamReader, StreamWriter, pipes, start_server, streams};
use std::env;
use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

/// Set in the process that runs one test alone.
const ALONE: &str = "CONFORMANCE_ALONE";

/// Whether this process runs the test `name` alone, with `limits` in force: shell commands such as `ulimit -n 20`. If not,
/// such a process is started, and must pass the test.
///
/// # Panics
///
/// If the test fails there, or no test has this name.
#[track_caller]
pub fn alone(name: &str, limits: &str) -> bool {
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let program = env::current_exe().expect("a program knows itself");
    let script = format!("{limits}\nexec \"$0\" --exact {name} --test-threads=1");
    let output = Command::new("sh").arg("-c").arg(script).arg(program).env(ALONE, "1").output();
    let output = output.expect("there is a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains(" 1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// From no free descriptor to enough of them: `make` refuses with the cure, until what it makes can run.
///
/// `name` is the name of the test, which runs in a process of its own.
///
/// # Panics
///
/// If it does not.
#[track_caller]
pub fn lack_of_descriptors<D: Driver>(name: &str, make: impl Fn() -> Result<D, Unavailable>) {
    if !alone(name, "ulimit -n 40") {
        return;
    }
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    let all = taken.len();
    loop {
        match make() {
            Ok(driver) => {
                assert!(taken.len() < all, "nothing was refused, with no descriptor left");
                return driver.run(std::pin::pin!(std::future::ready(())));
            }
            Err(refusal) => assert!(refusal.cure.contains("ulimit -n"), "{refusal}"),
        }
        assert!(taken.pop().is_some(), "refused with all descriptors free");
    }
}

/// A server on a loop that `make`'s driver carries, with no free descriptor: it says so once, pauses, and serves the client
/// that has been waiting as soon as there is one.
///
/// `name` is the name of the test, which runs in a process of its own.
///
/// # Panics
///
/// If it does not.
#[track_caller]
pub fn server_without_descriptors<D: Driver + 'static>(
    name: &str,
    make: impl Fn() -> Result<D, Unavailable>,
) {
    if !alone(name, "ulimit -n 256") {
        return;
    }
    match make() {
        Err(unavailable) => cannot_run(name, &unavailable),
        Ok(driver) => {
            let verdict = loops::run(Box::new(driver), serves_when_there_are_some);
            assert!(verdict.is_ok(), "{verdict:?}");
        }
    }
}

/// Reads, writes, accepts, connects, files and children that are given up in their middle, on a loop that `make`'s driver
/// carries, leave no descriptor.
///
/// `name` is the name of the test, which runs in a process of its own.
///
/// # Panics
///
/// If they do.
#[track_caller]
pub fn given_up_leaks_nothing<D: Driver + 'static>(name: &str, make: impl Fn() -> Result<D, Unavailable>) {
    if !alone(name, "ulimit -n 256") {
        return;
    }
    match make() {
        Err(unavailable) => cannot_run(name, &unavailable),
        Ok(driver) => {
            let verdict = loops::run(Box::new(driver), giving_up::leaves_nothing);
            assert!(verdict.is_ok(), "{verdict:?}");
        }
    }
}

/// A write to which nobody listens any more is a broken pipe, and no end of the program, on a loop that `make`'s driver carries:
/// in a program that does not ignore SIGPIPE, to connections, Unix sockets, pipes and children, of bytes and of files.
///
/// `name` is the name of the test, which runs in a process of its own.
///
/// # Panics
///
/// If it is not.
#[track_caller]
pub fn broken_pipe_kills_nobody<D: Driver + 'static>(name: &str, make: impl Fn() -> Result<D, Unavailable>) {
    if !alone(name, "") {
        return;
    }
    match make() {
        Err(unavailable) => cannot_run(name, &unavailable),
        Ok(driver) => {
            let verdict = loops::run(Box::new(driver), sigpipe::is_an_error_and_no_signal);
            assert!(verdict.is_ok(), "{verdict:?}");
        }
    }
}

/// The standard streams of a program are streams, on a loop that `make`'s driver carries: lines in, lines out, and the end.
///
/// `name` is the name of the test, which is the program, too.
///
/// # Panics
///
/// If they are not.
#[track_caller]
pub fn standard_streams<D: Driver + 'static>(name: &str, make: impl Fn() -> Result<D, Unavailable>) {
    let driver = match make() {
        Err(unavailable) => return cannot_run(name, &unavailable),
        Ok(driver) => driver,
    };
    if env::var_os(ALONE).is_some() {
        let verdict = loops::run(Box::new(driver), answers_in_capitals);
        assert!(verdict.is_ok(), "{verdict:?}");
        return;
    }
    drop(driver);
    let program = env::current_exe().expect("a program knows itself");
    let mut command = Command::new(program);
    command.args(["--exact", name, "--test-threads=1", "--nocapture"]).env(ALONE, "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs already");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(b"hello\nworld\n").expect("it reads");
    // Its end.
    drop(input);
    let output = child.wait_with_output().expect("it has started");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("HELLO\nWORLD\n"), "{text}");
}

async fn answers_in_capitals() -> Verdict {
    let (mut input, output) = (pipes::stdin()?, pipes::stdout()?);
    while let Some(line) = input.next_line().await? {
        output.write(format!("{}\n", line.to_uppercase()).as_bytes())?;
        output.drain().await?;
    }
    output.close();
    Ok(output.wait_closed().await?)
}

async fn serves_when_there_are_some() -> Verdict {
    let reports = loops::reports();
    let greets = async |_: StreamReader, writer: StreamWriter| writer.write(b"hello");
    let server = start_server(greets, "127.0.0.1:0").await?;
    // Until the next await nobody accepts it.
    let client = std::net::TcpStream::connect(server.addresses()[0])?;
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    loops::until(|| !reports.borrow().is_empty()).await;
    ensure(server.is_serving(), "the server has given up")?;
    files.clear();
    let (mut reader, _writer) = streams(TcpStream::from_std(client)?);
    let greeting = reader.read_to_end().await.map_err(Miss::from)?;
    same("what the client is told", greeting, b"hello")?;
    same("the reports", reports.borrow().len(), 1)
}
