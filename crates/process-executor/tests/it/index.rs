//! Which test holds what: the behaviours of a process pool by their names in the catalogue, what people complain of in other
//! pools, and the faults that must do no harm.
//!
//! Where CPython breaks the whole pool, one job fails here, and the test says so.

use std::fs;
use std::path::Path;

/// Of the catalogue's behaviours. A test's name is its `fn`.
const BEHAVIOURS: &[(&str, &[&str])] = &[
    (
        "process.worker_death_breaks_pool",
        &[
            "abort_exit_and_signals_fail_their_own_job_and_name_the_cause",
            "a_worker_killed_during_its_job_fails_that_job",
        ],
    ),
    ("process.cancelled_survive_break", &["what_was_cancelled_before_a_crash_stays_cancelled"]),
    ("process.own_error_object_per_future", &["a_hundred_killed_workers_fail_a_hundred_jobs_and_no_other"]),
    (
        "process.unencodable_argument_fails_only_that_job",
        &[
            "an_argument_that_does_not_encode_comes_back",
            "an_argument_that_does_not_encode_holds_up_no_end_of_its_pool",
        ],
    ),
    (
        "process.undecodable_message_never_hangs",
        &[
            "an_argument_that_does_not_decode_fails_its_job_and_the_worker_goes_on",
            "a_worker_that_writes_rubbish_on_its_socket_is_replaced",
            "a_worker_that_writes_over_its_ring_fails_its_own_jobs_and_is_replaced",
        ],
    ),
    (
        "process.unencodable_result_fails_only_that_job",
        &["a_result_that_does_not_encode_or_decode_fails_its_job_and_the_worker_goes_on"],
    ),
    (
        "process.remote_error_keeps_remote_trace",
        &[
            "a_backtrace_comes_back_if_the_environment_asks_for_one",
            "thirty_panics_keep_their_words_and_the_worker",
        ],
    ),
    ("process.exit_in_job", &["abort_exit_and_signals_fail_their_own_job_and_name_the_cause"]),
    ("process.crash_with_large_payload", &["a_worker_killed_while_it_takes_its_argument_fails_that_job"]),
    ("process.crash_after_shutdown_call", &["a_job_that_crashes_during_the_shutdown_does_not_hang_it"]),
    ("process.submit_never_blocks_on_wakeup", &["many_threads_may_submit_at_once_and_every_job_runs_once"]),
    ("process.chunks", &["chunks_that_divide_do_not_divide_or_exceed_the_input_give_the_same_outcomes"]),
    (
        "process.on_demand_spawn_and_reuse",
        &["jobs_one_after_the_other_share_one_worker_though_there_could_be_more"],
    ),
    (
        "process.max_tasks_per_child",
        &[
            "a_worker_is_replaced_after_its_jobs_and_no_job_is_lost",
            "recycled_workers_run_every_job_of_a_pool_that_is_closing",
        ],
    ),
    (
        "process.max_tasks_with_backlog",
        &["a_worker_serves_as_many_jobs_as_it_may_and_no_more_though_many_wait"],
    ),
    (
        "process.replacement_impossible",
        &[
            "when_workers_keep_dying_before_they_are_ready_everything_that_waits_is_told",
            "a_lasting_lack_of_descriptors_breaks_the_pool_with_the_cure",
            "recycled_workers_run_every_job_of_a_pool_that_is_closing",
        ],
    ),
    (
        "process.terminate_and_kill_workers",
        &["a_job_that_hangs_does_not_hang_the_shutdown", "dropping_a_pool_with_a_stuck_job_does_not_block"],
    ),
];

/// What people complain of in other pools.
const PAINS: &[(&str, &[&str])] = &[
    ("the words of a panic are lost", &["thirty_panics_keep_their_words_and_the_worker"]),
    ("whoever joins the newest first waits for ever", &["outcomes_come_in_any_order_they_are_asked_for"]),
    ("a queued job takes descriptors", &["a_queued_job_takes_no_descriptor"]),
    (
        "a worker that is killed hangs the pool",
        &[
            "a_worker_killed_during_its_job_fails_that_job",
            "a_worker_killed_while_it_takes_its_argument_fails_that_job",
            "a_worker_killed_while_it_gives_its_result_fails_that_job",
            "a_worker_that_dies_amid_many_jobs_fails_one_of_them_and_every_other_runs_once",
        ],
    ),
    (
        "workers outlive a program that was killed",
        &[
            "a_busy_worker_dies_with_its_parent",
            "the_lifeline_alone_is_enough",
            "the_death_signal_alone_is_enough",
        ],
    ),
    ("workers die with the thread that made them", &["a_pool_built_by_a_thread_that_ends_keeps_its_workers"]),
    (
        "Ctrl-C reaches the workers",
        &["a_worker_is_in_a_group_of_its_own_so_that_a_terminals_signals_do_not_reach_it"],
    ),
    (
        "recycling strands jobs",
        &[
            "a_worker_is_replaced_after_its_jobs_and_no_job_is_lost",
            "recycled_workers_run_every_job_of_a_pool_that_is_closing",
        ],
    ),
    (
        "what does not decode hangs",
        &["an_argument_that_does_not_decode_fails_its_job_and_the_worker_goes_on"],
    ),
    (
        "a job ends twice, or never",
        &[
            "every_job_has_exactly_one_outcome_that_fits",
            "in_the_chaos_every_job_has_one_outcome_and_nothing_is_left",
        ],
    ),
    (
        "an initializer that crashes makes a fork bomb",
        &["an_initializer_that_ends_its_process_is_a_crash_loop_and_one_that_hangs_is_not_initialized"],
    ),
    ("workers inherit descriptors", &["a_worker_has_its_standard_streams_its_socket_and_its_lifeline"]),
    (
        "zombies, descriptors and shared memory are left over",
        &["kills_leave_no_zombie_and_no_descriptor", "kills_leave_no_segment"],
    ),
    ("a start costs what the program has in memory", &["a_worker_is_never_forked"]),
    ("a stuck job hangs the end of the program", &["a_job_that_hangs_does_not_hang_the_shutdown"]),
    (
        "one long job holds up what was sent behind it",
        &[
            "a_long_job_does_not_hold_up_those_behind_it",
            "a_stopped_worker_keeps_one_job_at_most_from_the_others",
        ],
    ),
];

/// What must do no harm.
const FAULTS: &[(&str, &[&str])] = &[
    (
        "hostile lengths",
        &[
            "hostile_bytes_cause_neither_a_panic_nor_more_memory_than_the_limit",
            "hostile_lengths_are_refused_before_memory_is_taken",
            "hostile_words_in_a_ring_are_nonsense_and_no_panic",
        ],
    ),
    (
        "a truncated segment",
        &["a_truncated_segment_and_one_that_is_no_memory_cost_the_worker_and_nothing_else"],
    ),
    ("the program is replaced on disk", &["is_replaced"]),
    ("no process may be started", &["a_pool_that_may_start_no_process_says_so"]),
    (
        "no descriptor may be opened",
        &[
            "a_short_lack_of_descriptors_does_not_break_the_pool",
            "a_pool_without_descriptors_to_begin_with_says_so",
        ],
    ),
    ("there is no /proc", &["is_not_itself", "names_itself"]),
    ("the program ignores the end of its children", &["ignores_sigchld"]),
    ("a result beyond the limit", &["what_is_larger_than_the_limit_is_refused_on_either_side"]),
    (
        "a job that starts processes",
        &[
            "what_a_killed_job_has_started_goes_with_it",
            "a_child_that_left_the_group_of_a_killed_worker_is_killed_as_well",
        ],
    ),
    ("a job that closes its input", &["a_job_that_closes_its_input_harms_nobody"]),
    (
        "a job that prints a gigabyte",
        &["a_job_that_prints_a_gigabyte_to_standard_error_holds_nobody_up_and_costs_no_memory"],
    ),
    ("a job that calls exit(0)", &["abort_exit_and_signals_fail_their_own_job_and_name_the_cause"]),
];

/// All sources of this crate, as one text.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("it is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|it| it == "rs") {
            text.push_str(&fs::read_to_string(path).expect("it is text"));
        }
    }
}

#[test]
fn what_the_index_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    sources(&root.join("src"), &mut text);
    sources(&root.join("tests"), &mut text);
    for (what, tests) in BEHAVIOURS.iter().chain(PAINS).chain(FAULTS) {
        assert!(!tests.is_empty(), "{what}: nothing holds it");
        for test in *tests {
            assert!(text.contains(&format!("fn {test}(")), "{what}: there is no {test}");
        }
    }
    assert_eq!(BEHAVIOURS.len(), 17, "as many as the catalogue has");
}
