//! The primitives of `sync-primitives` between tasks that give up at random, under many seeds: each seed is another order in
//! which ready tasks run. Nobody sleeps for ever, since that would be a deadlock, which the loop reports.

use crate::bounded_by;
use core_loop::{sleep, timeout, yield_now};
use loop_virtual::{for_each_seed, random_below};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use sync_primitives::{Barrier, Condition, Event, Lock, PriorityQueue, Queue, Semaphore};

/// Far longer than all seeds take, in real time.
const BOUND: Duration = Duration::from_secs(300);

const SEEDS: u64 = 500;
const TASKS: u64 = 6;
const TURNS: u64 = 8;

/// Runs `part` as so many tasks, under every seed, and then `check` what they left.
fn under_every_seed<S: 'static, F: Future<Output = ()> + 'static>(
    make: fn() -> S,
    part: fn(Rc<S>, u64) -> F,
    check: fn(&S),
) {
    bounded_by(BOUND, move || {
        for_each_seed(0..SEEDS, || async move {
            let shared = Rc::new(make());
            let task = |number| core_loop::spawn(part(shared.clone(), number));
            for task in (0..TASKS).map(task).collect::<Vec<_>>() {
                task.await.expect("no task panics");
            }
            check(&shared);
        });
    });
}

/// Nothing, a turn, or a while.
async fn dawdle() {
    match random_below(3) {
        0 => {}
        1 => yield_now().await,
        _ => sleep(Duration::from_millis(random_below(4))).await,
    }
}

/// Awaits it, or gives up after a while, or at once.
async fn perhaps<F: Future>(future: F) -> Option<F::Output> {
    match random_below(3) {
        0 => Some(future.await),
        _ => timeout(Duration::from_millis(random_below(5)), future).await.ok(),
    }
}

#[test]
fn a_lock_and_a_semaphore_lose_no_turn_and_no_permit_whoever_gives_up() {
    struct Shared {
        lock: Lock<u64>,
        semaphore: Semaphore,
        turns: Cell<u64>,
        holding: Cell<u32>,
    }
    async fn part(shared: Rc<Shared>, _: u64) {
        for _ in 0..TURNS {
            if let Some(mut guard) = perhaps(shared.lock.lock()).await {
                let before = *guard;
                dawdle().await;
                *guard = before + 1;
                shared.turns.set(shared.turns.get() + 1);
            }
            let count = u32::try_from(1 + random_below(3)).expect("it is small");
            if let Some(permit) = perhaps(shared.semaphore.acquire_many(count)).await {
                shared.holding.set(shared.holding.get() + count);
                assert!(shared.holding.get() <= 3, "more permits are held than there are");
                dawdle().await;
                shared.holding.set(shared.holding.get() - count);
                drop(permit);
            }
        }
    }
    let make = || Shared {
        lock: Lock::new(0),
        semaphore: Semaphore::new(3),
        turns: Cell::new(0),
        holding: Cell::new(0),
    };
    under_every_seed(make, part, |shared| {
        assert_eq!(shared.lock.try_lock().map(|count| *count), Some(shared.turns.get()));
        assert_eq!(shared.semaphore.available(), 3);
    });
}

#[test]
fn a_queue_passes_every_item_once_whoever_gives_up_and_a_shutdown_ends_it() {
    struct Shared {
        queue: Queue<u64>,
        lowest: PriorityQueue<u64>,
        put: RefCell<Vec<u64>>,
        got: RefCell<Vec<u64>>,
        producing: Cell<u64>,
    }
    async fn produce(shared: &Shared, number: u64) {
        for item in (0..TURNS).map(|turn| number * TURNS + turn) {
            let done = perhaps(shared.queue.put(item)).await;
            shared.put.borrow_mut().extend(done.map(|put| put.map(|()| item).expect("it is open")));
            dawdle().await;
        }
        shared.producing.set(shared.producing.get() - 1);
        if shared.producing.get() == 0 {
            shared.queue.shutdown(false);
        }
    }
    /// Moves them to the next queue until the first is shut down; the last one there ends that.
    async fn consume(shared: &Shared) {
        loop {
            match perhaps(shared.queue.get()).await {
                Some(Ok(item)) => {
                    shared.lowest.put(item).await.expect("it is open");
                    shared.queue.task_done().expect("it was got");
                }
                Some(Err(_)) => return,
                None => {}
            }
            dawdle().await;
            shared.got.borrow_mut().extend(shared.lowest.get_nowait());
        }
    }
    async fn part(shared: Rc<Shared>, number: u64) {
        if number.is_multiple_of(2) {
            produce(&shared, number).await;
            shared.queue.join().await;
        } else {
            consume(&shared).await;
        }
    }
    let make = || Shared {
        queue: Queue::bounded(2),
        lowest: PriorityQueue::unbounded(),
        put: RefCell::default(),
        got: RefCell::default(),
        producing: Cell::new(TASKS / 2),
    };
    under_every_seed(make, part, |shared| {
        assert!(shared.queue.empty());
        let mut got = shared.got.take();
        got.extend(shared.lowest.shutdown(true));
        got.sort_unstable();
        let mut put = shared.put.take();
        put.sort_unstable();
        assert_eq!(got, put);
    });
}

#[test]
fn a_notification_and_an_arrival_are_never_lost_whoever_gives_up() {
    struct Shared {
        stock: Lock<u64>,
        changed: Condition,
        barrier: Barrier,
        over: Event,
    }
    /// Takes what others put; each takes as much as it puts, so that all end.
    async fn part(shared: Rc<Shared>, _: u64) {
        for _ in 0..TURNS {
            *shared.stock.lock().await += 1;
            shared.changed.notify(1);
            dawdle().await;
            loop {
                let guard = shared.stock.lock().await;
                let waiting = shared.changed.wait_for(guard, |stock| *stock > 0);
                if let Some(mut stock) = perhaps(waiting).await {
                    *stock -= 1;
                    break;
                }
            }
        }
        // All meet in the end, also those who went away and came back. Whoever goes in the moment in which all have met has not.
        while !shared.over.is_set() {
            let arrival = shared.barrier.wait();
            if let Ok(met) = timeout(Duration::from_millis(1 + random_below(9)), arrival).await {
                met.expect("nobody breaks it");
                shared.over.set();
            }
        }
        shared.over.wait().await;
    }
    let make = || Shared {
        stock: Lock::new(0),
        changed: Condition::new(),
        barrier: Barrier::new(usize::try_from(TASKS).expect("it is small")),
        over: Event::new(),
    };
    under_every_seed(make, part, |shared| {
        assert_eq!((shared.stock.try_lock().map(|stock| *stock), shared.barrier.n_waiting()), (Some(0), 0));
    });
}

#[test]
fn the_items_of_a_queue_are_a_stream_in_one_line() {
    use futures_lite::{StreamExt, stream};
    loop_virtual::run(async {
        let queue = Rc::new(Queue::unbounded());
        let producer = queue.clone();
        core_loop::spawn(async move {
            for item in 1..=4 {
                sleep(Duration::from_secs(1)).await;
                producer.put(item).await.expect("it is open");
            }
            producer.shutdown(false);
        })
        .detach();
        let mut items = queue.items();
        let stream = stream::poll_fn(|cx| items.poll_next(cx));
        let squares: Vec<u32> = stream.filter(|item| item % 2 == 0).map(|item| item * item).collect().await;
        assert_eq!(squares, [4, 16]);
    })
    .expect("it ends");
}
