//! Primitives that break one promise each, and the behaviours that catch them.

use crate::broken::{self, cases};
use crate::turns::{Bug, Flag, Turns};
use conformance::{AnyQueue, Kit, LocalFuture, Primitives, Subject};
use sync_primitives::{GetError, PutError, Queue, QueueShutDown, TaskDoneError};

/// Primitives with this bug.
fn primitives(bug: Bug) -> Subject<Primitives> {
    made_by(move || {
        let kit = Kit::new().lock(move || Turns::new(1, bug)).event(move || Flag::new(bug));
        kit.semaphore(move |permits| Turns::new(permits, bug))
    })
}

fn made_by(kit: impl Fn() -> Kit + Send + Sync + 'static) -> Subject<Primitives> {
    Subject::primitives("primitives", move || Ok(kit()))
}

/// A queue of ours that breaks one promise.
struct Broken {
    queue: Queue<u32>,
    bug: QueueBug,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueueBug {
    None,
    /// A getter that goes takes an item along, if there is one.
    LosesTheItemOfTheCancelled,
    /// A full queue takes one more.
    ForgetsTheBound,
}

/// A getter that has not got anything yet.
struct Waits<'a>(Option<&'a Broken>);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let Some(Broken { queue, bug: QueueBug::LosesTheItemOfTheCancelled }) = self.0 else { return };
        let _lost = queue.get_nowait();
    }
}

impl AnyQueue for Broken {
    fn put(&self, item: u32) -> LocalFuture<'_, Result<(), QueueShutDown<u32>>> {
        Box::pin(self.queue.put(item))
    }

    fn get(&self) -> LocalFuture<'_, Result<u32, QueueShutDown>> {
        Box::pin(async {
            let mut waits = Waits(Some(self));
            let got = self.queue.get().await;
            waits.0 = None;
            got
        })
    }

    fn put_nowait(&self, item: u32) -> Result<(), PutError<u32>> {
        self.queue.put_nowait(item)
    }

    fn get_nowait(&self) -> Result<u32, GetError> {
        self.queue.get_nowait()
    }

    fn qsize(&self) -> usize {
        self.queue.qsize()
    }

    fn task_done(&self) -> Result<(), TaskDoneError> {
        self.queue.task_done()
    }

    fn join(&self) -> LocalFuture<'_, ()> {
        Box::pin(self.queue.join())
    }

    fn shutdown(&self, immediate: bool) -> Vec<u32> {
        self.queue.shutdown(immediate)
    }
}

/// Primitives whose queue has this bug.
fn queue(bug: QueueBug) -> Subject<Primitives> {
    let more = usize::from(bug == QueueBug::ForgetsTheBound);
    let bound = move |maxsize| if maxsize == 0 { 0 } else { maxsize + more };
    made_by(move || Kit::new().queue(move |maxsize| Broken { queue: Queue::bounded(bound(maxsize)), bug }))
}

#[test]
fn primitives_without_a_bug_are_not_caught() {
    broken::Broken::from(primitives(Bug::None)).is_caught_by(&[]);
    broken::Broken::from(queue(QueueBug::None)).is_caught_by(&[]);
}

cases! { "primitive":
    /// A lock, a semaphore and an event that forget to wake whom they call.
    primitives_that_forget_a_wake_are_caught: primitives(Bug::ForgetsTheWake) => [
        "lock.fifo",
        "lock.no_barging",
        "lock.cancel_then_release_same_tick",
        "lock.release_then_cancel_same_tick",
        "event.releases_all_in_order",
        "event.set_clear_pulse",
        "semaphore.fifo_round_robin",
        "semaphore.no_barging",
        "semaphore.locked_while_waiters_pending",
        "semaphore.cancel_after_handover",
        "semaphore.cancel_before_handover",
    ];
    /// A lock and a semaphore that lose a cancelled waiter's turn.
    a_lock_that_loses_a_cancelled_waiters_turn_is_caught: primitives(Bug::LosesTheTurnOfTheCancelled) => [
        "lock.cancel_then_release_same_tick",
        "lock.release_then_cancel_same_tick",
        "semaphore.cancel_after_handover",
    ];
    /// A lock and a semaphore that serve a waiter who was cancelled.
    a_lock_that_serves_the_cancelled_is_caught: primitives(Bug::ServesTheCancelled) => ["semaphore.cancel_before_handover"];
    /// A lock and a semaphore that let a newcomer overtake those in line.
    a_lock_that_lets_newcomers_overtake_is_caught: primitives(Bug::LetsNewcomersOvertake) => [
        "lock.no_barging",
        "semaphore.fifo_round_robin",
        "semaphore.no_barging",
        "semaphore.locked_while_waiters_pending",
    ];
    /// A lock and a semaphore that serve the newest in line first.
    a_lock_that_serves_the_newest_first_is_caught: primitives(Bug::LastInFirstOut) => [
        "lock.fifo",
        "semaphore.fifo_round_robin",
        "semaphore.no_barging",
        "semaphore.cancel_before_handover",
    ];
    /// An event that releases nobody if it is cleared at once.
    an_event_that_loses_a_pulse_is_caught: primitives(Bug::LosesThePulse) => ["event.set_clear_pulse"];
    /// A queue that loses the item of a getter who is cancelled.
    a_queue_that_loses_a_cancelled_getters_item_is_caught: queue(QueueBug::LosesTheItemOfTheCancelled) => ["queue.get_cancelled_after_wakeup_keeps_item"];
    /// A queue that takes one item more than its bound.
    a_queue_that_forgets_its_bound_is_caught: queue(QueueBug::ForgetsTheBound) => [
        "queue.bounded_put_blocks",
        "queue.nowait_errors",
        "queue.put_cancelled_after_wakeup_frees_slot",
        "queue.shutdown_drains",
    ];
}
