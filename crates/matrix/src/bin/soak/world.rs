//! What the acts act on: servers of every kind, and pools.

use conformance::{Dice, Echo};
use contract::{Drain, Shutdown};
use core_loop::Loop;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use loop_io::{Server, StreamReader, StreamWriter, create_server, start_server};
use loop_tls::{Certificates, Identity, TlsAcceptor, TlsConnector};
use process_executor::ProcessPool;
use std::cell::RefCell;
use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use thread_executor::ThreadPool;

const HERE: &str = "127.0.0.1:0";
const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// Pools that outlive the loop: their end blocks, and a loop's thread must not.
#[derive(Clone)]
pub(crate) struct Pools {
    pub(crate) threads: Arc<ThreadPool>,
    pub(crate) processes: Arc<ProcessPool>,
}

impl Pools {
    pub(crate) fn open() -> Result<Self, Box<dyn Error>> {
        Ok(Self { threads: Arc::new(ThreadPool::new(TWO)), processes: Arc::new(ProcessPool::new(2)?) })
    }

    /// Lets what was accepted end, and waits for it. What does not end, in words.
    pub(crate) fn close(&self, grace: Duration) -> Option<String> {
        let pools = [&*self.threads as &dyn Shutdown, &*self.processes];
        let reports = pools.map(|pool| pool.shutdown(Drain::Queued, grace));
        reports
            .into_iter()
            .find(|report| !report.is_clean())
            .map(|report| format!("a pool did not end: {report:?}"))
    }
}

pub(crate) struct World {
    /// They send back what they get: streams and a protocol, and both over TLS.
    echoes: [Server; 4],
    http: loop_hyper::Server,
    pub(crate) tls: TlsConnector,
    pub(crate) pools: Pools,
    /// What must not happen, and did.
    broken: Rc<RefCell<Vec<String>>>,
    addresses: [SocketAddr; 4],
}

/// Sends back what it gets. A client that resets is none of its errors.
async fn echo(mut reader: StreamReader, writer: StreamWriter) {
    while let Ok(bytes) = reader.read(65_536).await {
        if bytes.is_empty() || writer.write(&bytes).is_err() || writer.drain().await.is_err() {
            return;
        }
    }
}

/// As many bytes as the path says.
async fn bytes(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let length = request.uri().path()[1..].parse().unwrap_or(0);
    Ok(Response::new("x".repeat(length)))
}

/// A certificate for this run, and the trust in it.
fn self_signed() -> Result<(Identity, Certificates), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = made.cert.der().to_vec();
    let shown = Identity::from_der([certificate.clone()], made.signing_key.serialize_der())?;
    Ok((shown, Certificates::from_der([certificate])))
}

impl World {
    pub(crate) async fn open(pools: Pools) -> Result<Rc<Self>, Box<dyn Error>> {
        let (shown, trusted) = self_signed()?;
        let acceptor = TlsAcceptor::new(shown)?;
        let echoes = [
            start_server(echo, HERE).await?,
            create_server(Echo::default, HERE).await?,
            acceptor.start_server(echo, HERE).await?,
            acceptor.create_server(Echo::default, HERE).await?,
        ];
        let addresses = echoes.each_ref().map(|server| server.addresses()[0]);
        let http = loop_hyper::start_server(service_fn(bytes), HERE).await?;
        let tls = TlsConnector::builder().roots(trusted).build()?.server_name("localhost")?;
        Ok(Rc::new(Self { echoes, http, tls, pools, broken: Rc::default(), addresses }))
    }

    /// A server that sends back what it gets.
    pub(crate) fn echo(&self, dice: &mut Dice) -> SocketAddr {
        self.addresses[usize::from(dice.once_in(2))]
    }

    /// The same over TLS.
    pub(crate) fn tls_echo(&self, dice: &mut Dice) -> SocketAddr {
        self.addresses[2 + usize::from(dice.once_in(2))]
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.http.addresses()[0]
    }

    /// Cuts off whoever is connected to one of the servers.
    pub(crate) fn cut_off(&self, dice: &mut Dice) {
        match self.echoes.get(dice.below(5) as usize) {
            Some(echo) => echo.abort_clients(),
            None => self.http.abort_clients(),
        }
    }

    pub(crate) fn break_with(&self, what: String) {
        self.broken.borrow_mut().push(what);
    }

    /// The first thing that must not happen, and did.
    pub(crate) fn broken(&self) -> Option<String> {
        self.broken.borrow().first().cloned()
    }

    /// Whatever the loop reports is none of the acts' doing.
    pub(crate) fn watch_reports(&self) {
        let broken = self.broken.clone();
        Loop::current().set_exception_handler(move |_, context| {
            broken.borrow_mut().push(format!("the exception handler was told: {context}"));
        });
    }

    /// Ends the servers, and waits for their connections.
    pub(crate) async fn close(&self) {
        for server in &self.echoes {
            server.close();
            server.abort_clients();
            server.wait_closed().await;
        }
        self.http.shutdown(Duration::ZERO).await;
        self.http.wait_closed().await;
    }
}
