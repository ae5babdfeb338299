//! The suite on smol.

conformance::suite!(loops: conformance::Subject::driver("smol", loop_smol::SmolDriver::new));
