//! Streams, servers, transports and protocols on the native driver. What must hold on every driver is in the conformance
//! suite; here is what only this crate can show.

mod processes;
mod reading;
mod serving;
mod writing;

use loop_io::{Server, StreamReader, StreamWriter, start_server, streams};
use std::net::TcpStream;
use std::time::Duration;

/// Runs `main` on the native driver; a bound catches what would hang.
fn run<T>(main: impl Future<Output = T>) -> T {
    core_loop::run(async { core_loop::timeout(Duration::from_secs(60), main).await.expect("it hangs") })
        .expect("the native driver runs everywhere")
}

/// One end of ours; the other end is a plain socket.
async fn half() -> (StreamReader, StreamWriter, TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = core_loop::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (reader, writer) = streams(ours);
    (reader, writer, listener.accept().unwrap().0)
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
