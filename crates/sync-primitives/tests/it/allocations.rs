//! Nothing is allocated while nobody has to wait.

#[path = "../../../contract/tests/counting/allocator.rs"]
mod allocator;

use crate::harness::poll_once;
use allocator::count;
use std::time::Duration;
use sync_primitives::{Event, Lock, Queue, Semaphore};

fn allocations_of<R>(action: impl FnOnce() -> R) -> usize {
    let before = count();
    drop(action());
    count() - before
}

#[test]
fn nothing_is_allocated_while_nobody_has_to_wait() {
    let (lock, semaphore, event, queue) = (Lock::new(0), Semaphore::new(1), Event::new(), Queue::bounded(1));
    event.set();
    queue.put_nowait(1).unwrap();
    queue.get_nowait().unwrap();
    queue.task_done().unwrap();
    assert_eq!(allocations_of(|| Box::new(1)), 1, "the counter counts");
    let blocking = allocations_of(|| {
        *lock.lock_blocking() += 1;
        drop(lock.lock_timeout(Duration::from_secs(1)));
        drop(lock.try_lock());
        drop(semaphore.acquire_blocking());
        drop(semaphore.try_acquire());
        event.wait_blocking();
        queue.put_blocking(1).unwrap();
        queue.get_blocking().unwrap();
        queue.task_done().unwrap();
        queue.join_blocking();
    });
    assert_eq!(blocking, 0);
    // The harness's own two: the box of the future and the waker.
    let hand = allocations_of(|| poll_once(std::future::ready(())));
    assert_eq!(allocations_of(|| poll_once(lock.lock()).is_some()), hand);
    assert_eq!(allocations_of(|| poll_once(semaphore.acquire()).is_some()), hand);
    assert_eq!(allocations_of(|| poll_once(event.wait()).is_some()), hand);
    assert_eq!(allocations_of(|| poll_once(queue.put(1)).is_some()), hand);
    assert_eq!(allocations_of(|| poll_once(queue.get()).is_some()), hand);
}
