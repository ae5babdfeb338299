//! A web server: hyper on the loop, whatever runtime carries it.
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

mod answer;
mod percent;

use answer::answer;
use core_loop::{ctrl_c, spawn, yield_now};
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use loop_hyper::Http1;
use std::convert::Infallible;
use std::future::ready;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

/// How long requests that are in flight when Ctrl-C comes may take to finish.
const GRACE: Duration = Duration::from_secs(5);

/// How long a connection may ask for nothing, unless something else is said.
pub const IDLE: Duration = Duration::from_secs(60);

/// Serves on `listen` until Ctrl-C. A connection that asks for nothing is kept for `idle`. Says on standard output where it listens and how it ended.
///
/// # Errors
///
/// The address is no good or taken, or Ctrl-C cannot be waited for.
pub async fn serve(listen: &str, idle: Duration) -> std::io::Result<()> {
    let echo = |request: Request<Incoming>| {
        ready(Ok::<_, Infallible>(answer(request.method(), request.uri().path())))
    };
    let http = Http1::new().header_read_timeout(Some(idle)).idle_timeout(Some(idle));
    let server = http.start_server(service_fn(echo), listen).await?;
    let interrupted = spawn(ctrl_c());
    // From its first step on, Ctrl-C no longer ends the program: nobody is told the address before that.
    yield_now().await;
    server.addresses().into_iter().for_each(announce);
    interrupted.await.map_err(std::io::Error::other)??;

    say(&format!(
        "shutting down: requests in flight have {} s to finish (open connections: {})",
        GRACE.as_secs(),
        server.clients()
    ));
    match server.shutdown(GRACE).await {
        0 => say("shut down: every request was answered"),
        left => say(&format!("shut down: requests were cut off (open connections: {left})")),
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
