//! What the tasks of the loop that runs here can do to their world.

use crate::net::{Change, Link};
use crate::reactor::{NEVER, VirtualReactor};
use core_loop::net::TcpStream;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

thread_local! {
    static CURRENT: RefCell<Option<Rc<VirtualReactor>>> = const { RefCell::new(None) };
}

/// Makes a world this thread's until it is dropped, also on unwind.
pub(crate) struct Current(Option<Rc<VirtualReactor>>);

impl Current {
    pub(crate) fn set(reactor: Rc<VirtualReactor>) -> Self {
        Self(CURRENT.replace(Some(reactor)))
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        let ours = CURRENT.replace(self.0.take());
        drop(ours);
    }
}

#[track_caller]
fn current() -> Rc<VirtualReactor> {
    match CURRENT.with(|current| current.borrow().clone()) {
        Some(current) => current,
        None => panic!(
            "no loop on virtual time is running on this thread: call this inside `loop_virtual::run(async {{ … }})`"
        ),
    }
}

/// Lets time pass while the task that calls this has the loop to itself: as if its work took so long.
///
/// Everything that comes due meanwhile comes late, as it does when a task blocks a loop. It is not a sleep, which lets the
/// others run.
///
/// # Panics
///
/// Outside a loop on virtual time, and if `duration` is twenty years or more: what is so far away never comes there, so that
/// "for ever" can be told from a time.
///
/// # Examples
///
/// ```
/// use core_loop::{Elapsed, timeout, yield_now};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// loop_virtual::run(async {
///     let hard_work = async {
///         yield_now().await;
///         loop_virtual::advance(Duration::from_secs(2));
///         yield_now().await;
///     };
///     assert_eq!(timeout(Duration::from_secs(1), hard_work).await, Err(Elapsed));
/// })
/// # }
/// ```
#[track_caller]
pub fn advance(duration: Duration) {
    let reactor = current();
    assert!(
        duration < NEVER,
        "virtual time was to advance by {duration:?}, and what is twenty years away or more never comes there: advance by \
         less, say by an hour"
    );
    let clock = &reactor.world.clock;
    clock.jump_to(clock.now() + duration);
}

/// A number below `bound`, drawn from the seed of the loop that runs here: for a test that chooses something itself.
///
/// # Panics
///
/// Outside a loop on virtual time, and if `bound` is zero.
#[track_caller]
#[must_use]
pub fn random_below(bound: u64) -> u64 {
    assert!(bound > 0, "no number is below zero");
    current().world.random.below(bound)
}

/// Two connected streams. Each has an address that nothing else on this loop has.
///
/// # Panics
///
/// Outside a loop on virtual time.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use loop_virtual::{Link, pair};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// loop_virtual::run(async {
///     let second = Duration::from_secs(1);
///     let (mut near, mut far) = pair(Link::new().latency(second..=second));
///     near.write_all(b"hello").await?;
///     let mut word = [0; 5];
///     far.read_exact(&mut word).await?; // a second later
///     assert_eq!(&word, b"hello");
///     std::io::Result::Ok(())
/// })?.unwrap();
/// # Ok(())
/// # }
/// ```
#[track_caller]
#[must_use]
pub fn pair(link: Link) -> (TcpStream, TcpStream) {
    let [one, other] = current().network.pair(link).map(TcpStream::from);
    (one, other)
}

/// Loses every connection with an end at `address`: what is on its way is gone, and both ends get
/// [`ConnectionReset`](std::io::ErrorKind::ConnectionReset) once they have read what had arrived. Gives how many they were.
///
/// A listener at that address goes on.
///
/// # Panics
///
/// Outside a loop on virtual time.
#[track_caller]
pub fn cut(address: SocketAddr) -> usize {
    current().network.each_at(address, Change::Lose)
}

/// Silences every connection with an end at `address`: nothing arrives any more, and nobody is told. Only a timeout finds
/// out. Gives how many they were.
///
/// # Panics
///
/// Outside a loop on virtual time.
#[track_caller]
pub fn silence(address: SocketAddr) -> usize {
    current().network.each_at(address, Change::Silence)
}
