//! A million who wait: whatever is done for each of them takes constant time.

use super::{Event, Lock, Queue};
use contract::budget::enter_step;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

const CROWD: u32 = 1_000_000;

fn poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    enter_step();
    match Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// All of them in line.
fn waiting<F: Future + Unpin>(wait: impl Fn() -> F) -> Vec<F> {
    let mut all: Vec<F> = (0..CROWD).map(|_| wait()).collect();
    assert!(all.iter_mut().all(|wait| poll(wait).is_none()));
    all
}

#[test]
fn an_event_releases_a_million_and_their_line_is_empty_again() {
    let event = Event::new();
    let mut all = waiting(|| event.wait());
    event.set();
    event.clear();
    assert!(all.iter_mut().all(|wait| poll(wait).is_some()));
    assert!(poll(&mut event.wait()).is_none());
}

#[test]
fn a_lock_passes_through_a_million_who_wait_and_half_of_whom_give_up() {
    let lock = Lock::new(0_u32);
    let held = lock.try_lock().unwrap();
    let mut all = waiting(|| lock.lock());
    // Every other one, from the middle of the line.
    let mut odd = false;
    all.retain(|_| {
        odd = !odd;
        odd
    });
    drop(held);
    for locking in &mut all {
        *poll(locking).expect("it is its turn") += 1;
    }
    assert_eq!(*lock.try_lock().unwrap(), CROWD / 2);
}

#[test]
fn a_shutdown_ends_a_million_gets_and_each_leaves_in_constant_time() {
    let queue = Queue::<u32>::unbounded();
    let mut all = waiting(|| queue.get());
    queue.put_nowait(1).unwrap();
    queue.shutdown(false);
    assert_eq!(poll(&mut all[1]), None, "the first may still be dropped");
    assert_eq!(poll(&mut all[0]), Some(Ok(1)));
    assert!(all[1..].iter_mut().all(|get| poll(get).is_some_and(|got| got.is_err())));
}
