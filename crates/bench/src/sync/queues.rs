//! Bounded queues between tasks of one thread, and a heap behind a lock.

use super::floor;
use crate::clock::Size;
use crate::table::Failure;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::sync::Mutex;
use sync_primitives::{PriorityQueue, Queue, local};

const ITEMS: u32 = 20_000;
const ROOM: usize = 128;
/// Items in the priority queue, before and after each operation.
const DEPTH: u32 = 1_000;

type Task<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Nanoseconds for one item from as many producers to as many consumers.
macro_rules! passed {
    ($($name:ident: $pairs:literal, $make:expr, |$ends:ident, $item:ident| $put:expr, $get:expr;)+) => { $(
        pub(super) fn $name(size: Size) -> Result<f64, Failure> {
            let each = size.operations(ITEMS) / $pairs;
            let $ends = &$make;
            size.measure_blocking(each * $pairs, || {
                let puts = (0..$pairs).map(|_| {
                    Box::pin(async move {
                        for $item in 0..each {
                            assert!($put.await.is_ok(), "it is open");
                        }
                    }) as Task<'_>
                });
                let gets = (0..$pairs).map(|_| {
                    Box::pin(async move {
                        for _ in 0..each {
                            assert!(black_box($get.await).is_ok(), "it is open");
                        }
                    }) as Task<'_>
                });
                floor::run(puts.chain(gets));
                Ok(())
            })
        }
    )+ };
}

passed! {
    one: 1, Queue::<u32>::bounded(ROOM), |queue, item| queue.put(item), queue.get();
    one_local: 1, local::Queue::<u32>::bounded(ROOM), |queue, item| queue.put(item), queue.get();
    one_async_channel: 1, smol::channel::bounded::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
    one_kanal: 1, kanal::bounded_async::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
    four: 4, Queue::<u32>::bounded(ROOM), |queue, item| queue.put(item), queue.get();
    four_local: 4, local::Queue::<u32>::bounded(ROOM), |queue, item| queue.put(item), queue.get();
    four_async_channel: 4, smol::channel::bounded::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
    four_kanal: 4, kanal::bounded_async::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
}

/// Keys in no order.
fn keys() -> impl FnMut() -> u32 {
    let mut state = 0x9e37_79b9_u32;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    }
}

/// Nanoseconds to put a key and take the lowest.
fn at_depth(size: Size, put: impl Fn(u32), get: impl Fn() -> u32) -> Result<f64, Failure> {
    let (times, mut key) = (size.operations(ITEMS), keys());
    (0..DEPTH).for_each(|_| put(key()));
    size.measure_blocking(times, || {
        for _ in 0..times {
            put(key());
            black_box(get());
        }
        Ok(())
    })
}

pub(super) fn priority(size: Size) -> Result<f64, Failure> {
    let queue = PriorityQueue::unbounded();
    let put = |key| queue.put_nowait(key).expect("the queue is open");
    at_depth(size, put, || queue.get_nowait().expect("there is one"))
}

pub(super) fn priority_local(size: Size) -> Result<f64, Failure> {
    let queue = local::PriorityQueue::unbounded();
    let put = |key| queue.put_nowait(key).expect("the queue is open");
    at_depth(size, put, || queue.get_nowait().expect("there is one"))
}

pub(super) fn priority_mutex_heap(size: Size) -> Result<f64, Failure> {
    let heap = Mutex::new(BinaryHeap::new());
    let put = |key| heap.lock().expect("nobody panics").push(Reverse(key));
    at_depth(size, put, || heap.lock().expect("nobody panics").pop().expect("there is one").0)
}
