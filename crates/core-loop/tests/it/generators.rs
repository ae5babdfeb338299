//! Generators: order, ends, and what drops and panics in the middle do.

use crate::run;
use crate::trace::Trace;
use contract::Panic;
use core_loop::stream::{Generator, generate};
use core_loop::{Loop, NativeDriver, Runner, finally, sleep, spawn, timeout, yield_now};
use futures_lite::StreamExt as _;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

fn count_to(last: u32) -> Generator<'static, u32> {
    generate(async move |y| {
        for number in 1..=last {
            yield_now().await;
            y.yield_(number).await;
        }
    })
}

#[test]
fn items_come_in_order_and_after_the_end_there_is_none_for_ever() {
    run(async {
        let mut numbers = count_to(3);
        let mut seen = Vec::new();
        while let Some(number) = numbers.next().await {
            seen.push(number);
        }
        assert_eq!(seen, [1, 2, 3]);
        assert_eq!(numbers.next().await, None);
    });
}

#[test]
fn it_is_a_stream_for_everybody_elses_combinators() {
    run(async {
        let sums: Vec<_> =
            count_to(4).map(|number| number * 10).filter(|number| *number > 10).collect().await;
        assert_eq!(sums, [20, 30, 40]);
    });
}

#[test]
fn the_body_runs_up_to_its_next_yield_and_no_further() {
    run(async {
        let trace = Trace::default();
        let noting = trace.clone();
        let mut numbers = generate(async move |y| {
            noting.add("begun");
            y.yield_(1).await;
            noting.add("after-1");
            y.yield_(2).await;
            noting.add("after-2");
        });
        yield_now().await;
        assert_eq!(trace.take(), "");
        assert_eq!(numbers.next().await, Some(1));
        yield_now().await;
        assert_eq!(trace.take(), "begun");
        assert_eq!(numbers.next().await, Some(2));
        assert_eq!(numbers.next().await, None);
        assert_eq!(trace.take(), "after-1 after-2");
    });
}

#[test]
fn the_body_may_borrow() {
    let words = vec!["a".to_owned(), "b".to_owned()];
    let lengths = run(async {
        let mut lent = generate(async |y| {
            for word in &words {
                y.yield_(word.as_str()).await;
            }
        });
        let mut joined = String::new();
        while let Some(word) = lent.next().await {
            joined += word;
        }
        joined
    });
    assert_eq!((lengths.as_str(), words.len()), ("ab", 2));
}

#[test]
fn a_next_that_is_given_up_loses_nothing() {
    run(async {
        let mut numbers = generate(async |y| {
            for number in 1..=3 {
                sleep(Duration::from_millis(3)).await;
                y.yield_(number).await;
            }
        });
        let mut seen = Vec::new();
        while seen.last() != Some(&3) {
            if let Ok(number) = timeout(Duration::from_millis(1), numbers.next()).await {
                seen.extend(number);
            }
        }
        assert_eq!(seen, [1, 2, 3]);
    });
}

#[test]
fn two_yields_at_once_arrive_one_after_the_other() {
    run(async {
        let mut both = generate(async |y| {
            let all = [y.yield_(1), y.yield_(2), y.yield_(3)];
            let mut all: Vec<_> = all.into_iter().map(Some).collect();
            poll_fn(|cx| {
                for one in &mut all {
                    if one.as_mut().is_some_and(|one| pin!(one).poll(cx).is_ready()) {
                        *one = None;
                    }
                }
                if all.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        });
        let mut seen = Vec::new();
        while let Some(number) = both.next().await {
            seen.push(number);
        }
        assert_eq!(seen, [1, 2, 3]);
    });
}

#[test]
fn a_part_of_the_body_that_is_polled_only_when_woken_goes_on_after_its_yield() {
    run(async {
        // An executor inside the body gives its futures wakers of its own.
        let mut numbers = generate(async |y| {
            let inner = async {
                y.yield_(1).await;
                y.yield_(2).await;
            };
            only_when_woken(inner).await;
        });
        let seen = timeout(Duration::from_secs(30), async {
            [numbers.next().await, numbers.next().await, numbers.next().await]
        });
        assert_eq!(seen.await, Ok([Some(1), Some(2), None]));
    });
}

/// Polls `future` only when its own waker was called.
async fn only_when_woken(future: impl Future<Output = ()>) {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Wake, Waker};

    struct Flag(AtomicBool, Mutex<Option<Waker>>);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
            if let Some(outer) = self.1.lock().unwrap().take() {
                outer.wake();
            }
        }
    }
    let flag = Arc::new(Flag(AtomicBool::new(true), Mutex::new(None)));
    let waker = Waker::from(flag.clone());
    let mut future = pin!(future);
    poll_fn(|cx| {
        *flag.1.lock().unwrap() = Some(cx.waker().clone());
        if flag.0.swap(false, Ordering::Relaxed) {
            return future.as_mut().poll(&mut Context::from_waker(&waker));
        }
        Poll::Pending
    })
    .await;
}

#[test]
fn a_panic_of_the_body_comes_out_of_next_and_ends_the_generator() {
    run(async {
        let mut failing = generate(async |y| {
            y.yield_(1).await;
            std::panic::resume_unwind(Box::new("no luck"));
        });
        assert_eq!(failing.next().await, Some(1));
        let mut second = pin!(failing.next());
        let panicked = poll_fn(|cx| Poll::Ready(Panic::catch(|| second.as_mut().poll(cx)))).await;
        assert_eq!(panicked.map(|_| ()).unwrap_err().message(), "no luck");
        assert_eq!(second.await, None);
    });
}

#[test]
fn a_yield_outside_the_body_says_what_to_do() {
    run(async {
        let mut wrong = generate(async |y| {
            spawn(async move { y.yield_(1).await }).await.map_err(|error| error.to_string()).unwrap_err();
        });
        let trace = Trace::default();
        let told = trace.clone();
        Loop::current().set_exception_handler(move |_, context| told.add(&context.message));
        let mut stray = None;
        let mut kept = generate(async |y| stray = Some(y));
        assert_eq!(kept.next().await, None::<u32>);
        drop(kept);
        let stray = stray.expect("the body gave it away");
        let mut late = pin!(stray.yield_(1));
        let panicked = poll_fn(|cx| Poll::Ready(Panic::catch(|| late.as_mut().poll(cx)))).await;
        assert!(panicked.unwrap_err().message().contains("send it through a queue"));
        assert_eq!(wrong.next().await, None::<i32>);
    });
}

/// Yields once, then waits; cleans up with an await.
fn cleaning(trace: Trace) -> Generator<'static, u32> {
    generate(async move |y| {
        let _dropped = trace.on_drop("dropped");
        let body = async |_: &mut Trace| {
            y.yield_(1).await;
            pending::<()>().await;
        };
        let clean_up = async |trace: Trace| {
            yield_now().await;
            trace.add("cleaned");
        };
        finally(trace.clone(), body, clean_up).await;
    })
}

#[test]
fn a_generator_that_is_dropped_half_way_cleans_up_before_its_task_is_done() {
    run(async {
        let trace = Trace::default();
        let noting = trace.clone();
        let task = spawn(async move {
            let mut numbers = cleaning(noting.clone());
            assert_eq!(numbers.next().await, Some(1));
            drop(numbers);
            noting.add("gone");
        });
        task.await.unwrap();
        assert_eq!(trace.take(), "dropped gone cleaned");
    });
}

#[test]
fn a_close_waits_for_the_clean_ups() {
    run(async {
        let trace = Trace::default();
        let mut numbers = cleaning(trace.clone());
        assert_eq!(numbers.next().await, Some(1));
        numbers.close().await;
        assert_eq!(trace.take(), "dropped cleaned");
    });
}

#[test]
fn the_close_of_a_loop_ends_the_generators_of_its_tasks_clean_ups_and_all() {
    let trace = Trace::default();
    let noting = trace.clone();
    let mut runner = Runner::new(NativeDriver::new().unwrap());
    runner
        .run(async move {
            spawn(async move {
                let mut numbers = cleaning(noting);
                while numbers.next().await.is_some() {}
            })
            .detach();
            yield_now().await;
        })
        .unwrap();
    assert!(runner.close(Duration::from_secs(30)).is_clean());
    assert_eq!(trace.take(), "dropped cleaned");
}

#[test]
fn a_generator_that_outlives_its_loop_is_dropped_without_its_clean_ups() {
    let trace = Trace::default();
    let numbers = run(async {
        let mut numbers = cleaning(trace.clone());
        assert_eq!(numbers.next().await, Some(1));
        numbers
    });
    drop(numbers);
    assert_eq!(trace.take(), "dropped");
}

#[test]
fn what_was_captured_goes_with_the_end_of_the_body_not_with_the_generator() {
    run(async {
        let token = Rc::new(());
        let kept = token.clone();
        let mut once = generate(async move |y| y.yield_(kept.clone()).await);
        drop(once.next().await);
        assert!(once.next().await.is_none());
        assert_eq!(Rc::strong_count(&token), 1);
        drop(once);
    });
}
