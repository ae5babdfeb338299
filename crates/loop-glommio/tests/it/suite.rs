//! The suite on glommio.

conformance::suite!(loops: conformance::Subject::driver("glommio", loop_glommio::GlommioDriver::new));

mod handle {
    conformance::suite!(executors: conformance::Subject::loop_handle("glommio-handle", loop_glommio::GlommioDriver::new));
}

mod primitives {
    conformance::suite!(primitives: conformance::Subject::primitives_on("on-glommio", loop_glommio::GlommioDriver::new));
}
