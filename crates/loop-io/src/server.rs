//! A server: sockets that listen, and the connections that came of them.
//!
//! ```text
//!   WAITING ──start_serving──► SERVING ──close, lose──► CLOSED ··· and over, when its last connection is
//!      └────────────────close────────────────────────────▲
//! ```

mod accept;
mod handler;

use crate::bells::Bells;
use crate::channel::Endpoint;
use crate::link::Link;
use crate::listen::Accept;
use accept::Socket;
use contract::Panic;
use core_loop::{ExceptionContext, Loop};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};

pub use handler::Outcome;
pub(crate) use handler::handled;

/// A running server: a cheap handle, `!Send`. When the last one is dropped, it is closed; its connections live on.
///
/// # Examples
///
/// A server that nobody keeps is no server:
///
/// ```
/// # #![deny(unused_must_use)]
/// # core_loop::run(async {
/// let _server = loop_io::start_server(async |_, _| {}, "127.0.0.1:0").await?;
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// The compiler warns of one that is closed at once:
///
/// ```compile_fail
/// # #![deny(unused_must_use)]
/// # core_loop::run(async {
/// loop_io::start_server(async |_, _| {}, "127.0.0.1:0").await?;
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Python
///
/// `asyncio.Server`. There a dropped server goes on serving.
#[derive(Clone)]
#[must_use = "a server is closed as soon as its last handle is dropped"]
pub struct Server(Rc<Handle>);

/// The drop of the last handle closes.
struct Handle(Rc<Inner>);

type Serve = dyn Fn(&Rc<Link>);

struct Inner {
    sockets: Vec<Socket>,
    /// What becomes of a connection; `None` once closed, because it may hold a handle of its own server.
    serve: RefCell<Option<Rc<Serve>>>,
    serving: Cell<bool>,
    closed: Cell<bool>,
    /// It was closed because a task that accepts has ended before.
    lost: Cell<bool>,
    /// The connections that are open, by the order of their coming.
    clients: RefCell<BTreeMap<u64, Weak<Link>>>,
    came: Cell<u64>,
    changed: Bells,
}

/// Counts a connection for as long as it is open.
struct Client {
    server: Rc<Inner>,
    number: u64,
}

impl Server {
    pub(crate) fn new(listeners: Vec<Box<dyn Accept>>, serve: Rc<Serve>) -> Self {
        Self(Rc::new(Handle(Rc::new(Inner {
            sockets: listeners.into_iter().map(Socket::new).collect(),
            serve: RefCell::new(Some(serve)),
            serving: Cell::new(false),
            closed: Cell::new(false),
            lost: Cell::new(false),
            clients: RefCell::default(),
            came: Cell::new(0),
            changed: Bells::default(),
        }))))
    }

    fn inner(&self) -> &Rc<Inner> {
        &self.0.0
    }

    /// Begins to accept. Nothing if it does, or is closed.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn start_serving(&self) {
        let inner = self.inner();
        if !inner.closed.get() && !inner.serving.replace(true) {
            accept::start(inner);
        }
    }

    /// Accepts until somebody closes the server, then waits for its connections.
    ///
    /// # Errors
    ///
    /// The server is closed because a task of its own that accepts was cancelled, or panicked: at once, without a wait for
    /// its connections. These tasks are named `accept`, with the address; a cancel of [all tasks](core_loop::all_tasks)
    /// reaches them.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the server; its connections live on.
    ///
    /// # Python
    ///
    /// `server.serve_forever()`, which ends with `CancelledError` when somebody closes the server. There no task accepts.
    pub async fn serve_forever(&self) -> io::Result<()> {
        struct CloseOnDrop<'a>(&'a Rc<Inner>);
        impl Drop for CloseOnDrop<'_> {
            fn drop(&mut self) {
                self.0.close();
            }
        }
        let _close = CloseOnDrop(self.inner());
        self.start_serving();
        let inner = self.inner();
        inner.changed.until(|| (inner.lost.get() || inner.is_over()).then_some(())).await;
        if inner.lost.get() {
            let why = "the server is closed: the task that accepts for it was cancelled, or panicked; leave those named \
                       `accept …` out of a cancel of all tasks, or start another server";
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, why));
        }
        Ok(())
    }

    /// Whether it accepts connections.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.inner().serving.get()
    }

    /// Stops listening, at once: new connections are refused, and so are those that nobody has accepted yet. Open ones live
    /// on. Again, nothing happens.
    pub fn close(&self) {
        self.inner().close();
    }

    /// Waits until it is closed *and* its last connection is. Somebody has to [`close`](Self::close) it.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub async fn wait_closed(&self) {
        let inner = self.inner();
        inner.changed.until(|| inner.is_over().then_some(())).await;
    }

    /// Closes each connection once everything is sent on it.
    pub fn close_clients(&self) {
        self.inner().open().iter().for_each(Link::close);
    }

    /// Closes each connection at once, and forgets what is not sent: also that of a peer that never reads.
    pub fn abort_clients(&self) {
        self.inner().open().iter().for_each(|link| link.abort());
    }

    /// How many connections are open.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.inner().clients.borrow().len()
    }

    /// Where it listens; nowhere, once it is closed.
    #[must_use]
    pub fn sockets(&self) -> Vec<Endpoint> {
        self.inner().sockets.iter().filter_map(Socket::local_name).collect()
    }

    /// The internet addresses among its [`sockets`](Self::sockets).
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets().iter().filter_map(Endpoint::inet).collect()
    }
}

impl Inner {
    fn close(&self) {
        if self.closed.replace(true) {
            return;
        }
        self.serving.set(false);
        self.sockets.iter().for_each(Socket::close);
        let serve = self.serve.take();
        drop(serve);
        self.changed.ring();
    }

    /// A task that accepts has ended: by itself only after a close. Else connections would wait for nobody.
    fn lose(&self) {
        if !self.closed.get() {
            self.lost.set(true);
            self.close();
        }
    }

    /// Closed, and without a connection.
    fn is_over(&self) -> bool {
        self.closed.get() && self.clients.borrow().is_empty()
    }

    /// Takes a connection in.
    fn welcome(self: &Rc<Self>, link: &Rc<Link>) {
        let Some(serve) = self.serve.borrow().clone() else { return };
        let number = self.came.get();
        self.came.set(number + 1);
        self.clients.borrow_mut().insert(number, Rc::downgrade(link));
        link.attach(Client { server: self.clone(), number });
        if let Err(panic) = Panic::catch(|| serve(link)) {
            let context = ExceptionContext::panicked("a connection could not be served", &panic);
            Loop::current().call_exception_handler(&context);
            link.abort();
        }
    }

    fn open(&self) -> Vec<Rc<Link>> {
        self.clients.borrow().values().filter_map(Weak::upgrade).collect()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.server.clients.borrow_mut().remove(&self.number);
        self.server.changed.ring();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("sockets", &self.sockets())
            .field("serving", &self.is_serving())
            .field("clients", &self.clients())
            .finish_non_exhaustive()
    }
}
