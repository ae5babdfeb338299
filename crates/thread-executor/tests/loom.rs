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
use std::time::Duration;
use thread_executor::model::{Core, Hands, Limits, Refusal, Worker, blocking};

/// Threads of the model.
struct Threads;

impl Hands for Threads {
    fn hire(&self, core: Arc<Core>, seat: usize) -> io::Result<()> {
        thread::spawn(move || core.serve(Worker::new(core.clone(), seat, String::new()), || Ok(())));
        Ok(())
    }
}

fn limits(threads_max: usize) -> Limits {
    Limits { threads_max, spare: threads_max, spin_pays: true, ..Limits::default() }
}

fn core(threads_max: usize) -> Arc<Core> {
    Core::new(limits(threads_max), 8, Box::new(Threads))
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
    builder.max_branches = 3_000;
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

/// What `Job::wait` does on a thread of the pool.
fn wait_within<T>(core: &Arc<Core>, mut job: Job<T>) -> Result<T, JobError> {
    job.watch().run_here();
    let sleeper = Arc::new(Sleeper(Mutex::new(false), Condvar::new()));
    let waker = Waker::from(sleeper.clone());
    loop {
        if let Poll::Ready(outcome) = std::pin::Pin::new(&mut job).poll(&mut Context::from_waker(&waker)) {
            return outcome;
        }
        // Somebody can always be had, so that it may sleep for as long as it likes.
        let _longest = core.sleeps(&waker);
        let mut woken = sleeper.0.lock().unwrap();
        while !*woken {
            woken = sleeper.1.wait(woken).unwrap();
        }
        *woken = false;
        drop(woken);
        core.goes_on();
    }
}

#[test]
fn a_job_that_waits_for_another_runs_it_or_sees_it_run_by_another_thread() {
    model(2, || {
        let core = core(2);
        let within = core.clone();
        let outer = submit(&core, move || {
            let inner = submit(&within, || 7).unwrap();
            wait_within(&within, inner).unwrap()
        });
        assert_eq!(wait(outer.unwrap()).unwrap(), 7);
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn while_the_only_thread_waits_another_runs_what_it_waits_for() {
    model(2, || {
        let core = core(1);
        let within = core.clone();
        let (promise, promised) = Job::promise(&Submit::new(), Place::none(), ());
        let outer = submit(&core, move || wait_within(&within, promised).unwrap());
        let fulfils = submit(&core, move || promise.finish(Ok(7)));
        assert_eq!(wait(outer.unwrap()).unwrap(), 7);
        wait(fulfils.unwrap()).unwrap();
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn while_the_only_thread_is_in_a_section_that_blocks_another_runs_what_it_blocks_for() {
    model(2, || {
        let core = core(1);
        let opened = Arc::new((Mutex::new(false), Condvar::new()));
        let (gate, opens) = (opened.clone(), opened);
        let waits = submit(&core, move || {
            blocking(|| {
                let mut open = gate.0.lock().unwrap();
                while !*open {
                    open = gate.1.wait(open).unwrap();
                }
            });
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

/// Threads of the model, but for the first, which the system refuses.
struct RefusedOnce(std::sync::atomic::AtomicBool);

impl Hands for RefusedOnce {
    fn hire(&self, core: Arc<Core>, seat: usize) -> io::Result<()> {
        if self.0.swap(true, Ordering::Relaxed) {
            Threads.hire(core, seat)
        } else {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }
}

#[test]
fn a_submission_beside_one_that_gets_no_thread_is_run_or_refused_as_well() {
    model(3, || {
        let core = Core::new(limits(1), 8, Box::new(RefusedOnce(false.into())));
        let theirs = core.clone();
        let other = thread::spawn(move || match submit(&theirs, || 1) {
            Ok(job) => wait(job).unwrap(),
            Err(Refusal::NoThread(_)) => 0,
            Err(refusal) => panic!("{refusal:?}"),
        });
        let mine = match submit(&core, || 1) {
            Ok(job) => wait(job).unwrap(),
            Err(Refusal::NoThread(_)) => 0,
            Err(refusal) => panic!("{refusal:?}"),
        };
        assert_eq!(mine + other.join().unwrap(), 1, "one is refused");
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn a_job_that_comes_while_an_idle_thread_leaves_is_run() {
    model(3, || {
        // In a model the time is always up.
        let limits = Limits { idle: Some(Duration::ZERO), ..limits(1) };
        let core = Core::new(limits, 8, Box::new(Threads));
        assert_eq!(wait(submit(&core, || 1).unwrap()).unwrap(), 1);
        assert_eq!(wait(submit(&core, || 2).unwrap()).unwrap(), 2);
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}

#[test]
fn a_sweep_of_cancelled_jobs_loses_none_that_a_thread_is_about_to_take() {
    model(2, || {
        let core = core(1);
        let jobs = [(); 3].map(|()| submit(&core, || 1).unwrap());
        let [first, second, third] = jobs;
        // Of three entries two are dead, unless a thread has taken them: then the lane is swept.
        first.cancel();
        second.cancel();
        assert_eq!(wait(third).unwrap(), 1);
        drop((first, second));
        assert_eq!(wait(submit(&core, || 2).unwrap()).unwrap(), 2);
        assert!(core.shutdown(Drain::Queued, None).is_clean());
    });
}
