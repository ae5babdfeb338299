//! The echo server on many loops: each of them gets its share, on every runtime.

use core_loop::{LoopPool, PoolStartError, StartProblem};
use examples::one_loop_per_core::Server;
use examples::runtime::{Runtime, driver};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LOOPS: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// The chance that one of two loops gets none of so many is one in 2^63.
const CLIENTS: usize = 64;

/// Longer than anything here takes; only a hang reaches it.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn every_loop_serves_on_native() {
    every_loop_serves(Runtime::Native);
}

#[test]
fn every_loop_serves_on_tokio() {
    every_loop_serves(Runtime::Tokio);
}

#[test]
fn every_loop_serves_on_smol() {
    every_loop_serves(Runtime::Smol);
}

#[test]
fn every_loop_serves_on_glommio() {
    every_loop_serves(Runtime::Glommio);
}

#[track_caller]
fn every_loop_serves(runtime: Runtime) {
    let pool = match LoopPool::builder().loops(LOOPS).start_boxed(move || driver(runtime)) {
        Ok(pool) => pool,
        Err(PoolStartError { why: StartProblem::Unavailable(why), .. }) => {
            return conformance::cannot_run(&format!("every_loop_serves on {runtime}"), &why);
        }
        Err(error) => panic!("{error}"),
    };
    let server = Server::start(pool, SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| connect(server.address())).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        write!(client, "from client {n}").expect("somebody reads");
        client.shutdown(Shutdown::Write).expect("it is open");
    }
    for (n, client) in clients.iter_mut().enumerate() {
        let mut echoed = String::new();
        client.read_to_string(&mut echoed).expect("it is sent back, and then closed");
        assert_eq!(echoed, format!("from client {n}"));
    }
    let served = server.served();
    assert_eq!(served.iter().sum::<usize>(), CLIENTS);
    assert!(served.iter().all(|count| *count > 0), "{served:?}");
    let report = server.close(LONG);
    assert!(report.is_clean(), "{report}");
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).expect("somebody listens");
    client.set_read_timeout(Some(LONG)).expect("it is no zero");
    client
}

#[test]
fn the_program_serves_until_it_is_interrupted() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_one_loop_per_core"));
    program.args(["--loops", "2", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
    let mut child = Killed(program.spawn().expect("it was built"));
    let mut said = BufReader::new(child.0.stdout.take().expect("it is piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it says where it listens");
    let address = line.split_whitespace().nth(2).and_then(|word| word.parse().ok());
    let mut client = connect(address.unwrap_or_else(|| panic!("no address: {line}")));
    client.write_all(b"hello").expect("somebody reads");
    let mut echoed = [0; 5];
    client.read_exact(&mut echoed).expect("it comes back");
    assert_eq!(&echoed, b"hello");
    let interrupt = Command::new("sh").args(["-c", &format!("kill -INT {}", child.0.id())]).status();
    assert!(interrupt.expect("there is a shell").success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("it goes on to its end");
    assert!(child.0.wait().expect("it ends").success());
    assert!(
        rest == "connections of each loop: [1, 0]\n" || rest == "connections of each loop: [0, 1]\n",
        "{rest}"
    );
}

/// A program that does not outlive a test that fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ended = self.0.kill();
    }
}
