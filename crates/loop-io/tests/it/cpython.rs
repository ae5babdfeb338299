//! CPython's asyncio as the other side: lines, half closes, and 64 MiB both ways with back-pressure.

use crate::{echo, run};
use core_loop::{spawn, to_thread};
use loop_io::{BaseProtocol, Protocol, Server, Transport, create_server, open_connection};
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// As in the script.
const CHUNK: usize = 65_536;
const CHUNKS: usize = 1024;

fn chunk() -> Vec<u8> {
    (0..CHUNK).map(|at| (at * 31 % 251) as u8).collect()
}

/// The script. `None`, and a skip that says so, where there is no Python that knows its words.
fn python(test: &str) -> Option<Command> {
    const VERSION: &str = "import sys; sys.exit(sys.version_info < (3, 11))";
    match Command::new("python3").args(["-c", VERSION]).status() {
        Ok(status) if status.success() => {
            let mut command = Command::new("python3");
            command.args(["-c", include_str!("cpython/peer.py")]);
            Some(command)
        }
        Ok(_) => {
            conformance::skipped(test, &"python3 is older than 3.11");
            None
        }
        Err(error) => {
            conformance::skipped(test, &format!("python3 cannot be started: {error}"));
            None
        }
    }
}

/// Has CPython's client talk to `server`, which echoes.
async fn is_served(mut python: Command, server: Server) {
    let port = server.addresses()[0].port().to_string();
    let output = to_thread(move || python.args(["client", &port]).output()).await.unwrap().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.trim() == "ok", "{out}{err}");
    server.close();
    server.wait_closed().await;
}

/// CPython's server, until it is dropped.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    fn start(mut python: Command, mode: &str) -> Self {
        let mut child = python.arg(mode).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap_or_else(|error| panic!("{line:?}: {error}")) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Our client talks to a server that echoes.
async fn talks_to(port: u16) {
    let (mut reader, writer) = open_connection(("127.0.0.1", port)).await.unwrap();
    for line in [&b"hello\n"[..], b"\xff no text \xfe\n"] {
        writer.write(line).unwrap();
        assert_eq!(reader.readline().await.unwrap(), line);
    }
    let chunk = chunk();
    let sent = chunk.clone();
    let sending = spawn(async move {
        for _ in 0..CHUNKS {
            writer.write(&sent).unwrap();
            writer.drain().await.unwrap();
        }
        writer.write_eof();
        writer
    });
    for _ in 0..CHUNKS {
        assert!(reader.read_exact(CHUNK).await.unwrap() == chunk);
    }
    assert_eq!(reader.read(1).await.unwrap(), b"");
    let writer = sending.await.unwrap();
    writer.close();
    writer.wait_closed().await.unwrap();
}

#[test]
fn streams_of_cpython_are_served_by_our_streams() {
    let Some(python) = python("streams_of_cpython_are_served_by_our_streams") else { return };
    run(async { is_served(python, echo().await).await });
}

#[test]
fn streams_of_cpython_are_served_by_our_protocols() {
    #[derive(Default)]
    struct Echo(Option<Transport>);
    impl Echo {
        fn transport(&self) -> &Transport {
            self.0.as_ref().expect("it is connected")
        }
    }
    impl BaseProtocol for Echo {
        fn connection_made(&mut self, transport: Transport) {
            self.0 = Some(transport);
        }
        fn pause_writing(&mut self) {
            self.transport().pause_reading();
        }
        fn resume_writing(&mut self) {
            self.transport().resume_reading();
        }
    }
    impl Protocol for Echo {
        fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
            Ok(self.transport().write(data)?)
        }
    }
    let Some(python) = python("streams_of_cpython_are_served_by_our_protocols") else { return };
    run(async { is_served(python, create_server(Echo::default, "127.0.0.1:0").await.unwrap()).await });
}

#[test]
fn our_streams_are_served_by_streams_of_cpython() {
    let Some(python) = python("our_streams_are_served_by_streams_of_cpython") else { return };
    let served = Served::start(python, "streams");
    run(async { talks_to(served.port).await });
}

#[test]
fn our_streams_are_served_by_protocols_of_cpython() {
    let Some(python) = python("our_streams_are_served_by_protocols_of_cpython") else { return };
    let served = Served::start(python, "protocols");
    run(async { talks_to(served.port).await });
}
