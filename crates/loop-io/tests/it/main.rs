//! Streams, servers, transports and protocols on the native driver. What must hold on every driver is in the conformance
//! suite; here is what only this crate can show.

mod calling;
mod compiles;
mod cpython;
mod giving_up;
mod processes;
mod reading;
mod serving;
mod socat;
mod upgrading;
mod writing;

use core_loop::Loop;
use loop_io::{Server, StreamReader, StreamWriter, WriteError, start_server, streams};
use std::cell::RefCell;
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

/// Runs `main` on the native driver; a bound catches what would hang.
fn run<T>(main: impl Future<Output = T>) -> T {
    core_loop::run(async { core_loop::timeout(Duration::from_secs(60), main).await.expect("it hangs") })
        .expect("the native driver runs everywhere")
}

/// One end of ours; the other end is a plain socket.
async fn half_channel() -> (core_loop::net::TcpStream, TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = core_loop::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let theirs = listener.accept().unwrap().0;
    // It blocks the loop, and with it the bound of `run`.
    theirs.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    (ours, theirs)
}

/// The same, as streams.
async fn half() -> (StreamReader, StreamWriter, TcpStream) {
    let (ours, theirs) = half_channel().await;
    let (reader, writer) = streams(ours);
    (reader, writer, theirs)
}

const MIB: usize = 1 << 20;

/// Writes until the kernel takes no more, and more than any water mark is kept. How much that was, all of it sevens.
fn fill(write: impl Fn(&[u8]) -> Result<(), WriteError>, kept: impl Fn() -> usize) -> usize {
    const PIECE: usize = MIB / 4;
    let mut written = 0;
    while kept() < MIB {
        write(&[7; PIECE]).unwrap();
        written += PIECE;
        assert!(written < 256 * MIB, "everything is sent although nobody reads");
    }
    written
}

/// The same, for a writer.
fn filled(writer: &StreamWriter) -> usize {
    fill(|bytes| writer.write(bytes), || writer.get_write_buffer_size())
}

/// What was noted, for those who note and those who look.
type Noted<T> = Rc<RefCell<Vec<T>>>;

/// Has every report to the exception handler noted.
fn noted_reports() -> Noted<String> {
    let reports = Noted::default();
    let noted = reports.clone();
    Loop::current().set_exception_handler(move |_, context| noted.borrow_mut().push(context.to_string()));
    reports
}

/// A server that sends back what it gets.
async fn echo() -> Server {
    let echo = async |mut reader: StreamReader, writer: StreamWriter| {
        loop {
            let bytes = reader.read(64 * 1024).await?;
            if bytes.is_empty() {
                return std::io::Result::Ok(());
            }
            writer.write(&bytes)?;
            writer.drain().await?;
        }
    };
    start_server(echo, "127.0.0.1:0").await.unwrap()
}
