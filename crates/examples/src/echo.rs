//! A web server: hyper on the loop's own sockets, whatever runtime carries the loop.
//!
//! `GET /echo/{what}` answers with `{what}`, percent-decoded. One task a connection; Ctrl-C lets requests in flight finish.
//!
//! ```python
//! import asyncio, signal
//! from urllib.parse import unquote_to_bytes
//!
//! async def answer(reader, writer):
//!     ...                                  # read requests, write unquote_to_bytes(what)
//!
//! async def main():
//!     stop = asyncio.Event()
//!     asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
//!     async with await asyncio.start_server(answer, "127.0.0.1", 8080) as server:
//!         await stop.wait()
//!         server.close()
//!         await server.wait_closed()
//!
//! asyncio.run(main())
//! ```

mod accept;
mod answer;
mod body;
mod connection;
mod io;
mod percent;

use accept::Connections;
use core_loop::net::TcpListener;
use core_loop::{ctrl_c, spawn, timeout, yield_now};
use std::io::Write;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// How long requests that are in flight when Ctrl-C comes may take to finish.
const GRACE: Duration = Duration::from_secs(5);

/// How long a connection may neither send nor take a byte; it may be twice as long before this is noticed.
const IDLE: Duration = Duration::from_secs(60);

/// Serves on `listen` until Ctrl-C. Says on standard output where it listens and how it ended.
///
/// # Errors
///
/// The address is no good or taken, or Ctrl-C cannot be waited for.
pub async fn serve(listen: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let interrupted = spawn(ctrl_c());
    // From its first step on, Ctrl-C no longer ends the program: nobody is told the address before that.
    yield_now().await;
    announce(address);

    let connections = Rc::new(Connections::new(IDLE));
    let accepting = spawn(accept::accept(listener, connections.clone()));
    interrupted.await.map_err(std::io::Error::other)??;

    accepting.cancel("shutting down");
    let _cancelled = accepting.await;
    say(&format!(
        "shutting down: requests in flight have {} s to finish (open connections: {})",
        GRACE.as_secs(),
        connections.open()
    ));
    match timeout(GRACE, connections.finish()).await {
        Ok(()) => say("shut down: every request was answered"),
        Err(_) => {
            say(&format!("shut down: requests were cut off (open connections: {})", connections.open()))
        }
    }
    Ok(())
}

fn announce(address: SocketAddr) {
    say(&format!("listening on http://{address}; try http://{address}/echo/hello, Ctrl-C ends it"));
}

/// Prints a line. A server lives on when nobody reads what it prints.
fn say(line: &str) {
    let _nobody_reads = writeln!(std::io::stdout(), "{line}");
}
