//! The very first panic that a process catches, met in a destructor that runs because of another panic. Alone in its
//! process, since only the first is special.

use contract::{Job, JobError, Place, Submit};

#[test]
fn work_that_is_lost_while_its_thread_panics_ends_its_job_and_not_the_process() {
    let (runnable, job) = Job::package(|| (), &Submit::new(), Place::none(), ());
    let thread = std::thread::spawn(move || {
        let _lost = runnable;
        panic!("the worker's own fault");
    });
    assert!(matches!(job.wait(), Err(JobError::Shutdown { started: false })));
    assert!(thread.join().is_err());
}
