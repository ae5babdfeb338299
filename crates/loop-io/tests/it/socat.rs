//! socat as the other side: Unix sockets, pipes and datagrams.

use crate::{MIB, run};
use core_loop::net::{UdpSocket, UnixDatagram};
use core_loop::{sleep, spawn};
use loop_io::process::{Command, Process, Stdio};
use loop_io::{
    DatagramEndpoint, DatagramProtocol, DatagramTransport, StreamReader, StreamWriter, open_unix_connection,
    pipes, start_unix_server,
};
use std::fs::OpenOptions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// `socat` with two addresses, killed when its handle goes; `None`, and a skip that says so, where there is none.
fn socat(test: &str, options: &[&str], addresses: [&str; 2]) -> Option<Command> {
    if let Err(error) =
        std::process::Command::new("socat").arg("-V").stdout(std::process::Stdio::null()).status()
    {
        conformance::skipped(test, &format!("socat cannot be started: {error}"));
        return None;
    }
    Some(Command::new("socat").args(options).args(addresses).kill_on_drop(true))
}

/// A path at which there is nothing, for this test alone.
fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("loop-io-{}-{name}", std::process::id()));
    let _was_there = std::fs::remove_file(&path);
    path
}

fn sample() -> Vec<u8> {
    (0..3 * MIB).map(|at| (at * 31 % 251) as u8).collect()
}

async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    loop {
        let bytes = reader.read(64 * 1024).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        writer.write(&bytes)?;
        writer.drain().await?;
    }
}

#[test]
fn socat_is_served_through_a_unix_socket_with_a_half_close() {
    const TEST: &str = "socat_is_served_through_a_unix_socket_with_a_half_close";
    let path = path("served");
    // Its patience after its own end of input.
    let Some(mut socat) = socat(TEST, &["-t", "60"], ["STDIO", &format!("UNIX-CONNECT:{}", path.display())])
    else {
        return;
    };
    run(async {
        let server = start_unix_server(echo, &path).unwrap();
        let mut child = socat_pipes(&mut socat);
        let output = child.communicate(sample()).await.unwrap();
        assert!(output.stdout == sample(), "{} bytes came back, or others", output.stdout.len());
        assert!(output.status.success());
        server.close();
        server.wait_closed().await;
        assert!(!path.exists());
    });
}

/// Started with pipes on both sides.
fn socat_pipes(socat: &mut Command) -> Process {
    let command = std::mem::replace(socat, Command::new("false"));
    command.stdin(Stdio::PIPE).stdout(Stdio::PIPE).spawn().unwrap()
}

#[test]
fn socat_serves_us_through_a_unix_socket() {
    const TEST: &str = "socat_serves_us_through_a_unix_socket";
    let path = path("serves");
    let listen = format!("UNIX-LISTEN:{}", path.display());
    let Some(mut socat) = socat(TEST, &["-t", "60"], [&listen, "EXEC:cat"]) else { return };
    run(async {
        let _child = socat.spawn().unwrap();
        // It listens when it does.
        let (mut reader, writer) = loop {
            match open_unix_connection(&path).await {
                Ok(ends) => break ends,
                Err(_) => sleep(MS).await,
            }
        };
        let sending = spawn(async move {
            for piece in sample().chunks(50_000) {
                writer.write(piece).unwrap();
                writer.drain().await.unwrap();
            }
            writer.write_eof();
            writer
        });
        let came = reader.read_to_end().await.unwrap();
        assert!(came == sample(), "{} bytes came back, or others", came.len());
        sending.await.unwrap();
    });
    let _gone = std::fs::remove_file(path);
}

/// Sends back what it gets.
#[derive(Default)]
struct Echo(Option<DatagramTransport>);

impl DatagramProtocol for Echo {
    fn connection_made(&mut self, transport: DatagramTransport) {
        self.0 = Some(transport);
    }

    fn datagram_received(&mut self, data: &[u8], from: SocketAddr) {
        self.0.as_ref().expect("it is made").sendto(data, from);
    }
}

#[test]
fn datagrams_of_socat_are_answered() {
    run(async {
        let (transport, _echo) =
            DatagramEndpoint::bound_to("127.0.0.1:0").create(Echo::default).await.unwrap();
        let peer = format!("UDP:{}", transport.local_addr().unwrap());
        let Some(mut socat) = socat("datagrams_of_socat_are_answered", &[], ["STDIO", &peer]) else { return };
        let mut child = socat_pipes(&mut socat);
        for word in ["one\n", "two\n"] {
            child.stdin.as_ref().unwrap().write(word.as_bytes()).unwrap();
            let answer = child.stdout.as_mut().unwrap().readline().await.unwrap();
            assert_eq!(answer, word.as_bytes());
        }
        child.kill().unwrap();
        child.wait().await;
        transport.close();
    });
}

#[test]
fn socat_answers_our_datagrams() {
    run(async {
        // A port that was free a moment ago. Somebody else may take it; then nobody answers here, and the next is tried.
        for _ in 0..10 {
            let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let listen = format!("UDP-RECVFROM:{port},bind=127.0.0.1,fork");
            let Some(mut socat) = socat("socat_answers_our_datagrams", &[], [&listen, "EXEC:cat"]) else {
                return;
            };
            let child = socat.spawn().unwrap();
            let ours = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            ours.connect(([127, 0, 0, 1], port)).await.unwrap();
            let mut buffer = [0; 16];
            while child.returncode().is_none() {
                // Refused until it listens; each is answered then.
                let _refused = ours.send(b"ping").await;
                let answer = core_loop::timeout(MS * 50, ours.recv(&mut buffer)).await;
                if let Ok(Ok(len)) = answer {
                    assert_eq!(&buffer[..len], b"ping");
                    return;
                }
            }
        }
        panic!("socat never listened");
    });
}

#[test]
fn datagrams_of_socat_come_through_a_unix_socket() {
    const TEST: &str = "datagrams_of_socat_come_through_a_unix_socket";
    let path = path("datagrams");
    let Some(mut socat) = socat(TEST, &["-u"], ["STDIN", &format!("UNIX-SENDTO:{}", path.display())]) else {
        return;
    };
    run(async {
        let ours = UnixDatagram::bind(&path).unwrap();
        let child = socat_pipes(&mut socat);
        child.stdin.as_ref().unwrap().write(b"a datagram").unwrap();
        let mut buffer = [0; 16];
        let (len, _) = ours.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"a datagram");
    });
}

#[test]
fn socat_writes_into_a_fifo_that_we_read_and_reads_one_that_we_write() {
    const TEST: &str = "socat_writes_into_a_fifo_that_we_read_and_reads_one_that_we_write";
    let path = path("fifo");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let fifo = format!("OPEN:{}", path.display());
    let Some(mut writes) = socat(TEST, &["-u"], ["STDIN", &fifo]) else { return };
    let Some(mut reads) = socat(TEST, &["-u"], [&fifo, "STDOUT"]) else { return };
    run(async {
        // For both ways, so that it has not ended before socat comes.
        let ends = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut reader = pipes::connect_read_pipe(ends).unwrap();
        let mut child = socat_pipes(&mut writes);
        let stdin = child.stdin.take().unwrap();
        stdin.write(&sample()).unwrap();
        drop(stdin);
        assert!(reader.read_exact(sample().len()).await.unwrap() == sample());
        assert!(child.wait().await.success());
        drop(reader);

        let mut child = socat_pipes(&mut reads);
        // Nobody can write before somebody reads.
        let ends = loop {
            match OpenOptions::new().write(true).custom_flags(nix::libc::O_NONBLOCK).open(&path) {
                Ok(ends) => break ends,
                Err(_) => sleep(MS).await,
            }
        };
        let writer = pipes::connect_write_pipe(ends).unwrap();
        writer.write(&sample()).unwrap();
        writer.close();
        assert!(child.communicate("").await.unwrap().stdout == sample());
    });
    std::fs::remove_file(path).unwrap();
}
