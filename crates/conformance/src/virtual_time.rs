//! A driver whose clock jumps, and what follows from that.

use crate::{Loops, Subject};
use contract::{Driver, Unavailable};

/// Why nothing that needs one is tried.
const NO_DESCRIPTORS: &str = "descriptors belong to the kernel, whose time does not jump: there are none";

/// Why no signal is tried.
const NO_SIGNALS: &str = "a signal comes from the kernel by a descriptor, and there are none";

impl Subject<Loops> {
    /// A loop on virtual time, carried by the driver that `make` makes, fresh for each behaviour: as
    /// [`driver`](Self::driver), without what needs real time or the kernel. Each of these is listed.
    pub fn virtual_driver<D: Driver + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + 'static,
    ) -> Self {
        Self::driver(name, make)
            .skip("driver.a_root_that_never_waits_sees_its_descriptors", NO_DESCRIPTORS)
            .skip("driver.a_descriptor_wakes_a_waiting_root", NO_DESCRIPTORS)
            .skip("driver.a_read_given_up_loses_nothing", NO_DESCRIPTORS)
            .skip("driver.errors_of_an_operation_are_handed_on", NO_DESCRIPTORS)
            .skip("driver.a_plain_file_cannot_be_watched", NO_DESCRIPTORS)
            .skip("stream.reset_in_the_middle_is_told", "a network in memory resets a connection only when a test cuts it")
            .skip("idle.what_has_arrived_is_taken_first", "what arrives comes from the kernel, and the network is in memory")
            .skip("runner.first_interrupt_cancels_main", NO_SIGNALS)
            .skip("runner.interrupt_subtleties", NO_SIGNALS)
            .skip("timeout.completion_in_same_tick_loses", "a callback that blocks its thread takes no virtual time")
            .skip("wait_for.result_in_the_turn_of_the_deadline_loses", "a callback that blocks its thread takes no virtual time")
            .skip("differential.wait_for", "a callback that blocks its thread takes no virtual time")
            .skip("differential.timeout_scopes", "a callback that blocks its thread takes no virtual time")
            .skip(
                "differential.threads",
                "a thread of `to_thread` waits for a sleep of the loop, whose time stands still for that thread",
            )
    }
}
