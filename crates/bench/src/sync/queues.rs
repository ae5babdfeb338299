//! Bounded queues between tasks of one thread, and a heap behind a lock.

use super::floor;
use crate::clock::Size;
use crate::table::Failure;
use smol::future::block_on;
use std::cell::RefCell;
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
    one_flume: 1, flume::bounded::<u32>(ROOM), |ends, item| ends.0.send_async(item), ends.1.recv_async();
    one_kanal: 1, kanal::bounded_async::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
    one_tokio: 1, tokio_mpsc(), |ends, item| ends.0.send(item), receive(&ends.1);
    four: 4, Queue::<u32>::bounded(ROOM), |queue, item| queue.put(item), queue.get();
    four_local: 4, local::Queue::<u32>::bounded(ROOM), |queue, item| queue.put(item), queue.get();
    four_async_channel: 4, smol::channel::bounded::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
    four_flume: 4, flume::bounded::<u32>(ROOM), |ends, item| ends.0.send_async(item), ends.1.recv_async();
    four_kanal: 4, kanal::bounded_async::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
}

type Mpsc = (tokio::sync::mpsc::Sender<u32>, RefCell<tokio::sync::mpsc::Receiver<u32>>);

fn tokio_mpsc() -> Mpsc {
    let (sender, receiver) = tokio::sync::mpsc::channel(ROOM);
    (sender, RefCell::new(receiver))
}

/// Its one receiver must be borrowed for each poll.
async fn receive(receiver: &RefCell<tokio::sync::mpsc::Receiver<u32>>) -> Result<u32, ()> {
    std::future::poll_fn(|cx| receiver.borrow_mut().poll_recv(cx)).await.ok_or(())
}

/// Nanoseconds for one item, from this thread to another on a processor of its own.
fn between_threads<P, G>(
    size: Size,
    puts: impl Fn(u32) -> P,
    gets: impl Fn() -> G + Sync,
) -> Result<f64, Failure> {
    let times = size.operations(ITEMS);
    size.measure_blocking(times, || {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                crate::placement::pin_other_side();
                for _ in 0..times {
                    black_box(gets());
                }
            });
            for item in 0..times {
                black_box(puts(item));
            }
        });
        Ok(())
    })
}

macro_rules! to_another_thread {
    ($($name:ident: $make:expr, |$ends:ident, $item:ident| $put:expr, $get:expr;)+) => { $(
        pub(super) fn $name(size: Size) -> Result<f64, Failure> {
            let $ends = &$make;
            between_threads(size, |$item| assert!($put.is_ok(), "it is open"), || $get.expect("it is open"))
        }
    )+ };
}

to_another_thread! {
    threads: Queue::<u32>::bounded(ROOM), |queue, item| block_on(queue.put(item)), block_on(queue.get());
    threads_async_channel: smol::channel::bounded::<u32>(ROOM), |ends, item| block_on(ends.0.send(item)), block_on(ends.1.recv());
    threads_flume: flume::bounded::<u32>(ROOM), |ends, item| block_on(ends.0.send_async(item)), block_on(ends.1.recv_async());
    threads_kanal: kanal::bounded_async::<u32>(ROOM), |ends, item| block_on(ends.0.send(item)), block_on(ends.1.recv());
    blocking: Queue::<u32>::bounded(ROOM), |queue, item| queue.put_blocking(item), queue.get_blocking();
    blocking_crossbeam: crossbeam_channel::bounded::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
    blocking_flume: flume::bounded::<u32>(ROOM), |ends, item| ends.0.send(item), ends.1.recv();
}

pub(super) fn blocking_std(size: Size) -> Result<f64, Failure> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(ROOM);
    // Only one thread may have the end that receives: the lock is never waited for.
    let receiver = Mutex::new(receiver);
    let get = || receiver.lock().expect("nobody panics").recv().expect("it is open");
    between_threads(size, |item: u32| sender.send(item).is_ok(), get)
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

/// Nanoseconds to take the lowest of many and to put it back with a key that is higher by chance: a timer, say.
fn again(size: Size, put: impl Fn(u64), get: impl Fn() -> u64) -> Result<f64, Failure> {
    let (times, mut key) = (size.operations(ITEMS), keys());
    (0..DEPTH).for_each(|_| put(u64::from(key())));
    size.measure_blocking(times, || {
        for _ in 0..times {
            put(get() + u64::from(key()));
        }
        Ok(())
    })
}

pub(super) fn later(size: Size) -> Result<f64, Failure> {
    let queue = PriorityQueue::unbounded();
    let put = |key| queue.put_nowait(key).expect("the queue is open");
    again(size, put, || queue.get_nowait().expect("there is one"))
}

pub(super) fn later_local(size: Size) -> Result<f64, Failure> {
    let queue = local::PriorityQueue::unbounded();
    let put = |key| queue.put_nowait(key).expect("the queue is open");
    again(size, put, || queue.get_nowait().expect("there is one"))
}

pub(super) fn later_mutex_heap(size: Size) -> Result<f64, Failure> {
    let heap = Mutex::new(BinaryHeap::new());
    let put = |key| heap.lock().expect("nobody panics").push(Reverse(key));
    again(size, put, || heap.lock().expect("nobody panics").pop().expect("there is one").0)
}
