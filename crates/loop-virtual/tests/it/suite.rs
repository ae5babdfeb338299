//! The suite on virtual time.

conformance::suite!(loops: conformance::Subject::virtual_driver("virtual", || Ok(loop_virtual::VirtualDriver::new())));
