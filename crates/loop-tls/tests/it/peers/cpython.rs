//! CPython's asyncio over ssl: lines, `start_tls`, and 64 MiB both ways with back-pressure.

use super::{Files, Served, echo, run};
use crate::pki::connector;
use core_loop::{spawn, to_thread};
use loop_io::{Server, StreamReader, StreamWriter, open_connection, start_server};
use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};

/// As in the script.
const CHUNK: usize = 65_536;
const CHUNKS: usize = 1024;

fn chunk() -> Vec<u8> {
    (0..CHUNK).map(|at| (at * 31 % 251) as u8).collect()
}

/// The script. `None`, and a skip that says so, where there is no Python that knows its words.
fn python(test: &str, files: &Files) -> Option<Command> {
    const VERSION: &str = "import ssl, sys; sys.exit(sys.version_info < (3, 11))";
    match Command::new("python3").args(["-c", VERSION]).status() {
        Ok(status) if status.success() => {
            let mut command = Command::new("python3");
            command.args(["-c", include_str!("cpython/peer.py")]).arg(&files.place);
            Some(command)
        }
        Ok(_) => {
            conformance::skipped(test, &"python3 is older than 3.11, or knows no ssl");
            None
        }
        Err(error) => {
            conformance::skipped(test, &format!("python3 cannot be started: {error}"));
            None
        }
    }
}

/// Has CPython's client talk to `server`, which echoes.
async fn is_served(mut python: Command, mode: &str, server: Server) {
    let port = server.addresses()[0].port().to_string();
    let client = python.args([mode, &port]);
    let client = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let output = to_thread(move || client.wait_with_output()).await.unwrap().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.trim() == "ok", "{out}{err}");
    server.close();
    server.wait_closed().await;
}

fn start(mut python: Command, mode: &str) -> Served {
    let mut child = python.arg(mode).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Served { child, port: line.trim().parse().unwrap_or_else(|error| panic!("{line:?}: {error}")) }
}

/// Our end of a connection with somebody who echoes.
async fn talks((mut reader, writer): (StreamReader, StreamWriter)) {
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
        writer
    });
    for _ in 0..CHUNKS {
        assert!(reader.read_exact(CHUNK).await.unwrap() == chunk);
    }
    let writer = sending.await.unwrap();
    writer.close();
    writer.wait_closed().await.unwrap();
}

#[test]
fn streams_of_cpython_are_served_by_ours() {
    let files = Files::new();
    let Some(python) = python("streams_of_cpython_are_served_by_ours", &files) else { return };
    run(async { is_served(python, "client", echo(&files.acceptor()).await).await });
}

#[test]
fn our_streams_are_served_by_those_of_cpython() {
    let files = Files::new();
    let Some(python) = python("our_streams_are_served_by_those_of_cpython", &files) else { return };
    let served = start(python, "server");
    run(async { talks(connector().open_connection(("127.0.0.1", served.port)).await.unwrap()).await });
}

#[test]
fn streams_of_cpython_begin_tls_in_the_middle_with_ours() {
    let files = Files::new();
    let Some(python) = python("streams_of_cpython_begin_tls_in_the_middle_with_ours", &files) else { return };
    let acceptor = files.acceptor();
    let asked = async move |mut reader: StreamReader, writer: StreamWriter| {
        assert_eq!(reader.readline().await?, b"STARTTLS\n");
        writer.write(b"go ahead\n")?;
        acceptor.start_tls(&mut reader, &writer).await?;
        while let Some(line) = reader.next_line().await? {
            writer.write(format!("{line}\n").as_bytes())?;
        }
        io::Result::Ok(())
    };
    run(async move { is_served(python, "asks", start_server(asked, "127.0.0.1:0").await.unwrap()).await });
}

#[test]
fn our_streams_begin_tls_in_the_middle_with_those_of_cpython() {
    let files = Files::new();
    let Some(python) = python("our_streams_begin_tls_in_the_middle_with_those_of_cpython", &files) else {
        return;
    };
    let served = start(python, "asked");
    run(async {
        let (mut reader, writer) = open_connection(("127.0.0.1", served.port)).await.unwrap();
        writer.write(b"STARTTLS\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"go ahead\n");
        connector().start_tls(&mut reader, &writer).await.unwrap();
        writer.write(b"hello\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"hello\n");
        writer.close();
        writer.wait_closed().await.unwrap();
    });
}
