//! The loop as an executor: jobs from other threads, and how it stops taking them.

use crate::run;
use core_loop::contract::{Drain, Executor, ExecutorExt, JobError, Panic, Reject, Shutdown, Submit};
use core_loop::{Loop, NativeDriver, Runner, current_task, finally, pinned, sleep, to_thread, yield_now};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_shutdown_waits_for_what_was_accepted_and_refuses_the_rest() {
    run(async {
        let handle = Loop::current().handle();
        let job = handle.try_submit(pinned(async || {
            sleep(Duration::from_millis(2)).await;
            7
        }));
        let other = handle.clone();
        let (report, refused) = to_thread(move || {
            let report = handle.shutdown(Drain::Queued, LONG);
            (report, handle.try_submit(async {}).err().map(|rejected| rejected.why))
        })
        .await
        .expect("it ends");
        assert!(report.is_clean(), "{report}");
        assert!(matches!(refused, Some(Reject::ShuttingDown)), "{refused:?}");
        assert_eq!(job.expect("it was taken").await.expect("it ended"), 7);
        assert!(other.try_submit(async {}).is_err(), "all handles are shut");
        assert!(!other.is_closed(), "the loop goes on");
        other.call_soon_threadsafe(|| ()).expect("callbacks too");
    });
}

#[test]
fn a_shutdown_names_what_runs_on_after_the_grace() {
    run(async {
        let handle = Loop::current().handle();
        let options = Submit::new().label("endless");
        let job = handle.try_submit_with(pending::<()>(), options).expect("it is taken");
        yield_now().await;
        let report = to_thread(move || handle.shutdown(Drain::Queued, Duration::from_millis(2)));
        let report = report.await.expect("it ends");
        assert_eq!(report.stragglers.len(), 1);
        assert_eq!(report.stragglers[0].label.as_deref(), Some("endless"));
        assert!(job.running(), "it stays with the loop");
    });
}

#[test]
fn a_shutdown_of_a_loop_that_stands_still_returns_and_ends_the_jobs() {
    let runner = Runner::new(NativeDriver::new().expect("it runs everywhere"));
    let handle = runner.get_loop().handle();
    let (first, second) =
        (handle.try_submit(async {}).expect("taken"), handle.try_submit(async {}).expect("taken"));
    second.cancel();
    let report = handle.shutdown(Drain::Queued, Duration::from_millis(2));
    assert_eq!((report.cancelled, report.stragglers.len()), (1, 0));
    assert!(matches!(first.wait(), Err(JobError::Shutdown { started: false })));
    assert!(handle.shutdown(Drain::Queued, LONG).is_clean(), "there is nothing left");
}

#[test]
fn a_shutdown_that_drains_only_what_started_cancels_the_queue() {
    let runner = Runner::new(NativeDriver::new().expect("it runs everywhere"));
    let handle = runner.get_loop().handle();
    let job = handle.try_submit(async {}).expect("taken");
    assert_eq!(handle.shutdown(Drain::Started, LONG).cancelled, 1);
    assert!(job.done());
}

#[test]
fn a_shutdown_with_a_grace_on_the_loops_own_thread_is_refused_with_the_cure() {
    run(async {
        let handle = Loop::current().handle();
        let panic = Panic::catch(|| handle.shutdown(Drain::Queued, LONG)).expect_err("it would block");
        assert!(panic.message().contains("to_thread"), "{panic}");
        assert!(handle.shutdown(Drain::Queued, Duration::ZERO).is_clean());
    });
}

#[test]
fn a_job_that_was_never_started_ends_with_the_loop() {
    let runner = Runner::new(NativeDriver::new().expect("it runs everywhere"));
    let job = runner.get_loop().handle().try_submit(async {}).expect("taken");
    drop(runner);
    assert!(matches!(job.wait(), Err(JobError::Shutdown { started: false })));
}

#[test]
fn a_job_whose_task_is_cancelled_in_the_loop_says_cancelled_and_not_shutdown() {
    run(async {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (count, seen) = (dropped.clone(), dropped.clone());
        let job = Loop::current().handle().try_submit(pinned(async move || {
            struct Counts(Arc<AtomicUsize>);
            impl Drop for Counts {
                fn drop(&mut self) {
                    self.0.fetch_add(1, Ordering::Relaxed);
                }
            }
            let _counts = Counts(count);
            current_task().expect("it runs as a task").cancel("by itself");
            yield_now().await;
        }));
        let job = job.expect("it is taken");
        let at_the_end = Arc::new(AtomicUsize::new(usize::MAX));
        let noted = at_the_end.clone();
        job.on_done(move || noted.store(seen.load(Ordering::Relaxed), Ordering::Relaxed));
        assert!(matches!(job.await, Err(JobError::Cancelled { started: true })));
        assert_eq!(at_the_end.load(Ordering::Relaxed), 1, "the future goes before the outcome is told");
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_job_that_the_close_ends_says_shutdown() {
    let mut runner = Runner::new(NativeDriver::new().expect("it runs everywhere"));
    let handle = runner.get_loop().handle();
    let job = handle.try_submit(pending::<()>()).expect("taken");
    runner.run(async { yield_now().await }).expect("it runs everywhere");
    drop(runner);
    assert!(matches!(job.wait(), Err(JobError::Shutdown { started: true })));
}

#[test]
fn a_cancelled_job_counts_as_done_only_after_its_clean_ups() {
    run(async {
        let ended = Arc::new(AtomicUsize::new(0));
        let count = ended.clone();
        let job = Loop::current().handle().try_submit(pinned(async || {
            finally(
                count,
                async |_: &mut Arc<AtomicUsize>| pending::<()>().await,
                async |count: Arc<AtomicUsize>| {
                    sleep(Duration::from_millis(2)).await;
                    count.fetch_add(1, Ordering::Relaxed);
                },
            )
            .await;
        }));
        let job = job.expect("it is taken");
        yield_now().await;
        yield_now().await;
        job.cancel();
        assert!(matches!(job.await, Err(JobError::Cancelled { started: true })));
        assert_eq!(ended.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_destructor_that_panics_does_not_cost_the_job_its_output() {
    struct Bomb;
    impl Future for Bomb {
        type Output = u8;
        fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<u8> {
            std::task::Poll::Ready(7)
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    run(async {
        Loop::current().set_exception_handler(|_, _| ());
        let job = Loop::current().handle().try_submit(Bomb).expect("it is taken");
        assert_eq!(job.await.expect("the output was there before"), 7);
    });
}

#[test]
fn jobs_cancels_deadlines_and_a_shutdown_may_race() {
    for round in 0..50u64 {
        run(async move {
            let handle = Loop::current().handle();
            let (sender, receiver) = mpsc::channel();
            let submitters: Vec<_> = (0..2)
                .map(|_| {
                    let (handle, sender) = (handle.clone(), sender.clone());
                    std::thread::spawn(move || {
                        for n in 0..40u64 {
                            let options = Submit::new().deadline(Duration::from_micros(n * round));
                            let Ok(job) = handle.try_submit_with(yield_now(), options) else { break };
                            if n % 3 == 0 {
                                job.cancel();
                            }
                            sender.send(job).expect("the test collects");
                        }
                    })
                })
                .collect();
            drop(sender);
            let how = if round % 2 == 0 { Drain::Queued } else { Drain::Started };
            let report = to_thread(move || {
                let report = handle.shutdown(how, LONG);
                submitters.into_iter().for_each(|submitter| submitter.join().expect("it submits"));
                report
            });
            assert!(report.await.expect("it ends").stragglers.is_empty());
            assert!(receiver.iter().all(|job| job.done()), "whatever was accepted has ended");
        });
    }
}
