//! The suite, tried on executors and loops that are right, and on some that are broken on purpose.

mod broken_executors;
mod broken_loops;
mod catalogue;
mod stress;
mod thread_per_worker;

mod workers {
    use super::thread_per_worker::Workers;
    use conformance::{Bench, Subject};

    conformance::suite!(executors: Subject::executor("plain workers", || Ok(Bench::closures(Workers::start(2)).workers(2))));
}

mod native {
    use conformance::Subject;

    conformance::suite!(loops: Subject::driver("native", core_loop::NativeDriver::new));
}

mod loop_handle {
    use conformance::Subject;

    conformance::suite!(executors: Subject::loop_handle("loop handle", core_loop::NativeDriver::new));
}
