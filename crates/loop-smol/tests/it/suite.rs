//! The suite on smol.

conformance::suite!(loops: conformance::Subject::driver("smol", loop_smol::SmolDriver::new));

mod handle {
    conformance::suite!(executors: conformance::Subject::loop_handle("smol-handle", loop_smol::SmolDriver::new));
}

mod primitives {
    conformance::suite!(primitives: conformance::Subject::primitives_on("on-smol", loop_smol::SmolDriver::new));
}
