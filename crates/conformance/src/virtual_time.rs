//! A driver whose clock jumps, and what follows from that.

use crate::{Loops, Subject};
use contract::{Driver, Unavailable};
use std::time::Duration;

/// Why nothing that needs one is tried.
const NO_DESCRIPTORS: &str = "descriptors belong to the kernel, whose time does not jump: there are none";

/// Why no signal is tried.
const NO_SIGNALS: &str = "a signal comes from the kernel by a descriptor, and there are none";
/// Why no pool is tried.
const NO_THREADS: &str =
    "its loops wait for jobs from other threads, which hold no token: on virtual time that is a deadlock";

/// What needs several loops on threads of their own.
const NEED_THREADS: &[&str] = &[
    "pool.a_job_goes_to_the_least_loaded_and_stays",
    "pool.a_panic_stays_with_its_job",
    "pool.a_shutdown_ends_what_it_took_and_refuses_the_rest",
    "pool.a_shutdown_names_what_runs_on",
    "pool.a_close_cleans_up_on_all_loops_side_by_side",
    "pool.a_close_names_what_does_not_end",
    "pool.a_lost_loop_is_named_and_the_others_go_on",
    "pool.a_loop_that_cannot_start_leaves_none_behind",
    "pool.a_drop_closes_its_loops",
];

/// What needs one.
const NEED_DESCRIPTORS: &[&str] = &[
    "driver.a_root_that_never_waits_sees_its_descriptors",
    "driver.a_descriptor_wakes_a_waiting_root",
    "driver.a_read_given_up_loses_nothing",
    "driver.errors_of_an_operation_are_handed_on",
    "driver.a_plain_file_cannot_be_watched",
    "io.reader_fires_on_readable",
    "io.called_again_until_it_is_read",
    "io.remove_is_idempotent",
    "io.second_registration_replaces_first",
    "io.reader_and_writer_are_separate",
    "io.removed_in_same_poll_not_called",
    "io.removes_itself_while_called",
    "io.failing_reader_is_reported_and_stays",
    "io.close_ends_all",
    "io.transport_fd_protected",
    "signal.handler_is_a_loop_callback",
    "signal.remove_restores_default",
    "signal.second_handler_replaces_first",
    "signal.close_uninstalls_all",
    "signal.every_loop_that_listens_hears_it",
    "signal.fork_child_does_not_reach_parent_loop",
    "pipe.all_of_it_arrives_and_then_the_end",
    "pipe.nobody_reads_is_a_broken_pipe",
    "pipe.a_writer_that_waits_is_told_that_nobody_reads",
    "pipe.a_read_given_up_loses_nothing",
    "unix.bytes_flow_both_ways",
    "unix.descriptors_travel",
    "unix.a_plain_read_goes_on_behind_descriptors",
    "udp.a_group_hears_what_is_sent_to_it",
    "unix.a_socket_left_behind_is_replaced_and_ones_own_path_removed",
    "unix.a_server_cleans_its_path_up",
    "server.unix_socket_cleanup",
    "transport.unix_protocols_are_called_as_others",
    "unix.a_connect_waits_for_room_in_a_full_queue",
    "unix.datagrams_arrive_in_order_and_whole",
    "udp.a_datagram_arrives_with_its_sender",
    "udp.a_dead_port_is_told_and_the_socket_goes_on",
    "datagram.calls_come_in_order_and_close_sends_what_is_queued",
    "datagram.survives_unreachable_peer",
    "datagram.unix_datagrams_are_called_as_others",
    "datagram.broadcast_must_be_allowed",
    "datagram.protocol_that_panics_loses_its_endpoint_only",
    "subprocess.protocol_events_in_order",
    "subprocess.transport_close_kills",
    "subprocess.pipes_and_status",
    "subprocess.directory_environment_and_mixed_outputs",
    "subprocess.communicate_ignores_broken_pipe",
    "subprocess.drain_reports_broken_pipe",
    "subprocess.exit_vs_pipes",
    "subprocess.output_outlives_its_writer",
    "subprocess.many_waiters",
    "subprocess.cancel_wait_does_not_kill",
    "subprocess.cancelled_communicate_loses_nothing",
    "subprocess.cancel_during_spawn_reaps",
    "subprocess.close_kills_running_only",
    "subprocess.no_zombie_without_a_handle",
    "subprocess.no_zombie_after_the_close",
    "subprocess.deaf_to_sigterm",
    "subprocess.closes_its_pipes_and_lives_on",
    "subprocess.a_start_that_fails_says_why",
    "subprocess.without_a_pidfd_a_thread_waits",
    "subprocess.streams_with_lines_and_a_limit",
    "subprocess.pauses_a_protocol_whose_child_does_not_read",
    "subprocess.an_endless_output_waits_in_its_pipe",
    "differential.streams_process_teardown",
];

impl Subject<Loops> {
    /// A loop on virtual time, carried by the driver that `make` makes, fresh for each behaviour: as
    /// [`driver`](Self::driver), without what needs real time or the kernel. Each of these is listed. `advance` lets its
    /// time pass, inside the loop, as if the work there took so long.
    pub fn virtual_driver<D: Driver + 'static>(
        name: impl Into<String>,
        make: impl Fn() -> Result<D, Unavailable> + Send + Sync + 'static,
        advance: fn(Duration),
    ) -> Self {
        let mut subject = Self::driver(name, make);
        subject.pass = advance;
        let subject = NEED_DESCRIPTORS.iter().fold(subject, |subject, id| subject.skip(id, NO_DESCRIPTORS));
        NEED_THREADS
            .iter()
            .fold(subject, |subject, id| subject.skip(id, NO_THREADS))
            .skip("stream.reset_in_the_middle_is_told", "a network in memory resets a connection only when a test cuts it")
            .skip("idle.what_has_arrived_is_taken_first", "what arrives comes from the kernel, and the network is in memory")
            .skip("runner.first_interrupt_cancels_main", NO_SIGNALS)
            .skip("runner.interrupt_subtleties", NO_SIGNALS)
            .skip(
                "differential.threads",
                "a thread of `to_thread` waits for a sleep of the loop, whose time stands still for that thread",
            )
    }
}
