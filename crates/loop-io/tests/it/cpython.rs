//! CPython's asyncio as the other side: lines, half closes, and 64 MiB both ways with back-pressure.

use crate::{echo, run};
use conformance::Echo;
use core_loop::{Future, spawn, to_thread};
use loop_io::{
    BaseProtocol, Lost, Protocol, Server, Transport, create_connection, create_server, open_connection,
};
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

/// Has CPython's client – its streams, or its protocols – talk to `server`, which echoes.
async fn is_served(mut python: Command, client: &'static str, server: Server) {
    let port = server.addresses()[0].port().to_string();
    let output = to_thread(move || python.args([client, &port]).output()).await.unwrap().unwrap();
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

/// Sends all of it, as fast as it may, and compares what comes back.
struct Ask {
    transport: Option<Transport>,
    chunk: Vec<u8>,
    left: usize,
    came: usize,
    paused: bool,
    over: Future<usize>,
}

impl Ask {
    fn send(&mut self) {
        let transport = self.transport.as_ref().expect("it is connected");
        while self.left > 0 && !self.paused {
            self.left -= 1;
            transport.write(&self.chunk).unwrap();
            // Told after this call only: asked here.
            self.paused = transport.get_write_buffer_size() > CHUNK;
            if self.left == 0 {
                transport.write_eof();
            }
        }
    }
}

impl BaseProtocol for Ask {
    fn connection_made(&mut self, transport: Transport) {
        self.transport = Some(transport);
        self.send();
    }

    fn connection_lost(&mut self, error: Option<Lost>) {
        assert!(error.is_none(), "{error:?}");
        self.over.set_result(self.came).unwrap();
    }

    fn resume_writing(&mut self) {
        self.paused = false;
        self.send();
    }
}

impl Protocol for Ask {
    fn data_received(&mut self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let at = self.came % CHUNK;
            let len = data.len().min(CHUNK - at);
            assert!(data[..len] == self.chunk[at..at + len], "other bytes came");
            self.came += len;
            data = &data[len..];
        }
        Ok(())
    }
}

#[test]
fn streams_of_cpython_are_served_by_our_streams() {
    let Some(python) = python("streams_of_cpython_are_served_by_our_streams") else { return };
    run(async { is_served(python, "client", echo().await).await });
}

#[test]
fn streams_of_cpython_are_served_by_our_protocols() {
    let Some(python) = python("streams_of_cpython_are_served_by_our_protocols") else { return };
    run(async {
        is_served(python, "client", create_server(Echo::default, "127.0.0.1:0").await.unwrap()).await;
    });
}

#[test]
fn protocols_of_cpython_are_served_by_our_streams() {
    let Some(python) = python("protocols_of_cpython_are_served_by_our_streams") else { return };
    run(async { is_served(python, "protocol-client", echo().await).await });
}

#[test]
fn protocols_of_cpython_are_served_by_our_protocols() {
    let Some(python) = python("protocols_of_cpython_are_served_by_our_protocols") else { return };
    run(async {
        let server = create_server(Echo::default, "127.0.0.1:0").await.unwrap();
        is_served(python, "protocol-client", server).await;
    });
}

#[test]
fn our_protocols_are_served_by_protocols_of_cpython() {
    let Some(python) = python("our_protocols_are_served_by_protocols_of_cpython") else { return };
    let served = Served::start(python, "protocols");
    run(async {
        let over = Future::new();
        let (chunk, tells) = (chunk(), over.clone());
        let ask = || Ask { transport: None, chunk, left: CHUNKS, came: 0, paused: false, over: tells };
        create_connection(ask, ("127.0.0.1", served.port)).await.unwrap();
        assert_eq!(over.await.unwrap(), CHUNKS * CHUNK);
    });
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
