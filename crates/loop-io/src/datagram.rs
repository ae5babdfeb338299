//! Datagram endpoints: a protocol that is called for each datagram.
//!
//! ```text
//!   connection_made ──► OPEN: datagram_received, error_received
//!                        │ close                       │ abort, or the protocol panicked
//!                        ▼                             ▼
//!                     CLOSING: the queue is sent ──► connection_lost, once, last
//! ```

use crate::link::{remember, wake};
mod socket;

pub use socket::DatagramSocket;

use crate::protocol::guarded;
use core_loop::net::{Address, UdpSocket};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// As large as a datagram can be.
const LARGEST: usize = 64 * 1024;

/// What is called when datagrams come.
///
/// # Ordering
///
/// `connection_made` comes first, `connection_lost` last, each once. Calls never nest.
///
/// # Panics
///
/// One that panics is reported to the loop's exception handler, and its endpoint is closed.
///
/// # Python
///
/// `asyncio.DatagramProtocol`.
pub trait DatagramProtocol<S: DatagramSocket = UdpSocket>: 'static {
    /// The endpoint is there.
    fn connection_made(&mut self, transport: DatagramTransport<S>) {
        let _ = transport;
    }

    /// A datagram came, whole.
    fn datagram_received(&mut self, data: &[u8], from: S::Address);

    /// A datagram was refused, or could not be sent. The endpoint goes on.
    fn error_received(&mut self, error: io::Error) {
        let _ = error;
    }

    /// The endpoint is closed.
    fn connection_lost(&mut self) {}
}

/// How a datagram endpoint is made.
///
/// # Python
///
/// The keyword arguments of `loop.create_datagram_endpoint`.
///
/// # Examples
///
/// ```
/// use loop_io::{DatagramEndpoint, DatagramProtocol, DatagramTransport};
/// use std::net::SocketAddr;
///
/// #[derive(Default)]
/// struct Echo(Option<DatagramTransport>);
///
/// impl DatagramProtocol for Echo {
///     fn connection_made(&mut self, transport: DatagramTransport) {
///         self.0 = Some(transport);
///     }
///
///     fn datagram_received(&mut self, data: &[u8], from: SocketAddr) {
///         self.0.as_ref().expect("it is made").sendto(data, from);
///     }
/// }
///
/// # core_loop::run(async {
/// let (transport, _echo) = DatagramEndpoint::bound_to("127.0.0.1:0").create(Echo::default).await?;
/// let client = core_loop::net::UdpSocket::bind("127.0.0.1:0").await?;
/// client.send_to(b"hello", transport.local_addr()?).await?;
/// let mut buffer = [0; 16];
/// let (len, _) = client.recv_from(&mut buffer).await?;
/// assert_eq!(&buffer[..len], b"hello");
/// transport.close();
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct DatagramEndpoint {
    local: Address,
    remote: Option<Address>,
    broadcast: bool,
}

impl DatagramEndpoint {
    /// Bound to `local`, where others find it. Port 0 lets the kernel choose.
    pub fn bound_to(local: impl Into<Address>) -> Self {
        Self { local: local.into(), remote: None, broadcast: false }
    }

    /// Connected to `remote`: datagrams of others are not received, and [`DatagramTransport::send`] goes there.
    ///
    /// # Python
    ///
    /// `remote_addr=…`.
    #[must_use]
    pub fn connected_to(mut self, remote: impl Into<Address>) -> Self {
        self.remote = Some(remote.into());
        self
    }

    /// It may send to broadcast addresses.
    #[must_use]
    pub fn allow_broadcast(mut self, allow: bool) -> Self {
        self.broadcast = allow;
        self
    }

    /// Makes the socket, then the protocol, and tells it.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::bind`] and [`UdpSocket::connect`]. On virtual time, where there are no descriptors.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `await loop.create_datagram_endpoint(protocol_factory, local_addr=…)`.
    pub async fn create<P: DatagramProtocol>(
        &self,
        factory: impl FnOnce() -> P,
    ) -> io::Result<(DatagramTransport, Rc<RefCell<P>>)> {
        let socket = UdpSocket::bind(self.local.clone()).await?;
        socket.set_broadcast(self.broadcast)?;
        if let Some(remote) = &self.remote {
            socket.connect(remote.clone()).await?;
        }
        Ok(DatagramTransport::new(socket, factory()))
    }
}

/// A datagram endpoint: a cheap handle, `!Send`. The endpoint lives on without one.
///
/// # Python
///
/// `asyncio.DatagramTransport`.
pub struct DatagramTransport<S: DatagramSocket = UdpSocket>(Rc<Shared<S>>);

impl<S: DatagramSocket> Clone for DatagramTransport<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What waits to be sent, and to whom if not to the peer.
type Queued<A> = (Vec<u8>, Option<A>);

struct Shared<S: DatagramSocket> {
    socket: S,
    /// What the kernel had no room for yet, and for whom; nobody is named where the socket is connected.
    queue: RefCell<VecDeque<Queued<S::Address>>>,
    /// What the protocol is to be told.
    failed: RefCell<VecDeque<io::Error>>,
    state: Cell<State>,
    /// Of the task that calls the protocol.
    waker: RefCell<Option<Waker>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Closing,
    Aborted,
}

impl<S: DatagramSocket> DatagramTransport<S> {
    /// Calls `protocol` for each datagram of `socket`: of UDP or of a Unix one, connected or not.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Python
    ///
    /// `create_datagram_endpoint(…, sock=…)`, and with `family=AF_UNIX`.
    ///
    /// # Examples
    ///
    /// ```
    /// use core_loop::net::{UnixAddress, UnixDatagram};
    /// use loop_io::{DatagramProtocol, DatagramTransport};
    ///
    /// struct Print;
    ///
    /// impl DatagramProtocol<UnixDatagram> for Print {
    ///     fn datagram_received(&mut self, data: &[u8], from: UnixAddress) {
    ///         println!("{from} says {data:?}");
    ///     }
    /// }
    ///
    /// # core_loop::run(async {
    /// let (ours, others) = UnixDatagram::pair()?;
    /// let (transport, _print) = DatagramTransport::new(ours, Print);
    /// others.send(b"hello").await?;
    /// transport.close();
    /// # std::io::Result::Ok(())
    /// # }).unwrap().unwrap();
    /// ```
    pub fn new<P: DatagramProtocol<S>>(socket: S, protocol: P) -> (Self, Rc<RefCell<P>>) {
        let transport = Self(Rc::new(Shared {
            socket,
            queue: RefCell::default(),
            failed: RefCell::default(),
            state: Cell::new(State::Open),
            waker: RefCell::default(),
        }));
        let protocol = Rc::new(RefCell::new(protocol));
        let (drives, told) = (transport.clone(), protocol.clone());
        core_loop::spawn(async move { drives.drive(&told).await }).named("datagram endpoint").detach();
        (transport, protocol)
    }

    /// Sends a datagram to `to`: at once if the kernel has room, else as soon as it has. What cannot be sent is
    /// [`error_received`](DatagramProtocol::error_received), never an error here. Nothing once it is closing.
    ///
    /// # Python
    ///
    /// `transport.sendto(data, addr)`.
    pub fn sendto(&self, data: &[u8], to: impl Into<S::Address>) {
        self.hand_over(data, Some(to.into()));
    }

    /// As [`sendto`](Self::sendto), to the address that it is connected to.
    ///
    /// # Python
    ///
    /// `transport.sendto(data)`.
    pub fn send(&self, data: &[u8]) {
        self.hand_over(data, None);
    }

    /// How many bytes wait to be sent.
    #[must_use]
    pub fn get_write_buffer_size(&self) -> usize {
        self.0.queue.borrow().iter().map(|(data, _)| data.len()).sum()
    }

    /// Closes it once everything is sent. Nothing is received any more.
    pub fn close(&self) {
        if self.0.state.get() == State::Open {
            self.0.state.set(State::Closing);
            self.0.wake();
        }
    }

    /// Closes it at once; what is not sent is lost.
    pub fn abort(&self) {
        self.0.state.set(State::Aborted);
        self.0.wake();
    }

    /// Whether it is closed, or closing.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.0.state.get() != State::Open
    }

    /// Its address.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<S::Address> {
        self.0.socket.local_addr()
    }

    fn hand_over(&self, data: &[u8], to: Option<S::Address>) {
        if self.is_closing() {
            return;
        }
        if self.0.queue.borrow().is_empty() {
            // The task waits for room only while something is queued: no waker of its is lost.
            let cx = &mut Context::from_waker(Waker::noop());
            match self.0.poll_send(cx, data, to.as_ref()) {
                Poll::Ready(Ok(())) => return,
                Poll::Ready(Err(error)) => {
                    self.0.failed.borrow_mut().push_back(error);
                    return self.0.wake();
                }
                Poll::Pending => {}
            }
        }
        self.0.queue.borrow_mut().push_back((data.to_vec(), to));
        self.0.wake();
    }

    /// Calls the protocol until the endpoint is closed.
    async fn drive<P: DatagramProtocol<S>>(&self, protocol: &RefCell<P>) {
        let mut buffer = vec![0; LARGEST];
        let made = self.clone();
        self.call("connection_made", || protocol.borrow_mut().connection_made(made));
        poll_fn(|cx| self.poll_events(cx, protocol, &mut buffer)).await;
        self.call("connection_lost", || protocol.borrow_mut().connection_lost());
    }

    fn poll_events<P: DatagramProtocol<S>>(
        &self,
        cx: &mut Context<'_>,
        protocol: &RefCell<P>,
        buffer: &mut [u8],
    ) -> Poll<()> {
        let shared = &self.0;
        remember(&shared.waker, cx.waker());
        loop {
            shared.poll_flush(cx);
            let failed = shared.failed.borrow_mut().pop_front();
            if let Some(error) = failed {
                self.call("error_received", || protocol.borrow_mut().error_received(error));
                continue;
            }
            match shared.state.get() {
                State::Aborted => return Poll::Ready(()),
                State::Closing if shared.queue.borrow().is_empty() => return Poll::Ready(()),
                State::Closing => return Poll::Pending,
                State::Open => {}
            }
            match shared.socket.poll_recv_from(cx, buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok((len, from))) => {
                    self.call("datagram_received", || {
                        protocol.borrow_mut().datagram_received(&buffer[..len], from)
                    });
                }
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => shared.failed.borrow_mut().push_back(error),
            }
        }
    }

    /// Calls a function of the protocol's; one that panics ends the endpoint.
    fn call(&self, what: &str, function: impl FnOnce()) {
        let whom =
            || self.local_addr().map_or("a datagram endpoint".to_owned(), |address| address.to_string());
        if guarded(what, whom, function).is_err() {
            self.abort();
        }
    }
}

impl<S: DatagramSocket> Shared<S> {
    fn wake(&self) {
        wake(&self.waker);
    }

    fn poll_send(&self, cx: &mut Context<'_>, data: &[u8], to: Option<&S::Address>) -> Poll<io::Result<()>> {
        let sent = match to {
            Some(to) => self.socket.poll_send_to(cx, data, to),
            None => self.socket.poll_send(cx, data),
        };
        sent.map_ok(drop)
    }

    /// Sends what is queued, as far as there is room.
    fn poll_flush(&self, cx: &mut Context<'_>) {
        let mut queue = self.queue.borrow_mut();
        while let Some((data, to)) = queue.front() {
            match self.poll_send(cx, data, to.as_ref()) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.failed.borrow_mut().push_back(error),
            }
            queue.pop_front();
        }
    }
}

impl<S: DatagramSocket> fmt::Debug for DatagramTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramTransport")
            .field("socket", &self.0.socket)
            .field("state", &self.0.state.get())
            .finish_non_exhaustive()
    }
}
