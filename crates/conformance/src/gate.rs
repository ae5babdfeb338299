//! A gate: it sees work begin, and makes it wait where a behaviour wants it to.

use crate::{Miss, Work};
use std::fmt;
use std::future::poll_fn;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Bounds every wait at a gate: nothing waits that long unless something is lost.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a behaviour waits for work to begin or end. Only a hang takes that long.
const SOON: Duration = Duration::from_secs(60);

/// Sees work begin, in the order of beginning, and holds it until it is opened. Dropping it opens it.
#[derive(Debug)]
pub struct Gate(Arc<Inner>);

/// Work that has begun, as a [`Gate`] saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The number it was made with.
    pub number: u64,
    /// The process and the thread that run it.
    pub worker: String,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    arrivals: Vec<Arrival>,
    open: bool,
    /// Of those who await the opening.
    wakers: Vec<Waker>,
    /// Where work of other processes arrives, once some was sent there.
    port: Option<u16>,
    /// The gate is gone.
    closed: bool,
}

/// This process and this thread, in words.
#[must_use]
pub fn this_worker() -> String {
    format!("process {} {:?}", std::process::id(), thread::current().id())
}

impl Gate {
    /// A closed gate.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a gate that opens when it is dropped is not a value to default to"
    )]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Work that tells the gate that it has begun, and gives `number`.
    #[must_use]
    pub fn pass(&self, number: u64) -> Work {
        Work::visit(Visit { gate: self.0.clone(), number, manner: Manner::Passes })
    }

    /// Work that tells the gate that it has begun, blocks its worker until the gate is open, and gives `number`.
    #[must_use]
    pub fn wait(&self, number: u64) -> Work {
        Work::visit(Visit { gate: self.0.clone(), number, manner: Manner::Blocks })
    }

    /// As [`wait`](Self::wait), for an executor of futures: the work awaits the opening and leaves its worker to others.
    /// A call has to block.
    #[must_use]
    pub fn park(&self, number: u64) -> Work {
        Work::visit(Visit { gate: self.0.clone(), number, manner: Manner::Awaits })
    }

    /// Lets everything through, now and later.
    pub fn open(&self) {
        self.0.open(false);
    }

    /// What has begun so far.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.0.lock().arrivals.clone()
    }

    /// The numbers of what has begun so far.
    #[must_use]
    pub fn numbers(&self) -> Vec<u64> {
        self.0.lock().arrivals.iter().map(|arrival| arrival.number).collect()
    }

    /// Blocks this thread until `count` pieces of work have begun.
    ///
    /// # Errors
    ///
    /// A failure, if that takes as long as only a hang does.
    pub fn arrived(&self, count: usize) -> Result<Vec<Arrival>, Miss> {
        let state = self.0.wait_until(SOON, |state| state.arrivals.len() >= count);
        if state.arrivals.len() < count {
            let seen = state.arrivals.len();
            return Err(Miss::Fail(format!("{seen} of {count} pieces of work began within {SOON:?}")));
        }
        Ok(state.arrivals.clone())
    }

    /// Whether all work made for this gate and kept in this process is dropped, now or soon.
    #[must_use]
    pub fn forgotten(&self) -> bool {
        let end = Instant::now() + SOON;
        while Arc::strong_count(&self.0) > 1 {
            if Instant::now() > end {
                return false;
            }
            thread::yield_now();
        }
        true
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(port) = self.0.open(true) {
            // A last knock, so that the doorkeeper looks up and sees that the gate is gone.
            drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens, for good if the gate is `gone`. Gives the port where work of other processes arrives, if there is one.
    fn open(&self, gone: bool) -> Option<u16> {
        let mut state = self.lock();
        state.open = true;
        state.closed |= gone;
        let (wakers, port) = (std::mem::take(&mut state.wakers), state.port);
        drop(state);
        self.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
        port
    }

    fn wait_until(&self, limit: Duration, mut enough: impl FnMut(&State) -> bool) -> MutexGuard<'_, State> {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), limit, |state| !enough(state))
            .unwrap_or_else(PoisonError::into_inner);
        state
    }

    /// Notes an arrival; `true` once it may go on.
    fn admit(&self, arrival: Arrival, waits: bool) -> bool {
        self.lock().arrivals.push(arrival);
        self.changed.notify_all();
        !waits || self.wait_until(PATIENCE, |state| state.open).open
    }

    /// The port at which work of other processes arrives; opened the first time.
    fn port(self: &Arc<Self>) -> io::Result<u16> {
        let mut state = self.lock();
        if let Some(port) = state.port {
            return Ok(port);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        state.port = Some(port);
        drop(state);
        // Weak, or else the doorkeeper would count as work that is kept.
        let gate = Arc::downgrade(self);
        thread::Builder::new().name("doorkeeper".to_owned()).spawn(move || {
            for stream in listener.incoming() {
                let Some(gate) = gate.upgrade() else { return };
                if gate.lock().closed {
                    return;
                }
                if let Ok(stream) = stream {
                    thread::spawn(move || receive(&gate, stream));
                }
            }
        })?;
        Ok(port)
    }
}

/// Lets one visitor from another process in, and out again when the gate says so.
fn receive(gate: &Inner, mut stream: TcpStream) -> Option<()> {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).ok()?;
    let mut words = line.trim_end().splitn(3, ' ');
    let number = words.next()?.parse().ok()?;
    let waits = words.next()? == "wait";
    let worker = words.next()?.to_owned();
    if gate.admit(Arrival { number, worker }, waits) {
        stream.write_all(b"!").ok()?;
    }
    Some(())
}

/// What work knows of its gate, in the gate's own process.
pub(crate) struct Visit {
    gate: Arc<Inner>,
    number: u64,
    manner: Manner,
}

/// What a visitor does at a closed gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Passes,
    Blocks,
    Awaits,
}

impl Visit {
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn pay(self) -> u64 {
        let waits = self.manner != Manner::Passes;
        assert!(self.gate.admit(self.arrival(), waits), "the gate did not open within {PATIENCE:?}");
        self.number
    }

    /// The same on an executor of futures: whoever awaits leaves the thread to others.
    pub(crate) async fn pay_async(self) -> u64 {
        if self.manner != Manner::Awaits {
            return self.pay();
        }
        self.gate.admit(self.arrival(), false);
        poll_fn(|cx| {
            let mut state = self.gate.lock();
            if state.open {
                return Poll::Ready(());
            }
            state.wakers.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
        self.number
    }

    fn arrival(&self) -> Arrival {
        Arrival { number: self.number, worker: this_worker() }
    }

    /// The same visit, for another process.
    pub(crate) fn door(&self) -> Door {
        let port = self.gate.port().unwrap_or_else(|error| panic!("no door for other processes: {error}"));
        Door { port, number: self.number, waits: self.manner != Manner::Passes }
    }
}

/// What work knows of its gate, in another process.
pub(crate) struct Door {
    port: u16,
    number: u64,
    waits: bool,
}

impl Door {
    pub(crate) fn knock(self) -> io::Result<u64> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        let manner = if self.waits { "wait" } else { "pass" };
        writeln!(stream, "{} {manner} {}", self.number, this_worker())?;
        stream.read_exact(&mut [0])?;
        Ok(self.number)
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.port, self.number, u8::from(self.waits))
    }
}

impl FromStr for Door {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let mut words = text.split(' ');
        let mut next = || words.next().unwrap_or_default();
        let (port, number) = (next().parse()?, next().parse()?);
        Ok(Self { port, number, waits: next().parse::<u8>()? == 1 })
    }
}
