//! A server that runs, and how it ends.

use core_loop::timeout;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use sync_primitives::Event;

/// A running HTTP server: a cheap handle, `!Send`. When the last one is dropped, nothing more is accepted; its connections
/// live on.
///
/// # Examples
///
/// ```no_run
/// # use std::{convert::Infallible, time::Duration};
/// # use loop_hyper::hyper::{Request, Response, body::Incoming, service::service_fn};
/// # core_loop::run(async {
/// # let service = service_fn(async |_: Request<Incoming>| Ok::<_, Infallible>(Response::new(String::new())));
/// let server = loop_hyper::start_server(service, "127.0.0.1:8080").await?;
/// core_loop::ctrl_c().await?;
/// let cut_off = server.shutdown(Duration::from_secs(5)).await;
/// # let _ = cut_off;
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a server accepts nothing more once its last handle is dropped"]
pub struct Server {
    server: loop_io::Server,
    /// Set once: no request is begun after it.
    stop: Rc<Event>,
}

impl Server {
    pub(crate) const fn new(server: loop_io::Server, stop: Rc<Event>) -> Self {
        Self { server, stop }
    }

    /// Accepts nothing more, and has each connection answer what it has begun, and end. Again, nothing happens.
    pub fn close(&self) {
        self.server.close();
        self.stop.set();
    }

    /// Waits until it is closed *and* its last connection is. Somebody has to [`close`](Self::close) it.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub async fn wait_closed(&self) {
        self.server.wait_closed().await;
    }

    /// Closes, gives requests in flight so long, and then cuts off what is left: how many connections that were.
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves the server closed, and cuts nobody off.
    pub async fn shutdown(&self, grace: Duration) -> usize {
        self.close();
        match timeout(grace, self.wait_closed()).await {
            Ok(()) => 0,
            Err(_) => {
                let left = self.clients();
                self.abort_clients();
                left
            }
        }
    }

    /// Cuts every connection off, at once.
    pub fn abort_clients(&self) {
        self.server.abort_clients();
    }

    /// How many connections are open.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.server.clients()
    }

    /// Where it listens; nowhere, once it is closed.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.server.addresses()
    }

    /// What accepts for it.
    pub const fn inner(&self) -> &loop_io::Server {
        &self.server
    }
}
