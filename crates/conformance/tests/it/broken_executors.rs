//! Pools that break one promise each, and the behaviours that catch them.

use crate::broken::{Broken, cases};
use crate::thread_per_worker::{Bug, Workers};
use conformance::{Bench, Executors, Subject};
use std::time::Duration;

/// A pool with this bug, whose workers can be prepared.
fn prepared(bug: Bug) -> Subject<Executors> {
    Subject::executor(format!("{bug:?}"), move || {
        let bench = Bench::closures(Workers::with(2, bug)).workers(2);
        Ok(bench.prepared(move |prepare| Ok(Bench::closures(Workers::prepared(2, bug, prepare)).workers(2))))
    })
    .limit(Duration::from_secs(5))
}

/// A pool with this bug.
fn pool(bug: Bug) -> Subject<Executors> {
    Subject::executor(format!("{bug:?}"), move || Ok(Bench::closures(Workers::with(2, bug)).workers(2)))
        .limit(Duration::from_secs(5))
}

#[test]
fn a_pool_without_a_bug_is_not_caught() {
    Broken::from(prepared(Bug::None)).is_caught_by(&[]);
}

cases! { "executor":
    /// A thread pool that runs work inside the submit.
    a_pool_that_runs_work_inside_the_submit_is_caught: pool(Bug::RunsInline) => [
            "executor.submit_runs_nothing_inline",
            "executor.submit_returns_at_once",
            "executor.starts_in_order",
            "executor.full_queue_gives_work_back",
            "executor.deadline_withdraws_queued",
            "executor.shutdown_wait_drains_queue",
            "executor.cancel_futures",
            "executor.shutdown_ends_within_its_grace",
            "executor.map_timeout_and_drop_cancel_rest",
            "cf_future.states",
            "cf_future.blocking_result",
            "cf_future.callbacks",
            "cf_wait.modes",
            "cf_wait.cancelled_counts_as_done",
            "cf_as_completed.yields_finished_first_and_once",
            "thread.lazy_and_reusing",
            "thread.job_panic_fails_future_only",
        ];
    /// A thread pool that starts the newest work first.
    a_pool_that_starts_the_newest_work_first_is_caught: pool(Bug::LastInFirstOut) => ["executor.starts_in_order"];
    /// A thread pool that is deaf to its shutdown.
    a_pool_deaf_to_shutdown_is_caught: pool(Bug::DeafToShutdown) => [
        "executor.submit_after_shutdown",
        "executor.shutdown_wait_drains_queue",
        "executor.cancel_futures",
        "executor.shutdown_ends_within_its_grace",
    ];
    /// A thread pool whose shutdown ignores the grace.
    a_pool_whose_shutdown_ignores_the_grace_is_caught: pool(Bug::IgnoresTheGrace)
        => ["executor.shutdown_ends_within_its_grace"];
    /// A thread pool that forgets deadlines.
    a_pool_that_forgets_deadlines_is_caught: pool(Bug::ForgetsDeadlines) => ["executor.deadline_withdraws_queued"];
    /// A thread pool where cancelled jobs keep their places.
    a_pool_where_cancelled_jobs_keep_their_places_is_caught: pool(Bug::KeepsCancelledPlaces)
        => ["executor.full_queue_gives_work_back"];
    /// A thread pool that lets a panic through to its threads.
    a_pool_that_lets_a_panic_through_is_caught: pool(Bug::LetsPanicThrough)
        => ["cf_future.blocking_result", "thread.job_panic_fails_future_only"];
    /// A thread pool that prepares each thread twice.
    a_pool_that_prepares_its_workers_twice_is_caught: prepared(Bug::PreparesTwice) => ["thread.initializer_runs_per_worker"];
    /// A thread pool that says nothing of an initializer that failed.
    a_pool_that_breaks_silently_is_caught: prepared(Bug::BreaksSilently)
        => ["thread.initializer_failure_breaks_pool", "thread.broken_pool_skips_cancelled"];
}
