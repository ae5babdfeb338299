//! The suite on virtual time.

use loop_virtual::VirtualDriver;

conformance::suite!(loops: conformance::Subject::virtual_driver("virtual", || Ok(VirtualDriver::new()), loop_virtual::advance));

mod primitives {
    use super::VirtualDriver;

    conformance::suite!(primitives: conformance::Subject::primitives_on("on-virtual", || Ok(VirtualDriver::new())));
}
