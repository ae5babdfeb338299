//! What an executor learns of its jobs.

use contract::current::{self, Stoppable};
use contract::{Cancel, Control, Job, JobError, Place, Runnable, Stop, StopToken, Submit, checkpoint};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Writes down what it is told.
struct Diary(Sender<&'static str>);

impl Control for Diary {
    fn dequeued(&self) {
        self.0.send("dequeued").expect("the test reads");
    }

    fn ending(&self, failed: bool) {
        self.0.send(if failed { "ending, failed" } else { "ending" }).expect("the test reads");
    }

    fn lingering(&self) {
        self.0.send("lingering").expect("the test reads");
    }
}

fn package<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> (Runnable, Job<T>, Sender<&'static str>, Receiver<&'static str>) {
    let (sender, diary) = channel();
    let (runnable, job) = Job::package(work, &Submit::new(), Place::none(), Diary(sender.clone()));
    (runnable, job, sender, diary)
}

/// Says when it is dropped.
struct Dropped(&'static str, Sender<&'static str>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.1.send(self.0).expect("the test reads");
    }
}

#[test]
fn the_end_of_work_is_told_after_its_guards_and_before_its_outcome() {
    let (runnable, job, sender, diary) = package(|| ());
    job.attach(Dropped("guard", sender.clone()));
    job.on_done(move || sender.send("callback").expect("the test reads"));
    runnable.run();
    assert!(diary.try_iter().eq(["guard", "ending", "lingering", "callback"]));
    assert!(job.wait().is_ok());
}

#[test]
fn an_output_that_nobody_wants_is_told_before_it_is_dropped() {
    let (sender, outputs) = channel();
    let (runnable, job, _, diary) = package(move || Dropped("output", sender));
    job.detach();
    runnable.run();
    assert!(diary.try_iter().eq(["ending", "lingering"]));
    assert!(outputs.try_iter().eq(["output"]));
}

#[test]
fn without_code_of_others_nothing_lingers() {
    let (runnable, job, _, diary) = package(|| ());
    runnable.run();
    assert!(diary.try_iter().eq(["ending"]));
    drop(job);
    let (runnable, _job, _, diary) = package(|| panic!("on purpose"));
    runnable.run();
    assert!(diary.try_iter().eq(["ending, failed"]));
}

/// Its work starts elsewhere, and has.
struct Elsewhere;

impl Control for Elsewhere {
    fn may_withdraw(&self) -> bool {
        false
    }
}

#[test]
fn a_job_that_has_started_elsewhere_is_not_withdrawn_but_asked_to_stop() {
    let (promise, job) = Job::<u8>::promise(&Submit::new(), Place::none(), Elsewhere);
    assert_eq!(job.cancel(), Cancel::Signalled);
    assert!(job.running() && !job.done());
    assert!(!promise.start(), "it has started already");
    promise.finish(Ok(7));
    assert_eq!(job.wait().expect("it ended by itself"), 7);
    let (promise, job) = Job::<u8>::promise(&Submit::new(), Place::none(), Elsewhere);
    assert!(promise.watch().expire());
    assert!(matches!(job.wait(), Err(JobError::Deadline { started: true })));
}

#[test]
fn whoever_runs_a_job_by_other_means_says_so_and_checkpoint_asks_it() {
    struct Asked;
    impl Stoppable for Asked {
        fn stop(&self) -> Option<Stop> {
            Some(Stop::Deadline)
        }
    }
    assert_eq!(checkpoint(), Ok(()));
    let current = current::enter(Arc::new(Asked));
    assert_eq!(checkpoint(), Err(Stop::Deadline));
    let token = StopToken::current();
    drop(current);
    assert_eq!((checkpoint(), token.checkpoint()), (Ok(()), Err(Stop::Deadline)));
}

#[test]
fn work_that_never_ran_does_not_end() {
    let (runnable, job, _, diary) = package(|| ());
    job.cancel();
    runnable.run();
    assert!(diary.try_iter().eq(["dequeued"]));
}

#[test]
fn a_watch_knows_when_there_is_nothing_left_to_enforce() {
    let (runnable, job, ..) = package(|| ());
    let watch = runnable.watch();
    assert!(!watch.is_over());
    runnable.run();
    assert!(watch.is_over());
    drop(job);
    assert!(watch.is_over());
    let (promise, mut job) = Job::<()>::promise(&Submit::new(), Place::none(), ());
    assert!(promise.start());
    let watch = promise.watch();
    assert!(!watch.is_over(), "it runs");
    assert!(watch.expire());
    assert!(watch.is_over(), "its deadline has passed");
    assert!(job.wait_timeout(Duration::ZERO).is_some_and(|outcome| outcome.is_err()));
}
