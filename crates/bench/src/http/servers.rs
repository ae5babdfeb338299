//! The same service on each server, and the same options: five bytes, a bound on the head, half closes.

use super::wrk;
use crate::clock::Size;
use crate::host::{ANY_PORT, Host};
use crate::table::Failure;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::{Ready, ready};

fn hello(_: Request<Incoming>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    ready(Ok(Response::new(Full::new(Bytes::from_static(b"hello")))))
}

/// `loop_hyper` on the loop of `H`.
pub(super) fn ours<H: Host>(size: Size, place: fn()) -> Result<f64, Failure> {
    H::run(async {
        let server = loop_hyper::start_server(service_fn(hello), ANY_PORT).await?;
        wrk::measure(size, server.addresses()[0], place).await
    })?
}

/// As hyper's manual has it, a task a connection.
pub(super) fn tokio(size: Size, place: fn()) -> Result<f64, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(ANY_PORT).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).half_close(true);
            while let Ok((stream, _)) = listener.accept().await {
                let _slower_without = stream.set_nodelay(true);
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service_fn(hello)));
            }
        });
        let value = wrk::measure(size, address, place).await;
        serving.abort();
        value
    })
}
