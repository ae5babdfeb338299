//! Models of the pool's heart: every interleaving of submit, park, cancel and shutdown, each with a bound on preemptions.
//!
//! A lost wake-up shows as a deadlock, which loom reports. Every idle thread that may spin does: a model has no time to learn
//! from.
#![cfg(loom)]

use contract::{Cancel, Drain, Job, JobError, Place, Submit};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use thread_executor::model::{Core, Hands, Limits, Refusal, Worker};

/// Threads of the model.
struct Threads;

impl Hands for Threads {
    fn hire(&self, core: Arc<Core>, seat: usize) -> io::Result<()> {
        thread::spawn(move || core.serve(Worker::new(core.clone(), seat, String::new()), || Ok(())));
        Ok(())
    }
}

fn core(threads_max: usize) -> Arc<Core> {
    let limits = Limits {
        threads_min: 0,
        threads_max,
        spare: threads_max,
        idle: None,
        spin: None,
        initializer: false,
    };
    Core::new(limits, 8, Box::new(Threads))
}

fn submit<T: Send + 'static>(
    core: &Arc<Core>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Job<T>, Refusal> {
    core.submit(work, Submit::new(), |work, options, ticket| {
        Job::package(work, options, Place::none(), ticket)
    })
    .map_err(|(_, refusal)| refusal)
}

/// Sleeps until woken.
struct Sleeper(Mutex<bool>, Condvar);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        *self.0.lock().unwrap() = true;
        self.1.notify_one();
    }
}

fn wait<T>(mut job: Job<T>) -> Result<T, JobError> {
    let sleeper = Arc::new(Sleeper(Mutex::new(false), Condvar::new()));
    let waker = Waker::from(sleeper.clone());
    loop {
        if let Poll::Ready(outcome) = std::pin::Pin::new(&mut job).poll(&mut Context::from_waker(&waker)) {
            return outcome;
        }
        let mut woken = sleeper.0.lock().unwrap();
        while !*woken {
            woken = sleeper.1.wait(woken).unwrap();
        }
        *woken = false;
    }
}

fn model(preemptions: usize, check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(check);
}

#[test]
fn a_job_that_comes_while_its_thread_goes_to_sleep_is_run() {
    model(3, || {
        let core = core(1);
        let first = submit(&core, || 1).unwrap();
        let second = submit(&core, || 2).unwrap();
        assert_eq!(wait(first).unwrap(), 1);
        // The only thread is parked, or about to, or still on its way from the second.
        let third = submit(&core, || 3).unwrap();
        assert_eq!(wait(second).unwrap() + wait(third).unwrap(), 5);
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn whoever_saw_the_outcome_finds_the_thread_free() {
    model(3, || {
        let core = core(2);
        for _ in 0..2 {
            wait(submit(&core, || ()).unwrap()).unwrap();
        }
        assert_eq!(core.threads(), 1);
        core.shutdown(Drain::Queued, None);
    });
}

#[test]
fn a_thread_that_spins_is_good_for_one_job_and_the_next_calls_another() {
    model(2, || {
        let core = core(2);
        wait(submit(&core, || ()).unwrap()).unwrap();
        // From here on the first thread is on its way back, spins, stops to spin or is parked.
        let opened = Arc::new((Mutex::new(false), Condvar::new()));
        let (gate, opens) = (opened.clone(), opened);
        let waits = submit(&core, move || {
            let mut open = gate.0.lock().unwrap();
            while !*open {
                open = gate.1.wait(open).unwrap();
            }
        });
        let opener = submit(&core, move || {
            *opens.0.lock().unwrap() = true;
            opens.1.notify_all();
        });
        wait(opener.unwrap()).unwrap();
        wait(waits.unwrap()).unwrap();
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn of_two_idle_threads_one_spins_and_a_job_that_comes_then_is_run() {
    model(2, || {
        let core = core(2);
        let first = submit(&core, || 1).unwrap();
        let second = submit(&core, || 2).unwrap();
        assert_eq!(wait(first).unwrap() + wait(second).unwrap(), 3);
        assert_eq!(wait(submit(&core, || 4).unwrap()).unwrap(), 4);
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn two_submitters_and_two_threads_lose_nothing() {
    model(2, || {
        let core = core(2);
        let theirs = core.clone();
        let other = thread::spawn(move || wait(submit(&theirs, || 1).unwrap()).unwrap());
        let mine = wait(submit(&core, || 2).unwrap()).unwrap();
        assert_eq!(mine + other.join().unwrap(), 3);
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn a_cancel_that_races_with_the_start_settles_the_job_once() {
    model(3, || {
        let core = core(1);
        let ran = Arc::new(AtomicUsize::new(0));
        let within = ran.clone();
        let job = submit(&core, move || within.fetch_add(1, Ordering::Relaxed)).unwrap();
        let cancel = job.cancel();
        let outcome = wait(job);
        // A job after it finds its thread, whatever became of the first.
        wait(submit(&core, || ()).unwrap()).unwrap();
        match (cancel, outcome) {
            (Cancel::Dequeued, Err(JobError::Cancelled { started: false })) => {
                assert_eq!(ran.load(Ordering::Relaxed), 0);
            }
            (Cancel::Signalled | Cancel::AlreadyDone, Ok(_)) => assert_eq!(ran.load(Ordering::Relaxed), 1),
            other => panic!("{other:?}"),
        }
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn a_shutdown_that_races_with_a_submission_refuses_or_runs_it() {
    model(3, || {
        let core = core(1);
        wait(submit(&core, || ()).unwrap()).unwrap();
        let (theirs, ran) = (core.clone(), Arc::new(AtomicUsize::new(0)));
        let runs = ran.clone();
        let submitter = thread::spawn(move || {
            submit(&theirs, move || runs.fetch_add(1, Ordering::Relaxed)).map(|job| wait(job).unwrap())
        });
        assert!(core.shutdown(Drain::Queued, None).is_clean());
        let ran_by_then = ran.load(Ordering::Relaxed);
        match submitter.join().unwrap() {
            Ok(_) => assert_eq!(ran_by_then, 1, "the shutdown waited for what was accepted"),
            Err(Refusal::Closed) => assert_eq!(ran.load(Ordering::Relaxed), 0),
            Err(refusal) => panic!("{refusal:?}"),
        }
        assert!(matches!(submit(&core, || ()), Err(Refusal::Closed)));
    });
}

#[test]
fn a_shutdown_that_empties_the_queue_races_with_the_start_of_a_job() {
    model(3, || {
        let core = core(1);
        let job = submit(&core, || 1).unwrap();
        let report = core.shutdown(Drain::Started, None);
        match wait(job) {
            Ok(1) => assert_eq!(report.cancelled, 0),
            Err(JobError::Shutdown { started: false }) => assert_eq!(report.cancelled, 1),
            other => panic!("{other:?}"),
        }
        assert!(report.stragglers.is_empty());
    });
}

#[test]
fn a_callback_that_blocks_holds_up_no_job_for_which_there_may_be_a_thread() {
    model(2, || {
        let core = core(2);
        let opened = Arc::new((Mutex::new(false), Condvar::new()));
        let (gate, opens) = (opened.clone(), opened);
        let held = Arc::new(Mutex::new(()));
        let hold = held.lock().unwrap();
        let holds = held.clone();
        let first = submit(&core, move || drop(holds.lock().unwrap())).unwrap();
        // The job cannot end before, so that the callback runs on the queue's thread.
        first.on_done(move || {
            let mut open = gate.0.lock().unwrap();
            while !*open {
                open = gate.1.wait(open).unwrap();
            }
        });
        drop(hold);
        let second = submit(&core, move || {
            *opens.0.lock().unwrap() = true;
            opens.1.notify_all();
        });
        wait(second.unwrap()).unwrap();
        wait(first).unwrap();
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn a_thread_that_waits_inside_a_job_learns_of_work_that_comes_meanwhile() {
    model(2, || {
        let core = core(1);
        let within = core.clone();
        let outer = submit(&core, move || {
            // What `Job::wait` does on a worker: look, register, look again, sleep.
            let sleeper = Arc::new(Sleeper(Mutex::new(false), Condvar::new()));
            let waker = Waker::from(sleeper.clone());
            loop {
                within.wake_on_work(0, &waker);
                if within.help() {
                    return;
                }
                let mut woken = sleeper.0.lock().unwrap();
                while !*woken {
                    woken = sleeper.1.wait(woken).unwrap();
                }
                *woken = false;
            }
        });
        let inner = submit(&core, || 7).unwrap();
        assert_eq!(wait(inner).unwrap(), 7);
        wait(outer.unwrap()).unwrap();
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}
