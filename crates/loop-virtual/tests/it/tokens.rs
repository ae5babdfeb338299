//! Work outside the loop: time stands still for it, if it says so.

use crate::{bounded, run};
use contract::{Executor, Job, JobError, Place, Rejected, Room, Submit};
use core_loop::{Loop, RunError, outside, run_in_executor, sleep, spawn, to_thread, yield_now};
use loop_virtual::Builder;
use std::future::pending;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use sync_primitives::Event;

const HOUR: Duration = Duration::from_secs(3600);
const MS: Duration = Duration::from_millis(1);

/// Waits in real time for a word of the other side.
fn hear<T>(words: &Receiver<T>) -> T {
    words.recv_timeout(crate::BOUND).expect("the other side speaks")
}

#[test]
fn time_stands_still_while_a_thread_of_the_pool_works() {
    run(|| async {
        let begin = Loop::current().time();
        let sleeper = spawn(sleep(MS));
        let handle = Loop::current().handle();
        let times = to_thread(move || {
            // Each call finds the loop at rest, or on its way there, with a timer armed.
            let ask = |_| {
                let (tell, told) = mpsc::channel();
                handle.call_soon_threadsafe(move || tell.send(Loop::current().time()).unwrap()).unwrap();
                hear(&told)
            };
            (0..20).map(ask).collect::<Vec<_>>()
        });
        assert_eq!(times.await.unwrap(), [begin; 20]);
        assert!(!sleeper.done());
        sleeper.await.unwrap();
        assert_eq!(Loop::current().time(), begin + MS);
    });
}

#[test]
fn time_stands_still_for_an_executor_of_ones_own() {
    run(|| async {
        let begin = Loop::current().time();
        let sleeper = spawn(sleep(MS));
        for number in 0..20 {
            assert_eq!(run_in_executor(&ThreadPerJob, move || number).await.unwrap(), number);
        }
        assert_eq!(Loop::current().time(), begin);
        sleeper.await.unwrap();
    });
}

#[test]
fn time_stands_still_while_the_default_executor_is_shut_down() {
    run(|| async {
        let begin = Loop::current().time();
        let sleeper = spawn(sleep(MS));
        let (go_on, goes_on) = mpsc::channel();
        let job = to_thread(move || hear(&goes_on));
        let shutdown = Loop::current().shutdown_default_executor(crate::BOUND);
        // Nobody but the shutdown waits for the job, which ends only now.
        yield_now().await;
        go_on.send(7).unwrap();
        assert!(shutdown.await.is_clean());
        assert_eq!(Loop::current().time(), begin);
        assert_eq!(job.await.unwrap(), 7);
        sleeper.await.unwrap();
        // Without anything to wait for, too.
        assert!(Loop::current().shutdown_default_executor(crate::BOUND).await.is_clean());
    });
}

/// A thread a job.
struct ThreadPerJob;

impl<F: FnOnce() -> i32 + Send + 'static> Executor<F> for ThreadPerJob {
    type Output = i32;

    fn try_submit_with(&self, work: F, options: Submit) -> Result<Job<i32>, Rejected<F>> {
        let (runnable, job) = Job::package(work, &options, Place::none(), ());
        thread::spawn(move || runnable.run());
        Ok(job)
    }

    fn room(&self) -> Room {
        Room::unbounded()
    }
}

#[test]
fn work_that_has_ended_lets_time_go_on_although_nobody_looks_at_its_output() {
    run(|| async {
        let begin = Loop::current().time();
        let output = to_thread(|| 6 * 7);
        sleep(HOUR).await;
        assert_eq!(Loop::current().time(), begin + HOUR);
        assert_eq!(output.await.unwrap(), 42);
    });
}

#[test]
fn a_thread_of_ones_own_holds_time_with_a_token() {
    run(|| async {
        let begin = Loop::current().time();
        let (event, token) = (Arc::new(Event::new()), outside());
        let set = event.clone();
        let (rested, resting) = mpsc::channel();
        let sleeper = spawn(sleep(MS));
        thread::spawn(move || {
            let _token = token;
            hear(&resting);
            set.set();
        });
        yield_now().await;
        rested.send(()).unwrap();
        event.wait().await;
        assert_eq!(Loop::current().time(), begin);
        sleeper.await.unwrap();
        assert_eq!(Loop::current().time(), begin + MS);
    });
}

#[test]
fn time_stands_still_for_a_thread_also_while_the_loop_spins() {
    run(|| async {
        let begin = Loop::current().time();
        let (done, answer) = mpsc::channel();
        let working = spawn(to_thread(move || hear(&answer)));
        // Far more turns than a loop takes that does not spin.
        let sleeper = spawn(sleep(MS));
        for _ in 0..200_000 {
            yield_now().await;
        }
        assert_eq!(Loop::current().time(), begin);
        assert!(!sleeper.done());
        done.send(()).unwrap();
        working.await.unwrap().unwrap();
        sleeper.await.unwrap();
    });
}

#[test]
fn arrivals_of_this_instant_are_heard_while_time_stands_still() {
    run(|| async {
        let token = outside();
        let listener = core_loop::net::TcpListener::bind("127.0.0.1:80").await.unwrap();
        let connecting = spawn(core_loop::net::TcpStream::connect("127.0.0.1:80"));
        listener.accept().await.unwrap();
        connecting.await.unwrap().unwrap();
        drop(token);
    });
}

#[test]
fn a_token_whose_holder_does_nothing_ends_the_run_with_its_place() {
    let (outcome, line) = bounded(|| {
        let line = line!() + 2;
        let outcome = Builder::new().patience(50 * MS).run(async {
            let _token = outside();
            sleep(HOUR).await;
        });
        (outcome.map_err(|error| error.to_string()), line)
    });
    let words = outcome.unwrap_err();
    assert!(words.contains("silence: for 50ms nothing came") && words.contains("`Task-1`"), "{words}");
    assert!(words.contains(&format!("tokens.rs:{line}:")), "{words}");
}

/// What is told of missing tokens, and a builder that tells it.
fn listening() -> (Receiver<String>, Builder) {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let builder = Builder::new().on_missing_token(move |words| {
        let _unheard = tell.lock().unwrap().send(words.to_owned());
    });
    (told, builder)
}

#[test]
fn a_wake_from_a_thread_without_a_token_is_told_once_a_run() {
    bounded(|| {
        let (told, builder) = listening();
        for _ in 0..2 {
            builder
                .run(async {
                    let events = [(); 3].map(|()| Arc::new(Event::new()));
                    for event in events {
                        let waiting = spawn({
                            let event = event.clone();
                            async move { event.wait().await }
                        });
                        yield_now().await;
                        let thread = thread::Builder::new().name("somebody".into());
                        thread.spawn(move || event.set()).unwrap().join().unwrap();
                        waiting.await.unwrap();
                    }
                })
                .unwrap();
            let words = hear(&told);
            assert!(words.contains("missing token: thread `somebody`"), "{words}");
            assert!(words.contains("`core_loop::outside()`"), "{words}");
            assert!(told.try_recv().is_err(), "once is enough");
        }
    });
}

#[test]
fn a_wake_that_comes_after_a_deadlock_is_told() {
    bounded(|| {
        let (told, builder) = listening();
        let event = Arc::new(Event::new());
        let waiting = event.clone();
        let mut runner = core_loop::Runner::new(builder.build());
        let task = runner.run(async { Some(spawn(async move { waiting.wait().await })) }).unwrap();
        assert!(matches!(runner.run(pending::<()>()), Err(RunError::Stuck(_))));
        assert!(told.try_recv().is_err());
        thread::spawn(move || event.set()).join().unwrap();
        let words = hear(&told);
        assert!(words.contains("after the loop had given up"), "{words}");
        runner.run(task.expect("it was just put there")).unwrap().unwrap();
    });
}

#[test]
fn threads_that_hold_tokens_are_not_told_of() {
    bounded(|| {
        let (told, builder) = listening();
        builder
            .run(async {
                for _ in 0..200 {
                    let handle = Loop::current().handle();
                    let event = Arc::new(Event::new());
                    let set = event.clone();
                    let token = outside();
                    thread::spawn(move || {
                        let _token = token;
                        handle.call_soon_threadsafe(move || set.set()).map(drop)
                    });
                    event.wait().await;
                    assert_eq!(to_thread(|| 7).await.unwrap(), 7);
                }
            })
            .unwrap();
        assert!(told.try_recv().is_err());
    });
}

#[test]
fn the_deadline_of_a_job_counts_from_its_start_wherever_the_clock_stands() {
    run(|| async {
        sleep(1000 * HOUR).await;
        let handle = Loop::current().handle();
        let submit = |needs: Duration| {
            let work = core_loop::pinned(async move || sleep(needs).await);
            handle.try_submit_with(work, Submit::new().deadline(HOUR)).unwrap()
        };
        submit(MS).await.unwrap();
        let begin = Loop::current().time();
        let outcome = submit(2 * HOUR).await;
        assert!(matches!(outcome, Err(JobError::Deadline { started: true })), "{outcome:?}");
        assert!(Loop::current().time() <= begin + HOUR);
    });
}
