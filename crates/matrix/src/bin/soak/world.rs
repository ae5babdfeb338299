//! What the acts act on: servers of every kind, and pools.

use conformance::Dice;
use contract::{Drain, Shutdown};
use core_loop::Loop;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use loop_io::{
    BaseProtocol, Protocol, Server, StreamReader, StreamWriter, Transport, create_server, start_server,
};
use process_executor::ProcessPool;
use std::cell::RefCell;
use std::convert::Infallible;
use std::error::Error;
use std::io;
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
    streams: Server,
    protocols: Server,
    http: loop_hyper::Server,
    pub(crate) pools: Pools,
    /// What must not happen, and did.
    broken: Rc<RefCell<Vec<String>>>,
    addresses: [SocketAddr; 3],
}

/// Sends back what it gets, and stops reading while the other side does not.
#[derive(Default)]
struct Echo(Option<Transport>);

impl Echo {
    fn transport(&self) -> &Transport {
        self.0.as_ref().expect("it is connected")
    }
}

impl BaseProtocol for Echo {
    fn connection_made(&mut self, transport: Transport) {
        self.0 = Some(transport);
    }

    fn pause_writing(&mut self) {
        self.transport().pause_reading();
    }

    fn resume_writing(&mut self) {
        self.transport().resume_reading();
    }
}

impl Protocol for Echo {
    fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
        // Whoever has reset the connection is none of its errors.
        let _reset = self.transport().write(data);
        Ok(())
    }
}

/// The same, as a task. A client that resets is none of its errors.
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

impl World {
    pub(crate) async fn open(pools: Pools) -> io::Result<Rc<Self>> {
        let streams = start_server(echo, HERE).await?;
        let protocols = create_server(Echo::default, HERE).await?;
        let http = loop_hyper::start_server(service_fn(bytes), HERE).await?;
        let addresses = [streams.addresses()[0], protocols.addresses()[0], http.addresses()[0]];
        Ok(Rc::new(Self { streams, protocols, http, pools, broken: Rc::default(), addresses }))
    }

    /// A server that sends back what it gets.
    pub(crate) fn echo(&self, dice: &mut Dice) -> SocketAddr {
        self.addresses[usize::from(dice.once_in(2))]
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.addresses[2]
    }

    /// Cuts off whoever is connected to one of the servers.
    pub(crate) fn cut_off(&self, dice: &mut Dice) {
        match dice.below(3) {
            0 => self.streams.abort_clients(),
            1 => self.protocols.abort_clients(),
            _ => self.http.abort_clients(),
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
        for server in [&self.streams, &self.protocols] {
            server.close();
            server.abort_clients();
            server.wait_closed().await;
        }
        self.http.shutdown(Duration::ZERO).await;
        self.http.wait_closed().await;
    }
}
