//! The suite on glommio.

conformance::suite!(loops: conformance::Subject::driver("glommio", loop_glommio::GlommioDriver::new));
