//! What may cross threads, and what can be made at compile time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use sync_primitives::{
    Acquiring, AcquiringBounded, Barrier, BarrierWait, BoundedSemaphore, Condition, ConditionWait, Event,
    EventWait, Fifo, GetError, Getting, Guard, Items, Joining, LifoQueue, Limited, Local, Lock, LockGuard,
    Locking, MappedLockGuard, OwnedLockGuard, OwnedPermit, Permit, PriorityQueue, PutError, Putting, Queue,
    QueueShutDown, Semaphore, local,
};

static LOCK: Lock<Vec<u32>> = Lock::new(Vec::new());
static SEMAPHORE: Semaphore = Semaphore::new(1);
static EVENT: Event = Event::new();
static BOUNDED: Queue<u32> = Queue::bounded(1);
static UNBOUNDED: Queue<u32> = Queue::unbounded();
static LIFO: LifoQueue<u32> = LifoQueue::bounded(1);
static PRIORITY: PriorityQueue<u32> = PriorityQueue::unbounded();
static CONDITION: Condition = Condition::new();
static BARRIER: Barrier = Barrier::new(1);
static BOUNDED_SEMAPHORE: BoundedSemaphore = BoundedSemaphore::new(1);

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}

#[test]
fn all_can_be_statics() {
    LOCK.try_lock().unwrap().push(1);
    drop(SEMAPHORE.try_acquire());
    EVENT.set();
    BOUNDED.put_nowait(1).unwrap();
    UNBOUNDED.put_nowait(1).unwrap();
    LIFO.put_nowait(1).unwrap();
    PRIORITY.put_nowait(1).unwrap();
    CONDITION.notify_all();
    BARRIER.try_wait().unwrap();
    drop(BOUNDED_SEMAPHORE.try_acquire());
}

#[test]
fn primitives_guards_and_futures_cross_threads_when_their_data_may() {
    // `Cell` may be sent and not shared: that is enough for a primitive to be shared.
    send::<Lock<Cell<u32>>>();
    sync::<Lock<Cell<u32>>>();
    send::<LockGuard<'_, Cell<u32>>>();
    send::<OwnedLockGuard<Cell<u32>>>();
    sync::<LockGuard<'_, u32>>();
    sync::<OwnedLockGuard<u32>>();
    send::<Locking<&Lock<Cell<u32>>>>();
    send::<Locking<Arc<Lock<Cell<u32>>>>>();
    send::<MappedLockGuard<&Lock<Cell<u32>>, Cell<u32>>>();
    sync::<MappedLockGuard<Arc<Lock<u32>>, u32>>();
    sync::<Condition>();
    send::<ConditionWait<'_, &Lock<Cell<u32>>>>();
    sync::<(Queue<Cell<u32>>, LifoQueue<Cell<u32>>, PriorityQueue<Cell<u32>>)>();
    send::<Putting<'_, Fifo<Cell<u32>>>>();
    send::<Getting<'_, Fifo<Cell<u32>>>>();
    send::<Joining<'_, Fifo<Cell<u32>>>>();
    send::<Items<'_, Fifo<Cell<u32>>>>();
    sync::<(Semaphore, BoundedSemaphore, Event, Barrier)>();
    send::<(Acquiring<&Semaphore>, Acquiring<Arc<Semaphore>>, Permit<&Semaphore>, OwnedPermit)>();
    send::<(AcquiringBounded<&BoundedSemaphore>, Permit<&BoundedSemaphore>, EventWait<'_>, BarrierWait<'_>)>(
    );
    sync::<Limited<u32>>();
    // All futures can be awaited by reference.
    unpin::<(Locking<&Lock<[u32]>>, Locking<Arc<Lock<[u32]>>>, Acquiring<&Semaphore>)>();
    unpin::<(EventWait<'_>, BarrierWait<'_>, Putting<'_, Fifo<std::marker::PhantomPinned>>)>();
    unpin::<(Getting<'_, Fifo<u32>>, Joining<'_, Fifo<u32>>, ConditionWait<'_, &Lock<u32>>)>();
}

#[test]
fn a_wait_that_can_be_stopped_crosses_threads_when_its_parts_may() {
    fn send<T: Send>(_: T) {}
    let (lock, condition) = (Lock::new(Cell::new(0)), Condition::new());
    send(condition.wait(lock.try_lock().unwrap()).unless(std::future::pending::<()>()));
}

#[test]
fn a_guard_of_data_that_must_not_be_shared_cannot_be_shared() {
    /// Has one implementation for what is not `Sync`, two for what is: then `<_>` is ambiguous and does not compile.
    trait NotSync<Marker> {
        fn holds() {}
    }
    struct Ambiguous;
    impl<T> NotSync<()> for T {}
    impl<T: Sync> NotSync<Ambiguous> for T {}
    <LockGuard<'_, Cell<u32>> as NotSync<_>>::holds();
    <OwnedLockGuard<Cell<u32>> as NotSync<_>>::holds();
    <MappedLockGuard<&Lock<(Cell<u32>, u32)>, Cell<u32>> as NotSync<_>>::holds();
}

#[test]
fn what_is_for_one_thread_and_all_that_it_makes_stays_there() {
    /// As `NotSync` above, of what is not `Send`.
    trait NotSend<Marker> {
        fn holds() {}
    }
    struct Ambiguous;
    impl<T> NotSend<()> for T {}
    impl<T: Send> NotSend<Ambiguous> for T {}
    <local::Lock<u32> as NotSend<_>>::holds();
    <local::Event as NotSend<_>>::holds();
    <local::Semaphore as NotSend<_>>::holds();
    <local::Queue<u32> as NotSend<_>>::holds();
    <local::LifoQueue<u32> as NotSend<_>>::holds();
    <local::PriorityQueue<u32> as NotSend<_>>::holds();
    <Guard<&local::Lock<u32>> as NotSend<_>>::holds();
    <Locking<Rc<local::Lock<u32>>> as NotSend<_>>::holds();
    <Permit<&local::Semaphore> as NotSend<_>>::holds();
    <EventWait<'_, Local> as NotSend<_>>::holds();
    <Getting<'_, Fifo<u32>, Local> as NotSend<_>>::holds();
    <Putting<'_, Fifo<u32>, Local> as NotSend<_>>::holds();
}

#[test]
fn data_that_must_stay_on_its_thread_can_be_locked_there() {
    let lock = Lock::new(Rc::new(RefCell::new(1)));
    *lock.lock_blocking().borrow_mut() += 1;
    assert_eq!(*lock.try_lock().unwrap().borrow(), 2);
}

#[test]
fn errors_pass_through_the_question_mark() {
    fn put(queue: &Queue<u32>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        queue.put_nowait(1)?;
        queue.get_nowait()?;
        queue.get_blocking()?;
        queue.task_done()?;
        queue.put_blocking(1)?;
        Ok(())
    }
    let queue = Queue::bounded(1);
    queue.shutdown(false);
    assert_eq!(put(&queue).unwrap_err().to_string(), "the queue was shut down");
    assert_eq!(
        format!("{:?} {:?} {:?}", PutError::Full(1), QueueShutDown(1), GetError::Empty),
        "Full(..) QueueShutDown(..) Empty"
    );
    assert_eq!(GetError::Empty.to_string(), "the queue is empty; `get` waits for an item");
}

#[test]
fn each_primitive_is_as_small_as_the_readme_says() {
    if cfg!(target_pointer_width = "64") {
        assert_eq!((size_of::<Lock<()>>(), size_of::<Semaphore>(), size_of::<Event>()), (16, 16, 16));
        assert_eq!(
            (size_of::<Condition>(), size_of::<Barrier>(), size_of::<BoundedSemaphore>()),
            (16, 24, 32)
        );
        let local = (size_of::<local::Lock<()>>(), size_of::<local::Semaphore>(), size_of::<local::Event>());
        assert_eq!(local, (16, 16, 16));
        let queues = (size_of::<Queue<u32>>(), size_of::<local::Queue<u32>>());
        assert_eq!(queues, (232, 232));
    }
}

#[test]
fn shared_owners_reach_the_same_data() {
    let lock: Arc<Lock<[u32]>> = Arc::new(Lock::new([1, 2]));
    lock.try_lock_owned().unwrap()[0] = 5;
    assert_eq!(lock.try_lock().unwrap()[0], 5);
}
