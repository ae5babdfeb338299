//! The suite on smol.

conformance::suite!(loops: conformance::Subject::driver("smol", loop_smol::SmolDriver::new).skip(
    "idle.what_has_arrived_is_taken_first",
    "smol has one reactor for all loops of a process, and another thread may be the one that looks at it",
));

mod handle {
    conformance::suite!(executors: conformance::Subject::loop_handle("smol-handle", loop_smol::SmolDriver::new));
}

mod primitives {
    conformance::suite!(primitives: conformance::Subject::primitives_on("on-smol", loop_smol::SmolDriver::new));
}
