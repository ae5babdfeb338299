//! The suite, tried on executors and loops that are right, and on some that are broken on purpose.

mod broken_executors;
mod thread_per_worker;

mod workers {
    use super::thread_per_worker::Workers;
    use conformance::{Bench, Subject};

    conformance::suite!(executors: Subject::executor("plain workers", || Ok(Bench::closures(Workers::start(2)).workers(2))));
}
