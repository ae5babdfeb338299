//! What the scheduler provides, in its smallest form.

use crate::NativeDriver;
use contract::{Driver, Job, JobError, Place, Reactor, Submit, Unavailable};
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static REACTOR: RefCell<Option<Rc<dyn Reactor>>> = const { RefCell::new(None) };
}

/// Runs `main` on the native driver.
///
/// # Errors
///
/// Why the native driver cannot run here.
///
/// # Panics
///
/// Never.
pub fn run<F: Future>(main: F) -> Result<F::Output, Unavailable> {
    let driver = NativeDriver::new()?;
    let before = REACTOR.replace(Some(driver.reactor()));
    let mut output = None;
    driver.run(std::pin::pin!(async { output = Some(main.await) }));
    REACTOR.set(before);
    Ok(output.expect("the root is done"))
}

pub(crate) fn current_reactor() -> Rc<dyn Reactor> {
    REACTOR
        .with_borrow(Clone::clone)
        .expect("no loop is running on this thread: wrap it in `core_loop::run(..)`")
}

pub(crate) fn to_thread<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> impl Future<Output = Result<R, JobError>> {
    let (runnable, job) = Job::package(work, &Submit::new(), Place::none(), ());
    std::thread::spawn(move || runnable.run());
    job
}
