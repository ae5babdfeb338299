//! The cell of a task, seen from outside: futures of every shape, its memory, and who may hold it for how long.

use crate::alone::alone;
use crate::run;
use crate::trace::Trace;
use core_loop::contract::{Driver, Reactor};
use core_loop::{Loop, NativeDriver, Runner, finally, spawn, yield_now};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::ThreadId;

/// What a future of any shape must find at each poll: itself, whole and where it was.
async fn keeps_its_place<T: Copy + PartialEq + std::fmt::Debug + 'static>(value: T) -> T {
    let kept = value;
    let place = &raw const kept;
    for _ in 0..3 {
        assert!(place.is_aligned() && kept == value);
        yield_now().await;
        assert_eq!(place, &raw const kept);
    }
    kept
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(16))]
struct Align16(u8);

#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
struct Align64(u8);

#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(4096))]
struct Align4096(u8);

#[test]
fn futures_of_every_size_and_alignment_keep_their_place() {
    run(async {
        // Twice, so that the memory of the first round serves the second.
        for round in 0..2 {
            let a = spawn(keeps_its_place(()));
            let b = spawn(keeps_its_place(round));
            let c = spawn(keeps_its_place([round; 40]));
            let d = spawn(keeps_its_place([round; 20_000]));
            let e = spawn(keeps_its_place(Align16(round)));
            let f = spawn(keeps_its_place(Align64(round)));
            let g = spawn(keeps_its_place(Align4096(round)));
            a.await.expect("it ended");
            assert_eq!(b.await.expect("it ended"), round);
            assert_eq!(c.await.expect("it ended"), [round; 40]);
            assert_eq!(d.await.expect("it ended"), [round; 20_000]);
            assert_eq!(e.await.expect("it ended"), Align16(round));
            assert_eq!(f.await.expect("it ended"), Align64(round));
            assert_eq!(g.await.expect("it ended"), Align4096(round));
        }
    });
}

#[test]
fn an_output_larger_or_more_aligned_than_its_future_fits() {
    run(async {
        assert_eq!(spawn(std::future::ready(())).await.ok(), Some(()));
        assert_eq!(spawn(async { [7_u64; 1000] }).await.expect("it ended"), [7; 1000]);
        assert_eq!(spawn(async { Align4096(7) }).await.expect("it ended"), Align4096(7));
        drop(spawn(async { [7_u64; 1000] }));
        drop(spawn(async { Align4096(7) }));
        yield_now().await;
    });
}

fn resident_pages() -> u64 {
    let sizes = std::fs::read_to_string("/proc/self/statm").unwrap();
    sizes.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_million_tasks_spawned_and_cancelled_do_not_grow_the_memory() {
    alone("cells::a_million_tasks_spawned_and_cancelled_do_not_grow_the_memory", "", || {
        run(async {
            let mut before = 0;
            for thousand in 0..1000 {
                if thousand == 100 {
                    before = resident_pages();
                }
                let tasks: Vec<_> = (0..1000).map(|n| spawn(keeps_its_place(n))).collect();
                if thousand % 2 == 0 {
                    yield_now().await;
                }
                for task in &tasks {
                    assert!(task.cancel("at once"));
                }
                drop(tasks);
                yield_now().await;
            }
            let grown = resident_pages().saturating_sub(before);
            assert!(grown < 512, "{grown} pages in 900 000 tasks");
        });
    });
}

#[test]
fn wakers_may_be_used_and_dropped_elsewhere_after_the_loop_and_its_thread_are_gone() {
    let wakers = Arc::new(Mutex::new(Vec::new()));
    let kept = wakers.clone();
    std::thread::spawn(move || {
        run(async {
            for n in 0..100_u32 {
                let kept = kept.clone();
                let task = spawn(async move {
                    poll_fn(|cx| {
                        kept.lock().unwrap().push(cx.waker().clone());
                        Poll::Ready(())
                    })
                    .await;
                    if n % 2 == 0 {
                        pending::<()>().await;
                    }
                });
                if n % 3 == 0 {
                    task.named(format!("{n}")).detach();
                } else {
                    task.cancel_on_drop().detach();
                }
            }
            yield_now().await;
        });
    })
    .join()
    .unwrap();
    let wakers = std::mem::take(&mut *wakers.lock().unwrap());
    assert_eq!(wakers.len(), 100);
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let wakers = wakers.clone();
            std::thread::spawn(move || {
                for waker in wakers {
                    waker.wake_by_ref();
                    let other = waker.clone();
                    waker.wake();
                    drop(other);
                }
            })
        })
        .collect();
    drop(wakers);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// A waker of somebody's that notes that it was woken.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn of_two_that_polled_a_handle_the_last_is_woken_whatever_its_kind() {
    run(async {
        let mut task = spawn(async { yield_now().await });
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(flag.clone());
        // First by a task, then by a waker of another kind.
        poll_fn(|cx| {
            assert!(Pin::new(&mut task).poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert!(Pin::new(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
        while !task.done() {
            yield_now().await;
        }
        assert!(flag.0.load(Ordering::Relaxed), "it was woken");
        task.await.expect("it ended");
    });
}

#[test]
fn a_handle_holds_no_waker_but_the_last() {
    run(async {
        let mut task = spawn(pending::<()>());
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(flag.clone());
        assert!(Pin::new(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        assert_eq!(Arc::strong_count(&flag), 2);
        poll_fn(|cx| {
            assert!(Pin::new(&mut task).poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!(Arc::strong_count(&flag), 1);
    });
}

/// Notes on which thread it was dropped.
struct WhereDropped(Arc<Mutex<Vec<ThreadId>>>, #[expect(dead_code, reason = "makes it `!Send`")] Rc<()>);

impl Drop for WhereDropped {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(std::thread::current().id());
    }
}

/// Polls its root once, and returns whether or not it has ended.
struct Impatient(NativeDriver);

impl Driver for Impatient {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.0.reactor()
    }
    fn run(&self, root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let _left = root.poll(&mut Context::from_waker(Waker::noop()));
    }
}

#[test]
fn clean_ups_of_a_main_that_its_driver_gave_up_are_dropped_on_the_spot() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let kept = Cell::new(None);
    let mut runner = Runner::new(Impatient(NativeDriver::new().unwrap()));
    let resource = WhereDropped(dropped.clone(), Rc::new(()));
    let reported = Trace::default();
    let report = reported.clone();
    runner.get_loop().set_exception_handler(move |_, context| report.add(context));
    let outcome = runner.run(async {
        poll_fn(|cx| {
            kept.set(Some(cx.waker().clone()));
            Poll::Ready(())
        })
        .await;
        finally(resource, async |_: &mut WhereDropped| pending::<()>().await, async |_resource| ()).await;
    });
    assert!(outcome.is_err());
    assert_eq!(*dropped.lock().unwrap(), [std::thread::current().id()]);
    let reported = reported.take();
    assert!(
        reported.starts_with("1 clean-ups were dropped before they ended in task `Task-1` "),
        "{reported}"
    );
    drop(runner);
    let waker: Waker = kept.take().expect("it was polled");
    std::thread::spawn(move || drop(waker)).join().unwrap();
}

thread_local! {
    static HALF_RUN: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>> = const { RefCell::new(None) };
}

/// Drops a `finally` that is half run.
struct Dropper;

impl Wake for Dropper {
    fn wake(self: Arc<Self>) {
        drop(HALF_RUN.take());
    }
}

#[test]
fn a_task_that_has_ended_takes_no_clean_up() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let resource = WhereDropped(dropped.clone(), Rc::new(()));
    let kept = Arc::new(Mutex::new(None));
    run(async {
        let reported = Trace::default();
        let report = reported.clone();
        Loop::current().set_exception_handler(move |_, context| report.add(context));
        let mut half_run: Pin<Box<dyn Future<Output = ()>>> =
            Box::pin(finally(resource, async |_: &mut WhereDropped| pending::<()>().await, async |_| ()));
        let keep = kept.clone();
        let mut task = spawn(poll_fn(move |cx| {
            *keep.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(())
        }));
        poll_fn(|cx| {
            assert!(half_run.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        HALF_RUN.set(Some(half_run));
        let waker = Waker::from(Arc::new(Dropper));
        assert!(Pin::new(&mut task).poll(&mut Context::from_waker(&waker)).is_pending());
        while !task.done() {
            yield_now().await;
        }
        assert_eq!(*dropped.lock().unwrap(), [std::thread::current().id()]);
        assert_eq!(reported.take(), "a clean-up was skipped: it was dropped outside a task");
    });
    std::thread::spawn(move || drop(kept.lock().unwrap().take())).join().unwrap();
    assert_eq!(dropped.lock().unwrap().len(), 1);
}
