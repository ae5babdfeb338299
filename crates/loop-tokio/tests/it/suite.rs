//! The suite on tokio.

conformance::suite!(loops: conformance::Subject::driver("tokio", loop_tokio::TokioDriver::new));

mod handle {
    conformance::suite!(executors: conformance::Subject::loop_handle("tokio-handle", loop_tokio::TokioDriver::new));
}

mod primitives {
    conformance::suite!(primitives: conformance::Subject::primitives_on("on-tokio", loop_tokio::TokioDriver::new));
}
