//! The user's own executor, tried by the suite that tries ours.

use conformance::{Bench, Subject};
use examples::own_executor::OneThread;

conformance::suite!(
    executors: Subject::executor("one thread", || Ok(Bench::closures(OneThread::start(100)).workers(1)))
);
