//! Task-locals: who sees what.

use crate::run;
use crate::trace::Trace;
use contract::ExecutorExt as _;
use core_loop::{
    Context, Loop, NativeDriver, Runner, TaskLocal, finally, pinned, spawn, spawn_eager, timeout, to_thread,
    yield_now,
};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

static NUMBER: TaskLocal<u32> = TaskLocal::new();
static WORD: TaskLocal<&str> = TaskLocal::new();
static SHARED: TaskLocal<Arc<()>> = TaskLocal::new();

#[test]
fn a_task_sees_what_it_set_across_its_awaits_and_nobody_else_does() {
    run(async {
        let tasks: Vec<_> = (0..10)
            .map(|number| {
                spawn(async move {
                    assert_eq!(NUMBER.get(), None);
                    NUMBER.set(number);
                    for _ in 0..3 {
                        yield_now().await;
                        assert_eq!(NUMBER.get(), Some(number));
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(NUMBER.get(), None);
    });
}

#[test]
fn a_child_inherits_what_was_set_at_its_spawn_and_nothing_flows_back() {
    run(async {
        NUMBER.set(1);
        let child = spawn(async {
            let inherited = NUMBER.get();
            NUMBER.set(10);
            WORD.set("child's");
            let grandchild = spawn(async { (NUMBER.get(), WORD.get()) }).await.unwrap();
            (inherited, grandchild)
        });
        NUMBER.set(2);
        assert_eq!(child.await.unwrap(), (Some(1), (Some(10), Some("child's"))));
        assert_eq!((NUMBER.get(), WORD.get()), (Some(2), None));
    });
}

#[test]
fn a_scope_ends_with_its_future_and_what_was_set_inside_goes_with_it() {
    run(async {
        NUMBER.set(1);
        let inner = NUMBER.scope(2, async {
            WORD.set("inside");
            yield_now().await;
            let child = spawn(async { (NUMBER.get(), WORD.get()) });
            NUMBER.set(3);
            yield_now().await;
            (NUMBER.get(), child.await.unwrap())
        });
        let mut inner = std::pin::pin!(inner);
        // Half way through, outside of it.
        std::future::poll_fn(|cx| {
            assert!(inner.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        assert_eq!((NUMBER.get(), WORD.get()), (Some(1), None));
        assert_eq!(inner.await, (Some(3), (Some(2), Some("inside"))));
        assert_eq!((NUMBER.get(), WORD.get()), (Some(1), None));
        assert_eq!(NUMBER.sync_scope(4, || NUMBER.get()), Some(4));
        assert_eq!(NUMBER.get(), Some(1));
    });
}

#[test]
fn a_scope_that_is_dropped_half_way_drops_its_future_inside_itself() {
    struct Look(Trace);
    impl Drop for Look {
        fn drop(&mut self) {
            self.0.add(NUMBER.get().unwrap_or_default());
        }
    }
    run(async {
        let trace = Trace::default();
        let look = Look(trace.clone());
        let scope = NUMBER.scope(5, async move {
            let _look = look;
            pending::<()>().await;
        });
        assert!(timeout(Duration::from_millis(1), scope).await.is_err());
        trace.add(NUMBER.get().unwrap_or_default());
        assert_eq!(trace.take(), "5 0");
    });
}

#[test]
fn callbacks_run_in_a_copy_of_the_context_in_which_they_were_registered() {
    run(async {
        let trace = Trace::default();
        let lp = Loop::current();
        NUMBER.set(1);
        let (soon, later, last) = (trace.clone(), trace.clone(), trace.clone());
        let noting = |trace: Trace| {
            move || {
                trace.add(NUMBER.get().unwrap_or_default());
                NUMBER.set(100);
            }
        };
        lp.call_soon(noting(soon));
        lp.call_at(lp.time(), noting(later));
        NUMBER.set(2);
        lp.call_soon(noting(last));
        for _ in 0..3 {
            yield_now().await;
        }
        assert_eq!(trace.take(), "1 2 1");
        assert_eq!(NUMBER.get(), Some(2));
    });
}

#[test]
fn a_callback_without_a_context_leaves_none_to_the_task_after_it() {
    run(async {
        Loop::current().call_soon(|| NUMBER.set(9));
        let after = spawn(async { NUMBER.get() });
        yield_now().await;
        assert_eq!(after.await.unwrap(), None);
    });
}

#[test]
fn work_for_threads_and_for_handles_takes_the_context_along() {
    run(async {
        let handle = Loop::current().handle();
        NUMBER.set(1);
        let in_thread = to_thread(|| {
            let inherited = NUMBER.get();
            NUMBER.set(2);
            (inherited, NUMBER.get())
        });
        assert_eq!(in_thread.await.unwrap(), (Some(1), Some(2)));
        assert_eq!(NUMBER.get(), Some(1));
        // The next closure on the same thread sees its own submitter's.
        let other = spawn(Context::empty().scope(async { to_thread(|| NUMBER.get()).await.unwrap() }));
        assert_eq!(other.await.unwrap(), None);
        let back = to_thread(move || {
            NUMBER.set(3);
            let (sent, received) = std::sync::mpsc::channel();
            handle.call_soon_threadsafe(move || sent.send(NUMBER.get()).unwrap()).unwrap();
            let called = received.recv().unwrap();
            let job = handle.try_submit(pinned(async || NUMBER.get())).unwrap();
            (called, job.wait().unwrap())
        });
        assert_eq!(back.await.unwrap(), (Some(3), Some(3)));
    });
}

#[test]
fn a_runner_keeps_what_its_mains_set_and_the_thread_does_not_see_it() {
    NUMBER.set(1);
    let mut runner = Runner::new(NativeDriver::new().unwrap());
    let seen = runner.run(async {
        let seen = NUMBER.get();
        NUMBER.set(2);
        seen
    });
    assert_eq!((seen.unwrap(), NUMBER.get()), (Some(1), Some(1)));
    assert_eq!(runner.run(async { NUMBER.get() }).unwrap(), Some(2));
    let panicked = contract::Panic::catch(|| {
        runner.run(async {
            NUMBER.set(3);
            std::panic::resume_unwind(Box::new("no luck"))
        })
    });
    assert!(panicked.is_err());
    assert_eq!(runner.run(async { NUMBER.get() }).unwrap(), Some(3));
    assert_eq!(NUMBER.get(), Some(1));
}

#[test]
fn a_task_that_panics_leaves_its_context_to_nobody() {
    run(async {
        Loop::current().set_exception_handler(|_, _| ());
        let failing = spawn(async {
            NUMBER.set(1);
            yield_now().await;
            std::panic::resume_unwind(Box::new("no luck"))
        });
        let after = spawn(async {
            yield_now().await;
            yield_now().await;
            NUMBER.get()
        });
        let _: Result<(), _> = failing.await;
        assert_eq!(after.await.unwrap(), None);
    });
}

#[test]
fn clean_ups_and_destructors_of_a_cancelled_task_see_its_values() {
    run(async {
        let trace = Trace::default();
        let noting = trace.clone();
        let task = spawn(async move {
            NUMBER.set(7);
            finally(
                noting,
                async |_: &mut Trace| pending::<()>().await,
                async |noting: Trace| {
                    yield_now().await;
                    noting.add(NUMBER.get().unwrap_or_default());
                },
            )
            .await
        });
        yield_now().await;
        task.cancel("enough");
        assert!(task.await.is_err());
        assert_eq!(trace.take(), "7");
    });
}

#[test]
fn values_are_released_when_the_task_ends_although_its_handle_lives() {
    run(async {
        let value = Arc::new(());
        let kept = value.clone();
        let task = spawn(async move {
            SHARED.set(kept);
            yield_now().await;
        });
        yield_now().await;
        assert_eq!(Arc::strong_count(&value), 2);
        while !task.done() {
            yield_now().await;
        }
        assert_eq!(Arc::strong_count(&value), 1);
        drop(task);
    });
}

#[test]
fn values_of_a_thread_are_released_when_it_ends() {
    let value = Arc::new(());
    let kept = value.clone();
    std::thread::spawn(move || SHARED.set(kept)).join().unwrap();
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_values_destructor_that_panics_is_reported_and_the_loop_goes_on() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("boom"));
        }
    }
    static BOMB: TaskLocal<Bomb> = TaskLocal::new();
    run(async {
        let trace = Trace::default();
        let told = trace.clone();
        Loop::current().set_exception_handler(move |_, context| told.add(&context.message));
        spawn(async { BOMB.set(Bomb) }).detach();
        for _ in 0..3 {
            yield_now().await;
        }
        assert_eq!(trace.take(), "the destructor of a task-local's value panicked");
    });
}

#[test]
fn two_task_locals_of_one_type_are_two() {
    static OTHER: TaskLocal<u32> = TaskLocal::new();
    Context::empty().run(|| {
        NUMBER.set(1);
        assert_eq!(OTHER.get(), None);
        OTHER.set(2);
        assert_eq!((NUMBER.get(), OTHER.get()), (Some(1), Some(2)));
        assert_eq!(NUMBER.with(|value| value.copied()), Some(1));
    });
}

#[test]
fn an_eager_task_inherits_and_gives_the_outer_context_back_even_if_it_panics() {
    run(async {
        let child = || {
            spawn_eager(async {
                let inherited = NUMBER.get();
                NUMBER.set(2);
                yield_now().await;
                (inherited, NUMBER.get())
            })
        };
        assert_eq!(child().await.unwrap(), (None, Some(2)));
        assert_eq!(NUMBER.get(), None);
        NUMBER.set(1);
        let inheriting = child();
        assert_eq!(NUMBER.get(), Some(1));
        let panicking = spawn_eager(async {
            NUMBER.set(3);
            panic!("in its first step");
        });
        assert_eq!(NUMBER.get(), Some(1));
        assert_eq!(inheriting.await.unwrap(), (Some(1), Some(2)));
        assert!(panicking.await.is_err());
    });
}
