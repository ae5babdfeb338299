//! The suite on virtual time.

conformance::suite!(loops: conformance::Subject::driver("virtual", || Ok(loop_virtual::VirtualDriver::new())));
