//! The suite, tried on executors, loops and primitives that are right, and on some that are broken on purpose.

mod broken;
mod broken_executors;
mod broken_handles;
mod broken_loops;
mod broken_primitives;
mod catalogue;
mod stress;
mod thread_per_worker;
mod turns;

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

mod primitives_by_hand {
    use conformance::{Kit, Subject};

    conformance::suite!(primitives: Subject::primitives("by hand", || Ok(Kit::ours())));
}

mod primitives_on_a_loop {
    use conformance::Subject;

    conformance::suite!(primitives: Subject::primitives_on("native", core_loop::NativeDriver::new));
}

mod local_primitives_by_hand {
    use conformance::{Kit, Subject};

    conformance::suite!(primitives: Subject::primitives("local, by hand", || Ok(Kit::local())));
}

mod local_primitives_on_a_loop {
    use conformance::{Kit, Subject};
    use core_loop::NativeDriver;

    conformance::suite!(primitives: Subject::primitives("local, native", || Ok(Kit::local().on(NativeDriver::new()?))));
}
