//! The suite on tokio.

conformance::suite!(loops: conformance::Subject::driver("tokio", loop_tokio::TokioDriver::new));
