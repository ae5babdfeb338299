//! Wakers of somebody else's that call back into the loop when they are cloned.
#![expect(unsafe_code, reason = "only a table of one's own can run code in a clone")]

use crate::run;
use core_loop::stream::generate;
use core_loop::{
    Cancelled, Descriptor, cancellable, current_task, sleep, spawn, spawn_cooperative, timeout, yield_now,
};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

thread_local! {
    static CLONES: Cell<u32> = const { Cell::new(0) };
    /// Whether a clone is to call back.
    static CALLS: Cell<bool> = const { Cell::new(false) };
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, |_| (), |_| (), |_| ());
/// Wakes nobody either, and is not the same.
static OTHER: RawWakerVTable = RawWakerVTable::new(clone, |_| (), |_| (), |_| ());

fn clone(_: *const ()) -> RawWaker {
    CLONES.set(CLONES.get() + 1);
    if CALLS.get() {
        // What reaches for the requests of the task, and for the timers.
        let task = current_task().expect("inside a task");
        assert_eq!(task.uncancel(), 0);
        drop(spawn(timeout(LONG, sleep(LONG))).cancel_on_drop());
        core_loop::Loop::current().call_later(LONG, || ()).cancel();
        // For the registrations of descriptors.
        let (reader, _writer) = std::io::pipe().expect("there are pipes");
        drop(Descriptor::new(reader).expect("it can be watched"));
    }
    RawWaker::new(std::ptr::null(), &TABLE)
}

fn waker(table: &'static RawWakerVTable) -> Waker {
    // SAFETY: the functions of the tables do not touch the pointer, and keep the promises of a waker that wakes nobody.
    unsafe { Waker::new(std::ptr::null(), table) }
}

/// Polls `future` with wakers that call back, one after the other.
async fn polled<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    let (one, other) = (waker(&TABLE), waker(&OTHER));
    CALLS.set(true);
    let polled = poll_fn(|_| {
        for waker in [&one, &other, &one] {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(waker)) {
                return Poll::Ready(Poll::Ready(output));
            }
        }
        Poll::Ready(Poll::Pending)
    })
    .await;
    CALLS.set(false);
    polled
}

#[test]
fn a_waker_that_calls_back_when_it_is_cloned_finds_nothing_borrowed() {
    run(async {
        let task = spawn_cooperative(async {
            assert!(polled(sleep(LONG)).await.is_pending());
            assert!(polled(cancellable(sleep(LONG))).await.is_pending());
            let (reader, _writer) = std::io::pipe().expect("there are pipes");
            let reader = Descriptor::new(reader).expect("it can be watched");
            assert!(polled(reader.readable()).await.is_pending());
            let other = spawn(pending::<()>()).cancel_on_drop();
            assert!(polled(other.any()).await.is_pending());
            let count = Rc::new(Cell::new(0));
            let yielded = count.clone();
            let mut numbers = generate(async move |y| {
                loop {
                    yielded.set(yielded.get() + 1);
                    y.yield_(yielded.get()).await;
                }
            });
            // Each poll has another waker, which the slot keeps while it gives its item.
            for _ in 0..3 {
                assert!(polled(numbers.next()).await.is_ready());
            }
            assert_eq!(count.get(), 3);
            Ok(())
        });
        task.await.expect("it is not disturbed");
    });
    assert!(CLONES.get() > 4);
}

#[test]
fn a_request_clones_nobodys_waker() {
    run(async {
        let task = spawn_cooperative(async {
            let mut place = pin!(cancellable(sleep(LONG)));
            let waker = waker(&TABLE);
            assert!(place.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            yield_now().await;
            let told: Result<(), Cancelled> = place.await;
            told
        });
        yield_now().await;
        let before = CLONES.get();
        task.cancel("enough");
        assert_eq!(CLONES.get(), before);
        assert!(task.await.is_err());
    });
}
